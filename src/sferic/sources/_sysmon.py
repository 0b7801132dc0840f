"""What Sysmon's events mean, on Windows and Linux, and how its XML is taken apart.

Format: https://learn.microsoft.com/en-us/sysinternals/downloads/sysmon (events 1, 3 and 22)

What it does not do: know which product wrote an event, or how a collector wrapped it; the sources do.
"""

import re
from typing import Any
from xml.parsers import expat

import msgspec

from sferic.model.event import DNS, NETWORK, PROCESS, Event, Line, Reject
from sferic.model.hosts import is_address, normalise_host
from sferic.sources import _wire
from sferic.sources._clock import Clock
from sferic.sources._fields import ip, number, port, text, transport
from sferic.sources._meaning import MAX_VALUES, moment
from sferic.sources._syslog import iso_time

FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port dst_host host_source user device observer protocol answers outcome process_path"
    " process_id process_guid parent_path parent_id parent_guid command_line company session".split()
)
START_MARKS = (r"\b(?:CommandLine|ParentImage|ParentProcessGuid)\b",)
MAX_DATA = 100
"""Fields of one event; a hostile event's others are ignored."""

_BEGIN, _END = re.compile(r"<Event[ >]"), "</Event>"
_NO_GUID = "{00000000-0000-0000-0000-000000000000}"
_STATUSES = {
    "0": "noerror", "1460": "timeout", "9001": "formerr", "9002": "servfail", "9003": "nxdomain", "9004": "notimp",
    "9005": "refused", "9501": "nodata",
}  # fmt: skip
"""Windows' numbers for what became of a look-up, of which 9501 means that the name has no such record."""
_NAMING = frozenset({"1", "5", "28"})
"""Types of DNS records whose value is an address or an alias; others name other things."""


class Entry(msgspec.Struct, gc=False):
    """One event of a Windows or Sysmon log, before anybody says what it means."""

    provider: str = ""
    id: str = ""
    computer: str = ""
    stamp: str = ""
    """When it was written; `UtcTime` in the data says when it happened."""
    data: dict[str, str] = {}
    """The event's own fields, as text."""
    address: str | None = None
    """The machine's, if a collector says it."""


def from_xml(written: str) -> Entry:
    """Take the first event of a text apart; a ValueError says why that cannot be done.

    There is no event with a document type, so none is read, and with it no entity that could be defined there.
    """
    begun, end = _BEGIN.search(written), written.find(_END)
    if begun is None or end < begun.start():
        raise ValueError("the event has no end")
    start = begun.start()
    if "<!" in written[start:end].replace("<![CDATA[", ""):
        raise ValueError("the event holds a document type or a comment")
    walk = _Walk()
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = walk.enter, walk.leave
    parser.CharacterDataHandler = walk.hear
    try:
        parser.Parse(written[start : end + len(_END)].encode("utf-8", "replace"), True)
    except expat.ExpatError:
        raise ValueError("not well-formed XML") from None
    return walk.entry


class _Walk:
    """Collects what the parser tells: the few facts of `System`, and every named `Data`."""

    def __init__(self) -> None:
        self.entry = Entry(data={})
        self._name = ""
        self._said: list[str] = []

    def enter(self, tag: str, attributes: dict[str, str]) -> None:
        self._name = attributes.get("Name", "") if tag == "Data" else tag
        self._said = []
        if tag == "Provider":
            self.entry.provider = attributes.get("Name", "")
        elif tag == "TimeCreated":
            self.entry.stamp = attributes.get("SystemTime", "")

    def hear(self, said: str) -> None:
        self._said.append(said)

    def leave(self, tag: str) -> None:
        said = "".join(self._said)
        self._said = []
        if tag == "EventID":
            self.entry.id = said.strip()
        elif tag == "Computer":
            self.entry.computer = said.strip()
        elif tag == "Data" and self._name and len(self.entry.data) < MAX_DATA:
            self.entry.data[self._name] = said


def meaning(entry: Entry, clock: Clock, line: Line) -> Event | Reject | None:
    """Turn an event into a started process, a connection or a look-up; None for what is none of these."""
    made = _KINDS.get(entry.id)
    if made is None:
        return None
    data = entry.data
    event = Event(
        table=NETWORK,
        time=_time(entry, clock, line),
        user=text(data.get("User")),
        device=text(entry.computer) or line.sender,
        process_path=_path(data.get("Image")),
        process_id=number(data.get("ProcessId")),
        process_guid=_guid(data.get("ProcessGuid")),
    )
    found = made(event, data)
    if isinstance(found, Event) and found.src_ip is None:
        found.src_ip = entry.address
    return found


def _started(event: Event, data: dict[str, str]) -> Event | Reject:
    event.table = PROCESS
    event.parent_path = _path(data.get("ParentImage"))
    event.parent_id = number(data.get("ParentProcessId"))
    event.parent_guid = _guid(data.get("ParentProcessGuid"))
    event.command_line = text(data.get("CommandLine"))
    event.company = text(data.get("Company"))
    event.session = number(data.get("TerminalSessionId"))
    return event if event.process_path or event.process_guid else Reject("the process has no name")


def _connected(event: Event, data: dict[str, str]) -> Event | Reject:
    """Read a connection; of one that came in the machine is the server, not the client."""
    event.src_ip, event.src_port = ip(data.get("SourceIp")), port(data.get("SourcePort"))
    event.dst_ip, event.dst_port = ip(data.get("DestinationIp")), port(data.get("DestinationPort"))
    event.protocol = transport(data.get("Protocol"))
    host = normalise_host(text(data.get("DestinationHostname")) or "")
    if host and not is_address(host):
        event.dst_host, event.host_source = host, "reverse"
    if (data.get("Initiated") or "").lower() == "false":
        event.observer, event.device = event.device, None
    return event if event.dst_ip else Reject("no destination")


def _asked(event: Event, data: dict[str, str]) -> Event | Reject:
    event.table = DNS
    event.dst_host = _wire.name(data.get("QueryName"))
    if event.dst_host is None:
        return Reject("name asked for is no host name")
    event.host_source = "dns_query"
    event.answers = _answers(data.get("QueryResults"), event.dst_host)
    status = text(data.get("QueryStatus"))
    event.outcome = _STATUSES.get(status, status) if status else None
    return event


_KINDS = {"1": _started, "3": _connected, "22": _asked}


def _answers(results: str | None, asked: str) -> tuple[str, ...] | None:
    """Read `type:  5 alias.example;::ffff:203.0.113.9;`: addresses as they are, other records behind their type."""
    found: list[Any] = []
    for part in (results or "").split(";", MAX_VALUES)[:MAX_VALUES]:
        words = part.replace("type:", "type: ").split()
        if len(words) == 1:
            found += words
        elif len(words) == 3 and words[0] == "type:" and words[1] in _NAMING:
            found.append(words[2])
    return _wire.answers(found, asked)


def _time(entry: Entry, clock: Clock, line: Line) -> int:
    happened = text(entry.data.get("UtcTime"))
    if happened:
        return iso_time(f"{happened}Z", clock)
    if entry.stamp:
        return moment(entry.stamp, clock)
    if line.sent_at is None:
        raise ValueError("no time")
    return line.sent_at


def _path(written: str | None) -> str | None:
    """Return a program's path; Sysmon writes `<unknown process>` for one that had ended before it looked."""
    found = text(written)
    return None if found is None or found.startswith("<unknown") else found


def _guid(written: str | None) -> str | None:
    """Return a process's own name; zeros are that of all whom Sysmon did not know."""
    found = text(written)
    return found.lower() if found and found != _NO_GUID else None
