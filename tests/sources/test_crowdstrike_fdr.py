"""The rules of `crowdstrike_fdr` that its golden case does not show."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event, Line
from sferic.sources import crowdstrike_fdr
from sferic.sources._contract import CERTAIN, NO
from sferic.sources.crowdstrike_fdr import Reader
from tests.sources.single_lines import VALUES, Log, texts

LOG = Log(Reader)
START = {"event_simpleName": "ProcessRollup2", "aid": "a", "ContextTimeStamp": "1772445600", "ImageFileName": "/bin/x"}
CALL = {
    "event_simpleName": "NetworkConnectIP4", "aid": "a", "ContextTimeStamp": "1772445600.118",
    "RemoteAddressIP4": "203.0.113.9",
}  # fmt: skip
NAMES = sorted({*START, *CALL, "DomainName", "IP4Records", "ConnectionDirection", "RemotePort", "TargetProcessId"})
KINDS = ["NetworkConnectIP4", "NetworkConnectIP6", "DnsRequest", "ProcessRollup2", None]


def test_the_same_number_on_another_machine_is_another_process() -> None:
    """A process's own name holds for its sensor only."""
    reader = LOG.made()
    reader.read(Line(json.dumps(START | {"TargetProcessId": "7"})))
    here = reader.read(Line(json.dumps(CALL | {"ContextProcessId": "7"})))
    there = reader.read(Line(json.dumps(CALL | {"ContextProcessId": "7", "aid": "b"})))
    assert isinstance(here, Event)
    assert isinstance(there, Event)
    assert (here.process_path, there.process_path) == ("/bin/x", None)


def test_remembered_processes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest process is forgotten when there are too many."""
    monkeypatch.setattr(crowdstrike_fdr, "REMEMBERED", 2)
    reader = LOG.made()
    for number in ("1", "2", "3"):
        reader.read(Line(json.dumps(START | {"TargetProcessId": number})))
    found = [reader.read(Line(json.dumps(CALL | {"ContextProcessId": number}))) for number in ("1", "3")]
    assert [one.process_path for one in found if isinstance(one, Event)] == [None, "/bin/x"]


@pytest.mark.parametrize("stamp", ["1772445600.118", 1772445600.118, "1772445600118", "134169192001180000"])
def test_times_come_in_three_units(stamp: Any) -> None:
    """Seconds, milliseconds, and Windows' count since 1601 name the same moment."""
    assert LOG.event(json.dumps(CALL | {"ContextTimeStamp": stamp})).time == 1_772_445_600_118_000


@pytest.mark.parametrize(
    ("record", "claim"),
    [(CALL, CERTAIN), ({"#event_simpleName": "DnsRequest", "cid": "c"}, CERTAIN), ({"event_simpleName": "x"}, NO)],
)
def test_claims_what_the_replicator_writes(record: dict[str, Any], claim: int) -> None:
    """The name of an event and a sensor or customer make a claim."""
    assert LOG.made().claims(Line(json.dumps(record))) == claim


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_values_are_read_or_refused(kind: str | None, fields: dict[str, Any]) -> None:
    """Whatever the fields hold, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(json.dumps({"aid": "a", "event_simpleName": kind, **fields}))


@given(texts('{"event_simpleName":"DnsRequest","aid":'))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)
