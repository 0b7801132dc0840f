"""Search results with the field names of Splunk's Common Information Model, as JSON lines or a table.

Format: https://docs.splunk.com/Documentation/CIM/latest/User/Web and its neighbours Network_Traffic,
Network_Resolution and Endpoint (started processes)
For exports that kept the fields (`… | table _time src dest url bytes_in bytes_out`) and not the raw line; an export
with `_raw` is read as the line itself. JSON with or without the `result` frame, CSV with the names as its header. A
dataset before a name (`All_Traffic.src`, `Web.url`, as searches of the data models have it) is passed over.

Bytes: the model calls them inbound and outbound and leaves the side to each add-on. `bytes_out` is taken as sent by the
client and `bytes_in` as received, as most proxy and firewall add-ons write them; those for Splunk Stream and for
Squid's recommended format mean the opposite: `--set splunk_cim.bytes_in=up` reads them right.
`duration` is in milliseconds in Web and in seconds in Network_Traffic. `dest` and `src` may be names or addresses.

Cannot show: whether the add-on stamped `_time` at a connection's start or end (taken as its end), and where the name in
`dest` came from.
"""

import re
from collections.abc import Mapping
from typing import Any

from sferic.model.errors import UsageError
from sferic.model.event import DNS, HTTP, NETWORK, PROCESS, Event, Line, Reject
from sferic.sources._contract import GENERIC, NO, Setup
from sferic.sources._meaning import Names, Record, from_json, moment, read
from sferic.sources._table import Table

TABLES = (HTTP, NETWORK, DNS, PROCESS)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port dst_host host_source user device observer bytes_up bytes_down bytes_total"
    " duration_ms method path status action user_agent referer protocol app answers outcome process_path process_id"
    " process_guid parent_path parent_id parent_guid command_line".split()
)
STAMP = "end"
MARKS = (r"(?:^|[,;\t])\"?_time\"?[,;\t\r\n]",)
NAMELESS_MARKS = (r'"dest" ?: ?"\d{1,3}\.\d', r"(?:^|[,;\t])\"?(?:transport|dest)\"?[,;\t\r\n]")
OPTIONS = {
    "bytes_in": "Which way `bytes_in` counts in your search results: `down` (to the client, the default) or `up`."
}

_DOWN = {"bytes_up": ("bytes_out",), "bytes_down": ("bytes_in",)}
_UP = {"bytes_up": ("bytes_in",), "bytes_down": ("bytes_out",)}
_NAMES: Names = {
    "src_ip": ("src_ip", "src", "c_ip"),
    "src_port": ("src_port",),
    "dst_ip": ("dest_ip", "dest"),
    "dst_port": ("dest_port",),
    "url": ("url",),
    "http_host": ("url_domain", "site", "cs_host"),
    "sni": ("ssl_server_name", "tls_sni"),
    "dst_host": ("dest_host", "dest_name", "dest_dns", "dest"),
    "user": ("user", "src_user"),
    "device": ("src_host", "src_name", "src_dns", "src_nt_host", "src"),
    "observer": ("dvc", "dvc_host", "host"),
    "bytes_total": ("bytes",),
    "method": ("http_method",),
    "path": ("uri_path",),
    "query": ("uri_query",),
    "status": ("status",),
    "action": ("action",),
    "user_agent": ("http_user_agent",),
    "referer": ("http_referrer", "http_referer"),
    "content_type": ("http_content_type",),
    "protocol": ("transport",),
    "app": ("app",),
    "process_path": ("process_path",),
    "process_id": ("process_id",),
}
_OF_DNS = {"query_name": ("query",), "answers": ("answer",), "outcome": ("reply_code",), "duration_s": ("duration",)}
_OF_PROCESS: Names = {
    "device": ("dest", "dest_nt_host", "host"),
    "user": ("user",),
    "process_path": ("process_path", "process_exec", "process_name"),
    "process_id": ("process_id",),
    "process_guid": ("process_guid",),
    "parent_path": ("parent_process_path", "parent_process_exec", "parent_process_name"),
    "parent_id": ("parent_process_id",),
    "parent_guid": ("parent_process_guid",),
    "command_line": ("process",),
    "company": ("process_company",),
}
_DNS_KEYS = ("reply_code", "record_type", "query_type", "answer", "message_type")
_DESTINATIONS = frozenset({"dest", "dest_ip", "dest_host", "url", "url_domain", "query"})
_DATASETS = ("All_Traffic.", "Web.", "Proxy.", "DNS.", "Processes.")
_IN_JSON = re.compile(r'"(?:[A-Z][A-Za-z_]{2,20}\.)?(?:dest|dest_ip|dest_host|url|url_domain|query)" ?:')
_CALLER = re.compile(r'"(?:[A-Z][A-Za-z_]{2,20}\.)?(?:src|parent_process)')


