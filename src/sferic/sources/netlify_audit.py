"""Netlify's team audit log: deploys, functions, snippets, environment variables and keys, and who changed them.

Format: https://open-api.netlify.com/ (listAccountAuditEvents) and
https://docs.netlify.com/manage/accounts-and-billing/team-management/team-audit-log/
One event a line, `{"id", "account_id", "payload": {"actor_email", "action", "timestamp", "log_type", …}}`.

`operation` is Netlify's word in lower case. Its words are not documented in full.

Cannot show: the client's address and software, in the form that is documented; what a deploy contains.
"""

import re

from sferic.model.event import API, Event, Line, Reject
from sferic.sources import _audit
from sferic.sources._audit import text_at
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip

TABLES = (API,)
FIELDS = _audit.FIELDS - {"outcome", "user_agent"}
STAMP = "end"
MARKS = (r'"log_type" ?:',)

_PAYLOAD = re.compile(r'"payload" ?: ?\{')


class Reader:
    """Reads events; keeps nothing between them."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim events by their account, payload and type."""
        text = line.text
        if not text.startswith("{") or '"account_id"' not in text or not _PAYLOAD.search(text):
            return NO
        return CERTAIN if '"log_type"' in text or '"actor_id"' in text else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn an event into one of ours."""
        found = _audit.entry(line.text)
        record = found.record
        operation = text_at(record, "payload.action")
        if operation is None:
            return Reject("no action")
        event = _audit.begun(found, text_at(record, "payload.timestamp", "timestamp"), self._clock, line, "Netlify")
        event.operation = operation.lower()
        event.user = text_at(record, "payload.actor_email", "payload.actor_name", "payload.actor_id")
        event.actor = text_at(record, "payload.actor_id") or event.user
        event.src_ip = ip(text_at(record, "payload.ip", "payload.client_ip", "payload.ip_address"))
        event.resource = _audit.first_line(text_at(
            record, "payload.site_name", "payload.site_id", "payload.traits.site_name", "payload.traits.site_id",
            "payload.traits.name",
        ))  # fmt: skip
        event.cloud_account = text_at(record, "account_id")
        return event
