"""Documents in the Elastic Common Schema, JSON or a table: web requests, flows, DNS and started processes.

Format: https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html
Names may be nested, dotted or both, as in exports of Elasticsearch (`_source` is taken off before), Elastic Agent's
file output, or a CSV of Kibana's Discover with ECS names in its header. Elastic Defend's events
are such documents; those of one connection's begin and end get one `connection_id`. Zeek's and Suricata's logs as
Elastic's modules index them keep the sensor's own name of the connection there.

`source.bytes` went from client to server, `destination.bytes` came back. The verdict is in `event.type`
(`allowed`, `denied`), else in `event.action`.
The time is `event.start`; without it, `event.end` less `event.duration`, else `@timestamp` as it stands.
A document without a destination (logins, files, metrics) is known and gives no event, unless a process was started.

`host` is the client where the document tells of a process or `host.ip` holds the source's address, else the machine
that wrote the log.

Cannot show: what the integration that wrote it did not map, and whether `destination.domain` was seen on the wire or
comes from a reverse look-up; which connections Elastic Defend left out because a program repeated them: since 8.15 it
does so below 1 MB (https://www.elastic.co/guide/en/security/current/endpoint-data-volume.html).
"""

import re
from collections.abc import Mapping
from typing import Any

from sferic.model.event import DNS, HTTP, NETWORK, PROCESS, Event, Line, Reject
from sferic.sources._contract import GENERIC, NO, Setup
from sferic.sources._fields import own_address
from sferic.sources._meaning import Names, Record, flat, from_json, moment, read
from sferic.sources._table import Table

TABLES = (HTTP, NETWORK, DNS, PROCESS)
FIELDS = frozenset(
    "src_ip src_port forwarded_for dst_ip dst_port dst_host host_source tls_name user device observer connection_id"
    " bytes_up bytes_down bytes_total duration_ms method path status action user_agent referer content_type protocol"
    " app answers outcome process_path process_id process_guid parent_path parent_id parent_guid command_line company"
    " signer session".split()
)
START_MARKS = (r"\bcategory[^a-z0-9]{1,8}(?:\w{1,30}[^a-z0-9]{1,8}){0,4}process\b",)
STAMP = "start"
IS_PERIODIC = True
"""Flows of Packetbeat and NetFlow are reported while they are open."""
LEAVES_OUT = "connections of a program that repeat (Elastic Defend, unless `deduplicate_network_events` is off)"
MARKS = (r"@timestamp\"?[,;\t\r\n]",)
NAMELESS_MARKS = (
    r'"(?:network_traffic|netflow)[._]', r'"(?:netflow|zeek\.connection|endpoint\.events\.network)"',
    r"\btype[^a-z0-9]{1,8}(?:\w{1,30}[^a-z0-9]{1,8}){0,4}connection\b",
)  # fmt: skip

_NAMES: Names = {
    "src_ip": ("source.ip", "client.ip", "source.address"),
    "src_port": ("source.port", "client.port"),
    "forwarded_for": ("network.forwarded_ip", "client.ip"),
    "dst_ip": ("destination.ip", "server.ip", "destination.address"),
    "dst_port": ("destination.port", "server.port", "url.port"),
    "url": ("url.full", "url.original"),
    "http_host": ("url.domain",),
    "sni": ("tls.client.server_name", "zeek.ssl.server.name", "zeek.ssl.server_name"),
    "dst_host": ("destination.domain", "server.domain"),
    "query_name": ("dns.question.name",),
    "answers": ("dns.answers.data", "dns.resolved_ip"),
    "user": ("user.name", "source.user.name", "client.user.name", "user.email", "source.user.email"),
    "device": ("source.domain", "client.domain"),
    "observer": ("observer.hostname", "observer.name"),
    "connection_id": ("zeek.session_id", "suricata.eve.flow_id"),
    "bytes_up": ("source.bytes", "client.bytes", "http.request.bytes", "http.request.body.bytes"),
    "bytes_down": ("destination.bytes", "server.bytes", "http.response.bytes", "http.response.body.bytes"),
    "bytes_total": ("network.bytes",),
    "duration_ns": ("event.duration",),
    "method": ("http.request.method",),
    "path": ("url.path",),
    "query": ("url.query",),
    "status": ("http.response.status_code",),
    "user_agent": ("user_agent.original",),
    "referer": ("http.request.referrer",),
    "content_type": ("http.response.mime_type",),
    "action": ("event.action",),
    "protocol": ("network.transport",),
    "app": ("network.application", "network.protocol"),
    "outcome": ("dns.response_code",),
    "process_path": ("process.executable",),
    "process_id": ("process.pid",),
    "process_guid": ("process.entity_id",),
    "parent_path": ("process.parent.executable",),
    "parent_id": ("process.parent.pid",),
    "parent_guid": ("process.parent.entity_id",),
    "command_line": ("process.command_line",),
    "company": ("process.pe.company",),
    "signer": ("process.code_signature.subject_name",),
    "session": ("process.Ext.session_info.id",),
}
_NEEDED = re.compile(r'"(?:destination|url|dns|server)(?:\.[a-z_.]{1,40})?" ?:')
_PROCESS = re.compile(r'"(?:process\.)?(?:executable|entity_id)" ?:')
_WORDS = re.compile(r"\w+")
_INBOUND = ("ingress", "inbound")
_IN_HEADER = {"source.ip", "destination.ip", "destination.domain", "url.domain", "url.full", "dns.question.name"}


