"""Azure App Service's audit tables: who logged in to publish to a web or function app, and which files changed.

Format: https://learn.microsoft.com/azure/azure-monitor/reference/tables/appserviceauditlogs and
https://learn.microsoft.com/azure/azure-monitor/reference/tables/appservicefileauditlogs
One record a line, as Event Hub or storage has it (`properties`, also as JSON in a text) or as Log Analytics has it.

Publishing over Kudu (`*.scm.`) or FTP stands here only, not in the Activity log. `operation` is the table and the
logged word (`AppServiceAuditLogs Authorization`); of a changed file, `resource` is the app and `path` the file.
What functions log themselves (`FunctionAppLogs`), and other tables of App Service, are known without an event.

Cannot show: the client's software; what a file holds; changes where these diagnostic settings are not switched on.
"""

import re

from sferic.model.event import API, Event, Line, Reject
from sferic.sources import _audit
from sferic.sources._audit import part_at, text_at
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip

TABLES = (API,)
FIELDS = (_audit.FIELDS - {"user_agent", "outcome"}) | {"path", "protocol", "process_path"}
STAMP = "end"
MARKS = (r'"AppService(?:File)?AuditLogs"',)

_TABLE = re.compile(r'"(AppService[A-Za-z]{1,40}|FunctionAppLogs)"')
_PLACE = re.compile(r"/subscriptions/([0-9a-f-]{36}).{0,200}?/sites/([^/]{1,100})", re.IGNORECASE | re.DOTALL)


class Reader:
    """Reads records; keeps nothing between them."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim records of App Service's tables."""
        return CERTAIN if line.text.startswith("{") and _TABLE.search(line.text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a record of the two audit tables into an event."""
        found = _audit.entry(line.text)
        record = found.record
        table = text_at(record, "category", "Category", "Type")
        if table not in {"AppServiceAuditLogs", "AppServiceFileAuditLogs"}:
            return None
        if isinstance(packed := record.get("properties"), str):
            record["properties"] = _audit.entry(packed).record
            found = _audit.rewritten(record)
        values = record | part_at(record, "properties")
        word = text_at(values, "OperationName", "operationName")
        if word is None:
            return Reject("no operation's name")
        event = _audit.begun(found, text_at(record, "time", "TimeGenerated"), self._clock, line, "Microsoft Azure")
        event.operation = f"{table} {word}"
        event.user = event.actor = text_at(values, "UserDisplayName", "User")
        event.src_ip = ip(text_at(values, "UserAddress"))
        event.protocol = (text_at(values, "Protocol") or "").lower() or None
        event.path, event.process_path = text_at(values, "Path"), text_at(values, "Process")
        place = _PLACE.search(text_at(record, "resourceId", "_ResourceId", "ResourceId") or "")
        event.cloud_account, event.resource = (place[1].lower(), place[2].lower()) if place else (None, None)
        return event
