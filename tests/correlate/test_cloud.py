"""What a hunt says of changes to functions: who is reported, how gravely, and who is left in peace."""

import json
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from sferic.correlate import cloud
from sferic.lab.audit import load_plan, write_plan
from sferic.model.deed import Deed
from sferic.model.finding import Finding
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from sferic.render import Look, renderer
from tests.correlate.audit_logs import (
    ACCOUNT,
    CI_ROLE,
    FUNCTION_URL,
    aws_code,
    ci_deploys,
    cloudflare,
    gcp,
    moment,
    trail,
    worker_deploy,
)  # fmt: skip
from tests.correlate.conftest import Hunt

FUNCTIONS_V2 = "google.cloud.functions.v2.FunctionService."
PIPELINE = {"email": "ci@corp.example", "ip": "203.0.113.10"}
KEY = {"actor": "old-key", "ip": "203.0.113.99"}
DENIED = f"not authorized to perform: lambda:GetFunction on resource: arn:aws:lambda:eu-north-1:{ACCOUNT}:function:"
TAKEOVER = [
    trail("GetCallerIdentity", moment(6), service="sts", **KEY),
    trail("ListFunctions20150331", moment(6, 1), **KEY),
    trail("CreateFunction20150331", moment(6, 2), asked={"functionName": "sync"}, **KEY),
    trail("CreateFunctionUrlConfig", moment(6, 3), asked={"functionName": "sync", "authType": "NONE"},
          answered={"functionUrl": f"https://{FUNCTION_URL}/"}, **KEY),
    trail("AddPermission20150331v2", moment(6, 3), asked={"functionName": "sync", "principal": "*"}, **KEY),
]  # fmt: skip


def signals(finding: Finding) -> dict[str, float]:
    """Return the finding's parts, the prior aside."""
    return {reason.signal: reason.points for reason in finding.reasons if reason.signal != "prior"}


def worker_deploys(days: int) -> list[str]:
    """Return a pipeline's deployment of a Worker on each of some days."""
    return [line for day in range(days) for line in worker_deploy(moment(day), **PIPELINE)]


# ---- the page's third test: functions are listed, and one is invoked


def test_a_stranger_lists_and_invokes(hunt_lines: Hunt) -> None:
    """Somebody of whom the log knows nothing lists functions and invokes one: a low finding."""
    calls = [trail("ListFunctions20150331", moment(0)), trail("Invoke", moment(0, 2), asked={"functionName": "resize"})]
    [found] = hunt_lines(calls).findings
    assert (found.analytic, found.severity, found.user) == ("cloud_change", "low", "dev")
    assert signals(found) == {"listed_and_invoked": 17.0}
    assert found.score >= 40, "the default floor must show it"


def test_a_known_engineer_lists_and_invokes(hunt_lines: Hunt) -> None:
    """The same by somebody who was at work on earlier days is silent, and so are calls hours apart."""
    earlier = [trail("GetFunction20150331v2", moment(day), asked={"functionName": "resize"}) for day in range(3)]
    calls = [trail("ListFunctions20150331", moment(4)), trail("Invoke", moment(4, 2), asked={"functionName": "resize"})]
    assert hunt_lines(earlier + calls).findings == ()
    apart = [calls[0], trail("Invoke", moment(4, 200), asked={"functionName": "resize"})]
    assert hunt_lines(apart).findings == ()


def test_refusals_name_the_function_of_the_error(hunt_lines: Hunt) -> None:
    """Three refusals in an hour are a finding about the function that only the error's text names; two are none."""
    refused = [trail("GetFunction20150331v2", moment(0, n), error=DENIED + "billing") for n in range(4)]
    [found] = hunt_lines(refused).findings
    assert (found.severity, found.function) == ("medium", "billing")
    assert signals(found) == {"denied_again_and_again": 22.0}
    assert hunt_lines(refused[:2]).findings == ()


# ---- the page's fourth test: a Worker is deployed with wrangler