class Reader:
    """Reads the results of one file; of a table it remembers the header."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._table: Table | None = None
        way = setup.options.get("bytes_in", "down")
        if way not in {"down", "up"}:
            raise UsageError(f"splunk_cim has no bytes_in {way!r}", expected="down or up")
        names = {**_NAMES, **(_UP if way == "up" else _DOWN)}
        self._of_table: dict[str, Names] = {
            HTTP: {**names, "duration_ms": ("duration", "response_time")},
            NETWORK: {**names, "duration_s": ("duration",)},
            DNS: {**names, **_OF_DNS},
            PROCESS: _OF_PROCESS,
        }

    def claims(self, line: Line) -> int:
        """Claim objects with a source, a destination and `_time`, tables with such names, and their rows."""
        text = line.text
        if text.startswith("{"):
            timed = '"_time"' in text or line.sent_at is not None
            return GENERIC if timed and _CALLER.search(text) and _IN_JSON.search(text) else NO
        if self._table is not None:
            return self._table.claim(text, GENERIC)
        return GENERIC if _is_header(text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a result into a request, a flow or a look-up; None where it has no destination."""
        if line.text.startswith("{"):
            record = from_json(line.text)
            framed = record.get("result")
            return self._event(framed if isinstance(framed, dict) else record, line)
        if self._table is None:
            self._table = Table.from_header(line.text)
            return None
        row = self._table.row(line.text)
        return None if row is None else self._event(row, line)

    def _event(self, fields: Mapping[str, Any], line: Line) -> Event | Reject | None:
        fields = _without_dataset(fields)
        table = _table(fields)
        event = read(Record(fields, self._of_table[table]), 0, table)
        if not isinstance(event, Event):
            return event
        stamped = fields.get("_time") or fields.get("time")
        time = moment(stamped, self._clock) if stamped else line.sent_at
        if time is None:
            return Reject("no time")
        event.time = time
        event.observer = event.observer or line.sender
        return event


def _without_dataset(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values under names without their dataset."""
    if not any(name.startswith(_DATASETS) for name in fields):
        return fields
    return {name.rpartition(".")[2] if name.startswith(_DATASETS) else name: value for name, value in fields.items()}


def _table(fields: Mapping[str, Any]) -> str:
    started = any(fields.get(key) for key in ("process", "process_path", "process_name"))
    if started and any(name.startswith("parent_process") for name in fields) and not fields.get("src"):
        return PROCESS
    if fields.get("query") and any(fields.get(key) for key in _DNS_KEYS):
        return DNS
    return HTTP if any(fields.get(key) for key in ("url", "http_method", "url_domain", "site", "uri_path")) else NETWORK


def _is_header(text: str) -> bool:
    if "_time" not in text or ("src" not in text and "parent_process" not in text):
        return False
    names = {name.strip('" \r') for name in re.split(r"[,;\t|]", text[:20_000])}
    names = set(_without_dataset(dict.fromkeys(names)))
    told = any(name.startswith(("src", "parent_process")) for name in names)
    return "_time" in names and bool(names & _DESTINATIONS) and told
