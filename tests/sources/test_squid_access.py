"""Rules of Squid's access log that a golden file does not make plain."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.errors import SettingsError
from sferic.model.event import Event, Line, Reject
from sferic.sources._clock import Clock, zone
from sferic.sources._contract import CERTAIN, LIKELY, NO, POSSIBLE, Setup
from sferic.sources._squid_logformat import compile_logformat
from sferic.sources.squid_access import Reader

NATIVE = "1730120400.123    187 192.0.2.10 TCP_MISS/200 15320 GET http://www.example.com/ - HIER_DIRECT/203.0.113.20 text/html"
COMBINED = '192.0.2.10 - - [28/Oct/2024:14:00:00 +0100] "{}" 200 4211 "-" "demo"{}'
SECOND = 1_000_000


def _event(line: str, *, timezone: str = "UTC", **options: str) -> Event:
    result = Reader(Setup(Clock(zone(timezone)), options)).read(Line(line))
    assert isinstance(result, Event), result
    return result


def _claim(line: str, **options: str) -> int:
    return Reader(Setup(Clock(zone("UTC")), options)).claims(Line(line))


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        (NATIVE, CERTAIN),
        (f"<190>Oct 28 13:00:00 proxy1 (squid-1): {NATIVE}", CERTAIN),
        (NATIVE[:40], LIKELY),
        (COMBINED.format("GET /index.html HTTP/1.1", " TCP_MISS:HIER_DIRECT"), CERTAIN),
        (COMBINED.format("GET http://www.example.com/ HTTP/1.1", ""), POSSIBLE),
        (COMBINED.format("CONNECT www.example.com:443 HTTP/1.1", ""), POSSIBLE),
        (COMBINED.format("GET /index.html HTTP/1.1", ""), NO),
        ("1730120400.123\tCabc\t192.0.2.10\t52000\t203.0.113.20\t80\ttcp\thttp", NO),
        ("", NO),
    ],
)
def test_claims_only_what_squid_marks_as_its_own(line: str, claim: int) -> None:
    """A web server's access log is not claimed, a proxy's without Squid's tag only as possible."""
    assert _claim(line) == claim


@pytest.mark.parametrize(
    "agent",
    [
        NATIVE,
        "x src_ip=198.51.100.66 vendor_action=TCP_MISS",
        "x TCP_MISS:HIER_DIRECT",
        "x TCP_MISS:HIER_DIRECT [a] [b]",
    ],
)
def test_a_user_agent_cannot_draw_another_log_here(agent: str) -> None:
    """What a client puts into a web server's log does not make it Squid's."""
    line = COMBINED.format("GET /index.html HTTP/1.1", "").replace("demo", agent)
    assert _claim(line) == NO


def test_a_line_of_the_given_format_is_certain() -> None:
    """What matches the user's own format is claimed with certainty, and nothing else changes."""
    assert _claim("192.0.2.10|1730120400|-", logformat="%>a|%ts|%ru") == CERTAIN
    assert _claim("192.0.2.10|1730120400", logformat="%>a|%ts|%ru") == NO


@pytest.mark.parametrize(
    ("tag", "action"),
    [
        ("TCP_DENIED_REPLY", "blocked"),
        ("TCP_MISS_TIMEDOUT", "allowed"),
        ("TAG_NONE", "tag_none"),
        ("NONE", "none"),
    ],
)
def test_the_tag_decides_the_action(tag: str, action: str) -> None:
    """Squid's denials are blocked, what it served is allowed, anything else keeps Squid's word."""
    assert _event(NATIVE.replace("TCP_MISS", tag)).action == action


@pytest.mark.parametrize(
    ("hierarchy", "address"),
    [
        ("HIER_DIRECT/203.0.113.20", "203.0.113.20"),
        ("PINNED/203.0.113.20", "203.0.113.20"),
        ("TIMEOUT_HIER_DIRECT/203.0.113.20", "203.0.113.20"),
        ("FIRSTUP_PARENT/203.0.113.20", None),
        ("SIBLING_HIT/203.0.113.20", None),
        ("HIER_NONE/-", None),
    ],
)
def test_another_cache_is_not_the_destination(hierarchy: str, address: str | None) -> None:
    """The next hop's address is the destination's only if Squid went there directly."""
    assert _event(NATIVE.replace("HIER_DIRECT/203.0.113.20", hierarchy)).dst_ip == address


