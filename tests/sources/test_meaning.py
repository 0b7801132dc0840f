"""The rules by which named values become an event, whatever named them."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import DNS, HTTP, NETWORK, Event, Reject
from sferic.sources._clock import Clock
from sferic.sources._meaning import MEANINGS, Record, flat, formatted, from_json, moment, read

TEN_US = 1_772_445_600_000_000
NAMES = {meaning: (meaning,) for meaning in MEANINGS}
UTC_CLOCK = Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC))
BERLIN = Clock(ZoneInfo("Europe/Berlin"), datetime(2026, 3, 3, tzinfo=UTC))


def event(table: str | None = None, **fields: Any) -> Event:
    """Read values that stand under the names of their meanings."""
    found = read(Record(fields, NAMES), 1, table)
    assert isinstance(found, Event), found
    return found


@pytest.mark.parametrize(
    ("fields", "host", "origin"),
    [
        ({"url": "https://a.example/x", "http_host": "b.example"}, "a.example", "url"),
        ({"url": "a.example:443", "method": "CONNECT"}, "a.example", "connect"),
        ({"url": "/x", "http_host": "B.Example.", "sni": "c.example"}, "b.example", "http_host"),
        ({"sni": "c.example", "dst_host": "d.example"}, "c.example", "sni"),
        ({"dst_host": "d.example"}, "d.example", None),
        ({"dst_host": "d.example", "method": "GET"}, "d.example", "http_host"),
        ({"dst_ip": "e.example"}, "e.example", None),
        ({"url": "https://192.0.2.1/", "http_host": "b.example"}, "b.example", "http_host"),
        ({"query_name": "f.example", "dst_ip": "192.0.2.53"}, "f.example", "dns_query"),
    ],
)
def test_the_surest_name_of_the_server_counts(fields: dict[str, Any], host: str, origin: str | None) -> None:
    """URL beats Host header beats SNI beats a plain field; the event says where its name is from."""
    found = event(**fields)
    assert (found.dst_host, found.host_source) == (host, origin)


def test_a_literal_address_is_no_name() -> None:
    """A server named by its address only has that address, and no host."""
    found = event(url="http://[2001:db8::1]:8080/x")
    assert (found.dst_host, found.dst_ip, found.dst_port) == (None, "2001:db8::1", 8080)


def test_no_destination_is_no_event_and_a_broken_one_is_a_reject() -> None:
    """A record without a field for a server is None; one whose field cannot be read says so."""
    assert read(Record({"src_ip": "10.0.0.1"}, NAMES), 1) is None
    assert isinstance(read(Record({"dst_host": "a b"}, NAMES), 1), Reject)
    assert isinstance(read(Record({"query_name": "a b"}, NAMES), 1), Reject)


@pytest.mark.parametrize(
    ("fields", "table"),
    [
        ({"query_name": "a.example", "url": "x.example"}, DNS),
        ({"url": "a.example"}, HTTP),
        ({"dst_host": "a.example", "user_agent": "x"}, HTTP),
        ({"dst_host": "a.example", "status": 200}, NETWORK),
    ],
)
def test_the_fields_tell_the_table(fields: dict[str, Any], table: str) -> None:
    """A name asked for makes a look-up, a request's own field a request, anything else a flow."""
    assert event(**fields).table == table
    assert event(NETWORK, dst_host="a.example", **{k: v for k, v in fields.items() if k != "dst_host"}).table == NETWORK


def test_unknown_is_not_zero() -> None:
    """A logged 0 is 0, a missing or unreadable count None, and a total counts only without a direction."""
    found = event(dst_host="a.example", bytes_up=0, bytes_down="x", bytes_total=7)
    assert (found.bytes_up, found.bytes_down, found.bytes_total) == (0, None, None)
    assert event(dst_host="a.example", bytes_total="1,234").bytes_total == 1234


@pytest.mark.parametrize(
    ("meaning", "value", "expected"),
    [
        ("duration_ms", "250", 250),
        ("duration_s", "1.5", 1500),
        ("duration_us", 2_500, 2),
        ("duration_ns", 3_000_000, 3),
        ("duration_ns", 10**40, None),
        ("duration_s", True, None),
    ],
)
def test_durations_are_milliseconds(meaning: str, value: Any, expected: int | None) -> None:
    """A duration in any unit becomes milliseconds; nonsense is unknown."""
    assert event(dst_host="a.example", **{meaning: value}).duration_ms == expected


def test_path_and_query_are_joined_once() -> None:
    """The URL's own path counts; separate path and query are joined; a tunnel has none."""
    assert event(url="a.example/x?y", path="/z").path == "/x?y"
    assert event(http_host="a.example", path="/z", query="?q=1").path == "/z?q=1"
    assert event(http_host="a.example", path="/z?q=1", query="q=1").path == "/z?q=1"
    assert event(http_host="a.example", path="z").path is None
    assert event(url="a.example:443", path="/z", method="connect").path is None


def test_a_name_in_a_client_s_field_is_its_device() -> None:
    """Where one field holds an address or a name, the address is the client's and the name the device's."""
    names = {"src_ip": ("src",), "device": ("src",), "dst_host": ("dest",)}
    for src, expected in (("10.0.0.1", ("10.0.0.1", None)), ("pc-1", (None, "pc-1"))):
        found = read(Record({"src": src, "dest": "a.example"}, names), 1)
        assert isinstance(found, Event)
        assert (found.src_ip, found.device) == expected