class Reader:
    """Reads the documents of one file; of a table it remembers the header."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._table: Table | None = None

    def claims(self, line: Line) -> int:
        """Claim objects with `@timestamp` and a destination or process, tables with ECS names, and their rows."""
        text = line.text
        if text.startswith("{"):
            known = '"@timestamp"' in text and (_NEEDED.search(text) or _PROCESS.search(text))
            return GENERIC if known else NO
        if self._table is not None:
            return self._table.claim(text, GENERIC)
        return GENERIC if _is_header(text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a document into a request, a flow, a look-up or a started process; None for others."""
        if line.text.startswith("{"):
            return self._event(flat(from_json(line.text)), line)
        if self._table is None:
            self._table = Table.from_header(line.text)
            return None
        row = self._table.row(line.text)
        return None if row is None else self._event(row, line)

    def _event(self, fields: Mapping[str, Any], line: Line) -> Event | Reject | None:
        kinds = set(_WORDS.findall(str(fields.get("event.type") or "")))
        started = "start" in kinds and "process" in str(fields.get("event.category") or "")
        event = read(Record(fields, _NAMES), 0, PROCESS if started else None)
        if not isinstance(event, Event):
            return event
        event.time = self._time(fields, event, line)
        if kinds & {"denied", "allowed"}:
            event.action = "blocked" if "denied" in kinds else "allowed"
        elif event.method and event.action == event.method.lower():  # Elastic's zeek module
            event.action = None
        _place_host(event, fields)
        if event.table == NETWORK and event.connection_id is None and kinds & {"start", "end"}:
            event.connection_id = _own_name(event)
        return event

    def _time(self, fields: Mapping[str, Any], event: Event, line: Line) -> int:
        if began := _first(fields.get("event.start")):
            return moment(began, self._clock)
        if (ended := _first(fields.get("event.end"))) and event.duration_ms is not None:
            return moment(ended, self._clock) - event.duration_ms * 1000
        if stamped := _first(fields.get("@timestamp")):
            return moment(stamped, self._clock)
        if line.sent_at is None:
            raise ValueError("no time")
        return line.sent_at


def _first(value: Any) -> Any:
    """Return the first of several values, as a hit's `fields` have them."""
    return value[0] if isinstance(value, list) and value else value


def _own_name(event: Event) -> str | None:
    """Name a connection by its process and ends, so that Elastic Defend's rows of its begin and its end are one."""
    ends = (event.process_guid, event.src_ip, event.src_port, event.dst_ip, event.dst_port)
    return None if None in ends else "/".join(map(str, ends))


def _place_host(event: Event, fields: Mapping[str, Any]) -> None:
    """Take `host` for the client where the document is an endpoint's, else for the machine that wrote the log."""
    named = next((name for key in ("host.hostname", "host.name") if isinstance(name := fields.get(key), str)), None)
    of_process = event.table == PROCESS or event.process_path is not None
    calls = of_process and fields.get("network.direction") not in _INBOUND
    if calls or (event.src_ip and event.src_ip in str(fields.get("host.ip") or "").split("'")):
        event.device = named or event.device
        event.src_ip = event.src_ip or own_address(fields.get("host.ip"))
    else:
        event.observer = event.observer or named


def _is_header(text: str) -> bool:
    if "@timestamp" not in text:
        return False
    names = {name.strip('" \r') for name in re.split(r"[,;\t|]", text[:20_000])}
    return "@timestamp" in names and bool(names & _IN_HEADER)