def test_a_pipeline_deploys(hunt_lines: Hunt) -> None:
    """A pipeline's deployments are silent, and a deployment's several entries are no several deeds."""
    assert hunt_lines(worker_deploys(8)).findings == ()


def test_somebody_else_deploys(hunt_lines: Hunt) -> None:
    """The first deployment by somebody else, where the log shows who usually does, is a medium finding."""
    [found] = hunt_lines(worker_deploys(6) + worker_deploy(moment(6))).findings
    assert (found.severity, found.actor, found.function) == ("medium", "dev@corp.example", "api-sync")
    assert (found.provider, found.account, found.src_ip) == ("Cloudflare", "0123", "198.51.100.7")
    assert signals(found) == {"first_change_by_actor": 22.0}
    assert [change.operation.partition(" ")[0] for change in found.changes] == ["PUT", "POST"]


def test_a_fresh_token_deploys(hunt_lines: Hunt) -> None:
    """A token is made, and the Worker is changed with it within a day: high. With the old token two days on: not."""
    made = cloudflare("POST", "/user/tokens", moment(6), context="dash", by_id="", agent="Mozilla/5.0",
                      resource={"response": {"result": {"id": "tok-new"}}})  # fmt: skip
    [found] = hunt_lines([*worker_deploys(6), made, *worker_deploy(moment(6, 30), by_id="tok-new")]).findings
    assert found.severity == "high"
    assert signals(found) == {"fresh_credential_used": 31.0, "first_change_by_actor": 3.0}
    late = hunt_lines([*worker_deploys(6), made, *worker_deploy(moment(8, 30), by_id="tok-new")]).findings
    assert [list(signals(f)) for f in late] == [["first_change_by_actor"]]


def test_a_fresh_token_whose_id_is_not_logged(hunt_lines: Hunt) -> None:
    """Where the log does not say which token was made, one of its maker that was never seen before counts: high."""
    how: dict[str, Any] = PIPELINE
    made = cloudflare("POST", "/user/tokens", moment(6), context="dash", by_id="", agent="Mozilla/5.0", **how)
    [found] = hunt_lines([*worker_deploys(6), made, *worker_deploy(moment(6, 30), by_id="tok-new", **how)]).findings
    assert (found.severity, "unseen_credential_used" in signals(found)) == ("high", True)
    assert hunt_lines([*worker_deploys(6), made, *worker_deploy(moment(6, 30), **how)]).findings == ()


@pytest.mark.parametrize(("test", "expected"), [
    ("enumerate", {"old-backup": "medium", "kim.reed": "low"}),
    ("deploy", {"kim.reed@corp.example": "medium", "uma.fenn@corp.example": "high"}),
])  # fmt: skip
def test_the_pages_tests_as_the_lab_plays_them(tmp_path: Path, test: str, expected: dict[str, str]) -> None:
    """Each case of the lab's audit logs comes out as it says; the pipelines beside them are silent."""
    write_plan(load_plan(test), tmp_path)
    report = hunt([str(tmp_path)], Settings(analytics=("cloud_change",), workers=1))
    assert {finding.user: finding.severity for finding in report.findings} == expected


# ---- composition


def test_a_takeover_is_one_critical_finding(hunt_lines: Hunt) -> None:
    """The known course of an intrusion is one finding; URL and permission of one deployment count once."""
    [found] = hunt_lines(ci_deploys(5) + TAKEOVER).findings
    assert found.severity == "critical"
    assert signals(found) == {
        "aws_takeover_in_an_hour": 40.0, "aws_function_url_public": 3.0, "first_change_by_actor": 3.0,
        "aws_function_open_to_anyone": 0.0,
    }  # fmt: skip
    assert found.hosts == (FUNCTION_URL,)
    assert len(found.changes) == 5
    assert {"T1584.007", "T1583.007"} <= set(found.techniques)


