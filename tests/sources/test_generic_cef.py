"""The rules of `generic_cef` that its golden cases do not show."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from sferic.model.errors import UsageError
from sferic.model.event import Event, Line
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, GENERIC, LIKELY, NO, Setup, sources
from sferic.sources.generic_cef import Reader
from tests.sources.single_lines import Log, texts

LOG = Log(Reader)
made, event = LOG.made, LOG.event


FLOW = "rt=1772445600000 src=10.0.0.1 dst=192.0.2.1 in=1 out=2"


@pytest.mark.parametrize(
    ("vendor", "option", "up"),
    [
        ("Acme", None, 1),
        ("Forcepoint", None, 1),
        ("Fortinet", None, 2),
        ("Check Point", None, 2),
        ("SonicWall", None, 2),
        ("Acme", "down", 2),
        ("Fortinet", "up", 1),
    ],
)
def test_bytes_go_the_vendors_way(vendor: str, option: str | None, up: int) -> None:
    """The dictionary says that `in` is what the client sent; some vendors mean the opposite; the option overrules both."""
    options = {} if option is None else {"bytes_in": option}
    found = event(f"CEF:0|{vendor}|P|1|1|x|3|{FLOW}", **options)
    assert (found.bytes_up, found.bytes_down) == (up, 3 - up)


def test_an_unknown_way_is_refused() -> None:
    """The option knows two values, and says so."""
    with pytest.raises(UsageError, match="up or down"):
        made(bytes_in="both")


def test_the_device_s_own_time_beats_the_header() -> None:
    """`end` counts before `rt`, `rt` before the syslog header, and the header before the envelope."""
    body = "CEF:0|A|P|1|1|x|3|src=10.0.0.1 dst=192.0.2.1"
    head = "<13>Mar  2 10:00:03 fw1 "
    assert event(f"{head}{body} end=1772445601000 rt=1772445602000").time == 1_772_445_601_000_000
    assert event(f"{head}{body} rt=1772445602000").time == 1_772_445_602_000_000
    assert event(f"{head}{body}").time == 1_772_445_603_000_000
    found = made().read(Line(body, sent_at=7, sender="fw2"))
    assert isinstance(found, Event)
    assert (found.time, found.observer) == (7, "fw2")


def test_a_time_without_a_zone_is_the_logs_own() -> None:
    """A calendar time is read in the log's zone unless it names one."""
    line = Line("CEF:0|A|P|1|1|x|3|src=10.0.0.1 dst=192.0.2.1 rt=Mar 02 2026 11:00:00")
    found = made(ZoneInfo("Europe/Berlin")).read(line)
    assert isinstance(found, Event)
    assert found.time == 1_772_445_600_000_000


def test_start_and_end_make_a_duration() -> None:
    """Both ends give the duration, the event is stamped with the end; ends in the wrong order give none."""
    body = "CEF:0|A|P|1|1|x|3|src=10.0.0.1 dst=192.0.2.1"
    found = event(f"{body} start=1772445600000 end=1772445602500")
    assert (found.time, found.duration_ms) == (1_772_445_602_500_000, 2500)
    assert event(f"{body} start=1772445602500 end=1772445600000").duration_ms is None


def test_only_a_url_is_a_referer() -> None:
    """A category in `requestContext`, as FortiGate writes it, is not where a request came from."""
    body = "CEF:0|A|P|1|1|x|3|rt=1772445600000 request=a.example/x requestContext="
    assert event(body + "Malicious Websites").referer is None
    assert event(body + "https://b.example/").referer == "https://b.example/"


def test_a_status_stands_in_the_header_of_some_web_gateways_only() -> None:
    """Skyhigh's event id is the HTTP status; a number there means nothing elsewhere."""
    body = "|P|1|403|x|3|rt=1772445600000 request=https://a.example/x"
    assert event("CEF:0|McAfee" + body).status == 403
    assert event("CEF:0|Acme" + body).status is None


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("CEF:0|A|P|1|1|x|3|src=10.0.0.1", LIKELY),
        ("<13>Mar  2 10:00:00 fw1 app: CEF: 0|A|P|1|1|x|3|src=10.0.0.1", LIKELY),
        ('<13>1 2026-03-02T10:00:00Z fw1 app - - [a b="c"] CEF:1|A|P|1|1|x|3|src=10.0.0.1', LIKELY),
        ("CEF:0|Palo Alto Networks|LF|1|1|x|3|src=10.0.0.1", GENERIC),
        ("CEF:0|Zscaler|NSSWeblog|1|1|x|3|src=10.0.0.1", GENERIC),
        ('192.0.2.1 - - "GET /?CEF:0|A|P|1|1|x|3|" 200', NO),
        ('{"message":"CEF:0|A|P|1|1|x|3|"}', NO),
        ("LEEF:1.0|A|P|1|x|src=10.0.0.1", NO),
        ("CEF: the format", NO),
    ],
)
def test_claims_lines_that_begin_as_cef(text: str, claim: int) -> None:
    """A header behind a syslog header is claimed, one that somebody wrote into a URL or a JSON string is not."""
    assert made().claims(Line(text)) == claim


@pytest.mark.parametrize(
    "text",
    [
        "CEF:0|Palo Alto Networks|PAN-OS|10.2|end|TRAFFIC|3|rt=1772445600000 src=10.0.0.1 dst=192.0.2.1",
        "CEF:0|Zscaler|NSSWeblog|5.7|Allowed|Allowed|3|act=Allowed src=10.0.0.1 request=a.example/x",
    ],
)
def test_a_products_own_source_is_surer(text: str) -> None:
    """Lines of products that have a source of their own are claimed there more surely than here."""
    claims = {name: build(source.reader).claims(Line(text)) for name, source in sources().items()}
    assert max(claims.values()) == CERTAIN
    assert claims["generic_cef"] == GENERIC < LIKELY


def build(reader: type) -> Reader:
    """Make any source's reader."""
    made_reader: Reader = reader(Setup(Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC))))
    return made_reader


@given(texts("CEF:0|A|P|1|1|x|3|rt=1772445600000 dst=192.0.2.1 "))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)
