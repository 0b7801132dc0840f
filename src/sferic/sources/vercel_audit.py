"""Vercel's activity and audit logs: deployments, promotions, environment variables, hooks, protections, domains.

Format: https://vercel.com/docs/audit-log and https://vercel.com/docs/rest-api/reference/endpoints/user/list-user-events
One event a line: of the REST interface (an answer's `events` has been cut before), or of an audit log's export or
stream as JSON or CSV (`timestamp`, `action`, `actor_email`, `location`, `user_agent`).

`operation` is Vercel's word (`env-variable-read`, `deployment`).
The form of audit log drains was not seen in full: what has neither form is left to other sources.

Cannot show: what a deployment contains; in the REST interface's events the client's address and software.
"""

import re
from collections.abc import Mapping
from typing import Any

from sferic.model.event import API, Event, Line, Reject
from sferic.sources import _audit
from sferic.sources._audit import text_at
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip
from sferic.sources._table import Table

TABLES = (API,)
FIELDS = _audit.FIELDS - {"outcome"}
STAMP = "end"
MARKS = (r'"createdAt" ?: ?"?\d{13}', r'"?actor_vercel_id"?[:,]', r'"entities" ?: ?\[')

_REST = re.compile(r'"createdAt" ?:')
_WHO = re.compile(r'"(?:principalId|entities)" ?:')


class Reader:
    """Reads the events of one file; of a table it remembers the header."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._table: Table | None = None

    def claims(self, line: Line) -> int:
        """Claim events by keys that only Vercel has together, tables by their header, and a table's rows."""
        text = line.text
        if text.startswith("{"):
            return CERTAIN if '"actor_vercel_id"' in text or (_REST.search(text) and _WHO.search(text)) else NO
        if self._table is not None:
            return self._table.claim(text, CERTAIN)
        return CERTAIN if "actor_vercel_id" in text[:2000] and "timestamp" in text[:2000] else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn an event into one of ours; None for a table's header."""
        if line.text.startswith("{"):
            return self._event(_audit.entry(line.text), line)
        if self._table is None:
            self._table = Table.from_header(line.text)
            return None
        row = self._table.row(line.text)
        return None if row is None else self._event(_audit.rewritten(_named(row)), line)

    def _event(self, found: _audit.Entry, line: Line) -> Event | Reject:
        record = found.record
        operation = text_at(record, "type", "action")
        if operation is None:
            return Reject("no type and no action")
        event = _audit.begun(found, text_at(record, "createdAt", "timestamp"), self._clock, line, "Vercel")
        event.operation = operation
        event.user = text_at(record, "actor_email", "principal.email", "user.email", "actor_name", "principal.username",
                             "user.username", "principalId", "userId")  # fmt: skip
        event.actor = text_at(record, "actor_vercel_id", "principalId", "userId") or event.user
        event.src_ip, event.user_agent = ip(text_at(record, "location", "ip")), text_at(record, "user_agent")
        event.resource = _audit.first_line(text_at(
            record, "payload.project.name", "payload.projectName", "payload.deployment.name", "payload.name",
            "payload.project.id", "payload.projectId", "payload.url",
        ))  # fmt: skip
        event.cloud_account = text_at(record, "teamId", "payload.teamId", "team_id")
        return event


def _named(row: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value}
