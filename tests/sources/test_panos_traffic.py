from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event, Line
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, NO, Reader, Setup
from sferic.sources.panos_traffic import Reader as TrafficReader

MakeReader = Callable[..., Reader]

SESSION = (
    "1,2026/03/02 10:15:00,0123,TRAFFIC,{subtype},2817,2026/03/02 10:14:59,10.1.2.15,203.0.113.80,0.0.0.0,0.0.0.0,"
    "rule,corp\\alice,,ssl,vsys1,trust,untrust,e1,e2,log,2026/03/02 10:15:00,1,1,51544,443,0,0,0x0,tcp,{action},"
    "7312,2228,5084,22,2026/03/02 10:14:00,59,any,,7,0x0,a,b,,12,10,tcp-fin,0,0,0,0,,fw-1,from-policy,,,0"
)


def line(subtype: str = "end", action: str = "allow") -> Line:
    """Build a TRAFFIC line of PAN-OS 8."""
    return Line(SESSION.format(subtype=subtype, action=action))


def event(made: Reader, raw: Line) -> Event:
    """Read a line that must be an event."""
    result = made.read(raw)
    assert isinstance(result, Event), result
    return result


def test_bytes_sent_are_the_clients(reader: MakeReader) -> None:
    """Bytes Sent goes from client to server, Bytes Received comes back, Elapsed Time is in seconds."""
    found = event(reader("panos_traffic"), line())
    assert (found.bytes_up, found.bytes_down, found.bytes_total, found.duration_ms) == (
        2228,
        5084,
        None,
        59_000,
    )


def test_cef_of_the_firewall_and_of_the_cloud_point_in_opposite_ways(reader: MakeReader) -> None:
    """`in` is what the client sent in PAN-OS's own guide, `out` in the cloud service; elsewhere nobody knows."""
    cef = "CEF:0|Palo Alto Networks|{}|1|{}|1|rt=1772446499000 flexNumber1=30 in=10 out=20"
    made = reader("panos_traffic")
    ours = event(made, Line(cef.format("PAN-OS", "end|TRAFFIC")))
    cloud = event(made, Line(cef.format("LF", "TRAFFIC|end")))
    other = event(made, Line(cef.format("Reseller", "TRAFFIC|end")))
    assert (ours.bytes_up, ours.bytes_down) == (10, 20)
    assert (cloud.bytes_up, cloud.bytes_down) == (20, 10)
    assert (other.bytes_up, other.bytes_down, other.bytes_total) == (None, None, 30)


@pytest.mark.parametrize(
    ("subtype", "action", "meaning"),
    [
        ("start", "allow", "allowed"),
        ("end", "allow", "allowed"),
        ("end", "reset-client", "blocked"),
        ("deny", "reset-both", "blocked"),
        ("drop", "drop ICMP", "blocked"),
        ("drop", "", "blocked"),
        ("", "", None),
    ],
)
def test_every_subtype_is_an_event_with_its_action(
    reader: MakeReader, subtype: str, action: str, meaning: str | None
) -> None:
    """A session that was dropped or denied never was a connection, whatever the rule's action says."""
    assert event(reader("panos_traffic"), line(subtype, action)).action == meaning


def test_the_firewalls_other_logs_are_known_and_no_events(reader: MakeReader) -> None:
    """A file of mixed PAN-OS logs leaves no line unknown: THREAT is the other source's, the rest is ours."""
    made = reader("panos_traffic")
    system = Line("1,2026/03/02 10:15:00,0123,SYSTEM,general,0,2026/03/02 10:14:59,,x,,0,0,general,low,text")
    threat = Line(system.text.replace("SYSTEM", "THREAT"))
    cef = Line("CEF:0|Palo Alto Networks|PAN-OS|10|GLOBALPROTECT|0|rt=2026/03/02 10:20:00")
    assert [made.claims(raw) for raw in (line(), system, cef, threat)] == [CERTAIN, CERTAIN, CERTAIN, NO]
    assert [made.read(raw) for raw in (system, cef)] == [None, None]


def test_unreadable_numbers_are_unknown_not_zero(reader: MakeReader) -> None:
    """A count that is no number says nothing."""
    found = event(reader("panos_traffic"), Line(line().text.replace("7312,2228,5084", "-,x,-1")))
    assert (found.bytes_up, found.bytes_down, found.bytes_total) == (None, None, None)


@given(st.text())
def test_no_text_raises_anything_but_value_error(text: str) -> None:
    """Whatever a line holds, it is an event, a reject or nothing."""
    made = TrafficReader(Setup(Clock()))
    head = "2026/03/02 10:15:00,1,TRAFFIC,end,1,2026/03/02 10:15:00,"
    for raw in (
        text,
        head + text,
        head + "," * 40 + text,
        f"CEF:0|Palo Alto Networks|LF|1|TRAFFIC|end|1|rt=1 {text}",
        f"LEEF:1.0|Palo Alto Networks|PAN-OS|1|allow|cat=TRAFFIC|devTime={text}",
    ):
        made.claims(Line(raw))
        with suppress(ValueError):
            assert isinstance(made.read(Line(raw)), Event | None)


def test_the_lines_of_a_session_share_its_name(reader: MakeReader) -> None:
    """Start and end of one session are one connection; number 0 names none."""
    made = reader("panos_traffic")
    start, end = (event(made, line(subtype)) for subtype in ("start", "end"))
    assert start.connection_id == end.connection_id == "1@2026/03/02 10:14:00"
    refused = Line(SESSION.format(subtype="deny", action="deny").replace(",1,1,51544,", ",0,1,51544,"))
    assert event(made, refused).connection_id is None
