"""Google Workspace's activity reports: tokens granted to applications and scripts, Drive, administration, log-ins.

Format: https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list
One activity a line; an answer's `items` has been cut into activities before. An activity with several events is one
line and one event here, of its first operation; `raw` holds all of them. Some exports hold one object in `events`.

An Apps Script shows up as the application that is given a token (`client_id`, `app_name`, scopes), and as its file in
Drive; a script that is bound to a sheet shows up as the sheet.

Cannot show: the client's software; a script's code, runs and requests to the outside.
"""

import re

from sferic.model.event import API, Event, Line, Reject
from sferic.sources import _audit
from sferic.sources._audit import Json, parts, text_at
from sferic.sources._contract import CERTAIN, LIKELY, NO, Setup
from sferic.sources._fields import ip

TABLES = (API,)
FIELDS = (_audit.FIELDS - {"user_agent"}) | {"app"}
STAMP = "end"
MARKS = (
    r"script\.(?:external_request|scriptapp|webapp)",
    r'"value" ?: ?"external"',
    r'"(?:people_with_link|public_on_the_web|public_in_the_domain|people_within_domain_with_link)"',
)

_KIND = re.compile(r'"admin#reports#activity"|"uniqueQualifier" ?:')
_OBJECT = ("doc_title", "app_name", "client_id", "APPLICATION_NAME", "USER_EMAIL", "GROUP_EMAIL", "doc_id")


class Reader:
    """Reads activities; keeps nothing between them."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim activities by their kind, or by the parts of their id."""
        text = line.text
        if not text.startswith("{") or '"applicationName"' not in text or not _KIND.search(text):
            return NO
        return CERTAIN if '"events"' in text else LIKELY

    def read(self, line: Line) -> Event | Reject | None:
        """Turn an activity into an event of its first operation; one without any is rejected."""
        found = _audit.entry(line.text)
        record = found.record
        events = parts(record.get("events")) or parts(record.get("event"))
        names = [name for one in events if (name := text_at(one, "name"))]
        if not names:
            return Reject("no event's name")
        event = _audit.begun(found, text_at(record, "id.time"), self._clock, line, "Google")
        event.operation, event.app = names[0], text_at(record, "id.applicationName")
        event.user = event.actor = text_at(record, "actor.email", "actor.key", "actor.profileId")
        event.src_ip = ip(text_at(record, "ipAddress"))
        event.cloud_account = text_at(record, "ownerDomain", "id.customerId")
        event.resource = _audit.first_line(_object(events[0]))
        return event


def _object(event: Json) -> str | None:
    values = {text_at(one, "name"): text_at(one, "value") for one in parts(event.get("parameters"))}
    return next((found for name in _OBJECT if (found := values.get(name))), None)
