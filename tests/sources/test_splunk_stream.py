"""The rules of `splunk_stream` that its golden cases, which have no envelopes, do not show."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, LIKELY, NO, Setup
from sferic.sources._envelope import peel_envelope
from sferic.sources.splunk_stream import Reader, _Record

TEN_US = 1_772_445_600_000_000
FLOW: dict[str, Any] = {
    "endtime": "2026-03-02T10:00:01Z",
    "timestamp": "2026-03-02T10:00:00Z",
    "src_ip": "10.0.0.1",
    "dest_ip": "192.0.2.1",
    "bytes_in": 1,
    "bytes_out": 2,
}


def made() -> Reader:
    """Make a reader of a UTC log."""
    return Reader(Setup(Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC))))


def event(sourcetype: str | None = None, **fields: Any) -> Event:
    """Read one flow with further fields that has to be an event."""
    found = made().read(Line(json.dumps(FLOW | fields), sourcetype=sourcetype))
    assert isinstance(found, Event), found
    return found


@pytest.mark.parametrize(
    ("sourcetype", "table"),
    [
        ("stream:http", HTTP),
        ("stream:dns", DNS),
        ("stream:tcp", NETWORK),
        ("stream:udp", NETWORK),
        (None, HTTP),
        ("my:json", HTTP),
    ],
)
def test_source_type_says_which_stream(sourcetype: str | None, table: str) -> None:
    """The envelope's source type decides over the keys; one that is not Stream's own decides nothing."""
    assert event(sourcetype, site="a.example", uri="/x", query="b.example").table == table


@pytest.mark.parametrize("sourcetype", ["stream:tcp", "stream:udp"])
def test_source_type_stands_for_the_transport(sourcetype: str) -> None:
    """A flow without `transport`, which is off by default, has the protocol of its stream; one with it keeps it."""
    assert event(sourcetype).protocol == sourcetype.removeprefix("stream:")
    assert event(sourcetype, transport="SCTP").protocol == "sctp"


@pytest.mark.parametrize("sourcetype", ["stream:smb", "stream:ip", "stream:log"])
def test_other_streams_have_no_events(sourcetype: str) -> None:
    """A stream of a protocol that is not read gives nothing, and that is no reject."""
    assert made().read(Line(json.dumps(FLOW), sourcetype=sourcetype)) is None


@pytest.mark.parametrize(
    ("text", "sourcetype", "claim"),
    [
        (json.dumps(FLOW), None, CERTAIN),
        (json.dumps(FLOW), "my:json", CERTAIN),
        ("anything", "stream:http", CERTAIN),
        ('{"src_ip":"10.0.0.1","dest_ip":"192.0.2.1","bytes_in":1,"time_taken":2}', None, LIKELY),
        (json.dumps(FLOW | {"event_type": "flow"}), None, NO),
        (json.dumps(FLOW | {"site": 'x","event_type":"flow'}), None, CERTAIN),
        (
            '{"timestamp":"2026-03-02T10:00:00Z","flow_id":1,"src_ip":"10.0.0.1","dest_ip":"192.0.2.1"}',
            None,
            NO,
        ),
        ('{"ts":1772445600.0,"id.orig_h":"10.0.0.1","host":"a.example"}', None, NO),
        ('192.0.2.1 - - "endtime" "timestamp" "dest_ip"', None, NO),
        ("", None, NO),
    ],
)
def test_claims_its_own_objects(text: str, sourcetype: str | None, claim: int) -> None:
    """Stream's keys or source type make a claim; Suricata's and Zeek's objects make none, nor do quotations."""
    assert made().claims(Line(text, sourcetype=sourcetype)) == claim


def test_envelope_fills_what_the_object_lacks_and_no_more() -> None:
    """Time and sensor come from the envelope only where the object has none."""
    bare = {key: value for key, value in FLOW.items() if key not in {"timestamp", "endtime"}}
    found = made().read(Line(json.dumps(bare), sent_at=5, sender="sensor-9", sourcetype="stream:tcp"))
    assert isinstance(found, Event)
    assert (found.time, found.observer) == (5, "sensor-9")
    whole = FLOW | {"capture_hostname": "sensor-1"}
    found = made().read(Line(json.dumps(whole), sent_at=5, sender="sensor-9"))
    assert isinstance(found, Event)
    assert (found.time, found.observer) == (TEN_US, "sensor-1")


def test_reads_what_comes_out_of_an_export() -> None:
    """A row of a Splunk export, peeled, is read as the stream its source type names."""
    row = {"result": {"_raw": json.dumps(FLOW | {"query": "a.example"}), "sourcetype": "stream:dns"}}
    found = peel_envelope(json.dumps(row))
    read = made().read(Line(found.text, sourcetype=found.sourcetype))
    assert isinstance(read, Event)
    assert (read.table, read.dst_host) == (DNS, "a.example")


def test_time_without_a_zone_is_the_logs_own() -> None:
    """Stream writes UTC with a Z; where a reformatted line has no zone, the log's zone counts."""
    reader = Reader(Setup(Clock(ZoneInfo("Europe/Berlin"), datetime(2026, 3, 3, tzinfo=UTC))))
    read = reader.read(Line(json.dumps(FLOW | {"timestamp": "2026-03-02 11:00:00.000"})))
    assert isinstance(read, Event)
    assert read.time == TEN_US


def test_unknown_is_not_zero() -> None:
    """Switched-off fields are None; a logged 0 is 0; with one direction logged there is no total."""
    found = event("stream:tcp", bytes_in=0, bytes_out=None, bytes=0)
    assert (found.bytes_up, found.bytes_down, found.bytes_total, found.duration_ms) == (0, None, None, None)
    found = event("stream:tcp", bytes_in=None, bytes_out=None, bytes=0)
    assert (found.bytes_up, found.bytes_down, found.bytes_total) == (None, None, 0)


@pytest.mark.parametrize(
    ("count", "aggregated"), [(None, False), (0, False), (1, False), ("1", False), (2, True), ("40", True)]
)
def test_aggregates_are_refused(count: int | str | None, aggregated: bool) -> None:
    """A record that stands for several requests is a reject, one that stands for one is an event."""
    found = made().read(Line(json.dumps(FLOW | {"count": count})))
    assert isinstance(found, Reject) is aggregated


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@given(
    st.dictionaries(st.sampled_from(_Record.__struct_fields__), VALUES),
    st.sampled_from([None, "stream:http", "stream:dns", "stream:tcp"]),
)
def test_any_values_are_read_or_refused(fields: dict[str, Any], sourcetype: str | None) -> None:
    """Whatever the fields hold, reading raises nothing but ValueError, and an event holds values of its types."""
    with suppress(ValueError):
        found = made().read(Line(json.dumps(FLOW | fields), sourcetype=sourcetype))
        if isinstance(found, Event):
            numbers = (found.src_port, found.bytes_up, found.bytes_down, found.bytes_total, found.status)
            assert all(value is None or (type(value) is int and value >= 0) for value in numbers)


@given(st.text() | st.text().map(lambda text: '{"dest_ip":' + text))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    reader, line = made(), Line(text, sourcetype="stream:http")
    reader.claims(line)
    with suppress(ValueError):
        assert not isinstance(reader.read(line), Event)
