"""Rules of ProxySG's access log that a golden file does not make plain."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event, Line, Reject
from sferic.sources._clock import Clock, zone
from sferic.sources._contract import CERTAIN, LIKELY, NO, POSSIBLE, Setup
from sferic.sources.bluecoat_proxysg import MARKS, Reader

MAIN = "#Fields: date time time-taken c-ip cs-username sc-filter-result s-action cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs(User-Agent) sc-bytes cs-bytes"
ROW = '2024-10-28 13:00:00 187 192.0.2.10 alice OBSERVED TCP_NC_MISS GET http www.example.com 80 /a ?b=c "demo agent" 640 5120'
PAIRS = '<111>1 2024-10-28T13:00:00Z proxy1 ProxySG - splunk_format - c-ip=192.0.2.10 cs-host=www.example.com cs-User-Agent="demo agent" s-action=TCP_HIT'
SECOND = 1_000_000


def _reader(header: str = "", *, timezone: str = "UTC", **options: str) -> Reader:
    reader = Reader(Setup(Clock(zone(timezone)), options))
    if header:
        assert reader.read(Line(header)) is None
    return reader


def _event(header: str, row: str, *, timezone: str = "UTC") -> Event:
    result = _reader(header, timezone=timezone).read(Line(row))
    assert isinstance(result, Event), result
    return result


def _row(**values: str) -> Event:
    """Read a row of the given columns, at a fixed time, from a fixed client to a fixed host."""
    columns = {"date": "2024-10-28", "time": "13:00:00", "c-ip": "192.0.2.10", "cs-host": "www.example.com"}
    columns |= {name.replace("_", "-"): value for name, value in values.items()}
    return _event("#Fields: " + " ".join(columns), " ".join(columns.values()))


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        ("#Software: SGOS 6.7.5.1", CERTAIN),
        (MAIN, CERTAIN),
        (f"Oct 28 13:00:00 192.0.2.250 {MAIN}", CERTAIN),
        ("#Fields: date time c-ip cs-host cs-uri-path", LIKELY),
        (
            "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip sc-win32-status",
            NO,
        ),
        ("#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status", NO),
        ("#Version: 1.0", POSSIBLE),
        ("#fields\tts\tuid\tid.orig_h", NO),
        (ROW, POSSIBLE),
        ("2024-10-28 13:00:00 192.0.2.10 GET /index.html 200", NO),
        (PAIRS, CERTAIN),
        ('{"c-ip":"192.0.2.10","cs-host":"www.example.com"}', CERTAIN),
        ("<134>Oct 28 13:00:00 proxy1 ProxySG: 250017 event log line", NO),
        ('192.0.2.10 - - [28/Oct/2024:14:00:00 +0100] "GET / HTTP/1.1" 200 1 "-" "x c-ip=1 cs-host=a"', NO),
        ("", NO),
    ],
)
def test_claims_its_own_columns_and_leaves_other_servers_alone(line: str, claim: int) -> None:
    """A web server's W3C log, Zeek's header and an appliance's event log are not claimed."""
    assert _reader().claims(Line(line)) == claim


def test_a_seen_header_makes_rows_certain() -> None:
    """After its `#Fields:` line a dated row of its length is surely of this log; a claim learns nothing."""
    assert _reader(MAIN).claims(Line(ROW)) == CERTAIN
    assert _reader(MAIN).claims(Line("2024-10-28 13:00:00 anything")) == POSSIBLE
    reader = _reader()
    reader.claims(Line(MAIN))
    assert reader.claims(Line("2024-10-28 13:00:00 anything")) == NO


def test_the_header_always_reaches_the_reader() -> None:
    """The engine's selector is told to pass on every line that names columns."""
    assert MARKS == (r"#\s?Fields:",)


