"""Events as JSON lines, fast: what `sferic normalize` prints, once for each line of a log.

The encoder works on bytes and touches text only when a value is not plain ASCII, because this runs for
every line. Absent means unknown.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

import msgspec

from sferic.model.event import Event
from sferic.render.flat import write_rows
from sferic.render.safe_text import is_plain, safe_json

_ENCODE = msgspec.json.Encoder().encode
_TIME = b'"time":'


def encode(event: Event) -> bytes:
    """Write one event as a line of JSON without its newline; `time` is RFC 3339 UTC with microseconds."""
    try:
        line = _ENCODE(event)
    except UnicodeEncodeError:  # a lone surrogate, which JSON cannot carry
        return _careful(event)
    if not (line.isascii() and b"\x7f" not in line) and not is_plain(line.decode()):
        return _careful(event)
    start = line.index(_TIME) + len(_TIME)  # the first: only `table`, a word of ours, comes before it
    end = line.find(b",", start)
    return b'%b"%b"%b' % (line[:start], _stamp(event.time), line[end if end > 0 else -1 :])


def csv(events: Iterable[Event], stream: TextIO) -> None:
    """Write a header with every field, and a row for each event."""
    write_rows(stream, Event.__struct_fields__, map(_row, events))


def _row(event: Event) -> dict[str, object]:
    return msgspec.structs.asdict(event) | {"time": _stamp(event.time).decode()}


def _careful(event: Event) -> bytes:
    record = msgspec.to_builtins(event)
    record["time"] = _stamp(event.time).decode()
    return safe_json(record).encode()


def _stamp(time_us: int) -> bytes:
    seconds, micros = divmod(time_us, 1_000_000)
    return b"%b.%06dZ" % (_second(seconds), micros)


@lru_cache(maxsize=65536)
def _second(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19].encode()
