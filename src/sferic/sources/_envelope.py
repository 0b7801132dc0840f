"""Takes off what a collector wrapped around a log line: Splunk's exports, Event Collector JSON, shippers' JSON.

An export holds the line as it was indexed (`_raw`) and what the index knew: time, sending host, source type.
Peeling it here lets every source read exported lines as if they came from the device. The forms:

- `{"preview":false,"offset":0,"result":{"_raw":"…","_time":"…","sourcetype":"…"}}`, an export as JSON;
- `{"_raw":"…","_time":"…"}`, the same without its frame; a frame whose row has fields and no line is taken off, too;
- `{"time":1772445600,"sourcetype":"…","event":"…" or {…}}`, HTTP Event Collector (HEC);
- a CSV file with a header such as `"_raw","_time","sourcetype"`, an export as CSV;
- what `_shippers` knows: Elastic, Logstash, Fluentd, Docker, Kafka Connect, CloudWatch.

Formats: https://docs.splunk.com/Documentation/Splunk/latest/RESTREF/RESTsearch (search/v2/jobs/export) and
https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector

What it does not do: judge the line inside, or bring back fields of an export that holds no `_raw`.
Whatever is not an envelope, or is a broken one, is returned as it came, for the sources to claim or refuse.
"""

import csv
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from sferic.sources import _shippers
from sferic.sources._clock import ZONE_MINUTES, Clock, epoch_us
from sferic.sources._shippers import string
from sferic.sources._syslog import iso_time

MAX_LAYERS = 3
"""An export of a stored HEC record is two layers; more than three is somebody's joke."""

_UTC = Clock(not_after=datetime(1970, 1, 1, tzinfo=UTC))
_OFFSET = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
_MARKS = ('"_raw"', '"preview"', '"event"', '"lastrow"', *_shippers.MARKS)


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """The line inside, and what its envelope said; an empty text means that there is no line at all."""

    text: str
    sent_at: int | None = None
    """Epoch microseconds."""
    sender: str | None = None
    sourcetype: str | None = None
    source: str | None = None


class _Result(msgspec.Struct, gc=False):
    """A row of a Splunk export; values other than text are of no use here."""

    raw: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="_raw")
    time: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="_time")
    host: msgspec.Raw = msgspec.Raw()
    sourcetype: msgspec.Raw = msgspec.Raw()
    source: msgspec.Raw = msgspec.Raw()


class _Export(_Result, gc=False):
    """A line of an export: a framed row, a bare row, or the note that there are no more rows."""

    result: _Result | None = None
    lastrow: msgspec.Raw = msgspec.Raw()


class _Collected(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An HEC record has these keys only; an ECS document, too, has `event`, `host` and `source`."""

    event: msgspec.Raw
    time: str | float | None = None
    host: str | None = None
    sourcetype: str | None = None
    source: str | None = None
    index: str | None = None
    fields: msgspec.Raw = msgspec.Raw()


class _Frame(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A framed row whose fields were exported, and not its line."""

    preview: bool
    result: msgspec.Raw
    offset: int = 0
    lastrow: bool = False


_FRAME = msgspec.json.Decoder(_Frame)
_EXPORT = msgspec.json.Decoder(_Export)
_COLLECTED = msgspec.json.Decoder(_Collected)


def peel_envelope(text: str) -> Envelope:
    """Take a line out of its JSON envelopes; what the innermost one says counts."""
    found = Envelope(text)
    for _ in range(MAX_LAYERS):
        layer = _peel_once(found.text)
        if layer is None:
            break
        found = Envelope(
            layer.text,
            found.sent_at if layer.sent_at is None else layer.sent_at,
            layer.sender or found.sender,
            layer.sourcetype or found.sourcetype,
            layer.source or found.source,
        )
    return found


def _peel_once(text: str) -> Envelope | None:
    if not text.lstrip().startswith("{"):
        return None
    if not any(mark in text for mark in _MARKS) and not text.startswith(_shippers.BEGINS):
        return None
    data = text.encode("utf-8", "replace")
    return _export(data) or _collected(data) or _shipped(data)


def _export(data: bytes) -> Envelope | None:
    try:
        row = _EXPORT.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None
    inner = row.result or row
    raw = string(inner.raw)
    if raw is None and row.result is not None and not bytes(row.result.raw):
        return _framed(data)
    if raw is None:
        return Envelope("") if bytes(row.lastrow) == b"true" and row.result is None else None
    host, sourcetype, source = (string(value) for value in (inner.host, inner.sourcetype, inner.source))
    return Envelope(raw, _moment(inner.time), host, sourcetype, source)


def _framed(data: bytes) -> Envelope | None:
    try:
        return Envelope(bytes(_FRAME.decode(data).result).decode())
    except msgspec.DecodeError:
        return None


def _collected(data: bytes) -> Envelope | None:
    try:
        record = _COLLECTED.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None
    text = string(record.event)
    if text is None:
        text = bytes(record.event).decode()
        if not text.startswith("{"):
            return None
    sent_at = None if record.time is None else splunk_time(str(record.time))
    return Envelope(text, sent_at, record.host, record.sourcetype, record.source)


def _shipped(data: bytes) -> Envelope | None:
    found = _shippers.unwrap(data)
    if found is None:
        return None
    return Envelope(found.text, splunk_time(found.stamp) if found.stamp else None, found.sender)


def _moment(value: msgspec.Raw) -> int | None:
    text = string(value)
    return splunk_time(bytes(value).decode() if text is None else text)


def splunk_time(text: str) -> int | None:
    """Read Splunk's `_time`: epoch seconds, ISO 8601 with an offset, or local time with a zone's name.

    None where the instant is not certain: no zone at all, or a zone name that several zones share.
    """
    text = text.strip()
    head, _, name = text.rpartition(" ")
    minutes = ZONE_MINUTES.get(name)
    try:
        if text[:1].isdigit() and text.replace(".", "", 1).isdigit():
            return epoch_us(text)
        if minutes is not None:
            return iso_time(head, _UTC) - minutes * 60_000_000
        return iso_time(text, _UTC) if _OFFSET.search(text) else None
    except (ValueError, OverflowError):
        return None


def is_splunk_csv(first_line: str) -> bool:
    """Say whether a file's first line is the header of a Splunk CSV export that holds raw lines."""
    return "_raw" in first_line and "_raw" in _cells(first_line)


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line.removeprefix("\ufeff")], strict=False), [])
    except csv.Error:
        return []


class SplunkCsv:
    """Turns the records of a Splunk CSV export into envelopes, whatever the order of its columns."""

    def __init__(self, header: str) -> None:
        self._header = _cells(header)
        self._places = {name: place for place, name in enumerate(self._header)}
        if "_raw" not in self._places:
            raise ValueError("the header names no _raw column")

    def envelope(self, record: Sequence[str]) -> Envelope:
        """Read one record as csv.reader gives it; a repeated header (joined exports) has an empty text.

        Raises ValueError for a record that ends before its `_raw` cell.
        """
        if len(record) <= self._places["_raw"]:
            raise ValueError("the record ends before its _raw cell")
        if list(record) == self._header:
            return Envelope("")
        return Envelope(
            record[self._places["_raw"]].rstrip("\r\n"),
            splunk_time(self._cell(record, "_time") or ""),
            self._cell(record, "host"),
            self._cell(record, "sourcetype"),
            self._cell(record, "source"),
        )

    def _cell(self, record: Sequence[str], name: str) -> str | None:
        place = self._places.get(name, len(record))
        return (record[place] or None) if place < len(record) else None
