import json
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event, Line, Reject
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, LIKELY, NO, Reader, Setup
from sferic.sources._zscaler import column_names
from sferic.sources.zscaler_nss_web import Reader as WebReader

MakeReader = Callable[..., Reader]

RECORD = {
    "time": "Mon Mar  2 09:15:00 2026",
    "login": "alice@example.com",
    "eurl": "www.example.com/a",
    "action": "Allowed",
    "reqsize": "598",
    "respsize": "65",
    "cip": "10.1.2.15",
    "sip": "203.0.113.80",
    "reqmethod": "GET",
    "respcode": "200",
}
AT_0915 = 1_772_442_900_000_000  # 2026-03-02 09:15:00 UTC
HOUR = 3_600_000_000


def line(**changes: object) -> Line:
    """Build a Cloud NSS record in JSON."""
    return Line(json.dumps(RECORD | changes))


def event(made: Reader, raw: Line) -> Event:
    """Read a line that must be an event."""
    result = made.read(raw)
    assert isinstance(result, Event), result
    return result


def test_the_request_size_goes_up_and_the_response_size_comes_down(reader: MakeReader) -> None:
    """In every shape the client's bytes are `reqsize`; in CEF that is `out`."""
    made = reader("zscaler_nss_web")
    cef = "CEF:0|Zscaler|NSSWeblog|5.7|Allowed|x|3|rt=1772442900000 in=65 out=598 request=www.example.com/a"
    tab = "2026-03-02 09:15:00\trequestmethod=GET\trequestsize=598\tresponsesize=65\turl=www.example.com/a"
    for raw in (line(), Line(cef), Line(tab)):
        found = event(made, raw)
        assert (found.bytes_up, found.bytes_down, found.time) == (598, 65, AT_0915)


def test_claims_web_records_and_leaves_the_other_nss_logs_alone(reader: MakeReader) -> None:
    """Firewall, DNS and tunnel records carry the same vendor's marks but no request."""
    made = reader("zscaler_nss_web")
    firewall = '{"sourcetype":"zscalernss-fw","event":{"csip":"192.0.2.1","inbytes":"1","outbytes":"2"}}'
    dns = '{"sourcetype":"zscalernss-dns","event":{"dns_req":"example.com","clt_sip":"192.0.2.1"}}'
    fw_cef = "CEF:0|Zscaler|NSSFWlog|5.7|Allow|x|3|act=Allow src=192.0.2.1 in=1 out=2"
    assert [made.claims(Line(text)) for text in (firewall, dns, fw_cef)] == [NO, NO, NO]
    assert made.claims(line()) == LIKELY
    assert made.claims(Line(json.dumps({"sourcetype": "zscalernss-web", "event": RECORD}))) == CERTAIN
    assert made.claims(Line(line().text, sourcetype="zscalernss-web")) == CERTAIN
    assert made.claims(Line(firewall, sourcetype="zscalernss-fw")) == NO
    assert made.claims(Line('{"http":{"url":"/","method":"GET"}}')) == NO


