"""The rules of `fortinet_fortigate` that a golden line does not show: sessions, verdicts, and quotations."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event, Line, Reject
from sferic.sources import generic_cef
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources.fortinet_fortigate import Reader

SETUP = Setup(Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC)))
HEAD = '<189>date=2026-03-02 time=10:00:00 devname="fgt1" devid="FGT1" logid="0000000013" '
ENDS = 'srcip=10.0.0.1 srcport=50000 dstip=192.0.2.1 dstport=443 sessionid=7 hostname="a.example" '
TRAFFIC = f'{HEAD}type="traffic" subtype="forward" {ENDS}'
WEB = f'{HEAD}type="utm" subtype="webfilter" {ENDS}'
TEN_US = 1_772_445_600_000_000


def event(text: str) -> Event:
    """Read one line that has to be an event."""
    found = Reader(SETUP).read(Line(text))
    assert isinstance(found, Event), found
    return found


def test_all_lines_of_a_session_share_its_name_also_in_cef() -> None:
    """Traffic and security lines of a session agree on its name; another client port or device makes another."""
    name = event(TRAFFIC).connection_id
    assert name == event(WEB).connection_id == "FGT1/7/50000"
    assert event(TRAFFIC.replace("srcport=50000", "srcport=50001")).connection_id != name
    assert event(TRAFFIC.replace('devid="FGT1"', 'devid="FGT2"')).connection_id != name
    assert event(TRAFFIC.replace("sessionid=7", "sessionid=0")).connection_id is None
    cef = "CEF:0|Fortinet|Fortigate|v7|00013|traffic:forward close|3|deviceExternalId=FGT1 externalId=7 src=10.0.0.1"
    found = generic_cef.Reader(SETUP).read(Line(f"{cef} spt=50000 dst=192.0.2.1 rt=1772445600000"))
    assert isinstance(found, Event)
    assert found.connection_id == name


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ('action="deny"', "blocked"),
        ('action="start"', "start"),
        ('action="timeout"', "allowed"),
        ('action="ip-conn"', "allowed"),
        ('action="close" utmaction="block"', "blocked"),
        ('action="close" utmaction="allow"', "allowed"),
        ("", None),
    ],
)
def test_how_a_session_ended_is_no_verdict(fields: str, action: str | None) -> None:
    """Whatever is not denied was let through, unless a security profile blocked it."""
    assert event(TRAFFIC + fields).action == action


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("eventtime=1772445600", TEN_US),
        ("eventtime=1772445600123456789", TEN_US + 123_456),
        ('tz="+0200"', TEN_US - 7_200_000_000),
        ("eventtime=0", TEN_US),
    ],
)
def test_the_time_is_the_events_own(stamp: str, time: int) -> None:
    """`eventtime` counts in any unit; without it, the date and time in the line's zone."""
    assert event(TRAFFIC + stamp).time == time


@pytest.mark.parametrize(("line", "down"), [(WEB, None), (TRAFFIC, 0)])
def test_no_answer_yet_is_unknown(line: str, down: int | None) -> None:
    """A security line is written before the answer; only a session's own line says that nothing came back."""
    assert event(line + "sentbyte=5 rcvdbyte=0").bytes_down == down


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (TRAFFIC, CERTAIN),
        (TRAFFIC.removeprefix("<189>").replace('" ', '",'), CERTAIN),
        (f"<189>1 2026-03-02T10:00:00Z fgt1 x - - - {WEB.removeprefix('<189>')}", CERTAIN),
        (f'{HEAD}type="event" subtype="system"', CERTAIN),
        (f'192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET /?{TRAFFIC}"', NO),
        (f"url=http://a.example/ {TRAFFIC.removeprefix('<189>')}", NO),
        ('{"message":"' + TRAFFIC, NO),
        ("date=2026-03-02 time=10:00:00 device=x type=traffic", NO),
    ],
)
def test_claims_its_own_lines_and_not_quotations(text: str, claim: int) -> None:
    """FortiOS's first pair must open the message, and its log id must stand beside the type."""
    assert Reader(SETUP).claims(Line(text)) == claim


@given(st.sampled_from([TRAFFIC, WEB, WEB.replace("webfilter", "dns")]), st.text(max_size=60), st.data())
def test_any_damage_is_read_or_refused(line: str, text: str, data: st.DataObject) -> None:
    """Whatever a line holds, reading raises nothing but ValueError."""
    cut = data.draw(st.integers(0, len(line)))
    with suppress(ValueError):
        found = Reader(SETUP).read(Line(line[:cut] + text + line[cut:]))
        assert found is None or isinstance(found, Event | Reject)


def test_long_hostile_lines_are_answered_at_once() -> None:
    """A million characters made to tire the expressions cost no more than reading them."""
    for unit in ('a="', 'a="\\"', " a=", 'a="\\\\" ', "[x]", '" '):
        reader, line = Reader(SETUP), Line(TRAFFIC + unit * (1_000_000 // len(unit)))
        assert reader.claims(line) == CERTAIN
        assert isinstance(reader.read(line), Event)
