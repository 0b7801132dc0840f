"""Cisco Secure Firewall (Firepower Threat Defense) security events: one line where a connection begins or ends.

Format: https://www.cisco.com/c/en/us/td/docs/security/firepower/Syslogs/b_fptd_syslog_guide/security-event-syslog-messages.html
Fields are `Name: value, Name: value` in any order behind `%FTD-1-43000x:`; those without a value are left out.

Read are 430002 (begin), 430003 (end), 430004 and 430005 (a file seen in a connection). An allowed begin has the
`action` "start", so that whoever counts connections can leave it out where the end is logged too; all lines of one
connection share a `connection_id`. Intrusions (430001) are known and give no event: their source is the packet's
sender, who may be the server. The numbers that an ASA has too are read by `cisco_asa`.

A connection is a request (`http_activity`) where the firewall saw one: plain HTTP, or HTTPS that it decrypts. Of other
TLS connections the host name comes from the handshake. A `DNSQuery` makes it a look-up.

Cannot show: the requests inside a connection (it has one URL at most), the HTTP method, the answer to a look-up, and
whether a client has put ", Name: value" into its user agent or URL, because nothing is quoted: of two values for a
name the first counts.
"""

import re

from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.model.hosts import split_target
from sferic.sources._cisco import Stamps, Tagged, tagged
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._meaning import Names, Record, moment, read

TABLES = (NETWORK, HTTP, DNS)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port dst_host host_source user observer connection_id bytes_up bytes_down duration_ms"
    " path status action user_agent referer protocol app outcome".split()
)
STAMP = "end"
NAMELESS_MARKS = (r"%(?:FTD|NGIPS)-[0-7]-43000[23]: ",)

_BEGIN = "430002"
_READ = frozenset({_BEGIN, "430003", "430004", "430005"})
_KNOWN = _READ | {"430001"}
MAX_FIELDS = 512
_NAME = re.compile(r"(?:^|, )([A-Z][A-Za-z0-9_]{1,40}(?: [A-Z][a-z]{1,20})?):(?: |$|(?=,))")
_NOBODY = frozenset({"no authentication required", "not found", "unknown", "no identity"})

_FLOW: Names = {
    "src_ip": ("SrcIP",),
    "src_port": ("SrcPort",),
    "dst_ip": ("DstIP",),
    "dst_port": ("DstPort",),
    "sni": ("ReferencedHost", "#host"),
    "user": ("User",),
    "bytes_up": ("InitiatorBytes",),
    "bytes_down": ("ResponderBytes",),
    "duration_s": ("ConnectionDuration",),
    "protocol": ("Protocol",),
    "app": ("ApplicationProtocol",),
}
_ASKED: Names = {"query_name": ("DNSQuery",), "outcome": ("DNSResponseType",)}
_REQUEST: Names = {
    "url": ("URL", "URI"),
    "http_host": ("ReferencedHost",),
    "status": ("HTTPResponse",),
    "user_agent": ("UserAgent",),
    "referer": ("HTTPReferer",),
}
_TABLES: dict[str, Names] = {NETWORK: _FLOW, DNS: {**_FLOW, **_ASKED}, HTTP: {**_FLOW, **_REQUEST}}
_REQUESTED = ("HTTPResponse", "UserAgent", "HTTPReferer")
"""Fields of a request, which the firewall has read if it has them."""


class Reader:
    """Reads the lines of one file; each stands alone."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._stamps = Stamps(setup.clock)

    def claims(self, line: Line) -> int:
        """Claim lines with a tag of a security event right behind a syslog header."""
        return CERTAIN if _own(line.text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a connection into a flow, a request or a look-up; None for an intrusion."""
        tag = _own(line.text)
        if tag is None:
            return Reject("no security event behind a syslog header")
        if tag.number not in _READ:
            return None
        fields = _fields(tag.message)
        table = _table(fields)
        event = read(Record(fields, _TABLES[table]), 0, table)
        if not isinstance(event, Event):
            return event or Reject("no destination")
        stamp = self._stamps.of(tag.header)
        event.observer = stamp.host or line.sender
        event.connection_id = _connection(fields)
        event.action = _action(fields, begins=tag.number == _BEGIN)
        if (event.user or "").lower() in _NOBODY:
            event.user = None
        time = line.sent_at if stamp.time is None else stamp.time
        event.time = _ended(fields, event, self._clock) if time is None else time
        return event


def _own(text: str) -> Tagged | None:
    tag = tagged(text) if "-43000" in text else None
    return tag if tag and tag.number in _KNOWN else None


def _fields(message: str) -> dict[str, str]:
    """Cut the message at its names; a name that occurs twice keeps its first value."""
    marks = [m for m, _ in zip(_NAME.finditer(message), range(MAX_FIELDS), strict=False)]
    ends = [m.start() for m in marks[1:]] + [len(message)]
    found: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=True):
        found.setdefault(mark[1], message[mark.end() : end].strip())
    if (url := found.get("URL")) and (host := split_target(url).host):
        found["#host"] = host
    return found


def _table(fields: dict[str, str]) -> str:
    if fields.get("DNSQuery"):
        return DNS
    url = fields.get("URL") or fields.get("URI")
    if not (url or fields.get("ReferencedHost")):
        return NETWORK
    seen = fields.get("ApplicationProtocol") == "HTTP" or any(fields.get(name) for name in _REQUESTED)
    return HTTP if seen or (url and split_target(url).path not in {None, "/"}) else NETWORK


def _connection(fields: dict[str, str]) -> str | None:
    """Name the connection by what is documented to identify it; None where a part of that is missing."""
    parts = [fields.get(name) for name in ("DeviceUUID", "InstanceID", "FirstPacketSecond", "ConnectionID")]
    return "/".join(part for part in parts if part) if all(parts) else None


def _action(fields: dict[str, str], *, begins: bool) -> str | None:
    word = (fields.get("AccessControlRuleAction") or fields.get("FileAction") or "").lower()
    if "block" in word:
        return "blocked"
    if begins:
        return "start"
    return "allowed" if word in {"allow", "trust", "fastpath"} else word or None


def _ended(fields: dict[str, str], event: Event, clock: Clock) -> int:
    if not (first := fields.get("FirstPacketSecond")):
        raise ValueError("no time before the message")
    return moment(first, clock) + (event.duration_ms or 0) * 1000
