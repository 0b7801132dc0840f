"""The rules of `generic_leef` that its golden case does not show."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from sferic.model.event import Event, Line
from sferic.sources._contract import GENERIC, NO
from sferic.sources.generic_leef import Reader, _strptime_form
from tests.sources.single_lines import Log, texts

LOG = Log(Reader)
made, event = LOG.made, LOG.event


HEAD = "LEEF:1.0|Acme|Proxy|1|req|"
TEN_US = 1_772_445_600_000_000


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("1772445600", None),
        ("1772445600000", "MMM dd yyyy"),
        ("Mar 02 2026 10:00:00.000 UTC", "MMM dd yyyy HH:mm:ss.SSS z"),
        ("Mar 02 2026 05:00:00 EST", "MMM dd yyyy HH:mm:ss z"),
        ("2026-03-02T10:00:00.000Z", "yyyy-MM-dd'T'HH:mm:ss.SSSX"),
        ("03/02/2026 11:00:00 AM", "MM/dd/yyyy hh:mm:ss a"),
        ("2026.03.02 11h00", "yyyy.MM.dd HH'h'mm"),
        ("2026-03-02 11:00:00", None),
    ],
)
def test_times_follow_their_format(written: str, pattern: str | None) -> None:
    """`devTime` is read by `devTimeFormat`, else by its look, in the log's zone unless it names one."""
    line = f"{HEAD}devTime={written}\t" + (f"devTimeFormat={pattern}\t" if pattern else "") + "url=a.example"
    found = made(ZoneInfo("Europe/Berlin")).read(Line(line))
    assert isinstance(found, Event)
    assert found.time == TEN_US


@pytest.mark.parametrize("written", ["02/03/26 11.00", "Mon Mar 02 11:00:00 CST 2026", "soon"])
def test_times_that_need_a_format_are_refused_without_one(written: str) -> None:
    """A time in a form of the product's own is not guessed."""
    with pytest.raises(ValueError, match="known form"):
        made().read(Line(f"{HEAD}devTime={written}\turl=a.example"))


@pytest.mark.parametrize("pattern", ["HH:mm", "yyyy w", "z yyyy", "", "yyyyy", "%Y"])
def test_patterns_that_are_not_understood(pattern: str) -> None:
    """A pattern without a year, or with a letter of unknown meaning, is not used."""
    assert _strptime_form(pattern) is None


def test_bytes_without_a_side_are_only_a_total() -> None:
    """`srcBytes` and `dstBytes` have a side by definition; `bytesIn` and `bytesOut` are added up."""
    base = f"{HEAD}devTime=1772445600\turl=a.example\t"
    found = event(base + "srcBytes=1\tdstBytes=2\tbytesIn=3\tbytesOut=4")
    assert (found.bytes_up, found.bytes_down, found.bytes_total) == (1, 2, None)
    found = event(base + "bytesIn=3\tbytesOut=4")
    assert (found.bytes_up, found.bytes_down, found.bytes_total) == (None, None, 7)
    assert event(base + "bytesIn=3").bytes_total is None


def test_a_user_s_domain_is_no_destination() -> None:
    """`domain` is where the user belongs, so a line with nothing else to go to is no connection."""
    assert made().read(Line(f"{HEAD}devTime=1772445600\tusrName=alice\tdomain=corp.example")) is None


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (HEAD + "src=10.0.0.1", GENERIC),
        ("<13>Mar  2 10:00:00 fw1 LEEF:2.0|A|P|1|x|^|src=10.0.0.1", GENERIC),
        ('192.0.2.1 - - "GET /?LEEF:1.0|A|P|1|x|" 200', NO),
        ("CEF:0|A|P|1|1|x|3|src=10.0.0.1", NO),
    ],
)
def test_claims_lines_that_begin_as_leef(text: str, claim: int) -> None:
    """A header behind a syslog header is claimed, one that somebody wrote into a URL is not."""
    assert made().claims(Line(text)) == claim


@given(texts("LEEF:1.0|A|P|1|x|url=a.example\tdevTime="))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)
