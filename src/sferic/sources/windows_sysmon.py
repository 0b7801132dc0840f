"""Sysmon on Windows: which program was started, whom it called and what names it asked for.

Format: https://learn.microsoft.com/en-us/sysinternals/downloads/sysmon
Events 1 (a process was started), 3 (it connected) and 22 (it asked for a name) are read; others are known and give no
event. They come as Windows' XML (wevtutil, Event Viewer, Splunk's XmlWinEventLog, forwarded events), as .evtx files, or
as JSON of Winlogbeat, Elastic Agent, NXLog, Splunk, Velociraptor, Wazuh, EvtxECmd and evtx_dump; EvtxECmd's,
Velociraptor's and Splunk's tables too.

The time is `UtcTime`, when the thing happened, not when it was written. A connection that came in has the machine as
`observer`. `<unknown process>` and a ProcessGuid of zeros are unknown.

Cannot show: bytes, durations, URLs; the name a connection was made to (`DestinationHostname` is a reverse look-up and
marked so); whatever the configuration filters, which is most connections in the usual ones.
"""

import re
from collections.abc import Mapping
from typing import Any

from sferic.model.event import DNS, NETWORK, PROCESS, Event, Line, Reject
from sferic.sources import _sysmon
from sferic.sources._contract import CERTAIN, LIKELY, NO, POSSIBLE, Setup
from sferic.sources._fields import own_address
from sferic.sources._meaning import flat, from_json
from sferic.sources._sysmon import MAX_DATA, Entry
from sferic.sources._table import Table

TABLES = (PROCESS, NETWORK, DNS)
FIELDS = _sysmon.FIELDS
START_MARKS = _sysmon.START_MARKS
STAMP = "start"
MARKS = (
    r"\bPayloadData1\b\"?,",
    r"^\"?System\"?,\"?EventData\b",
    r"^\"?\w+\"?(?:,\"?\w+\"?){0,60},\"?ProcessGuid\b",
)
NAMELESS_MARKS = (r"\bDestinationIp\b",)

_PROVIDER = "Microsoft-Windows-Sysmon"
_LINUX = "Linux-Sysmon"
"""The other system's provider, whose events may name the channel of this one."""
_OWN = re.compile(r"utctime", re.IGNORECASE)
_ABOUT = re.compile(r"Microsoft-Windows-Sysmon|processguid", re.IGNORECASE)
_FRAME = re.compile(r"\s{0,99}(?:<\?xml [^<>]{0,200}\?>)?\s{0,99}(?:</?Events\b[^<>]{0,500}>)?\s{0,99}")
_DATA_AT = (
    "EventData", "Event.EventData", "winlog.event_data", "event_data", "win.eventdata", "data.win.eventdata",
    "result", "",
)  # fmt: skip
_FACTS = {
    "provider": (
        "winlog.provider_name", "Event.System.Provider.#attributes.Name", "System.Provider.Name", "Provider",
        "SourceName", "source_name", "ProviderName", "win.system.providerName", "data.win.system.providerName",
    ),
    "id": (
        "winlog.event_id", "Event.System.EventID", "Event.System.EventID.#text", "System.EventID.Value",
        "System.EventID", "EventID", "EventId", "EventCode", "event_id", "event.code", "win.system.eventID",
        "data.win.system.eventID", "result.EventCode", "result.EventID",
    ),
    "computer": (
        "winlog.computer_name", "Event.System.Computer", "System.Computer", "Computer", "ComputerName", "Hostname",
        "computer_name", "win.system.computer", "data.win.system.computer", "result.Computer", "result.ComputerName",
        "host.name", "host",
    ),
    "stamp": (
        "Event.System.TimeCreated.#attributes.SystemTime", "System.TimeCreated.SystemTime", "TimeCreated",
        "win.system.systemTime", "data.win.system.systemTime", "@timestamp", "result._time", "_time",
    ),
}  # fmt: skip
_HEADERS = ({"Payload", "EventId"}, {"System", "EventData"}, {"ProcessGuid", "EventCode"}, {"ProcessGuid", "EventID"})


class Reader:
    """Reads the events of one file; of a table it remembers the header."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._table: Table | None = None

    def claims(self, line: Line) -> int:
        """Claim XML and JSON of Sysmon, tables of Windows events, and the frame around exported XML."""
        text = line.text
        if text.startswith("{"):
            return CERTAIN if _OWN.search(text) and _ABOUT.search(text) else NO
        if "<Event" in text and _PROVIDER in text and _LINUX not in text:
            return CERTAIN
        if self._table is not None:
            return self._table.claim(text, LIKELY)
        if _is_header(text):
            return LIKELY
        return POSSIBLE if "<" in text and _FRAME.fullmatch(text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn an event into a started process, a connection or a look-up; None for others."""
        text = line.text
        if text.startswith("{"):
            return self._event(_from_record(from_json(text)), line)
        if "<Event" in text and _PROVIDER in text:
            return self._event(_sysmon.from_xml(text), line)
        if "<" in text and _FRAME.fullmatch(text):
            return None
        if self._table is None:
            self._table = Table.from_header(text)
            return None
        row = self._table.row(text)
        return None if row is None else self._event(_from_record(_opened(row)), line)

    def _event(self, entry: Entry, line: Line) -> Event | Reject | None:
        if entry.provider not in {"", _PROVIDER} or not entry.data:
            return None
        return _sysmon.meaning(entry, self._clock, line)


def _from_record(record: Mapping[str, Any]) -> Entry:
    """Find an event's fields wherever a collector has put them."""
    payload = record.get("Payload")
    if isinstance(payload, str) and payload.startswith("{"):
        record = {**{name: record[name] for name in record if name in _KEPT}, "Event": from_json(payload)}
    fields = flat(record)
    facts = {fact: _first(fields, names) for fact, names in _FACTS.items()}
    entry = Entry(**facts, data=_pairs(record), address=own_address(fields.get("host.ip")))
    for name, value in fields.items():
        at, _, leaf = name.rpartition(".")
        if at in _DATA_AT and len(entry.data) < MAX_DATA and (said := _text(value)) is not None:
            entry.data.setdefault(leaf[:1].upper() + leaf[1:], said)
    return entry


_KEPT = frozenset({"Provider", "EventId", "Computer", "TimeCreated"})
"""What EvtxECmd says beside the payload; its ProcessId is that of the service which wrote the event."""


def _pairs(record: Mapping[str, Any]) -> dict[str, str]:
    """Read data that converters of XML leave as a list of names and texts: `{"@Name": …, "#text": …}`."""
    inner: Any = record
    for key in ("Event", "EventData", "Data"):
        inner = inner.get(key) if isinstance(inner, dict) else None
    pairs = inner[:MAX_DATA] if isinstance(inner, list) else []
    return {str(pair.get("@Name")): _text(pair.get("#text")) or "" for pair in pairs if isinstance(pair, dict)}


def _opened(row: Mapping[str, str]) -> dict[str, Any]:
    """Read those cells of a row that hold JSON."""
    return {
        name: from_json(cell) if name in {"System", "EventData"} and cell.startswith("{") else cell
        for name, cell in row.items()
    }


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((said for name in names if (said := _text(fields.get(name)))), "")


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int | float) else None


def _is_header(text: str) -> bool:
    if "," not in text or not any(word in text for word in ("Payload", "EventData", "ProcessGuid")):
        return False
    names = {name.strip('" \r\ufeff') for name in text[:20_000].split(",")}
    return any(names >= needed for needed in _HEADERS)