@pytest.mark.parametrize("header", [MAIN, MAIN.replace("#Fields", "# Fields"), MAIN.replace("#Fields", "#fields")])
def test_a_row_is_read_by_the_columns_of_its_header(header: str) -> None:
    """Uploads are `cs-bytes`, downloads `sc-bytes`, and the query belongs to the path."""
    event = _event(header, ROW)
    assert (event.bytes_up, event.bytes_down) == (5120, 640)
    assert (event.dst_host, event.path, event.user_agent) == ("www.example.com", "/a?b=c", "demo agent")


def test_a_header_of_another_server_ends_the_columns() -> None:
    """After the header of a log without client and destination, rows are rejected, not read by the old columns."""
    reader = _reader(MAIN)
    reader.read(Line("#Fields: date time s-ip"))
    assert reader.read(Line(ROW)) == Reject("the #Fields header names no client or no destination")


@pytest.mark.parametrize(
    ("result", "action", "expected"),
    [
        ("OBSERVED", "TCP_NC_MISS", "allowed"),
        ("PROXIED", "TCP_HIT", "allowed"),
        ("DENIED", "TCP_NC_MISS", "blocked"),
        ("OBSERVED", "TCP_DENIED", "blocked"),
        ("-", "TCP_TUNNELED", "allowed"),
        ("-", "FAILED", "failed"),
        ("-", "-", None),
    ],
)
def test_a_denial_by_filter_or_proxy_is_blocked(result: str, action: str, expected: str | None) -> None:
    """Either word of denial means blocked; a result that says nothing leaves the proxy's own word."""
    assert _row(sc_filter_result=result, s_action=action).action == expected


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ({"r_ip": "203.0.113.20", "s_supplier_ip": "203.0.113.99"}, "203.0.113.20"),
        ({"s_supplier_ip": "203.0.113.20"}, "203.0.113.20"),
        ({"s_hierarchy": "DIRECT", "s_supplier_name": "203.0.113.20"}, "203.0.113.20"),
        ({"s_hierarchy": "PARENT_HIT", "s_supplier_name": "203.0.113.99"}, None),
        ({"cs_ip": "203.0.113.20", "c_connect_type": "Transparent"}, "203.0.113.20"),
        ({"cs_ip": "192.0.2.250", "c_connect_type": "Explicit"}, None),
        ({"cs_ip": "192.0.2.250"}, None),
        ({"s_ip": "192.0.2.250"}, None),
    ],
)
def test_the_proxys_own_addresses_are_not_the_destination(values: dict[str, str], address: str | None) -> None:
    """Neither the proxy, nor a parent, nor what an explicit client connected to is the server."""
    assert _row(**values).dst_ip == address


def test_a_certificate_is_not_a_host() -> None:
    """For a literal address the certificate's name stays out of the event."""
    event = _row(cs_host="198.51.100.7", x_rs_certificate_hostname="www.example.com")
    assert (event.dst_ip, event.dst_host, event.host_source) == ("198.51.100.7", None, None)


def test_the_host_of_an_outer_tunnel_stands_in() -> None:
    """Where `cs-host` is empty the tunnel's host or a whole URL names the destination."""
    assert _row(cs_host="-", x_http_connect_host="tunnel.example.com").dst_host == "tunnel.example.com"
    assert _row(cs_host="-", c_url="https://whole.example.com:8443/a").dst_port == 8443


def test_a_tunnel_has_no_path() -> None:
    """The `/` that the proxy writes for a tunnel is not a path anybody asked for."""
    assert _row(cs_method="CONNECT", cs_uri_path="/").path is None
    assert _row(cs_uri_scheme="ssl", cs_uri_path="/").path is None
    assert _row(cs_method="GET", cs_uri_path="/").path == "/"


def test_an_address_is_no_user() -> None:
    """`x-cs-username-or-ip` is a user only when it is not the client's address."""
    assert _row(x_cs_username_or_ip="192.0.2.10").user is None
    assert _row(x_cs_username_or_ip="alice").user == "alice"


def test_seconds_become_milliseconds() -> None:
    """`duration` counts seconds and gives way to `time-taken`, which counts milliseconds."""
    assert _row(duration="3").duration_ms == 3_000
    assert _row(duration="3", time_taken="2871").duration_ms == 2_871


