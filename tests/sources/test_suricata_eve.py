"""The rules of `suricata_eve`: whose side is the client's, flows and netflows, what alerts say, other types."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, LIKELY, NO, Reader, Setup
from sferic.sources.suricata_eve import REMEMBERED, _Record
from sferic.sources.suricata_eve import Reader as EveReader

MakeReader = Callable[..., Reader]

TEN_US = 1_772_445_600_000_000
CLIENT, SERVER = ("10.0.0.1", 5000), ("192.0.2.1", 443)
BASE: dict[str, Any] = {
    "timestamp": "2026-03-02T10:00:00.000000+0000", "flow_id": 7, "src_ip": CLIENT[0], "src_port": CLIENT[1],
    "dest_ip": SERVER[0], "dest_port": SERVER[1], "proto": "TCP",
}  # fmt: skip
BACK = {"src_ip": SERVER[0], "src_port": SERVER[1], "dest_ip": CLIENT[0], "dest_port": CLIENT[1]}


def line(kind: str, **fields: Any) -> Line:
    """Write a record of a type."""
    return Line(json.dumps(BASE | {"event_type": kind} | fields))


def event(made: Reader, kind: str, **fields: Any) -> Event:
    """Read a record that has to be an event."""
    found = made.read(line(kind, **fields))
    assert isinstance(found, Event), found
    return found


def ends(found: Event) -> tuple[Any, Any]:
    """Return client and server of an event."""
    return (found.src_ip, found.src_port), (found.dst_ip, found.dst_port)


@pytest.mark.parametrize(
    ("fields", "surety"),
    [
        ({}, CERTAIN),
        ({"flow_id": None, "in_iface": "eth0"}, CERTAIN),
        ({"event_type": "stats", "stats": {}}, CERTAIN),
        ({"event_type": None}, NO),
        ({"event_type": 'x"event_type":"http"'}, NO),
        ({"timestamp": None}, NO),
    ],
)
def test_claims_records_of_eve(fields: dict[str, Any], surety: int, reader: MakeReader) -> None:
    """An `event_type` with a time and a key of EVE's own makes a claim; without the first two there is none."""
    record = {key: value for key, value in (BASE | {"event_type": "http"} | fields).items() if value is not None}
    assert reader("suricata_eve").claims(Line(json.dumps(record))) == surety


def test_claims_a_record_without_a_flow(reader: MakeReader) -> None:
    """The ends of a connection alone are likely EVE's; another product's audit record is not."""
    made = reader("suricata_eve")
    record = {key: value for key, value in BASE.items() if key != "flow_id"} | {"event_type": "http"}
    assert made.claims(Line(json.dumps(record))) == LIKELY
    assert made.claims(Line('{"eventType":"AwsApiCall","timestamp":1,"src_ip":"x","dest_ip":"y"}')) == NO
    assert made.claims(Line("plain text")) == NO


@pytest.mark.parametrize("kind", ["fileinfo", "stats", "smb", "smtp", "drop", "anomaly", "engine", "new_in_9"])
def test_other_types_have_no_event(kind: str, reader: MakeReader) -> None:
    """A record of a type that is no connection gives nothing, and that is no reject."""
    assert reader("suricata_eve").read(line(kind)) is None


@pytest.mark.parametrize(
    ("dns", "port", "turned"),
    [
        ({"type": "answer"}, 53, True),
        ({"type": "response"}, 53, True),
        ({"type": "query"}, 53, False),
        ({"type": "answer"}, 5353, False),
    ],
)
def test_the_client_of_a_lookup_is_not_on_port_53(
    dns: dict[str, Any], port: int, turned: bool, reader: MakeReader
) -> None:
    """An answer that names the resolver's port 53 first has its ends swapped; other messages stay."""
    found = event(reader("suricata_eve"), "dns", dns=dns, **(BACK | {"src_port": port}))
    expected = (CLIENT, (SERVER[0], port))
    assert ends(found) == (expected if turned else expected[::-1])


def test_an_answer_on_its_way_to_the_client_is_turned_once(reader: MakeReader) -> None:
    """Where `direction` says so, the ends are swapped, and port 53 does not swap them back."""
    back = BACK | {"src_port": 53, "dest_port": 53, "direction": "to_client"}
    assert ends(event(reader("suricata_eve"), "dns", dns={"type": "answer"}, **back)) == (
        (CLIENT[0], 53),
        (SERVER[0], 53),
    )


def test_a_question_has_no_outcome(reader: MakeReader) -> None:
    """Version 8 writes a reply code into requests too, where it means nothing."""
    asked = {"type": "request", "rcode": "NOERROR", "queries": [{"rrname": "a.example"}]}
    found = event(reader("suricata_eve"), "dns", dns=asked)
    assert (found.dst_host, found.outcome, found.answers) == ("a.example", None, None)


def test_netflows_are_told_apart_by_their_order(reader: MakeReader) -> None:
    """Of a flow's two netflows the first goes to the server; both have the same client, whatever lies between."""
    made = reader("suricata_eve")
    there = event(made, "netflow", netflow={"bytes": 5})
    event(made, "netflow", netflow={"bytes": 1}, flow_id=8)
    back = event(made, "netflow", netflow={"bytes": 6}, **BACK)
    assert ends(there) == ends(back) == (CLIENT, SERVER)
    assert (there.bytes_up, there.bytes_down, back.bytes_up, back.bytes_down) == (5, None, None, 6)


def test_netflows_without_a_way_back_are_forgotten() -> None:
    """The memory for netflows is bounded."""
    made = EveReader(Setup(Clock()))
    for flow_id in range(1, REMEMBERED + 20):
        made.read(line("netflow", netflow={"bytes": 1}, flow_id=flow_id))
    assert len(made._netflows) == REMEMBERED


