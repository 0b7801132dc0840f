"""Cloudflare's audit logs, version 1 and 2, from the API or Logpush: who changed Workers, routes, tokens and zones.

Format: https://developers.cloudflare.com/fundamentals/account/account-security/audit-logs/ and, for Logpush,
https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/audit_logs/ (also audit_logs_v2)
One record a line; an answer's `result` has been cut into records before. Logpush's names are brought back to those of
the API, so that one rule fits both.

Version 2 says `create`, `update`, `delete` or `view` whatever was done, so `operation` is the request: its method and
path, without the API's prefix (`PUT /accounts/…/workers/scripts/NAME`). In version 1 it is the vendor's word in lower
case; its words for Workers are not documented.

Cannot show: what a GET read (not logged); the client's software in version 1; traffic; what the new code does.
"""

import re
from typing import Any

from sferic.model.event import API, Event, Line, Reject
from sferic.sources import _audit
from sferic.sources._audit import Entry, part_at, text_at
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip

TABLES = (API,)
FIELDS = _audit.FIELDS
STAMP = "end"
MARKS = (
    r'"(?:ActionResult|ActionTimestamp|ActorIP|ActorIPAddress|AuditLogID)" ?:',
    r'"When" ?: ?"?\d',  # not ActionType, which every row of Defender's has, too
    r'"action" ?: ?\{[^{}]{0,400}"result" ?:',
)

_V1 = re.compile(r'"when" ?:')
_API = re.compile(r'"action" ?: ?\{[^{}]{0,2000}"(?:result|type)" ?:')
_PUSHED = re.compile(r'"Action(?:Type|Result)" ?:')
_PREFIX = re.compile(r"^(?:https?://[^/]{1,100})?/client/v4")
_SCRIPT = re.compile(r"/workers/(?:scripts|services|dispatch/namespaces/[^/]{1,100}/scripts)/([^/?]{1,100})")
_PATHS_V1 = {
    "ActionType": "action.type", "ActionResult": "action.result", "ActorEmail": "actor.email", "ActorIP": "actor.ip",
    "ActorID": "actor.id", "ActorType": "actor.type", "ID": "id", "Interface": "interface", "Metadata": "metadata",
    "NewValue": "newValue", "OldValue": "oldValue", "OwnerID": "owner.id", "ResourceID": "resource.id",
    "ResourceType": "resource.type", "When": "when",
}  # fmt: skip
_PATHS_V2 = {
    "AccountID": "account.id", "AccountName": "account.name", "ActionDescription": "action.description",
    "ActionResult": "action.result", "ActionTimestamp": "action.time", "ActionType": "action.type",
    "ActorContext": "actor.context", "ActorEmail": "actor.email", "ActorID": "actor.id",
    "ActorIPAddress": "actor.ip_address", "ActorTokenDetails": "actor.token", "ActorType": "actor.type",
    "AuditLogID": "id", "Raw": "raw", "ResourceID": "resource.id", "ResourceProduct": "resource.product",
    "ResourceRequest": "resource.request", "ResourceResponse": "resource.response", "ResourceScope": "resource.scope",
    "ResourceType": "resource.type", "ResourceValue": "resource.value", "ZoneID": "zone.id", "ZoneName": "zone.name",
}  # fmt: skip


class Reader:
    """Reads records of both versions; keeps nothing between them."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim records by an action and an actor, as the API or Logpush names them."""
        text = line.text
        if not text.startswith("{"):
            return NO
        if _PUSHED.search(text) and ('"When"' in text or '"ActionTimestamp"' in text):
            return CERTAIN
        return CERTAIN if '"actor"' in text and _API.search(text) and (_V1.search(text) or '"resource"' in text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a record into an event."""
        found = _restored(_audit.entry(line.text))
        record = found.record
        event = _audit.begun(found, text_at(record, "when", "action.time"), self._clock, line, "Cloudflare")
        uri = _path(record)
        event.operation = f"{text_at(record, 'raw.method') or ''} {uri}".strip() if uri else _word(record)
        if event.operation is None:
            return Reject("no action")
        event.user = text_at(record, "actor.email", "actor.token_name", "actor.id")
        event.actor = text_at(record, "actor.email", "actor.id", "actor.token_id", "actor.type")
        event.src_ip = ip(text_at(record, "actor.ip_address", "actor.ip"))
        event.user_agent = text_at(record, "raw.user_agent")
        script = _SCRIPT.search(uri or "")
        name = script[1] if script else None
        event.resource = _audit.first_line(name or text_at(record, "resource.id", "zone.name"))
        event.cloud_account = text_at(record, "account.id", "owner.id") or _account(uri)
        event.outcome = _outcome(record)
        return event


def _restored(found: Entry) -> Entry:
    """Bring Logpush's flat names to those of the API."""
    paths = _PATHS_V2 if "ActionTimestamp" in found.record else _PATHS_V1
    if "ActionType" not in found.record and "ActionResult" not in found.record:
        return found
    record: dict[str, Any] = {}
    for key, value in found.record.items():
        head, _, rest = paths.get(key, key).partition(".")
        if rest:
            held = record.setdefault(head, {})
            if isinstance(held, dict):
                held[rest] = value
        else:
            record[head] = value
    raw = record.get("raw")
    if isinstance(raw, dict):
        record["raw"] = {_snake(key): value for key, value in raw.items()}
    return _audit.rewritten(record)


def _snake(key: str) -> str:
    """Return `CfRayID` and `UserAgent` as `cf_ray_id` and `user_agent`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def _path(record: dict[str, Any]) -> str | None:
    uri = text_at(record, "raw.uri")
    return _PREFIX.sub("", uri[:2000], count=1) if uri else None


def _word(record: dict[str, Any]) -> str | None:
    word = text_at(part_at(record, "action"), "type")
    return word.lower() if word else None


def _account(uri: str | None) -> str | None:
    words = (uri or "").split("/")
    return words[2] if len(words) > 2 and words[1] in {"accounts", "zones"} else None


def _outcome(record: dict[str, Any]) -> str | None:
    value = part_at(record, "action").get("result")
    if isinstance(value, bool):
        return _audit.result(failed=not value)
    return value.lower()[:60] if isinstance(value, str) and value else None
