"""Cuts a line that holds several messages into a line for each: batches of CloudWatch Logs, files of CloudTrail.

`{"messageType":"DATA_MESSAGE","logGroup":"…","logEvents":[{"id":"…","timestamp":…,"message":"…"},…]}`, one batch a
line, or several without anything between them, as Firehose joins them. A batch's check of its destination
(`CONTROL_MESSAGE`) holds no message.

A file of CloudTrail, `{"Records":[{…},{…}]}`, is one line where a collector put it among other logs; alone in a file it
is cut as it streams (`sferic.engine.documents`).

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html

What it does not do: take the log events' own wrapping off (`_shippers` does), look into a batch inside a batch, or
decompress what a subscription sends to a Lambda function.
"""

import re

import msgspec

_MARK = b'"logEvents"'
_RECORDS = re.compile(rb'\s{0,20}\{\s{0,20}"Records"\s{0,20}:\s{0,20}\[\s{0,20}\{')
_JOINT = re.compile(rb'(?<=\})(?=\{"messageType":)')
"""Inside a JSON text a quote is escaped, so this is always the border of two batches."""


class _Batch(msgspec.Struct, gc=False):
    kind: str = msgspec.field(name="messageType")
    events: list[msgspec.Raw] = msgspec.field(name="logEvents")


class _File(msgspec.Struct, gc=False):
    records: list[msgspec.Raw] = msgspec.field(name="Records")


_BATCH = msgspec.json.Decoder(_Batch)
_FILE = msgspec.json.Decoder(_File)


def messages(raw: bytes) -> list[bytes]:
    """Return the messages of a line, each a JSON object; any other line, and a broken batch, as it is."""
    if _RECORDS.match(raw):
        return _records(raw)
    if _MARK not in raw:
        return [raw]
    return [message for part in _JOINT.split(raw) for message in _cut(part)]


def _records(raw: bytes) -> list[bytes]:
    try:
        return [bytes(record) for record in _FILE.decode(raw).records]
    except (msgspec.DecodeError, RecursionError):
        return [raw]


def _cut(part: bytes) -> list[bytes]:
    try:
        batch = _BATCH.decode(part)
    except (msgspec.DecodeError, RecursionError):
        return [part]
    if batch.kind == "CONTROL_MESSAGE":
        return []
    return [bytes(event) for event in batch.events] if batch.kind == "DATA_MESSAGE" else [part]
