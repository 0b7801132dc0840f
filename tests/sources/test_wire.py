"""Requests to servers and to proxies, and values of any type, as sensors on the wire write them."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import HTTP, Event
from sferic.sources import _wire
from sferic.sources._clock import Clock
from sferic.sources._wire import Destination, destination

CLOCK = Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("method", "target", "header", "expected"),
    [
        ("GET", "/x?y=1", "a.example", Destination("a.example", "http_host", None, None, "/x?y=1")),
        ("GET", "/x", "A.Example:8080", Destination("a.example", "http_host", None, 8080, "/x")),
        ("GET", "/x", "192.0.2.1", Destination(None, None, "192.0.2.1", None, "/x")),
        ("GET", "/x", None, Destination(path="/x")),
        ("OPTIONS", "*", "a.example", Destination("a.example", "http_host")),
        (None, None, None, Destination()),
        ("CONNECT", "a.example:443", "other.example", Destination("a.example", "connect", None, 443, None, proxied=True)),
        ("CONNECT", "192.0.2.1:443", None, Destination(None, None, "192.0.2.1", 443, None, proxied=True)),
        ("CONNECT", "[2001:db8::1]:443", None, Destination(None, None, "2001:db8::1", 443, None, proxied=True)),
        ("CONNECT", None, "a.example", Destination(proxied=True)),
        ("GET", "http://a.example/x", "other.example", Destination("a.example", "url", None, 80, "/x", proxied=True)),
        ("GET", "HTTPS://a.example", None, Destination("a.example", "url", None, 443, "/", proxied=True)),
        ("GET", "/http://b.example/", "a.example", Destination("a.example", "http_host", None, None, "/http://b.example/")),
        ("GET", "http://", "a.example", Destination("a.example", "http_host")),
    ],
)  # fmt: skip
def test_where_a_request_went(
    method: str | None, target: str | None, header: str | None, expected: Destination
) -> None:
    """A proxy is told the destination in the target, which beats the Host header; a server only by the header."""
    assert destination(method, target, header) == expected


def test_the_address_of_a_proxy_is_not_the_destinations() -> None:
    """The connection's address stays for a direct request and goes for one to a proxy."""
    direct = Event(table=HTTP, time=0, dst_ip="192.0.2.1", dst_port=8080)
    _wire.send(direct, destination("GET", "/", "a.example:80"))
    assert (direct.dst_ip, direct.dst_port, direct.dst_host) == ("192.0.2.1", 8080, "a.example")
    proxied = Event(table=HTTP, time=0, dst_ip="10.0.0.3", dst_port=3128)
    _wire.send(proxied, destination("CONNECT", "203.0.113.5:443", None))
    assert (proxied.dst_ip, proxied.dst_port, proxied.dst_host) == ("203.0.113.5", 443, None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a":1}', '{"a":1}'),
        ('<13>1 2026-03-02T10:00:00Z host app - - - {"a":1}', '{"a":1}'),
        ('Mar  2 10:00:00 host app[1]: {"a":1}', '{"a":1}'),
        ('2026-03-02T10:00:00Z host app: {"a":1}', '{"a":1}'),
        ('1772445600.5\tC1\tGET\t/x?{"a":1}', None),
        ('192.0.2.1 - - "GET /" {"a":1}', None),
        ("{a}", None),
        ("", None),
    ],
)
def test_an_object_may_stand_behind_a_syslog_header(text: str, found: str | None) -> None:
    """A syslog header is taken off; braces that a client put into another log make no object."""
    assert _wire.object_text(text) == found


@pytest.mark.parametrize("value", [None, True, [], {}, -1, 1e300, float("inf"), float("nan"), "soon", "1_0", ""])
def test_a_time_that_is_none_is_an_error(value: Any) -> None:
    """What is no number of seconds or milliseconds and no ISO 8601 raises a ValueError."""
    with pytest.raises(ValueError, match="time"):
        _wire.moment(value, CLOCK)


def test_time_without_a_zone_is_the_logs_own() -> None:
    """An ISO 8601 time with no zone is read in the log's zone."""
    berlin = Clock(ZoneInfo("Europe/Berlin"), datetime(2026, 3, 3, tzinfo=UTC))
    assert _wire.moment("2026-03-02T11:00:00.5", berlin) == _wire.moment(1772445600.5, CLOCK)


@pytest.mark.parametrize(
    ("value", "found"),
    [(0, 0), ("12", 12), (-1, None), (True, None), (1.5, None), ("1.5", None), (10**18, None), (None, None), ([1], None)],
)  # fmt: skip
def test_counts(value: Any, found: int | None) -> None:
    """A count is a whole number or its digits; whatever else is unknown, and 0 is 0."""
    assert _wire.count(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [(1.2344, 1234), ("0.076967", 77), (3, 3000), (0, 0), (-1, None), ("nan", None), ("x", None), (1e300, None), ([], None)],
)  # fmt: skip
def test_milliseconds(value: Any, found: int | None) -> None:
    """Seconds become whole milliseconds, rounded; impossible ones are unknown."""
    assert _wire.milliseconds(value) == found


def test_answers_are_addresses_and_names_once() -> None:
    """Of DNS answers, addresses and names stay, in order, each once; the name asked for and texts go."""
    told = ["b.example.", "192.0.2.1", "2001:DB8::1", "B.Example", "a.example", "TXT 3 a=b", None, 7]
    assert _wire.answers(told, "a.example") == ("b.example", "192.0.2.1", "2001:db8::1")
    assert _wire.answers(["TXT 3 a b"], None) is None


@given(st.text() | st.none(), st.text() | st.none(), st.text() | st.none())
def test_any_request_has_a_destination_or_none(method: str | None, target: str | None, header: str | None) -> None:
    """Whatever a client sends, judging it raises nothing, and a host is never an address."""
    found = destination(method, target, header)
    assert (found.host is None) or (found.address is None and found.source is not None)