@pytest.mark.parametrize(
    ("column", "stamp", "offset_s"),
    [
        ("date time", "2024-10-28 13:00:00", 0),
        ("gmttime", "[28/10/2024:13:00:00 GMT]", 0),
        ("gmttime", "28/Oct/2024:13:00:00", 0),
        ("localtime", "[28/Oct/2024:14:00:00 +0100]", 0),
        ("localtime", "[28/Oct/2024:14:00:00]", 0),
        ("timestamp", "1730120400", 0),
        ("x-timestamp-unix-utc", "1730120400", 0),
        ("x-timestamp", "1730120400.5", 0.5),
    ],
)
def test_every_way_to_write_the_time(column: str, stamp: str, offset_s: float) -> None:
    """GMT columns ignore the log's zone (here Berlin); local time uses its offset, else that zone."""
    event = _event(f"#Fields: {column} c-ip cs-host", f"{stamp} 192.0.2.10 a.example", timezone="Europe/Berlin")
    assert event.time == (1_730_120_400 + offset_s) * SECOND


def test_the_envelope_gives_the_time_that_the_line_lacks() -> None:
    """A row without any time takes the collector's; without that it cannot be placed."""
    reader = _reader("#Fields: c-ip cs-host")
    event = reader.read(Line("192.0.2.10 a.example", sent_at=5))
    assert isinstance(event, Event)
    assert event.time == 5
    with pytest.raises(ValueError, match="no date and time"):
        reader.read(Line("192.0.2.10 a.example"))


def test_columns_come_before_keys() -> None:
    """A client cannot replace a row by a user agent that looks like key=value."""
    forged = ROW.replace("demo agent", "x c-ip=198.51.100.66 cs-host=evil.example s-action=TCP_HIT")
    relayed = f"<134>Oct 28 13:00:00 proxy1 ProxySG: {forged}"
    assert _event(MAIN, forged).dst_host == "www.example.com"
    assert _event(MAIN, relayed).dst_host == "www.example.com"
    assert _reader().read(Line(forged)) == Reject("no #Fields header yet")


@given(
    st.sampled_from([MAIN, ""]),
    st.sampled_from([ROW, PAIRS, MAIN, "{"]),
    st.integers(0, 170),
    st.text(max_size=60),
)
def test_nothing_in_a_line_breaks_the_reader(header: str, line: str, cut: int, junk: str) -> None:
    """Whatever stands in a line, reading it gives an event, a reject, nothing, or a ValueError."""
    reader = _reader(header)
    for text in (junk, line[:cut] + junk, line[:cut] + junk + line[cut:]):
        reader.claims(Line(text))
        try:
            result: Any = reader.read(Line(text))
        except ValueError:
            continue
        assert result is None or isinstance(result, Event | Reject)


def _shapes() -> Iterable[Callable[[int], str]]:
    return [
        lambda n: " " * n,
        lambda n: '"' * n,
        lambda n: '" "a' * n,
        lambda n: "a=" * n,
        lambda n: ' a="' * n,
    ]


@pytest.mark.parametrize("make", _shapes())
def test_a_long_hostile_line_costs_little(make: Callable[[int], str]) -> None:
    """Lines made to backtrack are refused or read; a hundred thousand characters do not hang the reader."""
    reader = _reader(MAIN)
    for head in ("", ROW[:60], PAIRS, "<134>Oct 28 13:00:00 proxy1 ", "2024-10-28 13:00:00 TCP_HIT "):
        reader.claims(Line(head + make(33_000)))
        assert isinstance(reader.read(Line(head + make(33_000))), Event | Reject)


def test_a_duration_that_cannot_be_is_none() -> None:
    """Seconds become milliseconds, unless they are too many for a number of 64 bits."""
    assert _row(duration="7").duration_ms == 7_000
    assert _row(duration="9" * 18).duration_ms is None
