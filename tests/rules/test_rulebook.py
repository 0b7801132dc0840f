"""The catalogue's rules are good Sigma, fire on what they are about, and are silent on its neighbours."""

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from sigma.collection import SigmaCollection
from sigma.plugins import InstalledSigmaPlugins
from sigma.rule import SigmaRule
from sigma.validation import SigmaValidator

from sferic.catalog.cloud import operations
from sferic.engine.selector import Selector
from sferic.model.errors import SettingsError
from sferic.model.event import Event
from sferic.rules.rulebook import OWN, Rule, load, logsources, own_rules, rulebook
from sferic.sources._contract import sources
from tests.sources.single_lines import Log

EVENTS = Path(__file__).parent / "events"
RULES = {rule.name: rule for rule in own_rules().rules}
each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def records(rule: Rule, kind: str) -> list[dict[str, Any]]:
    """Read the records on which a rule must fire, or must be silent."""
    found: list[dict[str, Any]] = json.loads((EVENTS / f"{rule.name}.json").read_text(encoding="utf-8"))[kind]
    assert found
    return found


def kept(rule: Rule, record: dict[str, Any]) -> dict[str, Any]:
    """Read a record as the rule's source does, and return what it keeps of it; it must have been selected."""
    event: Event = Log(sources()[rule.source].reader).event(json.dumps(record))
    found: dict[str, Any] = json.loads(event.raw or "")
    return found


@each_rule
def test_fires(rule: Rule) -> None:
    """The rule fires on the deeds it is about, and a hunt selects their lines."""
    selector = Selector(sources()[rule.source].marks)
    for record in records(rule, "fires"):
        assert rule.matches(kept(rule, record))
        for separators in ((",", ":"), (", ", ": ")):
            assert selector.holds(json.dumps(record, separators=separators).encode())


@each_rule
def test_is_silent(rule: Rule) -> None:
    """The rule is silent on what is nearly the same."""
    assert not [record for record in records(rule, "silent") if rule.matches(kept(rule, record))]


@each_rule
def test_other_providers_are_left_alone(rule: Rule) -> None:
    """A rule never fires on another source's records."""
    others = [record for other in RULES.values() if other.source != rule.source for record in records(other, "fires")]
    assert not [record for record in others if rule.matches(record)]


@each_rule
def test_says_what_it_is(rule: Rule) -> None:
    """A rule lies in its provider's folder and has a description, a benign cause, a reference and a technique."""
    assert rule.source.startswith(rule.path.parent.name)
    assert rule.name.startswith(rule.path.parent.name.split("_")[0])
    assert rule.description.endswith(".")
    assert rule.falsepositives
    assert rule.techniques
    assert all(reference.startswith("https://") for reference in rule.references)


@each_rule
def test_similar_rules_know_each_other(rule: Rule) -> None:
    """A rule that counts once with others names rules that exist."""
    assert rule.similar <= {other.id for other in RULES.values()}


def test_every_rule_has_its_records_and_runs() -> None:
    """Each file of rules has a file of records and each of these a rule; none of our rules is refused."""
    assert {file.stem for file in EVENTS.iterdir()} == set(RULES) == {file.stem for file in OWN.rglob("*.yml")}
    assert not own_rules().refused


def test_rules_pass_pysigmas_validators() -> None:
    """Every validator of pySigma that needs no network finds nothing, over all rules together."""
    validators = InstalledSigmaPlugins.autodiscover().validators
    chosen = {v for name, v in validators.items() if "attack" not in name and "d3" not in name}
    assert len(chosen) > 25
    parsed = SigmaCollection.load_ruleset([OWN]).rules
    assert len(parsed) == len(RULES)
    rules = [rule for rule in parsed if isinstance(rule, SigmaRule)]
    issues = SigmaValidator(cast("Any", chosen)).validate_rules(iter(rules))
    assert not [f"{[r.title for r in i.rules]}: {i.description} {vars(i)}" for i in issues]
    tags = {str(tag) for rule in rules for tag in rule.tags}
    assert all(re.fullmatch(r"attack\.(t\d{4}(\.\d{3})?|[a-z-]+)", tag) for tag in tags)


def test_every_audit_source_has_a_logsource() -> None:
    """Rules of others are possible for every audit source, and their mark selects the records."""
    assert set(logsources()) == {name for name, source in sources().items() if source.tables == ("api_activity",)}
    for rule in RULES.values():
        selector = Selector([logsources()[rule.source].mark])
        assert all(selector.holds(json.dumps(record).encode()) for record in records(rule, "fires"))


def test_ordinary_records_of_one_cloud_are_not_read() -> None:
    """No source's mark picks out what every record of CloudTrail has: a hunt would read millions for nothing."""
    record: dict[str, Any] = {
        "eventVersion": "1.11", "userIdentity": {"type": "AssumedRole", "principalId": "EXAMPLE:s", "arn": "arn:aws:sts",
        "accountId": "111122223333", "sessionContext": {"sessionIssuer": {"userName": "app"}, "attributes": {}}},
        "eventTime": "2026-03-02T09:00:00Z", "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances",
        "requestParameters": {"filterSet": {"items": []}}, "responseElements": None, "eventID": "x", "readOnly": True,
        "tlsDetails": {"clientProvidedHostHeader": "ec2.eu-north-1.amazonaws.com"}, "resources": [],
    }  # fmt: skip
    line = json.dumps(record).encode()
    marks = [(name, mark) for name, source in sources().items() for mark in source.marks]
    marks += [(name, mark) for name, one in operations().items() for mark in one.marks]
    assert not [name for name, mark in marks if Selector([mark]).holds(line)]


