"""Events in the Open Cybersecurity Schema Framework, JSON, Parquet or a table: requests, flows, DNS, processes.

Format: https://schema.ocsf.io/ (HTTP Activity, class 4002; Network Activity, 4001; DNS Activity, 4003;
Process Activity, 1007, where it was launched)
Any producer's: Amazon Security Lake, collectors, products that write OCSF themselves. Attributes are nested or have
dotted names, as in the header row of a table.

`traffic.bytes_out` went from source to destination, `bytes_in` came back. The time is `start_time`; without it,
`end_time` less `duration`, else `time` as it stands. Numbers are epoch milliseconds, as the schema says.
Other classes are known and give no event.

Cannot show: what the producer did not map; in Security Lake's flows, which way a record's one byte count went.
"""

import re
from collections.abc import Mapping
from typing import Any

from sferic.model.event import DNS, HTTP, NETWORK, PROCESS, Event, Line, Reject
from sferic.sources._contract import GENERIC, NO, Setup
from sferic.sources._meaning import Names, Record, flat, from_json, moment, read
from sferic.sources._table import Table

TABLES = (HTTP, NETWORK, DNS, PROCESS)
FIELDS = frozenset(
    "src_ip src_port forwarded_for proxy_ip dst_ip dst_port dst_host host_source tls_name user device observer"
    " connection_id bytes_up bytes_down bytes_total duration_ms method path status action user_agent referer"
    " content_type protocol app answers outcome process_path process_id parent_path command_line".split()
)
STAMP = "start"
IS_PERIODIC = True
"""Security Lake holds VPC flow logs as network activity."""
MARKS = (r"(?:^|[,;\t|])\"?class_uid\"?[,;\t|\r\n]",)
NAMELESS_MARKS = (r'"class_uid" ?: ?4001\b',)
START_MARKS = (r"\bclass_uid[^a-z0-9]{1,8}1007\b",)

_CLASSES = {"4001": NETWORK, "4002": HTTP, "4003": DNS, "1007": PROCESS}
_MARK = re.compile(r'"class_uid" ?: ?"?\d{4,9}\b')
_HEADER = re.compile(r'(?:^|[,;\t|])"?(?:src_endpoint|dst_endpoint|query)\.[a-z_]{1,40}"?[,;\t|\r\n]')
_DISPOSITIONS = {"1": "allowed", "2": "blocked"}
"""`action_id` (1 Allowed, 2 Denied) and `disposition_id` (1 Allowed, 2 Blocked) agree here."""
_NAMES: Names = {
    "src_ip": ("src_endpoint.ip",),
    "src_port": ("src_endpoint.port",),
    "forwarded_for": ("http_request.x_forwarded_for",),
    "proxy_ip": ("proxy_endpoint.ip",),
    "dst_ip": ("dst_endpoint.ip",),
    "dst_port": ("dst_endpoint.port", "http_request.url.port"),
    "url": ("http_request.url.url_string", "url.url_string"),
    "http_host": ("http_request.url.hostname", "url.hostname"),
    "sni": ("tls.sni",),
    "dst_host": ("dst_endpoint.hostname", "dst_endpoint.domain"),
    "query_name": ("query.hostname",),
    "answers": ("answers.rdata",),
    "connection_id": ("connection_info.uid",),
    "user": ("actor.user.name", "actor.user.email_addr", "src_endpoint.owner.name"),
    "device": ("src_endpoint.hostname", "src_endpoint.name"),
    "bytes_up": ("traffic.bytes_out",),
    "bytes_down": ("traffic.bytes_in",),
    "bytes_total": ("traffic.bytes",),
    "duration_ms": ("duration",),
    "method": ("http_request.http_method",),
    "path": ("http_request.url.path", "url.path"),
    "query": ("http_request.url.query_string", "url.query_string"),
    "status": ("http_response.code", "http_status"),
    "action": ("action", "disposition"),
    "user_agent": ("http_request.user_agent",),
    "referer": ("http_request.referrer",),
    "content_type": ("http_response.content_type",),
    "protocol": ("connection_info.protocol_name", "connection_info.protocol_num"),
    "app": ("app_name",),
    "outcome": ("rcode",),
    "process_path": ("actor.process.file.path", "actor.process.name"),
    "process_id": ("actor.process.pid",),
    "parent_path": ("actor.process.parent_process.file.path",),
    "command_line": ("actor.process.cmd_line",),
    "process_guid": ("actor.process.uid",),
    "parent_id": ("actor.process.parent_process.pid",),
    "parent_guid": ("actor.process.parent_process.uid",),
    "company": ("actor.process.file.company_name",),
    "signer": ("actor.process.file.signature.certificate.subject",),
}
_OF_PROCESS: Names = {
    "user": ("process.user.name", "actor.user.name"),
    "process_path": ("process.file.path", "process.name"),
    "process_id": ("process.pid",),
    "process_guid": ("process.uid",),
    "command_line": ("process.cmd_line",),
    "company": ("process.file.company_name",),
    "signer": ("process.file.signature.certificate.subject",),
    "parent_path": ("process.parent_process.file.path", "actor.process.file.path", "actor.process.name"),
    "parent_id": ("process.parent_process.pid", "actor.process.pid"),
    "parent_guid": ("process.parent_process.uid", "actor.process.uid"),
}
"""In Process Activity the actor is who launched the process."""


