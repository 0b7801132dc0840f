"""X-Forwarded-For stands beside the address that was seen, in every log that has it; nobody believes it yet."""

from collections.abc import Callable

import pytest

from sferic.model.event import Event, Line
from sferic.sources._contract import Reader
from sferic.sources._fields import forwarded

PROXY, CLIENT = "10.1.0.80", "10.1.0.5"
ECS = '{"@timestamp":"2026-03-02T10:00:00Z","source":{"ip":"10.1.0.80"},"url":{"domain":"www.example.com"},%s}'
LOGS = {
    "squid_access": (
        {"logformat": '%ts.%03tu %>a "%{X-Forwarded-For}>h" %rm %ru'},
        '1772445600.100 10.1.0.80 "10.1.0.5, 10.1.0.9" GET http://www.example.com/',
    ),
    "bluecoat_proxysg": (
        {"fields": "date time c-ip cs(X-Forwarded-For) cs-method cs-host cs-uri-path"},
        '2026-03-02 10:00:00 10.1.0.80 "10.1.0.5, 10.1.0.9" GET www.example.com /',
    ),
    "suricata_eve": (
        {},
        ('{"timestamp":"2026-03-02T10:00:00.000000+0000","flow_id":7,"event_type":"http","src_ip":"10.1.0.80",'
         '"dest_ip":"192.0.2.1","xff":"10.1.0.5","http":{"hostname":"www.example.com","url":"/","http_method":"GET"}}'),
    ),
    "zeek_http": (
        {},
        ('{"_path":"http","ts":1772445600.0,"uid":"C1","id.orig_h":"10.1.0.80","id.orig_p":1,"id.resp_h":"192.0.2.1",'
         '"id.resp_p":80,"method":"GET","host":"www.example.com","uri":"/",'
         '"proxied":["VIA -> 1.1 b","X-FORWARDED-FOR -> 10.1.0.5, 10.1.0.9"]}'),
    ),
    "ecs_json": ({}, ECS % '"network":{"forwarded_ip":"10.1.0.5"}'),
    "ecs_json ": ({}, ECS % '"client":{"ip":"10.1.0.5"}'),
    "ocsf_json": (
        {},
        ('{"class_uid":4002,"time":1772445600000,"src_endpoint":{"ip":"10.1.0.80"},'
         '"http_request":{"url":{"hostname":"www.example.com"},"x_forwarded_for":["10.1.0.5","10.1.0.9"]}}'),
    ),
    "splunk_stream": (
        {},
        ('{"endtime":"2026-03-02T10:00:00Z","timestamp":"2026-03-02T10:00:00Z","src_ip":"10.1.0.5","c_ip":"10.1.0.80",'
         '"dest_ip":"192.0.2.1","site":"www.example.com","http_method":"GET","uri_path":"/"}'),
    ),
}  # fmt: skip
"""Source → options and a line of a proxy's request for a client."""


@pytest.mark.parametrize("name", LOGS)
def test_the_headers_first_address_is_kept(name: str, reader: Callable[..., Reader]) -> None:
    """The client is the address that was seen; what the header says is a fact of its own."""
    options, text = LOGS[name]
    found = reader(name.strip(), **options).read(Line(text))
    assert isinstance(found, Event), found
    assert (found.src_ip, found.forwarded_for) == (PROXY, CLIENT)


@pytest.mark.parametrize(
    ("header", "first"),
    [
        ("10.1.0.5", CLIENT), (" 10.1.0.5 ,10.1.0.9", CLIENT), (PROXY, None), ("unknown, 10.1.0.5", None),
        ("10.1.0.5;drop", None), ("-", None), ("", None), (None, None), ("\x1b[2J", None), ("2001:DB8::5", "2001:db8::5"),
    ],
)  # fmt: skip
def test_only_addresses_count(header: str | None, first: str | None) -> None:
    """Anything else, and the peer's own address, says nothing."""
    assert forwarded(header, PROXY) == first
