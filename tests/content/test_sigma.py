"""The exported Sigma rules are valid, and fire on what they are about when pySigma runs them in SQLite."""

from typing import Any, cast

import pytest
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.plugins import InstalledSigmaPlugins
from sigma.validation import SigmaValidator

from prove import sigma as running
from prove.estate import Estate
from sferic.model.event import NETWORK, Event
from tests.content.conftest import NAMELESS, Exported

PROXY = ("proxy_serverless_platform_small.yml", "correlation_proxy_serverless_platform_small.yml")
DNS = ("dns_query_serverless_platform.yml", "correlation_dns_query_serverless_platform.yml")
PROGRAM = ("net_connection_win_serverless_platform.yml", "correlation_net_connection_win_serverless_platform.yml")


def test_they_are_valid(sigma: Exported) -> None:
    """PySigma reads all rules together, resolves their correlations, and its own validators have no objection."""
    rules = SigmaCollection.from_yaml("---\n".join(sigma.values()))
    assert not rules.errors
    assert sum(isinstance(rule, SigmaCorrelationRule) for rule in rules.rules) == 3
    validators = InstalledSigmaPlugins.autodiscover().validators
    # Those look up on the net whether a technique exists; that is the catalogue's to know.
    chosen = {kind for name, kind in validators.items() if "attack" not in name and "d3" not in name}
    issues = SigmaValidator(cast("Any", chosen)).validate_rules(cast("Any", iter(rules.rules)))
    assert not [f"{[rule.title for rule in issue.rules]}: {issue.description} {vars(issue)}" for issue in issues]


def test_a_name_is_a_file(sigma: Exported) -> None:
    """A rule that correlations may name is called like its file, and names its rule in a file beside it."""
    for path in (*PROXY, *DNS, *PROGRAM):
        assert f"name: {path.removesuffix('.yml')}\n" in sigma[path]


def test_candidates_by_proxy(sigma: Exported, estate: Estate) -> None:
    """Every implant with a name in a proxy's or firewall's log is a candidate; so are look-alikes, as the rule says."""
    alerts = running.run([sigma[path] for path in PROXY], running.proxy(estate.events))
    assert {one.name for one in estate.implants if not one.found(alerts)} == {NAMELESS}
    implants = frozenset().union(*(one.pairs for one in estate.implants))
    assert alerts - implants


def test_candidates_by_look_ups(sigma: Exported, estate: Estate) -> None:
    """The implant that only DNS names is a candidate there."""
    alerts = running.run([sigma[path] for path in DNS], running.dns(estate.events))
    assert NAMELESS in {one.name for one in estate.implants if one.found(alerts)}


def test_a_suffix_is_anchored(sigma: Exported, estate: Estate) -> None:
    """A look-alike host, and one below a vendor's own name, match no rule."""
    row = running.proxy(estate.events)[0]
    hosts = ("x.run.app.evil.example", "notworkers.dev", "market.alicloudapi.com", "a.b.workers.dev")
    found = running.matches(sigma[PROXY[0]], [{**row, "cs-host": host} for host in hosts])
    assert [match["cs-host"] for match in found] == ["a.b.workers.dev"]


@pytest.mark.parametrize(("program", "fires"), [("C:\\Users\\u\\sync.exe", True), ("C:\\Apps\\chrome.exe", False)])
def test_programs(sigma: Exported, program: str, *, fires: bool) -> None:
    """A program that calls three times fires, a browser does not."""
    events = [
        Event(table=NETWORK, time=60_000_000 * number, process_path=program, process_guid="{1}",
              dst_host="fn.lab-account.workers.dev")
        for number in range(1, 4)
    ]  # fmt: skip
    rules = [sigma[path] for path in PROGRAM]
    assert bool(running.run(rules, running.programs(events))) == fires
    assert not running.run(rules, running.programs(events[:2]))