def test_the_same_log_twice_changes_nothing(hunt_lines: Hunt) -> None:
    """Entries that come twice, and in another order, are one deed each."""
    once = hunt_lines(ci_deploys(5) + TAKEOVER).findings
    twice = hunt_lines(TAKEOVER[::-1] + ci_deploys(5) + TAKEOVER).findings
    assert [(f.id, f.points, f.connections) for f in once] == [(f.id, f.points, f.connections) for f in twice]


def test_a_bonus_has_a_bound(hunt_lines: Hunt) -> None:
    """However many rules speak, the strongest counts in full and the others together at most the bound."""
    for finding in hunt_lines(ci_deploys(5) + TAKEOVER).findings:
        points = sorted(signals(finding).values(), reverse=True)
        assert sum(points[1:]) <= 6.0


def test_one_operation_in_two_entries(hunt_lines: Hunt) -> None:
    """Azure writes an operation's begin and end; together they are one deed, with the end's outcome."""
    record = (
        '{{"time":"{time}","operationName":"Microsoft.Web/sites/functions/keys/write","correlationId":"c-1",'
        '"resourceId":"/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/r/providers/Microsoft.Web/'
        'sites/app-lab","resultType":"{result}","callerIpAddress":"198.51.100.7",'
        '"identity":{{"claims":{{"upn":"dev@corp.example"}}}}}}'
    )
    lines = [record.format(time=moment(0, n), result=word) for n, word in enumerate(["Start", "Success"])]
    [found] = hunt_lines(lines).findings
    assert (found.function, found.connections, found.severity) == ("app-lab", 1, "high")


@pytest.mark.parametrize(("end", "changed"), [({}, True), ({"status": {"code": 7}}, False)])
def test_a_long_operation(hunt_lines: Hunt, end: dict[str, Any], changed: bool) -> None:
    """Google writes a long operation's begin and end; they are one deed, which changed nothing if its end is a failure."""
    lines = []
    for minute, more in enumerate(({}, end)):
        entry = json.loads(gcp(FUNCTIONS_V2 + "UpdateFunction", moment(9, minute), service="cloudfunctions"))
        entry["operation"] = {"id": "op-1", "first": minute == 0, "last": minute == 1}
        entry["protoPayload"] |= more
        lines.append(json.dumps(entry))
    by_ci = {"email": "ci@lab.iam.gserviceaccount.com", "service": "cloudfunctions"}
    past = [gcp(FUNCTIONS_V2 + "UpdateFunction", moment(day), **by_ci) for day in range(4)]
    found = [f for f in hunt_lines([*past, *lines]).findings if "first_change_by_actor" in signals(f)]
    assert [f.connections for f in found] == ([1] if changed else [])


# ---- who is expected


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({}, False),
        ({"ip": "192.0.2.1"}, True),
        ({"agent": "Boto3/1.34"}, True),
        ({"actor": "arn:aws:sts::111122223333:assumed-role/other/run"}, True),
    ],
)
def test_expected_deployers(hunt_lines: Hunt, tmp_path: Path, change: dict[str, str], shown: bool) -> None:
    """A listed deployer makes a function public in peace, but only as itself, from its network, with its software."""
    policy = tmp_path / "deployers.toml"
    policy.write_text(
        f'[[deployer]]\nname = "ci"\nprincipal = "{CI_ROLE.removesuffix("run").rstrip("/")}*"\n'
        'networks = ["203.0.113.0/24"]\nagents = ["terraform"]\n'
    )
    how = {"actor": CI_ROLE, "ip": "203.0.113.10", "agent": "HashiCorp Terraform/1.9"} | change
    url = trail("CreateFunctionUrlConfig", moment(0), asked={"functionName": "web", "authType": "NONE"}, **how)
    [found] = hunt_lines([url], deployer_files=(str(policy),)).findings
    assert (found.score >= 40) == shown
    assert signals(found)["expected_deployer"] == (0.0 if shown else -25.0)
    assert not shown or found.severity == "high"


