"""Azure Activity log: who did what to which resource, from Event Hub, Azure Monitor, its REST interface or the CLI.

Format: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
One record a line; `{"records":[…]}` and `{"value":[…]}` have been cut into records before. Diagnostic exports name
things `operationName`, `resourceId`, `callerIpAddress`, the REST interface `operationName.value`, `resourceId`,
`caller`, `httpRequest.clientIpAddress`, Log Analytics `OperationNameValue`, `ResourceId`, `CallerIpAddress`, `Caller`.
Sign-ins of Entra ID have the same frame and are read as well.

`operation` is as logged; its case differs between exports. Beginning and end of one operation share a
`correlationId`, and both are events: `outcome` is `start`, `accept`, `success` or `failure`.

Cannot show: the client's software; code that is published over Kudu (`*.scm.`) or FTP with publishing credentials,
which is in AppServiceAuditLogs only (`azure_appservice`); what the new code does.
"""

import re
from typing import Any

from sferic.model.event import API, Event, Line, Reject
from sferic.sources import _audit
from sferic.sources._audit import part_at, text_at
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip

TABLES = (API,)
FIELDS = _audit.FIELDS - {"user_agent"}
STAMP = "end"
MARKS = (
    r"Microsoft\.Web/(?:sites|staticSites)/[a-z/]{0,60}(?:write|action|delete)\b",
    r"Microsoft\.(?:Logic/workflows|App/containerApps|ApiManagement/service)/[a-z/]{0,60}(?:write|action)\b",
    r"Microsoft\.Automation/automationAccounts/webhooks/(?:write|action)\b",
)

_CLAIM = re.compile(r'"operationName(?:Value)?" ?:', re.IGNORECASE)
_OTHER = re.compile(r'"(?:resourceId|_ResourceId|correlationId)" ?:', re.IGNORECASE)
_APP_SERVICE = re.compile(r'"(?:AppService|FunctionAppLogs)', re.IGNORECASE)
_SUBSCRIPTION = re.compile(r"/subscriptions/([0-9a-f-]{36})", re.IGNORECASE)
_SITE = re.compile(r"/(?:sites|staticsites|workflows|containerapps)/([^/]{1,100})", re.IGNORECASE)
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_WORDS = {"started": "start", "succeeded": "success", "accepted": "accept", "failed": "failure"}


class Reader:
    """Reads records; keeps nothing between them."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim records with an operation's name and Azure's ids, other than App Service's own logs."""
        text = line.text
        if not text.startswith("{") or not _CLAIM.search(text) or not _OTHER.search(text):
            return NO
        return NO if _APP_SERVICE.search(text) else CERTAIN

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a record into an event."""
        found = _audit.entry(line.text)
        record = found.record
        operation = text_at(record, "operationName.value", "operationName", "OperationNameValue", "OperationName")
        if operation is None:
            return Reject("no operationName")
        stamp = text_at(record, "properties.createdDateTime", "time", "eventTimestamp", "TimeGenerated")
        event = _audit.begun(found, stamp, self._clock, line, "Microsoft Azure")
        event.operation = operation
        event.src_ip = ip(
            _bare(
                text_at(
                    record, "callerIpAddress", "httpRequest.clientIpAddress", "CallerIpAddress", "properties.ipAddress"
                )
            )
        )
        event.user, event.actor = _who(record)
        place = text_at(record, "resourceId", "ResourceId", "_ResourceId") or ""
        event.resource = _audit.first_line(_site(place) or place or None)
        subscription = _SUBSCRIPTION.search(place)
        event.cloud_account = subscription[1].lower() if subscription else text_at(record, "subscriptionId", "tenantId")
        event.outcome = _outcome(record)
        return event


def _bare(address: str | None) -> str | None:
    """Take a port off an IPv4 address, which some exports leave there."""
    return address.partition(":")[0] if address and address.count(":") == 1 else address


def _who(record: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the name for people (a user's, else an application's) and the exact identity."""
    claims = part_at(record, "identity.claims") or part_at(record, "claims")
    signed_in = _claim(claims, _CLAIMS + "upn", "upn", "unique_name", _CLAIMS + "name")
    application = _claim(claims, "appid")
    caller = signed_in or text_at(record, "caller", "Caller", "properties.userPrincipalName")
    user = caller or text_at(record, "identity") or application
    return user, caller or _claim(claims, _OBJECT_ID, "oid") or user


def _claim(claims: dict[str, Any], *names: str) -> str | None:
    """Return the first claim that is a text; their names hold dots, so they are no paths."""
    return next((value for name in names if isinstance(value := claims.get(name), str) and value), None)


def _site(place: str) -> str | None:
    found = _SITE.search(place)
    return found[1].lower() if found else None


def _outcome(record: dict[str, Any]) -> str | None:
    word = text_at(record, "resultType", "status.value", "ActivityStatusValue", "ActivityStatus")
    if word is None:
        return None
    if word.isdigit():  # a sign-in's error number
        return _audit.result(failed=word != "0")
    return _WORDS.get(word.lower(), word.lower())[:60]
