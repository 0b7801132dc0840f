"""Microsoft Defender for Endpoint: connections, look-ups and started processes, from Advanced Hunting or its stream.

Format: https://learn.microsoft.com/en-us/defender-xdr/advanced-hunting-devicenetworkevents-table and its neighbours
DeviceProcessEvents and DeviceEvents
Rows of DeviceNetworkEvents and DeviceProcessEvents, and of DeviceEvents those of look-ups, as JSON or CSV of Advanced
Hunting, of Sentinel's tables, or as Event Hubs and Storage get them (`category`, `properties`); other rows and tables
are known and give no event.

A process is named by its UniqueId, else by its number and when it was started (`4711@2026-03-02T10:00:00Z`).
`RemoteUrl` is a URL, a host name or empty; a literal address in it is the address. Of a connection that came in, the
machine is the `observer`. `action` is the ActionType in lower case; `…aggregatedreport` stands for several connections.
Where a query left that column out, a row with `ProcessCommandLine` is a started process, one with `RemoteUrl` a
connection, though it may have failed or been asked about in another way (DeviceEvents has the column, too).

Cannot show: bytes of connections, durations; the parent's path, only its name; every connection. Many kinds of events
are reported once a day for each set of their main fields, others are sampled (O. Hartong, "Microsoft Defender for
Endpoint Internals 0x03", FalconForce, 2022), and reports of an hour stand for what was left out where they are switched
on (https://learn.microsoft.com/en-us/defender-endpoint/aggregated-reporting). So gaps between rows are not gaps between
connections.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sferic.model.event import DNS, HTTP, NETWORK, PROCESS, Event, Line, Reject
from sferic.model.hosts import is_address, split_target
from sferic.sources import _wire
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, LIKELY, NO, Setup
from sferic.sources._fields import ip, number, port, status, text, transport
from sferic.sources._meaning import MAX_VALUES, from_json, moment
from sferic.sources._table import Table

TABLES = (NETWORK, HTTP, DNS, PROCESS)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port dst_host host_source user device observer path method status user_agent action"
    " protocol answers outcome process_path process_id process_guid parent_path parent_id parent_guid command_line"
    " company session".split()
)
STAMP = "start"
LEAVES_OUT = "connections of a program that repeat (a cap by the day, samples, reports by the hour)"
MARKS = (r"\b(?:InitiatingProcess\w{2,40}|ActionType)\"?[,\r\n]",)
NAMELESS_MARKS = (
    r"\b(?:Connection(?:Success|Request|Attempt|Found|Acknowledged)|SslConnectionInspected)", r"\bRemoteUrl\b"
)  # fmt: skip
START_MARKS = (r"\bProcessCommandLine\b", r"\bProcessCreated")

_OWN = re.compile(r'"(?:ActionType|InitiatingProcess[A-Za-z]{2,40})" ?:|"AdvancedHunting-Device')
_BESIDES = re.compile(r'"(?:DeviceName|DeviceId|InitiatingProcessId)" ?:')
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,6})\d?)? ([AP])M")
"""How the portals write a time in a table: `3/2/2026, 10:00:00.118 AM`."""
_STARTED = frozenset({"processcreated", "processcreatedaggregatedreport"})
_ASKED = frozenset({"dnsqueryrequest", "dnsqueryresponse", "dnsconnectioninspected"})

_UTC = Clock(UTC, datetime(1970, 1, 1, tzinfo=UTC))

Row = Mapping[str, Any]


class Reader:
    """Reads the rows of one file; of a table it remembers the header."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._table: Table | None = None

    def claims(self, line: Line) -> int:
        """Claim objects with the product's own columns, tables that have them, and their rows."""
        written = line.text
        if written.startswith("{"):
            return CERTAIN if _OWN.search(written) and _BESIDES.search(written) else NO
        if self._table is not None:
            return self._table.claim(written, LIKELY)
        return CERTAIN if _is_header(written) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a row into a connection, a request, a look-up or a started process; None for others."""
        if line.text.startswith("{"):
            record = from_json(line.text)
            inner = record.get("properties") or record.get("result")
            return self._event(inner if isinstance(inner, dict) else record, line)
        if self._table is None:
            self._table = Table.from_header(line.text, ",")
            return None
        row = self._table.row(line.text)
        return None if row is None else self._event(row, line)

    def _event(self, row: Row, line: Line) -> Event | Reject | None:
        action = (_said(row, "ActionType") or "").lower()
        made = _maker(action) if "ActionType" in row else _by_columns(row)
        if made is None:
            return None
        event = Event(table=NETWORK, time=self._time(row, line), action=action or None, device=_said(row, "DeviceName"))
        _add_process(event, row)
        return made(event, row)

    def _time(self, row: Row, line: Line) -> int:
        for name in ("Timestamp", "Timestamp [UTC]", "TimeGenerated", "TimeGenerated [UTC]"):
            if stamped := _said(row, name):
                return _moment(stamped, _UTC if name.endswith("[UTC]") else self._clock)
        if line.sent_at is None:
            raise ValueError("no time")
        return line.sent_at


def _maker(action: str) -> Callable[[Event, Row], Event | Reject] | None:
    """Return what makes an event of a row with this ActionType, if anything does."""
    if action in _STARTED:
        return _started
    if action in _ASKED:
        return _asked
    return _connected if "connection" in action and not action.startswith("listening") else None


def _by_columns(row: Row) -> Callable[[Event, Row], Event | Reject] | None:
    """Return the same where a query left ActionType out of its columns: the others tell which table it asked.

    Rows of logons have `RemoteIP`, too, which is whence somebody came, but no `RemoteUrl`.
    """
    if not any(name.startswith("InitiatingProcess") for name in row):
        return None
    if _said(row, "ProcessCommandLine"):
        return _started
    return _connected if "RemoteUrl" in row else None


def _add_process(event: Event, row: Row) -> None:
    event.user = _user(row, "InitiatingProcessAccount")
    event.process_path = _path(row, "InitiatingProcessFolderPath", "InitiatingProcessFileName")
    event.process_id = number(_said(row, "InitiatingProcessId"))
    event.process_guid = _guid(row, "InitiatingProcess")
    event.parent_path = _said(row, "InitiatingProcessParentFileName")
    event.parent_id = number(_said(row, "InitiatingProcessParentId"))
    event.parent_guid = _of_time(event.parent_id, _said(row, "InitiatingProcessParentCreationTime"))
    event.command_line = _said(row, "InitiatingProcessCommandLine")
    event.company = _said(row, "InitiatingProcessVersionInfoCompanyName")
    event.session = number(_said(row, "InitiatingProcessSessionId"))


def _started(event: Event, row: Row) -> Event | Reject:
    """Read a started process; the one that started it is its parent."""
    event.table = PROCESS
    event.parent_path, event.parent_id, event.parent_guid = event.process_path, event.process_id, event.process_guid
    event.user = _user(row, "Account") or event.user
    event.process_path = _path(row, "FolderPath", "FileName")
    event.process_id = number(_said(row, "ProcessId"))
    event.process_guid = _guid(row, "Process")
    event.command_line = _said(row, "ProcessCommandLine")
    event.company = _said(row, "ProcessVersionInfoCompanyName")
    event.session = number(_said(row, "CreatedProcessSessionId"))
    return event if event.process_path else Reject("the process has no name")


def _guid(row: Row, prefix: str) -> str | None:
    """Return the product's own name of a process, else its number and when it was started, as written."""
    named = _said(row, f"{prefix}UniqueId")
    return named or _of_time(number(_said(row, f"{prefix}Id")), _said(row, f"{prefix}CreationTime"))