def test_bytes_are_only_what_the_format_says() -> None:
    """Uploads are unknown in the native format, a sole total has no direction, and `>st` is the upload."""
    assert _event(NATIVE).bytes_up is None
    total = _event("1730120400.000 192.0.2.10 www.example.com:443 500", logformat="%ts.%03tu %>a %ru %st")
    assert (total.bytes_up, total.bytes_down, total.bytes_total) == (None, None, 500)
    both = _event("1730120400.000 192.0.2.10 www.example.com:443 300/200", logformat="%ts.%03tu %>a %ru %>st/%<st")
    assert (both.bytes_up, both.bytes_down, both.bytes_total) == (300, 200, None)


@pytest.mark.parametrize(
    ("form", "line", "offset_s"),
    [
        ("%{%Y-%m-%dT%H:%M:%S%z}tl %>a %ru", "2024-10-28T14:00:00+0100 192.0.2.1 a.example:1", 0),
        ("%{%Y-%m-%dT%H:%M:%S}tl %>a %ru", "2024-10-28T14:00:00 192.0.2.1 a.example:1", 0),
        ("%{%Y-%m-%dT%H:%M:%S}tg %>a %ru", "2024-10-28T14:00:00 192.0.2.1 a.example:1", 3600),
        ("%{%F %T %Z}tl %>a %ru", "2024-10-28 14:00:00 GMT 192.0.2.1 a.example:1", 3600),
        ("[%tl] %>a %ru", "[28/Oct/2024:14:00:00 +0100] 192.0.2.1 a.example:1", 0),
        ("[%tg] %>a %ru", "[28/Oct/2024:14:00:00 +0000] 192.0.2.1 a.example:1", 3600),
        ("%{%d.%m.%y %H:%M:%S}tl %>a %ru", "28.10.24 14:00:00 192.0.2.1 a.example:1", 0),
        ("%{%s}tl %>a %ru", "1730120400 192.0.2.1 a.example:1", 0),
        ("%tS %>a %ru", "1730120400.000 192.0.2.1 a.example:1", 0),
        ("%ts.%tu %>a %ru", "1730120400.0 192.0.2.1 a.example:1", 0),
    ],
)
def test_every_way_to_write_the_time(form: str, line: str, offset_s: int) -> None:
    """A written offset wins, `%tg` is UTC, and anything else is in the log's own zone (here Berlin)."""
    assert _event(line, timezone="Europe/Berlin", logformat=form).time == (1_730_120_400 + offset_s) * SECOND


def test_fractions_are_read_by_their_width() -> None:
    """`%tu` counts milliseconds, also unpadded; a maximum width gives its number of digits."""
    assert _event("1730120400.7 192.0.2.1 x", logformat="%ts.%tu %>a %ru").time % SECOND == 7_000
    assert _event("1730120400.000007 192.0.2.1 x", logformat="%ts.%06.6tu %>a %ru").time % SECOND == 7


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ('%ts %>a %ru "%{User-Agent}>h"', r'1730120400 192.0.2.1 x "demo \"1\" \\ a"'),
        ("%ts %>a %ru %{User-Agent}>h", "1730120400 192.0.2.1 x demo%20%221%22%20%5C%20a"),
        ("%ts %>a %ru [%{User-Agent}>h]", '1730120400 192.0.2.1 x [demo "1" %5c a]'),
        ("%ts %>a %ru %/{User-Agent}>h", r'1730120400 192.0.2.1 x "demo \"1\" \\ a"'),
        ('%ts %>a %ru "%#{User-Agent}>h"', '1730120400 192.0.2.1 x "demo%20%221%22%20%5C%20a"'),
        ('%ts %>a %ru "%>h{User-Agent}"', r'1730120400 192.0.2.1 x "demo \"1\" \\ a"'),
        ('logformat mine %ts %>a %ru "%http::>h{user-agent}"', r'1730120400 192.0.2.1 x "demo \"1\" \\ a"'),
    ],
)
def test_quoting_is_undone_as_squid_did_it(form: str, line: str) -> None:
    """Quotes, brackets and modifiers each escape in their own way; the value comes back as it was sent."""
    assert _event(line, logformat=form).user_agent == 'demo "1" \\ a'


