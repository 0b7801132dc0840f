"""Google Cloud audit logs: who called which Google Cloud API, from Logging, Pub/Sub, BigQuery or Cloud Storage.

Format: https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog
One LogEntry a line with `protoPayload`; an export of Pub/Sub wraps it as `message.data` (base64) or as plain JSON,
and BigQuery's JSON spells the payload `protopayload_auditlog`, its parts as JSON in texts (`requestJson`).

`operation` is the method as logged; versions differ (`…v1.CloudFunctionsService.UpdateFunction`,
`…v2.FunctionService.UpdateFunction`). `app` is the service. An operation that takes long writes two entries with one
`operation.id`. `outcome` is a failure where the status has a code or a permission was not granted.

Cannot show: reads and calls of functions, unless data access logs are switched on; what the new code does.
"""

import base64
import binascii
import re
from typing import Any

from sferic.model.event import API, Event, Line, Reject
from sferic.sources import _audit
from sferic.sources._audit import Entry, part_at, parts, text_at
from sferic.sources._contract import CERTAIN, LIKELY, NO, Setup
from sferic.sources._fields import ip

TABLES = (API,)
FIELDS = _audit.FIELDS | {"app"}
STAMP = "end"
MARKS = (
    r"(?:CloudFunctionsService|FunctionService|Services|IAMPolicy)\.(?:Create|Update|Replace|SetIamPolicy|GenerateDownload)",
    r'"data" ?: ?"eyJ[a-z0-9+/]{40}',
)

_CLAIM = re.compile(r'"(?:protoPayload|protopayload_auditlog)" ?:')
_QUEUED = re.compile(r'"message" ?: ?\{.{0,4000}"data" ?: ?"eyJ', re.DOTALL)
_IN_TEXT = {"requestJson": "request", "responseJson": "response", "metadataJson": "metadata",
            "servicedata_v1_iam": "serviceData"}  # fmt: skip


class Reader:
    """Reads entries; keeps nothing between them."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim entries with an audit payload, and Pub/Sub messages that may hold one."""
        if not line.text.startswith("{"):
            return NO
        if _CLAIM.search(line.text):
            return CERTAIN if '"methodName"' in line.text or '"serviceName"' in line.text else LIKELY
        return LIKELY if _QUEUED.search(line.text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn an entry into an event; None for an entry of another log."""
        found = _entry(_audit.entry(line.text))
        record = found.record
        payload = part_at(record, "protoPayload")
        if not payload:
            return None
        operation = text_at(payload, "methodName")
        if operation is None:
            return Reject("no methodName")
        event = _audit.begun(found, record.get("timestamp"), self._clock, line, "Google Cloud")
        event.operation, event.app = operation, text_at(payload, "serviceName")
        event.user = event.actor = text_at(
            payload, "authenticationInfo.principalEmail", "authenticationInfo.principalSubject"
        )
        event.src_ip = ip(text_at(payload, "requestMetadata.callerIp", "requestMetadata.callerIP"))
        event.user_agent = text_at(payload, "requestMetadata.callerSuppliedUserAgent")
        event.resource = _audit.first_line(_resource(record, payload))
        event.cloud_account = text_at(record, "resource.labels.project_id") or _project(payload)
        event.outcome = _audit.result(failed=_failed(payload))
        return event


def _entry(found: Entry) -> Entry:
    """Take the entry out of Pub/Sub's message, and BigQuery's columns back into an entry's form."""
    message = found.record.get("message")
    if isinstance(message, dict) and isinstance(message.get("data"), str):
        try:
            return _entry(_audit.entry(base64.b64decode(message["data"], validate=True).decode()))
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError("the message's data is not base64") from None
    row = found.record.get("protopayload_auditlog")
    if not isinstance(row, dict):
        return found
    payload: dict[str, Any] = {}
    for key, value in row.items():
        name = _IN_TEXT.get(key)
        is_json = name and isinstance(value, str) and value.startswith("{")
        payload[name or key] = _audit.entry(value).record if is_json else value
    rest = {key: value for key, value in found.record.items() if key != "protopayload_auditlog"}
    return _audit.rewritten(rest | {"protoPayload": payload})


def _resource(record: dict[str, Any], payload: dict[str, Any]) -> str | None:
    labels = part_at(record, "resource.labels")
    short = text_at(labels, "function_name", "service_name")
    return short or text_at(payload, "resourceName") or text_at(labels, "project_id")


def _project(payload: dict[str, Any]) -> str | None:
    words = (text_at(payload, "resourceName") or "").split("/")
    return words[1] if len(words) > 1 and words[0] in {"projects", "namespaces"} else None


def _failed(payload: dict[str, Any]) -> bool:
    if text_at(payload, "status.code") not in (None, "0"):
        return True
    return any(one.get("granted") is False for one in parts(payload.get("authorizationInfo")))
