"""The exported EQL runs in Elastic's own engine; the ES|QL is only looked at, and nothing says otherwise."""

import json
import re
import tomllib

import pytest
from msgspec.structs import replace

from prove import elastic as running
from prove.estate import Estate
from sferic.content._contract import Content
from sferic.model.event import HTTP, NETWORK, Event
from tests.content.conftest import NAMELESS, Exported


def test_implants(elastic: Exported, estate: Estate) -> None:
    """Every implant with a name in the logs is a candidate; the engine is too slow for the rest of the estate."""
    hosts = {host for one in estate.implants for _, host in one.pairs}
    events = [event for event in estate.events if event.dst_host in hosts]
    alerts = running.pairs(running.run(elastic["candidate.eql"], running.flows(events)))
    assert {one.name for one in estate.implants if not one.found(alerts)} == {NAMELESS}


def visits(count: int, gap_s: int, **more: object) -> list[Event]:
    """Make requests at even distances."""
    one = Event(table=HTTP, time=0, src_ip="10.0.0.9", dst_host="fn.lab-account.workers.dev", bytes_up=300)
    times = [(1_700_000_000 + number * gap_s) * 1_000_000 for number in range(count)]
    return [replace(one, time=time, **more) for time in times]


@pytest.mark.parametrize(
    ("events", "fires"),
    [
        (visits(12, 600), True),
        (visits(11, 600), False),
        (visits(12, 90_000), False),
        (visits(12, 600, bytes_up=9_000), False),
        (visits(12, 600, bytes_up=None), True),
        (visits(12, 600, dst_host="x.run.app.evil.example"), False),
        (visits(12, 600, dst_host="market.alicloudapi.com"), False),
    ],
    ids=["twelve", "eleven", "too slow", "too large", "no sizes", "look-alike", "vendor"],
)
def test_twelve_small_in_a_day(elastic: Exported, events: list[Event], *, fires: bool) -> None:
    """Twelve small requests in a day to one function fire, whether or not the log tells sizes; neighbours do not."""
    assert bool(running.run(elastic["candidate.eql"], running.flows(events))) == fires


@pytest.mark.parametrize(("program", "fires"), [("sync.exe", True), ("Firefox.exe", False)])
def test_programs(elastic: Exported, program: str, *, fires: bool) -> None:
    """A program that calls three times fires, a browser does not, however its name is spelled."""
    events = visits(3, 60, table=NETWORK, device="d1", process_path=program, process_guid="p1")
    assert bool(running.run(elastic["process.eql"], running.flows(events))) == fires


def change(kind: str, outcome: str = "success") -> object:
    """Make a record of changed code."""
    who = {"type": kind, "arn": "arn:aws:iam::111122223333:user/a"}
    fields = {
        "event": {"provider": "lambda.amazonaws.com", "outcome": outcome, "action": "UpdateFunctionCode20150331v2"},
        "aws": {"cloudtrail": {"user_identity": who}},
    }
    return running.record("any", 1_700_000_000_000_000, fields)


def test_changes_by_hand(elastic: Exported) -> None:
    """A person's change fires; the pipeline's and one that failed do not."""
    query = elastic["cloud_change.eql"]
    assert len(running.run(query, [change("IAMUser")])) == 1
    assert not running.run(query, [change("AssumedRole"), change("IAMUser", "failure")])


def test_rules_hold_the_queries(elastic: Exported) -> None:
    """A rule is the same in both forms, is switched off at first, and holds the query that was run."""
    rules = [json.loads(line) for line in elastic["rules.ndjson"].splitlines()]
    assert len(rules) == 4
    for rule in rules:
        name = next(path for path, text in elastic.items() if text == rule["query"]).rpartition(".")[0]
        kept = tomllib.loads(elastic[f"{name}.toml"])["rule"]
        assert kept == {key: value for key, value in rule.items() if key not in {"enabled", "version"}}
        assert rule["enabled"] is False
        assert rule["threat"]


def test_the_expression_for_es_ql(elastic: Exported, content: Content) -> None:
    """Unescaped, the expression of the ES|QL text means the same as the one that is run elsewhere."""
    found = re.search(r'destination\.domain RLIKE "([^"]+)"', elastic["beacon.esql"])
    assert found
    expression = re.compile(found[1].replace("\\\\", "\\"))
    for host in ("a.b.workers.dev", "script.google.com", "x.run.app.evil.example", "notworkers.dev"):
        assert bool(expression.fullmatch(host)) == bool(re.search(content.hosts.regex, host)), host