def test_answers_are_names_and_addresses_once_each() -> None:
    """Answers come from lists or from text with any delimiter, without the name itself and without doubles."""
    found = event(
        query_name="a.example", answers=["B.example.", "192.0.2.1; 192.0.2.1, 2001:DB8::1", "a.example", None]
    )
    assert found.answers == ("b.example", "192.0.2.1", "2001:db8::1")
    assert event(query_name="a.example", outcome=3).outcome == "nxdomain"


@pytest.mark.parametrize(
    "written",
    [
        1_772_445_600,
        "1772445600",
        1_772_445_600_000,
        "1772445600000000",
        1_772_445_600_000_000_000,
        "2026-03-02T10:00:00Z",
        "2026-03-02 11:00:00.000 CET",
        "2026-03-02T11:00:00+01:00",
        "Mar  2 2026 10:00:00 GMT",
    ],
)
def test_a_time_is_read_in_every_usual_form(written: float | str) -> None:
    """Epoch in each unit, ISO 8601, Splunk's and syslog's forms name the same moment, in whatever zone the log is."""
    assert moment(written, BERLIN) == TEN_US


@pytest.mark.parametrize(
    "written", ["Mar 2, 2026 @ 11:00:00.000", "2026-03-02 11:00:00", "2026-03-02 11:00:00.000 CST", "Mar  2 11:00:00"]
)
def test_a_time_without_a_certain_zone_is_the_logs_own(written: str) -> None:
    """Without a zone, or with a name that several zones share, the time is in the zone of the log."""
    assert moment(written, BERLIN) == TEN_US


@pytest.mark.parametrize(
    "written", [None, "", "soon", -1, 1e30, True, "2026-02-30T00:00:00Z", "Mar 2, 2026 @ 25:00:00.000"]
)
def test_what_is_no_time_is_an_error(written: Any) -> None:
    """Anything else is a ValueError, and so a counted reject."""
    with pytest.raises(ValueError, match=r"."):
        moment(written, UTC_CLOCK)


def test_a_form_of_the_users_own_may_have_a_zone_or_not() -> None:
    """Directives are read in the log's zone, unless they hold one."""
    assert formatted("02.03.2026 11:00:00", "%d.%m.%Y %H:%M:%S", BERLIN) == TEN_US
    assert formatted("02.03.2026 05:00 -0500", "%d.%m.%Y %H:%M %z", BERLIN) == TEN_US
    with pytest.raises(ValueError, match="form given"):
        formatted("2026", "%d.%m.%Y", BERLIN)


@pytest.mark.parametrize(
    "record",
    [{"a": {"b": {"c": 1}}}, {"a.b.c": 1}, {"a": {"b.c": 1}}, {"a": {"b": {"c": 1}}, "a.b.c": 2}, {"a.b": {"c": 1}}],
)
def test_names_are_the_same_nested_or_dotted(record: dict[str, Any]) -> None:
    """However an object spells a name, it is found under its dots; the first of two spellings counts."""
    assert flat(record)["a.b.c"] == 1


def test_lists_of_objects_become_lists_of_values() -> None:
    """Each name within a list's objects holds all of their values; other lists stay, and what holds nothing is left out."""
    assert flat({"a": [{"b": 1}, {"b": 2, "c": 3}, 4], "d": [5], "e": {}, "f": None}) == {
        "a.b": [1, 2],
        "a.c": [3],
        "d": [5],
    }
    assert flat({"a.b": "x", "a": [{"b": 1}]}) == {"a.b": "x"}


def test_nesting_beyond_reason_is_left_out() -> None:
    """A value a hundred objects deep belongs to no schema, and costs no recursion."""
    record: dict[str, Any] = {"z": 1}
    for _ in range(100):
        record = {"a": record}
    assert flat(record) == {}


@pytest.mark.parametrize("line", ["", "[]", "3", '{"a":', '{"a":' + "[" * 50_000, "nul"])
def test_what_is_no_object_is_an_error(line: str) -> None:
    """A line that is no JSON object, or an absurdly nested one, is a ValueError."""
    with pytest.raises(ValueError, match="JSON"):
        from_json(line)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(MEANINGS)), VALUES), st.sampled_from([None, HTTP, DNS, NETWORK]))
def test_any_values_are_read_or_refused(fields: dict[str, Any], table: str | None) -> None:
    """Whatever the values, the result is an event with fields of its types, a reject or nothing."""
    found = read(Record(flat(fields), NAMES), 1, table)
    if isinstance(found, Event):
        counts = (found.src_port, found.bytes_up, found.bytes_total, found.duration_ms, found.status, found.process_id)
        assert all(value is None or (type(value) is int and 0 <= value < 10**18) for value in counts)
        assert all(value is None or isinstance(value, str) for value in (found.user, found.path, found.action))


@given(VALUES)
def test_any_time_is_read_or_refused(written: Any) -> None:
    """Reading a time raises nothing but ValueError, or OverflowError beyond the calendar."""
    with suppress(ValueError, OverflowError):
        assert isinstance(moment(written, UTC_CLOCK), int)
