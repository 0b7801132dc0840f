"""Fortinet FortiGate and FortiProxy logs as `key=value`: sessions, rated web requests, applications and look-ups.

Formats: https://docs.fortinet.com/document/fortigate/6.4.2/fortios-log-message-reference/4 (traffic) and
https://docs.fortinet.com/document/fortigate/7.6.1/fortios-log-message-reference/54401/54401-log-id-dns-url-filter-allow
Pairs behind any syslog header or none, separated by spaces or (format csv) commas; FortiOS 5 to 7. CEF of the same
firewalls is read by `generic_cef`.

Read are `traffic` (a session's end; with `action` "start" its beginning; the interim counts of a long one),
`webfilter`, `app-ctrl` and `ssl` where they name a host, and `dns`. Other types (event, ips, virus, anomaly and so on)
are known and give no event: the session behind them has a traffic line.

Lines of one session share a `connection_id`, made of the device, the session's number and the client's port; for a
look-up its transaction, too. So a session without a name finds the one that its webfilter or app-ctrl line has.

Of a session every `action` but `deny` means that a policy let it pass, and says how it ended; a security profile may
have blocked it nevertheless (`utmaction`). Bytes of a security line are the session's until then: 0 received is no
answer yet, and stays unknown.

The time is `eventtime`, else `date` and `time` in the zone of `tz` or of the log.

Cannot show: which requests a session held unless the web filter logs every URL and looks into TLS, whether a `dstname`
was seen on the wire or comes from a reverse look-up, and the process.
"""

import re

from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.sources._clock import epoch_us
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._meaning import Names, Record, read
from sferic.sources._syslog import BEFORE, iso_time, peel

TABLES = (NETWORK, HTTP, DNS)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port dst_host host_source user device observer connection_id bytes_up bytes_down"
    " duration_ms method path action user_agent referer protocol app answers outcome".split()
)
STAMP = "end"
NAMELESS_MARKS = (r"[ ,]type=\"?traffic\"?[ ,]",)

_FIRST = re.compile(rf"{BEFORE}(?:date|logver|timestamp|itime|devname|devid|eventtime|time)=")
_PROOF = re.compile(r'[ ,]logid="?\d{8,10}"?[ ,]type="?[a-z]')
_WITHIN = 1000
"""Characters in which a line must prove itself; quoted further on in another log it does not count."""
_PAIR = re.compile(r'(?<![^ ,>])([a-z][a-z0-9_]{0,40})=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^ ,"]*))')
MAX_PAIRS = 512

_SESSION: Names = {
    "src_ip": ("srcip", "src"),
    "src_port": ("srcport",),
    "dst_ip": ("dstip", "dst"),
    "dst_port": ("dstport",),
    "dst_host": ("hostname", "dstname"),
    "user": ("user", "unauthuser"),
    "device": ("srcname",),
    "observer": ("devname",),
    "bytes_up": ("sentbyte", "sent"),
    "bytes_down": ("rcvdbyte", "rcvd"),
    "duration_s": ("duration",),
    "protocol": ("proto",),
    "action": ("action",),
    "app": ("app", "service"),
}
_HANDSHAKE: Names = {**_SESSION, "sni": ("sni", "hostname"), "dst_host": ()}
_REQUEST: Names = {
    **_SESSION,
    "url": ("url",),
    "http_host": ("hostname",),
    "dst_host": (),
    "method": ("httpmethod",),
    "status": ("httpcode",),
    "user_agent": ("agent",),
    "referer": ("referralurl",),
    "content_type": ("contenttype",),
}
_LOOKUP: Names = {**_SESSION, "query_name": ("qname",), "answers": ("ipaddr",), "outcome": ("rcode",), "app": ()}
_NAMING = frozenset({"webfilter", "app-ctrl", "ssl"})


class Reader:
    """Reads the lines of one file; each stands alone."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim lines that begin with FortiOS's pairs and have its log id beside the type."""
        text = line.text
        own = "logid=" in text and _FIRST.match(text) and _PROOF.search(text, 0, _WITHIN)
        return CERTAIN if own else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a session, a request or a look-up into an event; None for other types and for lines without a host."""
        fields = _fields(line.text)
        kind = _kind(fields)
        event = _event(kind, fields) if kind else None
        if not isinstance(event, Event):
            return event
        event.time = self._time(fields, line)
        event.observer = event.observer or peel(line.text, self._clock).host or line.sender
        event.connection_id = _session(fields, "xid" if kind == "dns" else "")
        if kind == "traffic":
            event.action = _end(event.action, fields.get("utmaction"))
        elif event.bytes_down == 0:
            event.bytes_down = None
        return event

    def _time(self, fields: dict[str, str], line: Line) -> int:
        happened = fields.get("eventtime", "")
        if happened.isdigit() and len(happened) > 9:
            return epoch_us(happened)
        if "date" in fields and "time" in fields:
            return iso_time(f"{fields['date']}T{fields['time']}{fields.get('tz', '')}", self._clock)
        if line.sent_at is None:
            raise ValueError("no time")
        return line.sent_at


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for m, _ in zip(_PAIR.finditer(text), range(MAX_PAIRS), strict=False):
        found.setdefault(m[1], m[3] if m[2] is None else m[2].replace('\\"', '"'))
    return found


def _kind(fields: dict[str, str]) -> str | None:
    """Return `traffic`, the subtype of a security line that names a host, or None."""
    kind, subtype = fields.get("type"), fields.get("subtype", "")
    if kind in {"traffic", "dns"}:  # `dns` as a type of its own is FortiOS 6.0's
        return kind
    return subtype if kind == "utm" and (subtype in _NAMING or subtype == "dns") else None


def _event(kind: str, fields: dict[str, str]) -> Event | Reject | None:
    if kind == "traffic":
        return read(Record(fields, _SESSION), 0, NETWORK) or Reject("no destination")
    if kind == "dns":
        return read(Record(fields, _LOOKUP), 0, DNS)
    if not (fields.get("hostname") or fields.get("url") or fields.get("sni")):
        return None
    if kind == "webfilter" or fields.get("service") == "HTTP":
        return read(Record(fields, _REQUEST), 0, HTTP)
    return read(Record(fields, _HANDSHAKE), 0, NETWORK)


def _session(fields: dict[str, str], also: str) -> str | None:
    """Name the session; numbers begin anew when a device starts, so the client's port belongs to the name."""
    device, number = fields.get("devid") or fields.get("devname"), fields.get("sessionid")
    if not (device and number) or number == "0":
        return None
    more = f"/{fields[also]}" if fields.get(also) else ""
    return f"{device}/{number}/{fields.get('srcport', '')}{more}"


def _end(action: str | None, profile: str | None) -> str | None:
    if action == "blocked" or (profile or "").startswith("block"):
        return "blocked"
    return action if action in {None, "start"} else "allowed"