def test_rules_of_others(tmp_path: Path) -> None:
    """A folder's rules are added, those that cannot run are named with the reason, and an equal id replaces ours."""
    own = RULES["aws_function_url_public"]
    (tmp_path / "mine.yml").write_text(own.path.read_text(encoding="utf-8").replace("level: high", "level: low"))
    (tmp_path / "windows.yml").write_text(
        "title: W\nlogsource: {product: windows, category: process_creation}\ndetection: {s: {a: b}, condition: s}\n"
    )
    (tmp_path / "words.yml").write_text(
        "title: K\nlogsource: {product: aws, service: cloudtrail}\ndetection: {k: [a, b], condition: k}\n"
    )
    (tmp_path / "broken.yml").write_text("title: [\n")
    (tmp_path / "list.yaml").write_text("- 1\n- 2\n")
    (tmp_path / "correlation.yml").write_text(
        "title: C\ncorrelation: {type: event_count, rules: [x], group-by: [a], timespan: 1h, condition: {gte: 3}}\n"
    )
    (tmp_path / "filter.yml").write_text(
        "title: F\nlogsource: {product: aws, service: cloudtrail}\n"
        "filter: {rules: [x], selection: {a: b}, condition: not selection}\n"
    )
    (tmp_path / "empty.yml").write_text("")
    found = rulebook([str(tmp_path)])
    assert len(found.rules) == len(RULES)
    assert [rule.level for rule in found.rules if rule.id == own.id] == ["low"]
    refused = {r.path.stem: r.reason for r in found.refused}
    assert set(refused) == {"windows", "words", "broken", "list", "correlation", "filter", "empty"}
    assert "process_creation" in refused["windows"]
    assert "keywords" in refused["words"]
    assert refused["list"] == "it is no Sigma rule"
    assert "several events" in refused["correlation"]


STYLES: dict[str, tuple[str, str, str, dict[str, Any], dict[str, Any]]] = {
    "all_of_and_no_filter": (
        "aws, service: cloudtrail", "all of selection_* and not 1 of filter_*",
        ("selection_a: {eventSource: iam.amazonaws.com}\n  selection_b: {eventName: [CreateUser, CreateAccessKey]}\n"
        "  filter_main: {userIdentity.type: AWSService}\n  filter_optional: {userIdentity.userName: null}"),
        {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "userIdentity": {"userName": "a", "type": "IAMUser"}},
        {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "userIdentity": {"type": "IAMUser"}},
    ),
    "one_of_them": (
        "aws, service: cloudtrail", "1 of them",
        "a:\n    - userAgent|contains|all: [boto3, kali]\n    - userAgent|re: '(?i)pacu'",
        {"userAgent": "PACU/1"}, {"userAgent": "boto3"},
    ),
    "networks": (
        "aws, service: cloudtrail", "selection and not filter",
        "selection: {additionalEventData.MFAUsed: 'No'}\n  filter: {sourceIPAddress|cidr: [10.0.0.0/8, 198.51.100.0/24]}",
        {"additionalEventData": {"MFAUsed": "No"}, "sourceIPAddress": "192.0.2.1"},
        {"additionalEventData": {"MFAUsed": "No"}, "sourceIPAddress": "198.51.100.1"},
    ),
    "objects_as_text": (
        "aws, service: cloudtrail", "selection", "selection: {requestParameters|contains: 'arn:aws:lambda'}",
        {"requestParameters": {"layers": ["arn:aws:lambda:eu-north-1:1:layer:x"]}}, {"requestParameters": None},
    ),
    "google_audit": (
        "gcp, service: gcp.audit", "s", "s: {gcp.audit.method_name|endswith: .CreateServiceAccountKey}",
        {"protoPayload": {"methodName": "google.iam.admin.v1.CreateServiceAccountKey"}}, {"protoPayload": {}},
    ),
    "google_workspace": (
        "gcp, service: google_workspace.admin", "s", "s: {eventService: admin.googleapis.com, eventName: DELETE_ROLE}",
        {"id": {"applicationName": "admin"}, "events": [{"name": "DELETE_ROLE"}]},
        {"id": {"applicationName": "drive"}, "events": [{"name": "DELETE_ROLE"}]},
    ),
    "azure_activity": (
        "azure, service: activitylogs", "s", "s: {properties.message|startswith: MICROSOFT.KEYVAULT/VAULTS}",
        {"operationName": "Microsoft.KeyVault/vaults/write"}, {"operationName": "Microsoft.Web/sites/write"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_others_ways_of_writing(tmp_path: Path, style: str) -> None:
    """Rules in the manner of public collections run, fire on the first record and are silent on the second."""
    product, condition, selections, fires, silent = STYLES[style]
    (tmp_path / "r.yml").write_text(
        f"title: R\nlogsource: {{product: {product}}}\ndetection:\n  {selections}\n  condition: {condition}\n"
    )
    [rule] = load(tmp_path).rules
    assert (rule.matches(fires), rule.matches(silent)) == (True, False)


def test_a_folder_without_rules(tmp_path: Path) -> None:
    """A folder that holds no rule is an error that names it."""
    with pytest.raises(SettingsError, match="no Sigma rule"):
        load(tmp_path)


@pytest.mark.parametrize("record", [{}, {"eventName": 1}, {"raw": "x"}, {"events": [[]]}])
def test_any_record_can_be_asked(record: dict[str, Any]) -> None:
    """No rule raises on a record of another form, and none fires."""
    assert not [rule.name for rule in RULES.values() if rule.matches(record)]