@pytest.mark.parametrize(
    ("written", "zone_name", "moment"),
    [
        ("Mon Mar  2 09:15:00 2026", None, AT_0915),
        ("Mon Mar  02 09:15:00 2026", "GMT", AT_0915),
        ("Mar 2 9:15:00 2026", "UTC", AT_0915),
        ("2026-03-02 09:15:00", "Europe/Berlin", AT_0915 - HOUR),
        ("2026-03-02T09:15:00Z", "Europe/Berlin", AT_0915),
        ("Mar 02 2026 09:15:00", "US/Eastern", AT_0915 + 5 * HOUR),
        ("Mon Mar  2 09:15:00 2026", "+05:30", AT_0915 - 5 * HOUR - HOUR // 2),
    ],
)
def test_times_are_read_as_written_in_the_zone_that_the_record_names(
    reader: MakeReader, written: str, zone_name: str | None, moment: int
) -> None:
    """Feeds write ctime, ISO and CEF times; `tz` names the zone of the feed."""
    assert event(reader("zscaler_nss_web"), line(time=written, tz=zone_name or "None")).time == moment


@pytest.mark.parametrize("nonsense", ["Nowhere/City", "../../etc/passwd", "+", "PDT7", "\x00"])
def test_a_zone_that_nobody_knows_leaves_the_log_in_its_own(reader: MakeReader, nonsense: str) -> None:
    """A name that is no zone's does not make the record unreadable, and opens no file."""
    made = reader("zscaler_nss_web", timezone="Europe/Berlin")
    assert event(made, line(tz=nonsense)).time == AT_0915 - HOUR


def test_epoch_time_needs_no_zone(reader: MakeReader) -> None:
    """The epoch wins over a written time, in seconds or milliseconds."""
    made = reader("zscaler_nss_web", timezone="Europe/Berlin")
    for epoch in (1772442900, "1772442900", 1772442900000):
        assert event(made, line(epochtime=epoch, tz="Asia/Tokyo")).time == AT_0915


def test_the_client_is_the_internal_address_wherever_the_feed_puts_it(reader: MakeReader) -> None:
    """Guides for CEF disagree whether `src` or `sourceTranslatedAddress` is the internal address."""
    made = reader("zscaler_nss_web")
    inside, outside = "10.1.2.15", "198.51.100.9"
    assert event(made, line(cip=inside, cintip=outside)).src_ip == inside
    assert event(made, line(cip=outside, cintip=inside)).src_ip == inside
    assert event(made, line(cip=outside, cintip=outside)).src_ip == outside
    assert event(made, line(cip="None", clientpublicIP=outside)).src_ip == outside


def test_a_login_that_is_the_location_is_nobody(reader: MakeReader) -> None:
    """Zscaler writes the location where nobody signed in; the owner of the device is the next best answer."""
    made = reader("zscaler_nss_web")
    assert event(made, line(login="HQ", location="HQ")).user is None
    assert event(made, line(login="HQ", location="HQ", deviceowner="alice")).user == "alice"
    assert event(made, line(login="HQ", location="Branch")).user == "HQ"


def test_a_blocked_request_has_no_server(reader: MakeReader) -> None:
    """0.0.0.0 is Zscaler's word for a server that was never asked."""
    found = event(reader("zscaler_nss_web"), line(sip=str(IPv4Address(0)), action="Blocked"))
    assert (found.dst_ip, found.action) == (None, "blocked")


def test_encodings_of_a_url(reader: MakeReader) -> None:
    """A path stays as logged, an encoded host does not, and Base64 is undone; a plus sign is no space."""
    made = reader("zscaler_nss_web")
    kept = event(made, line(eurl="www.example.com/a%20b?c=%2F"))
    assert (kept.dst_host, kept.path) == ("www.example.com", "/a%20b?c=%2F")
    assert event(made, line(eurl="www%2Eexample%2Ecom%2Fa")).dst_host == "www.example.com"
    assert event(made, line(eurl="", b64url="d3d3LmV4YW1wbGUuY29tL2E=")).dst_host == "www.example.com"
    assert event(made, line(eua="a%20b+c")).user_agent == "a b+c"
    with pytest.raises(ValueError, match="field is not Base64"):
        made.read(line(eurl="None", b64url="*"))


def test_the_host_name_of_a_tunnel_is_its_target(reader: MakeReader) -> None:
    """CONNECT names host and port and has no path; without a URL the host field answers."""
    made = reader("zscaler_nss_web")
    tunnel = event(made, line(reqmethod="CONNECT", eurl="www.example.com:443"))
    assert (tunnel.dst_host, tunnel.dst_port, tunnel.host_source, tunnel.path) == (
        "www.example.com",
        443,
        "connect",
        None,
    )
    named = event(made, line(eurl="203.0.113.80/x", host="www.example.com"))
    assert (named.dst_host, named.host_source) == ("www.example.com", "http_host")
    assert isinstance(made.read(line(eurl="None")), Reject)


def test_columns_are_named_by_a_list_or_by_the_feeds_own_format() -> None:
    """The option takes what an administrator can copy out of the portal, tabs and composed times included."""
    assert column_names("time, login,eurl") == ["time", "login", "eurl"]
    assert column_names('"%s{time}","%s{eurl}","%d{reqsize}"') == ["time", "eurl", "reqsize"]
    composed = "%d{yyyy}-%02d{mth}-%02d{dd} %02d{hh}:%02d{mm}:%02d{ss}"
    assert column_names(f"{composed}\\t%s{{login}}\\t%s{{eurl}}") == ["time", "login", "eurl"]


def test_a_chosen_feed_with_a_column_too_many_is_not_read(reader: MakeReader) -> None:
    """An unquoted comma shifts every later column, so that nothing in the line can be trusted."""
    made = reader("zscaler_nss_web", fields="time,eurl,reqmethod,reqsize")
    good = Line("2026-03-02 09:15:00,www.example.com/,GET,5")
    assert made.claims(good) == LIKELY
    assert event(made, good).bytes_up == 5
    with pytest.raises(ValueError, match="5 fields, expected 4"):
        made.read(Line("2026-03-02 09:15:00,www.example.com/a,b,GET,5"))


@given(st.text())
def test_no_text_raises_anything_but_value_error(text: str) -> None:
    """Whatever a line holds, it is an event, a reject or nothing."""
    readers = WebReader(Setup(Clock())), WebReader(Setup(Clock(), {"fields": "time,eurl"}))
    for made in readers:
        for raw in (
            text,
            "{" + text,
            f"2026-03-02 09:15:00\treqmethod={text}\turl={text}",
            f"CEF:0|Zscaler|NSSWeblog|1|a|b|3|rt={text} request={text}",
            line(eurl=text, time=text, login=text, b64host=text, tz=text, reqsize=text).text,
            line(eurl=text, tz=text, respcode=text, cip=text).text,
        ):
            made.claims(Line(raw))
            with suppress(ValueError):
                assert isinstance(made.read(Line(raw)), Event | Reject)
