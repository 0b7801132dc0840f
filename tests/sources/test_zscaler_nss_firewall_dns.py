import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event, Line, Reject
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, LIKELY, NO, Reader, Setup
from sferic.sources.zscaler_nss_firewall_dns import Reader as FirewallReader

MakeReader = Callable[..., Reader]

SESSION = {
    "datetime": "Mon Mar  2 09:15:00 2026",
    "csip": "10.1.2.15",
    "cdip": "203.0.113.80",
    "cdport": 443,
    "sdip": "203.0.113.81",
    "sdport": 8443,
    "inbytes": 19052,
    "outbytes": 1734,
    "durationms": 4861,
    "action": "Allow",
}
QUERY = {"datetime": "Mon Mar  2 09:15:00 2026", "clt_sip": "10.1.2.15", "dns_req": "www.example.com."}


def read(made: Reader, record: Mapping[str, object]) -> Event:
    """Read a JSON record that must be an event."""
    result = made.read(Line(json.dumps(record)))
    assert isinstance(result, Event), result
    return result


def test_bytes_out_are_the_clients(reader: MakeReader) -> None:
    """`outbytes` leaves the client, `inbytes` comes back."""
    found = read(reader("zscaler_nss_firewall_dns"), SESSION)
    assert (found.bytes_up, found.bytes_down, found.duration_ms) == (1734, 19052, 4861)


def test_the_destination_is_the_server_that_was_reached(reader: MakeReader) -> None:
    """After translation it is `sdip`; where nothing was sent on, it is what the client asked for."""
    made = reader("zscaler_nss_firewall_dns")
    reached = read(made, SESSION)
    dropped = read(made, SESSION | {"sdip": str(IPv4Address(0)), "sdport": 0, "action": "Drop"})
    assert (reached.dst_ip, reached.dst_port, reached.action) == ("203.0.113.81", 8443, "allowed")
    assert (dropped.dst_ip, dropped.dst_port, dropped.action) == ("203.0.113.80", 443, "blocked")


def test_a_destination_name_is_a_name_not_an_address(reader: MakeReader) -> None:
    """`cdfqdn` may repeat the address, which is no name."""
    made = reader("zscaler_nss_firewall_dns")
    assert read(made, SESSION | {"cdfqdn": "www.example.com"}).dst_host == "www.example.com"
    assert read(made, SESSION | {"cdfqdn": "203.0.113.80"}).dst_host is None


@pytest.mark.parametrize(("response", "answers"), [("203.0.113.80;2001:db8::80", 2), ("NXDOMAIN", None)])
def test_a_dns_record_is_a_query_with_the_addresses_it_got(
    reader: MakeReader, response: str, answers: int | None
) -> None:
    """The name is the one asked for; a response that is no address gives no answers."""
    found = read(reader("zscaler_nss_firewall_dns"), QUERY | {"dns_resp": response})
    assert (found.table, found.dst_host, found.host_source) == (
        "dns_activity",
        "www.example.com",
        "dns_query",
    )
    assert (len(found.answers) if found.answers else None) == answers


def test_claims_its_two_logs_and_leaves_web_records_alone(reader: MakeReader) -> None:
    """Web and tunnel records of the same service belong to others."""
    made = reader("zscaler_nss_firewall_dns")
    web = json.dumps({"sourcetype": "zscalernss-web", "event": {"reqmethod": "GET", "cip": "10.1.2.15"}})
    named = json.dumps({"sourcetype": "zscalernss-dns", "event": QUERY})
    assert made.claims(Line(json.dumps(SESSION))) == LIKELY
    assert made.claims(Line(named)) == CERTAIN
    assert made.claims(Line("CEF:0|Zscaler|NSSFWlog|5.7|Drop|x|3|src=192.0.2.1")) == CERTAIN
    assert [made.claims(Line(text)) for text in (web, "CEF:0|Zscaler|NSSWeblog|1|a|b|3|x=1")] == [NO, NO]
    assert made.claims(Line(json.dumps(SESSION), sourcetype="zscalernss-tunnel")) == NO


@given(st.text())
def test_no_text_raises_anything_but_value_error(text: str) -> None:
    """Whatever a line holds, it is an event, a reject or nothing."""
    made = FirewallReader(Setup(Clock()))
    for raw in (
        text,
        "{" + text,
        json.dumps(SESSION | {"datetime": text, "cdfqdn": text}),
        json.dumps(SESSION | {"csip": text, "cdfqdn": text, "action": text}),
        json.dumps(QUERY | {"dns_req": text, "dns_resp": text}),
    ):
        made.claims(Line(raw))
        with suppress(ValueError):
            assert isinstance(made.read(Line(raw)), Event | Reject)