def _of_time(process_id: int | None, created: str | None) -> str | None:
    return f"{process_id}@{created}" if process_id is not None and created else None


def _connected(event: Event, row: Row) -> Event | Reject:
    more = _more(row)
    event.src_ip, event.src_port = ip(_said(row, "LocalIP")), port(_said(row, "LocalPort"))
    event.dst_ip, event.dst_port = ip(_said(row, "RemoteIP")), port(_said(row, "RemotePort"))
    event.protocol = transport((_said(row, "Protocol") or "").removesuffix("V4").removesuffix("V6"))
    _add_target(event, _said(row, "RemoteUrl"))
    action = event.action or ""
    if action.startswith("http"):
        _add_request(event, more)
    elif name := _wire.name(more.get("server_name")):
        event.dst_host, event.host_source = name, "sni"
    if action.startswith("inbound") or more.get("direction") == "In":
        event.src_ip, event.dst_ip = event.dst_ip, event.src_ip
        event.src_port, event.dst_port = event.dst_port, event.src_port
        event.observer, event.device = event.device, None
        event.dst_host = event.host_source = None
    return event if event.dst_ip or event.dst_host else Reject("no destination")


def _add_target(event: Event, written: str | None) -> None:
    """Read what stands in `RemoteUrl`; where the product has a bare name from, it does not say."""
    if written is None:
        return
    target = split_target(written)
    if target.host and is_address(target.host):
        event.dst_ip = event.dst_ip or target.host
    elif target.host:
        event.dst_host = target.host
        event.host_source = "url" if target.path or "://" in written else None
    event.dst_port = event.dst_port or target.port
    event.path = target.path