def test_a_flow_is_stamped_with_its_start(reader: MakeReader) -> None:
    """A flow's time is its start, in the zone that it says, not the time of writing; the ends give the duration."""
    flow = {"start": "2026-03-02T10:00:00.000000+0100", "end": "2026-03-02T10:00:02.500000+0100", "age": 2}
    found = event(reader("suricata_eve"), "flow", flow=flow)
    assert (found.time, found.duration_ms) == (TEN_US - 3_600_000_000, 2500)


def test_time_without_a_zone_is_the_logs_own() -> None:
    """Old versions write no zone: the log's own counts."""
    made = EveReader(Setup(Clock(ZoneInfo("Europe/Berlin"), datetime(2026, 3, 3, tzinfo=UTC))))
    assert event(made, "ssh", timestamp="2026-03-02T11:00:00.000000").time == TEN_US


@pytest.mark.parametrize(
    ("what", "host", "source", "table"),
    [
        ({"http": {"hostname": "a.example", "url": "/x"}}, "a.example", "http_host", NETWORK),
        ({"tls": {"sni": "a.example"}}, "a.example", "sni", NETWORK),
        ({"quic": {"sni": "a.example"}}, "a.example", "sni", NETWORK),
        ({"dns": {"query": [{"rrname": "a.example"}]}}, "a.example", "dns_query", DNS),
        ({"dns": {"answer": {"rrname": "a.example"}}}, "a.example", "dns_query", DNS),
        ({"dns": {"queries": [{"rrname": "a.example"}]}}, "a.example", "dns_query", DNS),
        ({}, None, None, NETWORK),
    ],
)
def test_an_alert_is_an_account_of_its_flow(
    what: dict[str, Any], host: str | None, source: str | None, table: str, reader: MakeReader
) -> None:
    """An alert names what it was raised on and the flow's bytes so far; it is no request, so its table is the flow's."""
    flow = {"bytes_toserver": 5, "bytes_toclient": 6, "start": "2026-03-02T09:00:00.000000+0000"}
    found = event(reader("suricata_eve"), "alert", alert={"action": "blocked"}, flow=flow, **what)
    assert (found.dst_host, found.host_source, found.table, found.action) == (host, source, table, "blocked")
    assert (found.bytes_up, found.bytes_down) == ((5, 6) if table == NETWORK else (None, None))
    assert (found.time, found.duration_ms) == (TEN_US, None)


def test_all_records_of_a_flow_have_its_id(reader: MakeReader) -> None:
    """The flow's id is text and the same in every type; without one it is unknown."""
    made = reader("suricata_eve")
    kinds = {"http": HTTP, "tls": NETWORK, "flow": NETWORK, "alert": NETWORK, "ssh": NETWORK}
    assert {kind: (event(made, kind).table, event(made, kind).connection_id) for kind in kinds} == {
        kind: (table, "7") for kind, table in kinds.items()
    }
    assert event(made, "tls", flow_id=None).connection_id is None


def test_envelope_fills_what_the_record_lacks(reader: MakeReader) -> None:
    """Time and sensor come from the envelope only where the record has none."""
    made = reader("suricata_eve")
    bare, whole = line("ssh", timestamp=None), line("ssh", host="sensor-1")
    for text, expected in ((bare.text, (5, "sensor-9")), (whole.text, (TEN_US, "sensor-1"))):
        found = made.read(Line(text, sent_at=5, sender="sensor-9"))
        assert isinstance(found, Event)
        assert (found.time, found.observer) == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["answer", "A", "to_client"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "rrname", "rrtype", "rdata", "answers", "start", "end", "bytes", "sni"]), inner
        )
    ),
    max_leaves=6,
)


@given(
    st.sampled_from(["http", "tls", "quic", "dns", "flow", "netflow", "alert", "ssh"]),
    st.dictionaries(st.sampled_from(_Record.__struct_fields__), VALUES),
)
def test_any_values_are_read_or_refused(kind: str, fields: dict[str, Any]) -> None:
    """Whatever the fields hold, reading raises nothing but ValueError, and numbers are numbers."""
    made = EveReader(Setup(Clock()))
    with suppress(ValueError):
        found = made.read(line(kind, **fields))
        if isinstance(found, Event):
            numbers = (
                found.src_port,
                found.dst_port,
                found.bytes_up,
                found.bytes_down,
                found.duration_ms,
                found.status,
            )
            assert all(value is None or (type(value) is int and value >= 0) for value in numbers)


@given(st.text() | st.text().map(lambda text: '{"timestamp":"2026","event_type":"http",' + text))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    made = EveReader(Setup(Clock()))
    made.claims(Line(text))
    with suppress(ValueError):
        assert isinstance(made.read(Line(text)), Reject | None)


@pytest.mark.parametrize("record", [{"eve": BASE | {"event_type": "http"}}, {"event_type": 7}, {"event_type": None}])
def test_a_record_inside_something_else_is_refused(record: dict[str, Any], reader: MakeReader) -> None:
    """A wrapping that nobody knows is a reject, not a record of a type without a connection."""
    found = reader("suricata_eve").read(Line(json.dumps(record)))
    assert found == Reject("no event_type at the top of the record")


def test_elastic_s_form_is_left_to_ecs(reader: MakeReader) -> None:
    """A document of Elastic's module keeps EVE's keys inside; what matters has ECS's names."""
    eve = BASE | {"event_type": "tls", "in_iface": "eth0"}
    assert reader("suricata_eve").claims(Line(json.dumps({"@timestamp": "x", "suricata": {"eve": eve}}))) == NO
