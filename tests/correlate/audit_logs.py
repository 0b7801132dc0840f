"""Lines of clouds' audit logs for tests: made-up accounts, reserved addresses, and whatever day and hour is asked for."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ACCOUNT = "111122223333"
CI_ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/ci-deploy/run"
FUNCTION_URL = "abcdefghijklmnopqrstuvwxyz0abcde.lambda-url.eu-north-1.on.aws"


def moment(day: float, minute: float = 0) -> str:
    """Return a time so many days and minutes after the start, as logs write it."""
    return (START + timedelta(days=day, minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


def trail(name: str, time: str, *, actor: str = "dev", ip: str = "198.51.100.7", service: str = "lambda",
          agent: str = "aws-cli/2.17.32", region: str = "eu-north-1", key: str = "", asked: Any = None,
          answered: Any = None, error: str = "") -> str:  # fmt: skip
    """Return a CloudTrail record; an actor that is no ARN is an IAM user."""
    is_role = actor.startswith("arn:")
    arn = actor if is_role else f"arn:aws:iam::{ACCOUNT}:user/{actor}"
    identity = {"type": "AssumedRole" if is_role else "IAMUser", "arn": arn, "accountId": ACCOUNT,
                "accessKeyId": key or f"EXAMPLEKEY-{arn.split('/')[1]}"}  # fmt: skip
    record = {
        "eventVersion": "1.10", "userIdentity": identity if is_role else identity | {"userName": actor},
        "eventTime": time, "eventSource": f"{service}.amazonaws.com", "eventName": name, "awsRegion": region,
        "sourceIPAddress": ip, "userAgent": agent, "requestParameters": asked, "responseElements": answered,
        "eventID": f"{name}-{time}-{actor}-{json.dumps(asked)}", "recipientAccountId": ACCOUNT,
    }  # fmt: skip
    if error:
        record |= {"errorCode": "AccessDenied", "errorMessage": error}
    return json.dumps(record, separators=(",", ":"))


def aws_code(time: str, function: str = "image-resizer", **how: Any) -> str:
    """Return the replacement of a Lambda function's code."""
    return trail("UpdateFunctionCode20150331v2", time, asked={"functionName": function}, **how)


def ci_deploys(days: int, function: str = "image-resizer") -> list[str]:
    """Return a pipeline's deployment on each of some days."""
    how = {"actor": CI_ROLE, "ip": "203.0.113.10", "agent": "HashiCorp Terraform/1.9"}
    return [aws_code(moment(day), function, **how) for day in range(days)]


def cloudflare(method: str, uri: str, time: str, *, email: str = "dev@corp.example", ip: str = "198.51.100.7",
               context: str = "api_token", by_id: str = "tok-ci", agent: str = "wrangler/4.1.0", status: int = 200,
               resource: Any = None) -> str:  # fmt: skip
    """Return a record of Cloudflare's audit log, version 2."""
    result = "success" if status < 400 else "failure"
    record = {
        "id": f"{method}-{uri}-{time}-{email}", "account": {"id": "0123", "name": "lab"},
        "action": {"type": "update", "result": result, "time": time, "description": ""},
        "actor": {"email": email, "ip_address": ip, "type": "user", "context": context, "token_id": by_id},
        "raw": {"method": method, "uri": uri, "status_code": status, "user_agent": agent},
        "resource": {"product": "workers", "type": "script"} | (resource or {}),
    }  # fmt: skip
    return json.dumps(record, separators=(",", ":"))


def worker_deploy(time: str, script: str = "api-sync", **how: Any) -> list[str]:
    """Return what one `wrangler deploy` leaves in the log."""
    base = f"/accounts/0123/workers/scripts/{script}"
    return [
        cloudflare("PUT", base, time, **how),
        cloudflare("POST", f"{base}/deployments", time, **how),
    ]


def gcp(method: str, time: str, *, email: str = "dev@corp.example", ip: str = "198.51.100.7", service: str = "run",
        name: str = "sync", agent: str = "google-cloud-sdk gcloud/470.0.0", request: Any = None, response: Any = None,
        key: str = "", resource: str = "") -> str:  # fmt: skip
    """Return an entry of Google Cloud's audit log about a service of Cloud Run, or a function."""
    who = {"principalEmail": email} | ({"serviceAccountKeyName": key} if key else {})
    payload = {
        "serviceName": f"{service}.googleapis.com", "methodName": method, "resourceName": resource or f"namespaces/lab/services/{name}",
        "authenticationInfo": who, "requestMetadata": {"callerIp": ip, "callerSuppliedUserAgent": agent},
        "request": request or {}, "response": response or {},
    }  # fmt: skip
    labels = {"project_id": "lab", "service_name": name, "location": "europe-north1"}
    return json.dumps({"protoPayload": payload, "insertId": f"{method}-{time}-{email}", "timestamp": time,
                       "resource": {"type": "cloud_run_revision", "labels": labels}})  # fmt: skip


def azure(operation: str, time: str, *, site: str = "app-lab", upn: str = "dev@corp.example", ip: str = "198.51.100.7",
          below: str = "", result: str = "Success", call: str = "") -> str:  # fmt: skip
    """Return a record of Azure's activity log about an app."""
    place = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/lab/providers/Microsoft.Web/sites/"
    evidence = {"evidence": {"principalType": "User"}}
    return json.dumps({
        "time": time, "resourceId": f"{place}{site}{below}", "operationName": operation, "resultType": result,
        "callerIpAddress": ip, "correlationId": call or f"{operation}-{time}-{upn}",
        "identity": {"claims": {"upn": upn}, "authorization": evidence},
    })  # fmt: skip


def google(app: str, name: str, time: str, *, email: str = "dev@corp.example", **parameters: str | list[str]) -> str:
    """Return an activity of Google Workspace."""
    told = [{"name": key, "multiValue" if isinstance(value, list) else "value": value} for key, value in parameters.items()]
    return json.dumps({
        "kind": "admin#reports#activity", "actor": {"email": email}, "ownerDomain": "corp.example",
        "id": {"time": time, "uniqueQualifier": f"{name}-{time}-{email}", "applicationName": app},
        "ipAddress": "198.51.100.7", "events": [{"type": "x", "name": name, "parameters": told}],
    })  # fmt: skip


def vercel(kind: str, time: str, *, member: str = "u-dev", project: str = "front", **payload: Any) -> str:
    """Return an event of Vercel's activity log."""
    stamp = round(datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp() * 1000)
    return json.dumps({"id": f"{kind}-{time}-{member}", "type": kind, "createdAt": stamp, "principalId": member,
                       "entities": [], "payload": {"projectName": project} | payload})  # fmt: skip
