"""Every sequence and every sign of the catalogue speaks where it should, and is silent where one thing is otherwise.

The lines go through a whole hunt, so that the marks of their source must select them, too.
"""

import json
from typing import Any

import pytest

from sferic.catalog.cloud import chains, cloud_weights
from tests.correlate.audit_logs import (
    CI_ROLE,
    FUNCTION_URL,
    aws_code,
    azure,
    ci_deploys,
    cloudflare,
    gcp,
    google,
    moment,
    trail,
    vercel,
    worker_deploy,
)
from tests.correlate.conftest import Hunt
from tests.correlate.test_cloud import DENIED, PIPELINE, TAKEOVER, worker_deploys

Lines = list[str]
SCRIPT = "/accounts/0123/workers/scripts/api-sync"
CI: dict[str, Any] = {"actor": CI_ROLE, "ip": "203.0.113.10", "agent": "HashiCorp Terraform/1.9"}
OUTSIDE = ["https://www.googleapis.com/auth/script.external_request"]
PUBLIC = {"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}
NAMED = {"functionName": "image-resizer"}
RUN = "google.cloud.run.v1.Services."


def token(minute: float, made: str = "tok-new", **how: Any) -> str:
    """Return the making of a token at Cloudflare, on the sixth day."""
    answer = {"response": {"result": {"id": made}}} if made else {}
    return cloudflare("POST", "/user/tokens", moment(6, minute), context="dash", by_id="", resource=answer, **how)


def deploy(day: float, minute: float, **how: Any) -> Lines:
    """Return a deployment of the Worker."""
    return worker_deploy(moment(day, minute), **how)


def copied(minute: float, kind: str = "external", **how: Any) -> str:
    """Return the copy of a sheet."""
    return google("drive", "copy", moment(0, minute), doc_id="d1", doc_title="Plan", doc_type="spreadsheet",
                  copy_type=kind, **how)  # fmt: skip


def allowed(day: float, minute: float, client: str = "c1", scopes: Lines | None = None, **how: Any) -> str:
    """Return the admission of an application to somebody's account."""
    return google("token", "authorize", moment(day, minute), app_name="Plan", client_id=client,
                  scope=scopes or OUTSIDE, **how)  # fmt: skip


def pushed(day: float) -> Lines:
    """Return a push and the deployment that it sets off."""
    return [vercel("git-integration-repo-push", moment(day)), vercel("deployment", moment(day, 1), url="f-1.vercel.app")]


def called(day: float, count: int, *, actor: str = "caller") -> Lines:
    """Return calls of a function within an hour, as data events show them."""
    return [trail("Invoke", moment(day, n * 50 / count), asked={**NAMED, "n": n}, actor=actor) for n in range(count)]


CHAINS: dict[str, tuple[Lines, Lines]] = {
    "aws_takeover_in_an_hour": (
        TAKEOVER,
        [*TAKEOVER[:3], trail("CreateFunctionUrlConfig", moment(6, 62), asked={"functionName": "sync", "authType": "NONE"},
                              actor="old-key", ip="203.0.113.99")],
    ),
    "fresh_credential_used": ([token(0), *deploy(6, 9, by_id="tok-new")], [token(0), *deploy(6, 9, by_id="tok-old")]),
    "unseen_credential_used": (
        [token(0, ""), *deploy(6, 9, by_id="tok-new")],
        [*deploy(5, 0, by_id="tok-new"), token(0, ""), *deploy(6, 9, by_id="tok-new")],
    ),
    "gcp_deployed_then_public": (
        [gcp(RUN + "CreateService", moment(0)), gcp(RUN + "SetIamPolicy", moment(0, 80), request=PUBLIC)],
        [gcp(RUN + "CreateService", moment(0)), gcp(RUN + "SetIamPolicy", moment(0, 99), request=PUBLIC)],
    ),
    "credentials_then_code": (
        [azure("Microsoft.Web/sites/publishxml/action", moment(0)), azure("Microsoft.Web/sites/write", moment(0, 60))],
        [azure("Microsoft.Web/sites/publishxml/action", moment(0)),
         azure("Microsoft.Web/sites/write", moment(0, 60), ip="192.0.2.1")],
    ),
    "secret_then_other_hand": (
        [cloudflare("PUT", f"{SCRIPT}/secrets", moment(0), email="eve@corp.example"), *deploy(0, 5)],
        [cloudflare("PUT", f"{SCRIPT}/secrets", moment(0)), *deploy(0, 5)],
    ),
    "change_then_cover": (
        [aws_code(moment(0)), trail("StopLogging", moment(0, 60), service="cloudtrail")],
        [aws_code(moment(0)), trail("StopLogging", moment(0, 60), service="cloudtrail", actor="other")],
    ),
    "cover_then_change": (
        [trail("DeleteLogGroup", moment(0), service="logs"), aws_code(moment(0, 60))],
        [trail("DeleteLogGroup", moment(0), service="logs"), aws_code(moment(2))],
    ),
    "change_then_trigger": (
        [aws_code(moment(0)), trail("CreateEventSourceMapping20150331", moment(0, 9), asked=NAMED)],
        [*(aws_code(moment(day)) for day in range(3)), trail("CreateEventSourceMapping20150331", moment(2, 9), asked=NAMED)],
    ),
    "source_read_then_change": (
        [gcp("google.cloud.functions.v2.FunctionService." + name, moment(0, n), service="cloudfunctions")
         for n, name in enumerate(["GenerateDownloadUrl", "UpdateFunction"])],
        [gcp("google.cloud.functions.v2.FunctionService." + name, moment(0, n), service="cloudfunctions")
         for n, name in enumerate(["UpdateFunction", "GenerateDownloadUrl"])],
    ),
    "foothold_then_code": (
        [azure("Microsoft.Authorization/roleAssignments/write", moment(0), upn="admin@corp.example"),
         azure("Microsoft.Web/sites/functions/write", moment(0, 50))],
        [azure("Microsoft.Authorization/roleAssignments/write", moment(0), upn="admin@corp.example"),
         azure("Microsoft.Web/sites/functions/write", moment(0, 70))],
    ),
    "script_copied_then_allowed": ([copied(0), allowed(0, 2)], [copied(0, "internal"), allowed(0, 2)]),
    "shared_then_calls_out": (
        [google("drive", "change_document_visibility", moment(0), visibility="people_with_link"), allowed(0, 60)],
        [google("drive", "change_document_visibility", moment(0), visibility="people_with_link"),
         allowed(0, 60, email="other@corp.example")],
    ),
    "secret_or_hook_then_promotion": (
        [vercel("env-variable-read", moment(0)), vercel("manual-deployment-promotion-created", moment(0, 30))],
        [vercel("env-variable-read", moment(0)), vercel("manual-deployment-promotion-created", moment(0, 30), member="u2")],
    ),
    "listed_and_invoked": (
        [trail("ListFunctions20150331", moment(0)), trail("Invoke", moment(0, 2), asked=NAMED)],
        [trail("Invoke", moment(0)), trail("ListFunctions20150331", moment(0, 2), asked=NAMED)],
    ),
}  # fmt: skip

KNOWN = [line for day in range(3) for line in called(day, 30)]
SIGNS: dict[str, tuple[Lines, Lines]] = {
    "first_change_by_actor": (
        [*ci_deploys(3), aws_code(moment(3))], [*ci_deploys(3), aws_code(moment(3), **CI)]
    ),
    "other_network_and_client": (
        [*ci_deploys(3), aws_code(moment(3), **CI | {"ip": "192.0.2.1", "agent": "Boto3/1.3"})],
        [*ci_deploys(3), aws_code(moment(3), **CI | {"ip": "203.0.113.77", "agent": "HashiCorp Terraform/2.0"})],
    ),
    "other_network": ([*ci_deploys(3), aws_code(moment(3), **CI | {"ip": "192.0.2.1"})], ci_deploys(4)),
    "other_client": ([*ci_deploys(3), aws_code(moment(3), **CI | {"agent": "Boto3/1.3"})], ci_deploys(4)),
    "first_in_region": (
        [*ci_deploys(3), aws_code(moment(3), region="ap-east-1", **CI)],
        [*ci_deploys(3), aws_code(moment(3), "other", **CI)],
    ),
    "by_other_means": (
        [*worker_deploys(4), *deploy(4, 0, context="dash", **PIPELINE)],
        [*deploy(0, 0, context="dash", **PIPELINE), *worker_deploys(4), *deploy(4, 0, context="dash", **PIPELINE)],
    ),
    "dormant_credential": (
        [aws_code(moment(0)), aws_code(moment(40))],
        [aws_code(moment(0)), trail("GetCallerIdentity", moment(20), service="sts"), aws_code(moment(40))],
    ),
    "deployed_without_push": (
        [*pushed(0), *pushed(1), *pushed(2), vercel("deployment", moment(3))],
        [*pushed(0), vercel("deployment", moment(1)), *pushed(2), *pushed(3), vercel("deployment", moment(4))],
    ),
    "odd_hour": (
        [*ci_deploys(12), aws_code(moment(12, 720), **CI)], [*ci_deploys(12), aws_code(moment(12, 120), **CI)]
    ),
    "first_call_by_actor": ([*KNOWN, *called(3, 1, actor="new")], [*KNOWN, *called(3, 1)]),
    "far_more_calls": ([*KNOWN, *called(3, 1_100)], [*KNOWN, *called(3, 900)]),
    "denied_again_and_again": (
        [trail("GetFunction20150331v2", moment(0, n), error=DENIED + "billing") for n in range(3)],
        [trail("GetFunction20150331v2", moment(0, n * 40), error=DENIED + "billing") for n in range(3)],
    ),
    "refused_then_allowed": (
        [cloudflare("PUT", SCRIPT, moment(0, n), status=403) for n in range(5)] + deploy(0, 9),
        [cloudflare("PUT", SCRIPT, moment(0, n), status=403) for n in range(4)] + deploy(0, 9),
    ),
}  # fmt: skip
ELSEWHERE = {
    "no_deployment_on_record": "needs a list: tests/cli/test_functions.py",
    "called_after_change": "needs traffic: tests/correlate/test_join.py",
    "own_function": "needs traffic: tests/correlate/test_join.py",
    **{
        name: "needs a log of started programs: tests/correlate/test_deploying.py"
        for name in cloud_weights().sign if name.startswith("launch")
    },
}  # fmt: skip


def told(hunt_lines: Hunt, lines: Lines) -> set[str]:
    """Return the names of what speaks in any finding."""
    return {reason.signal for finding in hunt_lines(lines).findings for reason in finding.reasons}


@pytest.mark.parametrize("name", [*CHAINS, *SIGNS])
def test_speaks_and_is_silent(hunt_lines: Hunt, name: str) -> None:
    """It speaks of the first lines, and not of the second, which lack one thing."""
    speaks, silent = (CHAINS | SIGNS)[name]
    assert name in told(hunt_lines, speaks)
    assert name not in told(hunt_lines, silent)


def test_each_has_its_lines() -> None:
    """No sequence and no sign of the catalogue is without lines for and against it."""
    assert set(CHAINS) == set(chains())
    assert set(SIGNS) | set(ELSEWHERE) == set(cloud_weights().sign)


LAMBDA = "arn:aws:lambda:eu-north-1:111122223333:function:"


@pytest.mark.parametrize(("name", "service", "asked"), [
    ("PutTargets", "events", {"rule": "r", "targets": [{"id": "1", "arn": "FUNCTION"}]}),
    ("CreateSchedule", "scheduler", {"name": "s", "target": {"arn": "FUNCTION", "roleArn": "arn:aws:iam::1:role/x"}}),
])  # fmt: skip
def test_triggers_name_the_function_that_they_call(hunt_lines: Hunt, name: str, service: str, asked: object) -> None:
    """A rule of events and a schedule are about the function among their targets, and about no other."""
    text = trail(name, moment(0, 9), service=service, asked=asked)
    assert "change_then_trigger" in told(hunt_lines, [aws_code(moment(0)), text.replace("FUNCTION", LAMBDA + "image-resizer")])
    assert "change_then_trigger" not in told(hunt_lines, [aws_code(moment(0)), text.replace("FUNCTION", LAMBDA + "other")])


def test_a_policy_of_something_else_changes_no_function(hunt_lines: Hunt) -> None:
    """Who sets the policy of a topic is no newcomer among those who change functions."""
    past = [gcp(RUN + "ReplaceService", moment(day), email="ci@lab.iam.gserviceaccount.com") for day in range(4)]
    policy = [gcp("google.iam.v1.IAMPolicy.SetIamPolicy", moment(4), service=name) for name in ("pubsub", "run")]
    assert "first_change_by_actor" not in told(hunt_lines, [*past, policy[0]])
    assert "first_change_by_actor" in told(hunt_lines, [*past, policy[1]])


def test_another_kind_of_token(hunt_lines: Hunt) -> None:
    """A function of Supabase that a personal token deploys, where it always was another kind, was changed otherwise."""
    lines = [json.dumps({
        "actor": {"id": "u1", "metadata": [{"email": "dev@corp.example", "ip": "198.51.100.7", "tokenType": kind}]},
        "action": {"name": "functions.deploy", "metadata": [{"method": "POST", "route": "/v1/x", "status": 201}]},
        "target": {"description": "front", "metadata": {"project_ref": "lab"}}, "occurred_at": moment(day),
    }) for day, kind in enumerate(["oauth", "oauth", "oauth", "personal_access_token"])]  # fmt: skip
    assert "by_other_means" not in told(hunt_lines, lines[:3])
    assert "by_other_means" in told(hunt_lines, lines)


def test_a_companys_own_application(hunt_lines: Hunt) -> None:
    """A script that several allowed on earlier days is the company's: who allows it next is left in peace."""
    earlier = [allowed(day, 0, email=f"p{day}@corp.example") for day in range(4)]
    by_actor = {finding.actor: finding.score for finding in hunt_lines([*earlier, allowed(5, 0)]).findings}
    assert by_actor["dev@corp.example"] < 25
    assert by_actor["p0@corp.example"] >= 40
    other = {f.actor: f.score for f in hunt_lines([*earlier, allowed(5, 0, client="c2")]).findings}
    assert other["dev@corp.example"] >= 40, "the name alone makes no application known"


def test_calls_of_a_minute_are_one_deed(hunt_lines: Hunt) -> None:
    """Many calls are remembered by the minute, with their number; a log that comes twice does not double them."""
    report = hunt_lines([*KNOWN, *called(3, 1_100), *called(3, 1_100)])
    [finding] = [f for f in report.findings if "far_more_calls" in {r.signal for r in f.reasons}]
    assert finding.connections <= 60
    assert "1,100 times in an hour" in " ".join(reason.text for reason in finding.reasons)


def test_a_url_alone_is_no_chain(hunt_lines: Hunt) -> None:
    """A pipeline that opens its own function sets off its rule alone."""
    url = trail("CreateFunctionUrlConfig", moment(3), asked=NAMED | {"authType": "NONE"},
                answered={"functionUrl": f"https://{FUNCTION_URL}/"}, **CI)  # fmt: skip
    assert told(hunt_lines, [*ci_deploys(3), url]) == {"prior", "aws_function_url_public"}
