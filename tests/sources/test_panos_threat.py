from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.errors import UsageError
from sferic.model.event import Event, Line, Reject
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, NO, Reader, Setup
from sferic.sources.panos_threat import Reader as ThreatReader

MakeReader = Callable[..., Reader]

URL = (
    "1,2026/03/02 10:15:00,0123,THREAT,url,2817,2026/03/02 10:14:59,10.1.2.15,203.0.113.80,0.0.0.0,0.0.0.0,rule,"
    'corp\\alice,,ssl,vsys1,trust,untrust,e1,e2,log,2026/03/02 10:15:00,1,1,51544,443,0,0,0x0,tcp,{action},"{url}",'
    "(9999),news,informational,client-to-server,7,0x0,a,b,,text/html,0,,,1,curl/8,,{xff},https://e.com/,,,,,0,0,0,0,,"
    "fw-1,,,,get,0"
)


def line(url: str = "www.example.com/a", action: str = "alert", xff: str = "") -> Line:
    """Build a URL filtering line of PAN-OS 8."""
    return Line(URL.format(url=url, action=action, xff=xff))


def event(made: Reader, raw: Line) -> Event:
    """Read a line that must be an event."""
    result = made.read(raw)
    assert isinstance(result, Event), result
    return result


def test_claims_threat_lines_of_every_shape_and_nothing_else(reader: MakeReader) -> None:
    """CSV, CEF and LEEF are recognised behind any header; TRAFFIC and other vendors' lines are not."""
    made = reader("panos_threat")
    mine = (
        line().text,
        f"<14>Mar  2 10:15:00 fw-1 {line().text}",
        "CEF:0|Palo Alto Networks|PAN-OS|10.2|url|THREAT|1|rt=1",
        "CEF:0|Palo Alto Networks|LF|2.0|THREAT|url|1|rt=1",
        "LEEF:2.0|Palo Alto Networks|Next Generation Firewall|10.1|x|\t|cat=threat\tSubType=url",
    )
    others = (
        line().text.replace(",THREAT,", ",TRAFFIC,"),
        "CEF:0|Palo Alto Networks|PAN-OS|10.2|end|TRAFFIC|1|rt=1 request=THREAT|",
        "CEF:0|Acme|Gate|1|url|THREAT|1|rt=1",
        'GET /?q=,THREAT,url HTTP/1.1" 200',
    )
    assert [made.claims(Line(text)) for text in mine] == [CERTAIN] * len(mine)
    assert [made.claims(Line(text)) for text in others] == [NO] * len(others)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("alert", "allowed"),
        ("continue", "allowed"),
        ("override", "allowed"),
        ("block-continue", "blocked"),
        ("block-override", "blocked"),
        ("override-lockout", "blocked"),
        ("reset-both", "blocked"),
        ("syncookie-sent", "syncookie-sent"),
    ],
)
def test_actions_say_whether_the_request_went_through(reader: MakeReader, word: str, meaning: str) -> None:
    """`block-continue` shows a page, `continue` is the user's click on it; an unknown word stays."""
    assert event(reader("panos_threat"), line(action=word)).action == meaning


def test_local_time_is_in_the_zone_that_was_set_unless_the_line_states_its_offset(reader: MakeReader) -> None:
    """PAN-OS 10 repeats the time with its offset in column 107: that offset wins over the setting."""
    plain = line()
    stated = Line(plain.text + "," * (107 - plain.text.count(",")) + "2026-03-02T10:15:00.190-05:00,,")
    at_10 = 1_772_446_499_000_000  # 2026-03-02 10:14:59 UTC
    hour = 3_600_000_000
    assert event(reader("panos_threat"), plain).time == at_10
    assert event(reader("panos_threat", timezone="Europe/Berlin"), plain).time == at_10 - hour
    assert event(reader("panos_threat", timezone="Europe/Berlin"), stated).time == at_10 + 5 * hour


def test_forwarded_for_names_the_client_only_when_asked(reader: MakeReader) -> None:
    """The header is the client's word, so the connection's own address counts unless the user trusts the proxy."""
    raw = line(xff='"192.0.2.77, 10.9.9.9"')
    assert event(reader("panos_threat"), raw).src_ip == "10.1.2.15"
    assert event(reader("panos_threat", client="xff"), raw).src_ip == "192.0.2.77"
    assert event(reader("panos_threat", client="xff"), line(xff="unknown")).src_ip == "10.1.2.15"
    in_user = Line(line().text.replace("corp\\alice", "x-fwd-for: 192.0.2.78"))
    assert event(reader("panos_threat", client="xff"), in_user).src_ip == "192.0.2.78"


def test_an_option_that_means_nothing_is_refused() -> None:
    """A typing error does not silently leave the default."""
    with pytest.raises(UsageError, match="no client 'xfff'"):
        ThreatReader(Setup(Clock(), {"client": "xfff"}))


def test_a_url_of_an_address_has_no_host_name(reader: MakeReader) -> None:
    """An address is a destination, not a name."""
    found = event(reader("panos_threat"), line(url="[2001:db8::1]:8443/x"))
    assert (found.dst_host, found.host_source, found.path) == (None, None, "/x")


def test_a_line_cut_inside_the_url_is_a_reject_not_half_a_host(reader: MakeReader) -> None:
    """A truncated host name would be a wrong destination."""
    text = line().text
    with pytest.raises(ValueError, match="32 fields, expected at least 34"):
        reader("panos_threat").read(Line(text[: text.index("ple.com/a")]))
    assert isinstance(reader("panos_threat").read(line(url="?")), Reject)


@given(st.text(), st.sampled_from(["", "2026/03/02 10:15:00,1,THREAT,url,1,"]))
def test_no_text_raises_anything_but_value_error(text: str, prefix: str) -> None:
    """Whatever a line holds, it is an event, a reject or nothing."""
    made = ThreatReader(Setup(Clock()))
    for raw in (prefix + text, f"CEF:0|Palo Alto Networks|PAN-OS|1|url|THREAT|1|{text}", line(url=text).text):
        made.claims(Line(raw))
        with suppress(ValueError):
            assert isinstance(made.read(Line(raw)), Event | Reject | None)


@given(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99), st.sampled_from(["", "+14:00", "-12:00"]))
def test_no_date_raises_anything_but_value_error(year: int, month: int, day: int, offset: str) -> None:
    """The first and the last year that Python knows are no trap, in any zone."""
    raw = line().text.replace("2026/03/02 10:14:59", f"{year:04}/{month:02}/{day:02} 00:00:00{offset}")
    with suppress(ValueError):
        assert isinstance(ThreatReader(Setup(Clock())).read(Line(raw)), Event)