def test_nobody_is_expected_in_a_takeover(hunt_lines: Hunt, tmp_path: Path) -> None:
    """A chain that is grave by itself speaks whoever did it: the pipeline's key may have been stolen on its own host."""
    policy = tmp_path / "deployers.toml"
    policy.write_text('[[deployer]]\nname = "all"\nprincipal = "*"\nnetworks = ["0.0.0.0/0"]\n')
    [found] = hunt_lines(TAKEOVER, deployer_files=(str(policy),)).findings
    assert found.severity == "critical"


def test_a_habit(hunt_lines: Hunt) -> None:
    """Who has deployed by hand all along is silent; from elsewhere and with other software the same person is not."""
    by_hand = [aws_code(moment(day)) for day in range(10)]
    assert [f.severity for f in hunt_lines(by_hand).findings] == ["informational"]
    stolen = aws_code(moment(10), ip="192.0.2.50", agent="Boto3/1.34")
    [found, before] = hunt_lines([*by_hand, stolen]).findings
    assert (found.severity, before.severity) == ("high", "informational")
    assert "other_network_and_client" in signals(found)
    assert found.id != before.id


def test_a_later_change_of_the_same_identity_is_not_swallowed(hunt_lines: Hunt) -> None:
    """Weeks after a deployment the same key changes the function from elsewhere: both are there, each with its time."""
    usual = aws_code(moment(0), ip="203.0.113.10", agent="HashiCorp Terraform/1.9")
    hostile = aws_code(moment(18), ip="192.0.2.50", agent="python-requests/2.32")
    found = {f.src_ip: f for f in hunt_lines([usual, hostile]).findings}
    assert set(found) == {"203.0.113.10", "192.0.2.50"}
    assert found["203.0.113.10"].last_seen < found["192.0.2.50"].first_seen


def test_what_was_done_alike_is_one_finding_that_names_every_day(hunt_lines: Hunt) -> None:
    """A key that is used in the same way from two places is one finding; it shows the latest and names both."""
    changes = [aws_code(moment(day), ip=f"192.0.2.{day}", agent="python-requests/2.32") for day in (1, 9)]
    [found] = [f for f in hunt_lines(changes).findings if "repeated" in signals(f)]
    [repeated] = [reason for reason in found.reasons if reason.signal == "repeated"]
    assert (found.src_ip, repeated.value, repeated.points) == ("192.0.2.9", "2 ×", 0)
    assert "192.0.2.1, 192.0.2.9" in repeated.text


def test_the_same_every_day_is_counted_every_day(hunt_lines: Hunt) -> None:
    """Deployments exactly a day apart are one each: none is lost between two others."""
    changes = [aws_code(moment(day), ip="192.0.2.7", agent="python-requests/2.32") for day in (1, 2, 3)]
    [repeated] = [r for f in hunt_lines(changes).findings for r in f.reasons if r.signal == "repeated"]
    assert repeated.value == "3 ×"


def test_networks_of_ones_own(hunt_lines: Hunt, tmp_path: Path) -> None:
    """Networks that the user's list calls one place are no break with the past; others are."""
    listed = tmp_path / "places.toml"
    listed.write_text('[networks]\nrunners = ["203.0.113.0/24", "192.0.2.0/28", "2001:db8:7::/48"]\n')
    for ip, is_new in (("192.0.2.1", False), ("2001:db8:7::1", False), ("192.0.2.99", True)):
        how = {"actor": CI_ROLE, "ip": ip, "agent": "HashiCorp Terraform/1.9"}
        lines = [*ci_deploys(4), aws_code(moment(4), **how)]
        assert ["other_network" in signals(f) for f in hunt_lines(lines).findings] == [True]
        assert len(hunt_lines(lines, deployer_files=(str(listed),)).findings) == is_new


# ---- the past


