"""CrowdStrike Falcon Data Replicator: connections, look-ups and started processes of endpoints, an object a line.

Format: https://docs.panther.com/data-onboarding/supported-logs/crowdstrike/falcon-data-replicator (the vendor's own
dictionary of events is behind its customers' login)
NetworkConnectIP4 and IP6, DnsRequest and ProcessRollup2 with its kin are read, also from a Falcon LogScale search;
others are known and give no event. The time is `ContextTimeStamp`, when the thing happened, else `timestamp`.

`device` is ComputerName where the feed was enriched with it, else the sensor's `aid`. The process of a connection or a
look-up is `ContextProcessId`, that of a start `TargetProcessId`: the sensor's own names of a process, which stand in
`process_guid`. Of a connection that came in, the machine is the `observer`.

Cannot show: bytes, durations; the program's path of a connection, unless the same file tells of its start before; every
connection. That the sensor leaves out repeated ones is said by its users; a public page on it was not found.
"""

import re
from collections.abc import Mapping
from typing import Any

from sferic.model.event import DNS, NETWORK, PROCESS, Event, Line, Reject
from sferic.sources import _wire
from sferic.sources._clock import epoch_us
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip, number, port, text, transport
from sferic.sources._meaning import MAX_VALUES, flat, from_json, moment

TABLES = (NETWORK, DNS, PROCESS)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port dst_host host_source user device observer protocol answers process_path process_id"
    " process_guid parent_path parent_guid command_line session".split()
)
STAMP = "start"
LEAVES_OUT = "connections of a program that repeat (how many, the vendor does not publish)"
NAMELESS_MARKS = (r'"NetworkConnectIP[46]"',)
START_MARKS = ("ProcessRollup2",)

REMEMBERED = 50_000
"""Processes whose start has been read, so that their connections have a path; the oldest is forgotten first."""

_OWN = re.compile(r'"#?event_simpleName" ?: ?"')
_BESIDES = re.compile(r'"(?:aid|cid|event_platform)" ?:')
_WINDOWS_EPOCH_S = 11_644_473_600
_BETWEEN = re.compile(r"[;,\s]+")

Fields = Mapping[str, Any]


class Reader:
    """Reads the events of one file; remembers which program a process is."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._paths: dict[tuple[str | None, str], str] = {}

    def claims(self, line: Line) -> int:
        """Claim objects with an `event_simpleName` and a sensor or customer."""
        known = line.text.startswith("{") and _OWN.search(line.text) and _BESIDES.search(line.text)
        return CERTAIN if known else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn an event into a connection, a look-up or a started process; None for others."""
        fields = flat(from_json(line.text))
        kind = _said(fields, "event_simpleName") or _said(fields, "#event_simpleName") or ""
        if kind.startswith(("ProcessRollup2", "SyntheticProcessRollup2")):
            return self._started(fields, self._base(fields, line, "TargetProcessId"))
        if kind in {"NetworkConnectIP4", "NetworkConnectIP6"}:
            return self._connected(fields, self._base(fields, line, "ContextProcessId"))
        if kind == "DnsRequest":
            return self._asked(fields, self._base(fields, line, "ContextProcessId"))
        return None

    def _base(self, fields: Fields, line: Line, process: str) -> Event:
        event = Event(table=NETWORK, time=self._time(fields, line))
        event.device = _said(fields, "ComputerName") or _said(fields, "aid") or line.sender
        event.user = _said(fields, "UserName")
        event.process_guid = _said(fields, process)
        event.process_path = _said(fields, "ContextImageFileName")
        if event.process_path is None and event.process_guid:
            event.process_path = self._paths.get((_said(fields, "aid"), event.process_guid))
        return event

    def _started(self, fields: Fields, event: Event) -> Event | Reject:
        event.table = PROCESS
        event.process_path = _said(fields, "ImageFileName")
        event.process_id = number(_said(fields, "RawProcessId"))
        event.parent_path = _said(fields, "ParentBaseFileName")
        event.parent_guid = _said(fields, "ParentProcessId")
        event.command_line = _said(fields, "CommandLine")
        event.session = number(_said(fields, "SessionId"))
        if event.process_path is None:
            return Reject("the process has no name")
        if event.process_guid:
            if len(self._paths) >= REMEMBERED:
                del self._paths[next(iter(self._paths))]
            self._paths[_said(fields, "aid"), event.process_guid] = event.process_path
        return event

    def _connected(self, fields: Fields, event: Event) -> Event | Reject:
        event.src_ip, event.src_port = _end(fields, "Local")
        event.dst_ip, event.dst_port = _end(fields, "Remote")
        event.protocol = transport(_said(fields, "Protocol"))
        if _said(fields, "ConnectionDirection") == "1":  # 0 went out, 1 came in
            event.src_ip, event.dst_ip = event.dst_ip, event.src_ip
            event.src_port, event.dst_port = event.dst_port, event.src_port
            event.observer, event.device = event.device, None
        return event if event.dst_ip else Reject("no destination")

    def _asked(self, fields: Fields, event: Event) -> Event | Reject:
        event.table = DNS
        event.dst_host = _wire.name(_said(fields, "DomainName"))
        if event.dst_host is None:
            return Reject("name asked for is no host name")
        event.host_source = "dns_query"
        told = [_said(fields, name) or "" for name in ("CNAMERecords", "IP4Records", "IP6Records")]
        event.answers = _wire.answers(
            [word for one in told for word in _BETWEEN.split(one)[:MAX_VALUES]], event.dst_host
        )
        return event

    def _time(self, fields: Fields, line: Line) -> int:
        for name in ("ContextTimeStamp", "ContextTimeStamp_decimal", "timestamp", "@timestamp"):
            if stamped := _said(fields, name):
                return _unix(stamped) if name.startswith("Context") else moment(stamped, self._clock)
        if line.sent_at is None:
            raise ValueError("no time")
        return line.sent_at


def _unix(stamped: str) -> int:
    """Read seconds since 1970; large ones are Windows' count of 100 ns since 1601."""
    whole = stamped.partition(".")[0]
    if len(whole) == 18 and whole.isdigit():
        return int(whole) // 10 - _WINDOWS_EPOCH_S * 1_000_000
    return epoch_us(stamped)


def _end(fields: Fields, side: str) -> tuple[str | None, int | None]:
    """Return an end's address and port."""
    named = (_said(fields, f"{side}{name}") for name in ("AddressIP4", "AddressIP6", "IP"))
    return next((known for one in named if (known := ip(one))), None), port(_said(fields, f"{side}Port"))


def _said(fields: Fields, name: str) -> str | None:
    """Return a value as text; exports of searches write `_decimal` behind the names of numbers."""
    value = fields.get(name, fields.get(f"{name}_decimal"))
    if isinstance(value, str):
        return text(value)
    return str(value) if type(value) in {int, float} else None
