"""Supabase's platform audit log: who deployed edge functions, changed secrets, tokens and projects.

Format: https://supabase.com/docs/guides/security/platform-audit-logs
One event a line with `actor`, `action` (its name, and route and status as metadata), `target` and a time; metadata may
be an object or a list of one. An answer's `result` has been cut into events before.

`operation` is the action's name, or its method and route. The list of names is not public.
The form was read from documentation, not from a running project.

Cannot show: what a deployed function does; calls of functions, which are in the project's own logs.
"""

import re
from typing import Any

from sferic.model.event import API, Event, Line, Reject
from sferic.sources import _audit
from sferic.sources._audit import part_at, parts, text_at
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip

TABLES = (API,)
FIELDS = _audit.FIELDS
STAMP = "end"
MARKS = (r'"(?:project_ref|org_ref)" ?:', r'"route" ?: ?"')

_ACTION = re.compile(r'"action" ?: ?\{')


class Reader:
    """Reads events; keeps nothing between them."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim events with actor, action and target, whose metadata has a route or a project."""
        text = line.text
        if not text.startswith("{") or '"actor"' not in text or '"target"' not in text or not _ACTION.search(text):
            return NO
        return CERTAIN if any(key in text for key in ('"route"', '"project_ref"', '"org_ref"')) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn an event into one of ours."""
        found = _audit.entry(line.text)
        record = found.record
        action, who, target = (_metadata(part_at(record, key)) for key in ("action", "actor", "target"))
        route = text_at(action, "route")
        operation = text_at(record, "action.name") or (
            f"{text_at(action, 'method') or ''} {route}".strip() if route else None
        )
        if operation is None:
            return Reject("no action")
        event = _audit.begun(
            found, text_at(record, "timestamp", "occurred_at", "created_at"), self._clock, line, "Supabase"
        )
        event.operation = operation
        event.user = text_at(who, "email") or text_at(record, "actor.email", "actor.id")
        event.actor = text_at(record, "actor.id") or event.user
        event.src_ip = ip(text_at(who, "ip", "ip_address") or text_at(record, "actor.ip"))
        event.user_agent = text_at(who, "user_agent")
        event.resource = _audit.first_line(text_at(record, "target.description", "target.name", "target.id"))
        event.cloud_account = text_at(target, "project_ref", "org_ref")
        status = text_at(action, "status")
        event.outcome = _audit.result(failed=not status.startswith(("2", "3"))) if status else None
        return event


def _metadata(part: dict[str, Any]) -> dict[str, Any]:
    return next(iter(parts(part.get("metadata"))), {})
