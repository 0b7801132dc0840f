"""LEEF of any firewall or proxy that feeds QRadar: Forcepoint, Check Point, Skyhigh (McAfee) and others.

Format: https://www.ibm.com/docs/en/dsm?topic=overview-predefined-leef-event-attributes
Both versions, behind any syslog header or none. Read are the predefined attributes and the usual names of the web
proxies' own. Products with a source of their own (PAN-OS) are left to it.

`srcBytes` were sent by the source and `dstBytes` by the destination, as the format defines them. `bytesIn` and
`bytesOut`, which it does not define, count only as their total. `domain` is the user's and no destination.
The time is `devTime`, in the form of `devTimeFormat` where the line has one, else that of the line's own header.
A line without a URL, a name or a destination address (logins, audit, health) is known and gives no event.

Cannot show: how long a connection took (no attribute has a defined unit), and whether `devTime` is the start or the
end of a connection; it is taken as the end.
"""

import re
from functools import lru_cache

from sferic.model.event import HTTP, NETWORK, Event, Line, Reject
from sferic.sources import _cef
from sferic.sources._clock import SECOND_US, ZONE_MINUTES, Clock
from sferic.sources._contract import GENERIC, NO, Setup
from sferic.sources._fields import number, verdict
from sferic.sources._meaning import Names, Record, formatted, read
from sferic.sources._syslog import BEFORE, peel

TABLES = (HTTP, NETWORK)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port dst_host host_source user device observer bytes_up bytes_down bytes_total method"
    " path status action user_agent content_type protocol".split()
)
STAMP = "end"
NAMELESS_MARKS = (r"LEEF:[ 12.0]{1,4}\|Check Point\|",)

_MARK = re.compile(rf"{BEFORE}LEEF: ?[12](?:\.\d)?\|")

_NAMES: Names = {
    "src_ip": ("identsrc", "src", "srcip"),
    "src_port": ("srcport",),
    "dst_ip": ("dst", "dstip"),
    "dst_port": ("dstport",),
    "url": ("url", "request", "requesturl"),
    "http_host": ("httphost",),
    "sni": ("sni", "tls_server_host_name"),
    "dst_host": ("dhost", "dsthost", "dsthostname", "dstname", "destinationhostname"),
    "user": ("usrname", "loginid", "accountname"),
    "device": ("identhostname", "identnetbios", "srchost", "srchostname"),
    "observer": ("dvchost", "devname", "devicename"),
    "bytes_up": ("srcbytes",),
    "bytes_down": ("dstbytes",),
    "method": ("method", "meth", "requestmethod", "httpmethod"),
    "status": ("httpstatus", "serverstatus-code", "proxystatus-code", "responsecode", "status"),
    "action": ("action", "act"),
    "user_agent": ("useragent", "usragent", "agent", "requestclientapplication"),
    "referer": ("refererurl", "referer", "referrer"),
    "content_type": ("contenttype", "mimetype"),
    "protocol": ("proto", "prot"),
    "app": ("app", "application"),
}
_DIRECTIVES = {
    "yyyy": "%Y", "yy": "%y", "MMM": "%b", "MM": "%m", "dd": "%d", "d": "%d", "HH": "%H", "mm": "%M", "ss": "%S",
    "SSS": "%f", "EEE": "%a", "a": "%p", "hh": "%I", "Z": "%z", "X": "%z", "XXX": "%z",
}  # fmt: skip
"""Letters of Java's SimpleDateFormat, which `devTimeFormat` is written in → those of `strptime`."""
_UNKNOWN = "\0"
_LETTERS = re.compile(r"'([^']{0,40})'|([A-Za-z])\2{0,9}|%")


class Reader:
    """Reads the lines of one file; each stands alone."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim lines with a LEEF header right behind a syslog header, or at the start."""
        return GENERIC if "LEEF:" in line.text and _MARK.match(line.text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a message into a request or a flow; None where it has no destination."""
        message = _cef.parse(line.text)
        if message is None:
            return Reject("header is not LEEF")
        header = peel(line.text, self._clock)
        event = read(Record(message.fields, _NAMES), 0)
        if not isinstance(event, Event):
            return event
        written = message.fields.get("devtime")
        time = _device_time(written, message.fields.get("devtimeformat"), self._clock) if written else header.time
        time = line.sent_at if time is None else time
        if time is None:
            return Reject("no time")
        event.time = time
        event.observer = event.observer or header.host or line.sender
        if event.action is None and message.event_id.startswith("transaction:"):  # Forcepoint
            event.action = verdict(message.event_id.removeprefix("transaction:"))
        if event.bytes_up is None and event.bytes_down is None:
            event.bytes_total = _total(message.fields)
        return event


def _total(fields: dict[str, str]) -> int | None:
    inward, outward = number(fields.get("bytesin")), number(fields.get("bytesout"))
    return None if inward is None or outward is None else inward + outward


def _device_time(written: str, pattern: str | None, clock: Clock) -> int:
    form = _strptime_form(pattern) if pattern and not written.isdigit() else None
    if form is None:
        return _cef.moment(written, clock)
    if not form.endswith(" %Z"):
        return formatted(written, form, clock)
    rest, _, zone = written.rpartition(" ")
    minutes = ZONE_MINUTES.get(zone)
    if minutes is None:
        return formatted(rest, form[:-3], clock)
    return formatted(f"{rest} +0000", form[:-3] + " %z", clock) - minutes * 60 * SECOND_US


@lru_cache(maxsize=256)
def _strptime_form(pattern: str) -> str | None:
    """Translate a Java date pattern; None where it has no year or a letter that is not known here."""
    form = _LETTERS.sub(_directive, pattern)
    known = _UNKNOWN not in form and "%Y" in form and form.count("%Z") == form.endswith(" %Z")
    return form if known else None


def _directive(m: re.Match[str]) -> str:
    if m[1] is not None:
        return m[1].replace("%", "%%")
    if m[0] == "%":
        return "%%"
    return "%Z" if set(m[0]) == {"z"} else _DIRECTIVES.get(m[0], _UNKNOWN)
