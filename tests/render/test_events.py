"""Events as lines of JSON: the fast path says what the plain one says."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import HTTP, Event
from sferic.render.events import encode
from sferic.render.safe_text import is_plain

TEXT = st.none() | st.text(st.characters(), max_size=40) | st.text('abc é\x7f\x1b"\\:{}', max_size=40)


@given(st.integers(0, 253_402_300_799_999_999), TEXT, TEXT, st.none() | st.integers(0, 10**12))
def test_the_line_is_the_event(time_us: int, user_agent: str | None, path: str | None, bytes_up: int | None) -> None:
    """Every known field is there, unknown ones are not, a known 0 is; the line is harmless and one line."""
    event = Event(
        table=HTTP,
        time=time_us,
        source="squid_access",
        line=7,
        user_agent=user_agent,
        path=path,
        bytes_up=bytes_up,
    )
    line = encode(event).decode()
    expected = {k: v for k, v in msgspec.structs.asdict(event).items() if v is not None and k != "file"}
    expected = {k: _carried(v) for k, v in expected.items()} | {"time": json.loads(line)["time"]}
    assert json.loads(line) == expected
    assert is_plain(line)


def _carried(value: object) -> object:
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in value) if isinstance(value, str) else value


def test_time_has_microseconds() -> None:
    """Times are RFC 3339 UTC with six digits, also when the event has nothing else and before the year 1000."""
    assert encode(Event(table=HTTP, time=1_772_439_312_000_005)) == (
        b'{"table":"http_activity","time":"2026-03-02T08:15:12.000005Z"}'
    )
    assert json.loads(encode(Event(table=HTTP, time=-50_000_000_000_000_000)))["time"].startswith("0385-")
