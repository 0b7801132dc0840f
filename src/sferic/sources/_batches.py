"""Cuts a line that holds several messages into a line for each: the batches of a CloudWatch Logs subscription.

`{"messageType":"DATA_MESSAGE","logGroup":"…","logEvents":[{"id":"…","timestamp":…,"message":"…"},…]}`, one batch a
line, or several without anything between them, as Firehose joins them. A batch's check of its destination
(`CONTROL_MESSAGE`) holds no message.

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html

What it does not do: take the log events' own wrapping off (`_shippers` does), look into a batch inside a batch, or
decompress what a subscription sends to a Lambda function.
"""

import re

import msgspec

_MARK = b'"logEvents"'
_JOINT = re.compile(rb'(?<=\})(?=\{"messageType":)')
"""Inside a JSON text a quote is escaped, so this is always the border of two batches."""


class _Batch(msgspec.Struct, gc=False):
    kind: str = msgspec.field(name="messageType")
    events: list[msgspec.Raw] = msgspec.field(name="logEvents")


_BATCH = msgspec.json.Decoder(_Batch)


def messages(raw: bytes) -> list[bytes]:
    """Return the messages of a line, each a JSON object; any other line, and a broken batch, as it is."""
    if _MARK not in raw:
        return [raw]
    return [message for part in _JOINT.split(raw) for message in _cut(part)]


def _cut(part: bytes) -> list[bytes]:
    try:
        batch = _BATCH.decode(part)
    except (msgspec.DecodeError, RecursionError):
        return [part]
    if batch.kind == "CONTROL_MESSAGE":
        return []
    return [bytes(event) for event in batch.events] if batch.kind == "DATA_MESSAGE" else [part]