def _add_request(event: Event, more: Row) -> None:
    event.table = HTTP
    event.method = _wire.word(more.get("method"))
    to = _wire.destination(event.method, _wire.word(more.get("uri")), _wire.word(more.get("host")))
    event.dst_host, event.host_source = (to.host, to.source) if to.host else (event.dst_host, event.host_source)
    event.path = to.path or event.path
    event.status = status(_wire.count(more.get("status_code")))
    event.user_agent = _wire.word(more.get("user_agent"))


def _asked(event: Event, row: Row) -> Event | Reject:
    """Read a look-up: of the client on the machine (DeviceEvents), or as seen on the wire (inspected)."""
    more = _more(row)
    event.table = DNS
    event.src_ip, event.src_port = ip(_said(row, "LocalIP")), port(_said(row, "LocalPort"))
    event.dst_host = _wire.name(more.get("DnsQueryString") or more.get("query"))
    if event.dst_host is None:
        return Reject("name asked for is no host name")
    event.host_source = "dns_query"
    event.outcome = _wire.lower(more.get("rcode_name"))
    told = [*_listed(more.get("DnsQueryResult")), *_listed(more.get("answers"))]
    event.answers = _wire.answers([a.get("DnsQueryResult") if isinstance(a, dict) else a for a in told], event.dst_host)
    return event


def _more(row: Row) -> Row:
    """Return AdditionalFields, which is an object, or one written as text."""
    found = row.get("AdditionalFields")
    if isinstance(found, str) and found.startswith("{"):
        try:
            return from_json(found)
        except ValueError:
            return {}
    return found if isinstance(found, dict) else {}


def _listed(value: Any) -> list[Any]:
    """Return a list, or one written as text."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = from_json(f'{{"list":{value}}}')["list"]
        except ValueError:
            return []
    return value[:MAX_VALUES] if isinstance(value, list) else []


def _said(row: Row, name: str) -> str | None:
    value = row.get(name)
    if isinstance(value, str):
        return text(value)
    return str(value) if type(value) in {int, float} else None


def _user(row: Row, prefix: str) -> str | None:
    name, domain = _said(row, f"{prefix}Name"), _said(row, f"{prefix}Domain")
    return f"{domain}\\{name}" if name and domain else name or _said(row, f"{prefix}Upn")


def _path(row: Row, folder: str, file: str) -> str | None:
    """Return a program's path; the folder's column has the file's name at its end, or not."""
    where, name = _said(row, folder), _said(row, file)
    if where is None or name is None or where.lower().endswith(name.lower()):
        return where or name
    return where.rstrip("\\/") + ("/" if where.startswith("/") else "\\") + name


def _moment(written: str, clock: Clock) -> int:
    if m := _AMERICAN.fullmatch(written):
        month, day, year, hour, minute, second = (int(m[i]) for i in range(1, 7))
        hour = hour % 12 + (12 if m[8] == "P" else 0)
        return clock.local(year, month, day, hour, minute, second, int((m[7] or "0").ljust(6, "0")))
    return moment(written, clock)


def _is_header(written: str) -> bool:
    names = {name.strip('" \r\ufeff') for name in written[:20_000].split(",")}
    if "ActionType" in names:
        return bool(names & {"DeviceName", "DeviceId", "InitiatingProcessId"})
    by_whom = any(name.startswith("InitiatingProcess") for name in names)
    return by_whom and bool(names & {"RemoteUrl", "ProcessCommandLine"})