def test_codes_without_meaning_here_are_passed_over() -> None:
    """Unknown and unneeded codes are matched and ignored, `%%` is a per cent sign."""
    form = "%ts %>a %>la %err_code/%err_detail %transport::>connection_id %brand_new 100%% %-8rm %<pt %ru"
    event = _event("1730120400 192.0.2.1 192.0.2.2 -/- 77 word 100% GET      - http://www.example.com/", logformat=form)
    assert (event.method, event.dst_host) == ("GET", "www.example.com")


def test_a_format_may_log_the_url_in_parts() -> None:
    """Domain, port and path codes stand in for the URL."""
    event = _event(
        "1730120400 192.0.2.1 GET https www.example.com:8443 /a?b",
        logformat="%ts %>a %rm %>rs %>rd:%>rP %>rp",
    )
    assert (event.dst_host, event.dst_port, event.path) == ("www.example.com", 8443, "/a?b")


def test_the_host_header_names_a_literal_destination() -> None:
    """For an intercepted request to an address the Host header is the name, unless it is an address too."""
    form = "%ts %>a %rm %ru %{Host}>h"
    named = _event("1730120400 192.0.2.1 GET http://198.51.100.7/a www.example.com:80", logformat=form)
    assert (named.dst_host, named.host_source, named.dst_ip) == (
        "www.example.com",
        "http_host",
        "198.51.100.7",
    )
    bare = _event("1730120400 192.0.2.1 GET http://198.51.100.7/a 198.51.100.7", logformat=form)
    assert (bare.dst_host, bare.host_source, bare.dst_ip) == (None, None, "198.51.100.7")


@pytest.mark.parametrize(
    "form", ["%>a %ru", "%>a %ts%tu", "%{%H:%M}tl %>a", "%{%Q}tl %>a", "", "squid", "%{%Y%Y-%d %H:%M %m}tl"]
)
def test_a_format_that_cannot_work_is_refused_at_once(form: str) -> None:
    """No time, values that run into each other and unknown time formats are the user's error, not the log's."""
    with pytest.raises(SettingsError):
        compile_logformat(form)


def test_a_peer_query_is_no_request() -> None:
    """ICP lines between caches give neither an event nor a reject."""
    reader = Reader(Setup(Clock(zone("UTC"))))
    assert reader.read(Line(NATIVE.replace("TCP_MISS/200", "UDP_HIT/000").replace("GET", "ICP_QUERY"))) is None


def test_the_sender_observed_what_has_no_header() -> None:
    """Without a syslog header the envelope's host is the observer."""
    event = Reader(Setup(Clock(zone("UTC")))).read(Line(NATIVE, sender="proxy9"))
    assert isinstance(event, Event)
    assert event.observer == "proxy9"


_FORM = '%>a:%>p [%{%d/%m/%Y %H:%M:%S}tl] "%rm %ru" %>Hs %<st "%{User-Agent}>h" %Ss:%Sh'
_LINES = [
    NATIVE,
    COMBINED.format("GET http://x.example/ HTTP/1.1", " TCP_MISS:HIER_DIRECT"),
    " src_ip=1 vendor_action=",
]


@given(st.sampled_from(_LINES), st.integers(0, 120), st.text(max_size=60), st.sampled_from(["", _FORM]))
def test_nothing_in_a_line_breaks_the_reader(line: str, cut: int, junk: str, form: str) -> None:
    """Whatever stands in a line, reading it gives an event, a reject, nothing, or a ValueError."""
    reader = Reader(Setup(Clock(zone("UTC")), {"logformat": form} if form else {}))
    for text in (junk, line[:cut] + junk, line[:cut] + junk + line[cut:]):
        reader.claims(Line(text))
        try:
            result: Any = reader.read(Line(text))
        except ValueError:
            continue
        assert result is None or isinstance(result, Event | Reject)


@pytest.mark.parametrize("make", [lambda n: " " * n, lambda n: '"' * n, lambda n: '" "' * n, lambda n: "a:" * n])
def test_a_long_hostile_line_costs_little(make: Callable[[int], str]) -> None:
    """Lines made to backtrack are refused or read; a hundred thousand characters do not hang the reader."""
    reader = Reader(Setup(Clock(zone("UTC")), {"logformat": _FORM}))
    for head in (
        "",
        NATIVE[:60],
        '192.0.2.10 - - [28/Oct/2024:14:00:00 +0100] "',
        "x src_ip=1 vendor_action=1 url=",
        "1:",
    ):
        reader.claims(Line(head + make(33_000)))
        assert isinstance(reader.read(Line(head + make(33_000))), Event | Reject)
