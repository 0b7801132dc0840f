"""The rules of `cisco_ftd` that a golden line does not show: what is a request, whose value counts, and the neighbour."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.sources import cisco_asa
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources.cisco_ftd import Reader

SETUP = Setup(Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC)))
HEAD = "<134>Mar 02 2026 10:00:00 ftd1 : %FTD-6-430003: "
ENDS = "SrcIP: 10.0.0.1, DstIP: 192.0.2.1, SrcPort: 50000, DstPort: 443"


def event(fields: str, head: str = HEAD) -> Event:
    """Read one line that has to be an event."""
    found = Reader(SETUP).read(Line(f"{head}{ENDS}, {fields}"))
    assert isinstance(found, Event), found
    return found


@pytest.mark.parametrize(
    ("fields", "table", "origin"),
    [
        ("ApplicationProtocol: HTTPS, URL: https://a.example", NETWORK, "sni"),
        ("ApplicationProtocol: HTTPS, URL: https://a.example/", NETWORK, "sni"),
        ("ApplicationProtocol: HTTPS, URL: https://a.example/x", HTTP, "url"),
        ("ApplicationProtocol: HTTPS, HTTPResponse: 200, URL: https://a.example/", HTTP, "url"),
        ("ApplicationProtocol: HTTP, ReferencedHost: a.example", HTTP, "http_host"),
        ("ApplicationProtocol: QUIC, ReferencedHost: a.example", NETWORK, "sni"),
        ("ApplicationProtocol: DNS, DNSQuery: a.example", DNS, "dns_query"),
    ],
)
def test_a_connection_is_a_request_where_the_firewall_saw_one(fields: str, table: str, origin: str) -> None:
    """Plain HTTP, or HTTPS with what only a decrypted request shows, is a request; a bare host name is a handshake's."""
    found = event(fields)
    assert (found.table, found.dst_host, found.host_source) == (table, "a.example", origin)


@pytest.mark.parametrize(
    ("number", "word", "action"),
    [
        (430002, "Allow", "start"),
        (430002, "Block", "blocked"),
        (430003, "Allow", "allowed"),
        (430003, "Trust", "allowed"),
        (430003, "Interactive Block with reset", "blocked"),
        (430003, "Default Action", "default action"),
    ],
)
def test_only_an_allowed_begin_announces(number: int, word: str, action: str) -> None:
    """A begin that is allowed has an end to come; one that is blocked may be all there is."""
    head = HEAD.replace("430003", str(number))
    assert event(f"AccessControlRuleAction: {word}", head).action == action


def test_all_lines_of_a_connection_share_its_name() -> None:
    """Device, instance, first packet and counter together name a connection; without one of them there is no name."""
    whole = "DeviceUUID: u, InstanceID: 2, FirstPacketSecond: 2026-03-02T10:00:00Z, ConnectionID: 7"
    begin = event(whole, HEAD.replace("430003", "430002"))
    assert begin.connection_id == event(whole).connection_id == "u/2/2026-03-02T10:00:00Z/7"
    assert event(whole.replace("InstanceID: 2, ", "")).connection_id is None


def test_the_first_value_of_a_name_counts() -> None:
    """A user agent that imitates a field cannot move what was written before it."""
    found = event("UserAgent: x, SrcIP: 10.9.9.9, DstIP: 198.51.100.1, URL: http://a.example/, y")
    assert (found.src_ip, found.dst_ip, found.user_agent, found.path) == ("10.0.0.1", "192.0.2.1", "x", "/, y")


@pytest.mark.parametrize(
    ("number", "mine", "neighbours"),
    [(430001, CERTAIN, NO), (430003, CERTAIN, NO), (302013, NO, CERTAIN), (430009, NO, NO)],
)
def test_every_number_has_one_reader(number: int, mine: int, neighbours: int) -> None:
    """Security events are read here and everything else by `cisco_asa`."""
    line = Line(HEAD.replace("430003", str(number)))
    assert (Reader(SETUP).claims(line), cisco_asa.Reader(SETUP).claims(line)) == (mine, neighbours)


@given(st.text(max_size=80), st.integers(0, len(ENDS)))
def test_any_message_is_an_event_or_a_reject(text: str, cut: int) -> None:
    """Whatever stands in a message, reading raises nothing but ValueError."""
    with suppress(ValueError):
        assert isinstance(Reader(SETUP).read(Line(HEAD + ENDS[:cut] + text + ENDS[cut:])), Event | Reject)
