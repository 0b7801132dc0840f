"""Where a log has the name that TLS asked for beside the request's own, both are kept."""

from collections.abc import Callable

import pytest

from sferic.model.event import Event, Line
from sferic.sources._contract import Reader
from sferic.sources._fields import another_name

INNER, OUTER = "www.example.com", "cdn.example.net"
ECS = (
    '{"@timestamp":"2026-03-02T10:00:00Z","source":{"ip":"10.1.0.5"},"url":{"domain":"www.example.com"},'
    '"tls":{"client":{"server_name":"%s"}}}'
)
OCSF = (
    '{"class_uid":4002,"time":1772445600000,"src_endpoint":{"ip":"10.1.0.5"},'
    '"http_request":{"url":{"hostname":"www.example.com"}},"tls":{"sni":"%s"}}'
)
SQUID = "1772445600.100 10.1.0.5 GET https://www.example.com/ %s"
PROXYSG = "2026-03-02 10:00:00 10.1.0.5 GET www.example.com / %s"
ZSCALER = (
    "epochtime=1772445600\treason=Allowed\tevent_id=7\tprotocol=HTTPS\taction=Allowed\ttransactionsize=9"
    "\tresponsesize=5\trequestsize=4\turlcategory=x\tserverip=192.0.2.1\trequestmethod=GET\turl=www.example.com/"
    "\thostname=www.example.com\tClientIP=10.1.0.5\tdf_hostname=%s"
)
LOGS = {
    "squid_access": ({"logformat": "%ts.%03tu %>a %rm %ru %ssl::>sni"}, SQUID),
    "bluecoat_proxysg": ({"fields": "date time c-ip cs-method cs-host cs-uri-path x-http-connect-host"}, PROXYSG),
    "zscaler_nss_web": ({}, ZSCALER),
    "ecs_json": ({}, ECS),
    "ocsf_json": ({}, OCSF),
}
"""Source → options, and a line with a place for the outer name."""


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize(("logged", "kept"), [(OUTER, OUTER), (OUTER.upper(), OUTER), (INNER, None), ("-", None)])
def test_both_names_are_kept(name: str, logged: str, kept: str | None, reader: Callable[..., Reader]) -> None:
    """The request's own name is the host; the other one is kept where it is another."""
    options, line = LOGS[name]
    found = reader(name, **options).read(Line(line % logged))
    assert isinstance(found, Event), found
    assert (found.dst_host, found.tls_name) == (INNER, kept)


@pytest.mark.parametrize(
    ("value", "host", "kept"),
    [
        (OUTER, INNER, OUTER), (f"{OUTER}.", INNER, OUTER), (INNER, INNER, None), (OUTER, None, None),
        ("192.0.2.1", INNER, None), ("two words", INNER, None), ("", INNER, None), (None, INNER, None),
    ],
)  # fmt: skip
def test_only_names_count(value: str | None, host: str | None, kept: str | None) -> None:
    """Addresses, nonsense and the host itself are no second name."""
    assert another_name(value, host) == kept
