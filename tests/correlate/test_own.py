"""Functions behind domains of one's own are known by the audit log that shows how the domain was set up."""

from pathlib import Path

import pytest

from sferic.model.inventory import FunctionRow
from sferic.model.settings import Settings
from sferic.pipeline.functions import functions
from tests.correlate.audit_logs import FUNCTION_URL, azure, ci_deploys, cloudflare, gcp, moment, trail, vercel
from tests.correlate.test_cloud import TAKEOVER
from tests.correlate.test_join import calls, found

DOMAIN = "api.corp.example"
MAPPED = trail("CreateBasePathMapping", moment(0, 9), service="apigateway",
               asked={"domainName": DOMAIN, "basePath": "(none)", "restApiId": "abcde12345", "stage": "prod"})  # fmt: skip
INTEGRATED = trail(
    "PutIntegration", moment(0, 5), service="apigateway",
    asked={"restApiId": "abcde12345", "uri": "arn:aws:apigateway:eu-north-1:lambda:path/2015-03-31/functions/arn:aws:lambda:"
           "eu-north-1:111122223333:function:sync/invocations"},
)  # fmt: skip
DISTRIBUTED = trail(
    "CreateDistribution2020_05_31", moment(6, 20), service="cloudfront",
    asked={"distributionConfig": {"aliases": {"items": [DOMAIN]}, "origins": {"items": [{"domainName": FUNCTION_URL}]}}},
    answered={"distribution": {"id": "E1", "domainName": "d111111abcdef8.cloudfront.net"}},
)  # fmt: skip
DOMAINS = {
    "gateway": ([MAPPED], "abcde12345"),
    "gateway_http": (
        [trail("CreateApiMapping", moment(0), service="apigateway",
               asked={"domainName": DOMAIN, "apiId": "abcde12345", "stage": "$default"})],
        "abcde12345",
    ),
    "gateway_to_function": ([*ci_deploys(1, "sync"), INTEGRATED, MAPPED], "sync"),
    "distribution": ([*ci_deploys(5), *TAKEOVER, DISTRIBUTED], "sync"),
    "worker_route": (
        [cloudflare("POST", "/zones/z1/workers/routes", moment(0),
                    resource={"request": {"pattern": f"{DOMAIN}/v1/*", "script": "api-sync"}})],
        "api-sync",
    ),
    "worker_domain": (
        [cloudflare("PUT", "/accounts/0123/workers/domains", moment(0),
                    resource={"request": {"hostname": DOMAIN, "service": "api-sync"}})],
        "api-sync",
    ),
    "run": (
        [gcp("google.cloud.run.v1.DomainMappings.CreateDomainMapping", moment(0), name="",
             resource=f"namespaces/lab/domainmappings/{DOMAIN}",
             request={"domainMapping": {"spec": {"routeName": "sync"}}})],
        "sync",
    ),
    "app_service": (
        [azure("MICROSOFT.WEB/SITES/HOSTNAMEBINDINGS/WRITE", moment(0), below=f"/hostNameBindings/{DOMAIN}")], "app-lab"
    ),
    "vercel": ([vercel("alias", moment(0), alias=DOMAIN, deployment={"url": "front-abc123-team.vercel.app"})], "front"),
}  # fmt: skip


def rows(folder: Path, audit: list[str], traffic: list[str]) -> list[FunctionRow]:
    """Return the inventory that both logs show."""
    (folder / "audit.json").write_text("\n".join(audit) + "\n", encoding="utf-8")
    (folder / "access.log").write_text("\n".join(traffic) + "\n", encoding="utf-8")
    listed = functions([str(folder)], Settings(workers=1))
    assert not [f for f in listed.account.files if f.problem or f.rejected or f.unknown]
    return list(listed.rows)


@pytest.mark.parametrize("way", DOMAINS)
def test_a_domain_of_ones_own(tmp_path: Path, way: str) -> None:
    """The domain is the function's, and who calls it is counted; another domain of the company is not."""
    audit, name = DOMAINS[way]
    traffic = calls(DOMAIN, 7, count=12) + calls("other.corp.example", 7, count=9, machine=11)
    [row] = [row for row in rows(tmp_path, audit, traffic) if row.function == name]
    assert DOMAIN in row.hosts
    assert (row.callers, row.calls, row.called_by) == (1, 12, ("10.0.0.10",))


def test_a_wildcard_is_no_host(tmp_path: Path) -> None:
    """A route for all names below a domain names none of them."""
    route = cloudflare("POST", "/zones/z1/workers/routes", moment(0),
                       resource={"request": {"pattern": "*.corp.example/*", "script": "api-sync"}})  # fmt: skip
    assert [row.hosts for row in rows(tmp_path, [route], calls(DOMAIN, 7, count=3))] == [()]


def test_a_failed_mapping_is_none(tmp_path: Path) -> None:
    """A domain whose mapping was refused is not one's own by that."""
    refused = trail("CreateBasePathMapping", moment(0), service="apigateway", error="denied",
                    asked={"domainName": DOMAIN, "restApiId": "abcde12345"})  # fmt: skip
    assert rows(tmp_path, [refused], calls(DOMAIN, 7, count=3)) == []


@pytest.mark.parametrize("way", ["distribution", "gateway"])
def test_check_ins_through_a_domain_are_joined(tmp_path: Path, way: str) -> None:
    """A taken-over function that is called by the company's own domain is one finding of both sides."""
    fronts = [DISTRIBUTED] if way == "distribution" else [INTEGRATED, MAPPED]
    [one] = [f for f in found(tmp_path, [*ci_deploys(5), *TAKEOVER, *fronts], calls(DOMAIN, 6.1)) if f.src_ip == "10.0.0.10"]
    assert (one.analytic, one.severity, one.hosts[0]) == ("cloud_change+beacon", "critical", DOMAIN)
    assert one.actor == "arn:aws:iam::111122223333:user/old-key"
