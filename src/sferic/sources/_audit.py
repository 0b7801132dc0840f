"""What the audit logs of clouds have in common: a JSON record, which is kept, and who did what to what in it.

The record is kept as `raw` under the vendor's own field names, because rules are written against those. A reader that
takes a record out of a wrapping, or brings a table's row back into the vendor's form, keeps what it has made of it.

What it does not do: know a vendor's names, or judge an operation.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from sferic.model.event import API, Event, Line
from sferic.sources._clock import Clock
from sferic.sources._meaning import from_json, moment

FIELDS = frozenset("src_ip user user_agent actor provider operation resource outcome cloud_account raw".split())
SUCCESS, FAILURE = "success", "failure"

Json = Mapping[str, Any]


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A record, and the text it is kept as."""

    record: dict[str, Any]
    raw: str


def entry(text: str) -> Entry:
    """Read a line that is a JSON object; raises ValueError."""
    return Entry(from_json(text), text)


def rewritten(record: dict[str, Any]) -> Entry:
    """Take a record that does not stand in the line as it is."""
    return Entry(record, msgspec.json.encode(record).decode())


def inner(found: Entry, *keys: str) -> Entry:
    """Take the record out of the first of these keys that holds one, as an object or as JSON in a text."""
    for key in keys:
        value = found.record.get(key)
        if isinstance(value, dict):
            return rewritten(value)
        if isinstance(value, str) and value.startswith("{"):
            return entry(value)
    return found


def at(record: Any, path: str) -> Any:
    """Return what stands at a dotted path of objects; None where there is nothing."""
    for key in path.split("."):
        if not isinstance(record, dict):
            return None
        record = record.get(key)
    return record


def text_at(record: Any, *paths: str) -> str | None:
    """Return the first text that is not empty, or whole number, at these paths."""
    for path in paths:
        value = at(record, path)
        if isinstance(value, str) and value:
            return value
        if type(value) is int:
            return str(value)
    return None


def part_at(record: Any, path: str) -> dict[str, Any]:
    """Return the object at a path; an empty one where there is none."""
    value = at(record, path)
    return value if isinstance(value, dict) else {}


def parts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, or the one object that stands in its place."""
    if isinstance(value, dict):
        return [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def begun(found: Entry, stamp: Any, clock: Clock, line: Line, provider: str) -> Event:
    """Start an event with its time (the record's, else the envelope's) and its record; raises ValueError without."""
    if stamp is None and line.sent_at is None:
        raise ValueError("no time")
    time = line.sent_at if stamp is None else moment(stamp, clock)
    return Event(table=API, time=time or 0, provider=provider, raw=found.raw)


def result(*, failed: bool) -> str:
    """Return the outcome's word."""
    return FAILURE if failed else SUCCESS


def first_line(text: str | None, limit: int = 300) -> str | None:
    """Return a text that is short enough for a name."""
    return text[:limit] if text else None