class Reader:
    """Reads the events of one file; of a table it remembers the header."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._table: Table | None = None

    def claims(self, line: Line) -> int:
        """Claim objects with a class number, tables with a column for it, and their rows."""
        text = line.text
        if text.startswith("{"):
            return GENERIC if _MARK.search(text) else NO
        if self._table is not None:
            return self._table.claim(text, GENERIC)
        return GENERIC if "class_uid" in text and _HEADER.search(text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn an event of one of the four classes into ours; None for other classes."""
        if line.text.startswith("{"):
            return self._event(flat(from_json(line.text)), line)
        if self._table is None:
            self._table = Table.from_header(line.text)
            return None
        row = self._table.row(line.text)
        return None if row is None else self._event({name: cell for name, cell in row.items() if cell}, line)

    def _event(self, fields: Mapping[str, Any], line: Line) -> Event | Reject | None:
        if "class_uid" not in fields:
            return Reject("no class_uid at the top of the event")
        table = _CLASSES.get(str(fields["class_uid"]))
        if table is None or (table == PROCESS and str(fields.get("activity_id")) != "1"):
            return None
        event = read(Record(fields, _OF_PROCESS if table == PROCESS else _NAMES), 0, table)
        if not isinstance(event, Event):
            return event or Reject("no destination")
        event.time = self._time(fields, event, line)
        if event.action is None:
            event.action = _verdict(fields)
        _place_device(event, fields)
        return event

    def _time(self, fields: Mapping[str, Any], event: Event, line: Line) -> int:
        began, ended = fields.get("start_time"), fields.get("end_time")
        if began is not None:
            start = moment(began, self._clock)
            if ended is not None and event.duration_ms is None:
                event.duration_ms = max(moment(ended, self._clock) - start, 0) // 1000
            return start
        if ended is not None and event.duration_ms is not None:
            return moment(ended, self._clock) - event.duration_ms * 1000
        for key in ("time", "time_dt"):
            if (stamped := fields.get(key)) is not None:
                return moment(stamped, self._clock)
        if line.sent_at is None:
            raise ValueError("no time")
        return line.sent_at


def _verdict(fields: Mapping[str, Any]) -> str | None:
    numbers = (fields.get("action_id"), fields.get("disposition_id"))
    return next((word for n in numbers if (word := _DISPOSITIONS.get(str(n)))), None)


def _place_device(event: Event, fields: Mapping[str, Any]) -> None:
    """Take `device` for the client where its address or a process says so, else for the sensor."""
    named = fields.get("device.hostname") or fields.get("device.name")
    if not isinstance(named, str):
        return
    if event.process_path or (event.src_ip and fields.get("device.ip") == event.src_ip):
        event.device = event.device or named
    else:
        event.observer = named