def test_the_first_change_in_a_region(hunt_lines: Hunt) -> None:
    """A change in a region where nobody changed anything before is high, in the usual one silent."""
    how = {"actor": CI_ROLE, "ip": "203.0.113.10", "agent": "HashiCorp Terraform/1.9"}
    [found] = hunt_lines([*ci_deploys(6), aws_code(moment(6), region="ap-east-1", **how)]).findings
    assert (found.severity, list(signals(found))) == ("high", ["first_in_region"])


def test_without_a_past_nothing_is_new(hunt_lines: Hunt) -> None:
    """On the first day of a log nobody can be called new."""
    assert hunt_lines(worker_deploys(1) + worker_deploy(moment(0, 60))).findings == ()


def test_an_odd_hour(hunt_lines: Hunt) -> None:
    """At night a person who works by day gets a small sign beside others, never a finding for it alone."""
    past = [line for day in range(12) for line in worker_deploy(moment(day))]
    [found] = hunt_lines(past + worker_deploy(moment(12, 60 * 12))).findings
    assert (found.severity, signals(found)) == ("informational", {"odd_hour": 6.0})


# ---- nothing to say


def test_an_audit_log_without_a_finding(hunt_lines: Hunt) -> None:
    """The table says that nothing was traffic and no change stands out, not that calls were too few."""
    stream = StringIO()
    renderer("findings", "table")(hunt_lines(ci_deploys(3)), stream, Look())
    text = " ".join(stream.getvalue().split())
    assert text.startswith("Nothing found. 3 events, none of them a call to a serverless platform, no change that")


# ---- what could not be used


def test_unknown_words_are_counted(hunt_lines: Hunt) -> None:
    """Operations of a vendor without a full list of words are counted and named, not dropped silently."""
    report = hunt_lines([cloudflare("POST", "/accounts/0123/new/product", moment(0))])
    assert report.findings == ()
    assert [(m.source, "POST /accounts/0123/new/product (1)" in m.text) for m in report.account.missing] == [
        ("cloudflare_audit", True)
    ]


def test_audit_logs_lack_nothing_of_traffic(hunt_lines: Hunt) -> None:
    """An audit log is not told that it has no bytes and no host names."""
    assert hunt_lines(ci_deploys(3)).account.missing == ()


def test_rules_of_others_run(hunt_lines: Hunt, tmp_path: Path) -> None:
    """A foreign rule about any operation finds it, and one that cannot be run is named with the reason."""
    (tmp_path / "mine.yml").write_text(
        "title: Bucket Made\nid: 8a3a1c1e-5f52-4a54-9f5e-0d9d5a4f1b11\nlevel: high\n"
        "logsource: {product: aws, service: cloudtrail}\n"
        "detection: {s: {eventName: CreateBucket, userAgent|re: '^aws-(cli|sdk)'}, condition: s}\n"
    )
    (tmp_path / "not.yml").write_text(
        "title: Look Ahead\nlogsource: {product: aws, service: cloudtrail}\n"
        "detection: {s: {eventName|re: 'a(?=b)'}, condition: s}\n"
    )
    lines = [trail("CreateBucket", moment(0), service="s3", asked={"bucketName": "b"})]
    report = hunt_lines(lines, rule_files=(str(tmp_path),))
    assert [signals(f) for f in report.findings] == [{"mine": 31.0}]
    assert ["Look Ahead" in m.text and "RE2" in m.text for m in report.account.missing] == [True]
    assert hunt_lines(lines).findings == ()


def test_next_steps_speak_of_what_was_done() -> None:
    """A change of a function is put back; of a grant or a key in use there is no old version to put back."""
    deed = partial(Deed, time=0, source="aws_cloudtrail", place="a:1", provider="aws", function="f", actor="a")
    changed, used = (" ".join(cloud._next_steps(deed(kind=kind), "f")) for kind in ("code", ""))
    assert "put the old version of f back" in changed
    assert "old version" not in used
    assert "take the credential or the grant away" in used
