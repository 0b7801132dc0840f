r"""CEF of any firewall, proxy or DNS server: FortiGate, Check Point, Forcepoint, Skyhigh, Netskope and others.

Format: https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.4/cef-implementation-standard/
Vendors: https://docs.fortinet.com/document/fortigate/6.0.14/fortios-log-message-reference/949981/traffic-log-support-for-cef,
https://community.checkpoint.com/docs/DOC-3371 and
https://docs.trellix.com/docs/forcepoint-websense-log-format-and-field-mapping

Read are the keys of CEF's own dictionary, custom fields by their labels, and a few keys of FortiGate and Netskope.
Products with a source of their own (PAN-OS, Zscaler) are left to it.

Bytes: by the dictionary, `in` flows from source to destination and `out` comes back. FortiGate, Check Point and
SonicWall write the opposite, and are read so; the option `bytes_in` says it for others.

The time is `end`, else `rt`, else the line's own header; where a line has only `start` and how long it took, their sum.
A line without a URL, a name or a destination address (logins, audit, health) is known and gives no event.

Cannot show: whether an administrator has given a key another meaning, the unit of a duration (unless it is `start`
and `end`, or the label says it), and the origin of a `dhost`, which may be a reverse look-up.
"""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from sferic.model.errors import UsageError
from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.sources import _cef
from sferic.sources._bulk import Lines, Rows
from sferic.sources._contract import GENERIC, LIKELY, NO, Setup
from sferic.sources._fields import status
from sferic.sources._meaning import Names, Record, read
from sferic.sources._syslog import BEFORE, Header, peel

TABLES = (HTTP, NETWORK, DNS)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port dst_host host_source user device observer bytes_up bytes_down duration_ms method"
    " path status action user_agent referer content_type protocol app answers".split()
)
STAMP = "end"
NAMELESS_MARKS = (r"\|traffic:[a-z]{1,20} ", r"\|VPN-1 & FireWall-1\|", r"\|Connection_(?:Allowed|Closed)\|")
OPTIONS = {
    "bytes_in": "Which way the key `in` counts: `up` (from the client, CEF's dictionary) or `down`; else by product.",
}

_MARK = re.compile(rf"{BEFORE}CEF: ?\d{{1,2}}(?:\.\d)?\|")

_UP = {"bytes_up": ("in", "bytesin"), "bytes_down": ("out", "bytesout")}
_DOWN = {"bytes_up": ("out", "bytesout"), "bytes_down": ("in", "bytesin")}
_STANDARD: Names = _UP | {
    "src_ip": ("src", "sourceaddress", "#source ipv6 address", "sourcetranslatedaddress"),
    "src_port": ("spt", "sourceport"),
    "dst_ip": ("dst", "destinationaddress", "#destination ipv6 address"),
    "dst_port": ("dpt", "destinationport"),
    "url": ("request", "requesturl"),
    "http_host": ("#host", "#http host", "http_host", "requesthost", "requesturlhost"),
    "sni": ("sni", "tlssni", "tls_sni", "#sni", "#server name indication", "#tls sni"),
    "dst_host": ("dhost", "destinationhostname", "fqdn", "#fqdn", "#domain", "#url domain"),
    "user": ("suser", "sourceusername", "suid"),
    "device": ("shost", "sourcehostname"),
    "observer": ("dvchost", "devicehostname", "ftntfgtdevname"),
    "duration_ms": ("#durationms", "#duration (ms)", "#duration in milliseconds"),
    "duration_s": ("#duration in seconds", "#elapsed time in seconds", "#duration (s)"),
    "method": ("requestmethod", "method", "ftntfgthttpmethod"),
    "status": (
        *("#response status code", "#http status code", "#http status", "#http response code", "#response code"),
        *("#status code", "ftntfgthttpcode", "httpstatus"),
    ),
    "action": ("act", "deviceaction"),
    "user_agent": ("requestclientapplication", "#user agent"),
    "referer": ("requestreferer", "referer", "#referer", "requestcontext"),
    "content_type": ("#contenttype", "#content type", "filetype", "requestcontenttype"),
    "protocol": ("proto", "transportprotocol"),
    "app": ("app", "applicationprotocol", "sourceservicename", "destinationservicename"),
    "query_name": ("ftntfgtqname", "#asked"),
    "answers": ("ftntfgtipaddr",),
}
_VENDORS: Mapping[str, Names] = {
    "fortinet": _DOWN | {"user": ("suser", "duser"), "duration_s": ("ftntfgtduration", "#duration")},
    "check point": _DOWN | {"url": ("request", "resource"), "sni": ("sni", "tls_server_host_name")},
    "sonicwall": _DOWN,
    "netskope": {"url": ("url", "request"), "user_agent": (), "app": ("requestclientapplication", "sourceservicename")},
}
"""Vendor, in lower case → where its product departs from the dictionary, as its own guide says.

FortiGate sends `sentbyte` as `out` and `rcvdbyte` as `in`, Check Point `sent_bytes` and `received_bytes` likewise, and
SonicWall `sent` and `rcvd`. FortiGate's durations are in seconds; its user is `duser` where there is no other.
Netskope puts the application's name into `requestClientApplication`.
"""
_CLOSED_WELL = {"close", "timeout", "client-rst", "server-rst", "ip-conn"}
"""How FortiGate says that a session was allowed and how it ended."""
_ANSWERED_BY_ID = {"mcafee", "skyhigh", "skyhigh security", "trellix"}
"""Web gateways that write the HTTP status into the header's event id."""
_ELSEWHERE = ("palo alto", "zscaler")
"""Vendors with sources of their own, which know better."""
_SESSION = ("deviceexternalid", "externalid", "spt")
_DNS_WORDS = {"dns", "domain-udp", "domain-tcp"}
_RECEIVED = ("rt", "devicereceipttime", "ftntfgteventtime", "timestamp")


class Reader:
    """Reads the lines of one file; each stands alone."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        way = setup.options.get("bytes_in")
        if way not in {None, "up", "down"}:
            raise UsageError(f"generic_cef has no bytes_in {way!r}", expected="up or down")
        chosen: Names = {} if way is None else _UP if way == "up" else _DOWN
        self._standard = {**_STANDARD, **chosen}
        self._names = {vendor: {**_STANDARD, **names, **chosen} for vendor, names in _VENDORS.items()}

    def claims(self, line: Line) -> int:
        """Claim lines with a CEF header right behind a syslog header, or at the start; other sources' only vaguely."""
        match = _MARK.match(line.text) if "CEF:" in line.text else None
        if match is None:
            return NO
        vendor = line.text[match.end() :].partition("|")[0].lower()
        return GENERIC if any(word in vendor for word in _ELSEWHERE) else LIKELY

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a message into a request, a look-up or a flow; None where it has no destination."""
        message = _cef.parse(line.text)
        if message is None:
            return Reject("header is not CEF")
        vendor = message.vendor.lower()
        fields = _with_labels(message.fields) | _asked(message.fields)
        record = Record(fields, self._names.get(vendor, self._standard))
        header = peel(line.text, self._clock)
        event = read(record, 0)
        if not isinstance(event, Event):
            return event
        event.time = self._time(fields, event, header, line)
        event.observer = event.observer or header.host or line.sender
        _correct(event, message, vendor)
        if vendor == "fortinet" and event.table != DNS:
            event.connection_id = _session(fields)
        return event

    @property
    def state(self) -> None:
        """Each line stands alone."""

    def bulk(self, lines: Lines) -> list[Rows]:
        """Read plain flows by columns."""
        bulk = import_module("sferic.sources._cef_bulk")  # hunts do without it

        def header(written: str) -> Any:
            match = _cef.HEADER.search(written)
            if not match or match[6] is None or match.end() < len(written) or self.claims(Line(written)) < LIKELY:
                return None
            try:
                peeled = peel(written, self._clock)
            except ValueError:
                return None
            return bulk.Said(match[1].lower(), peeled.host, peeled.time)

        form = bulk.Form(
            header, lambda vendor: self._names.get(vendor, self._standard),
            lambda written: _cef.moment(written, self._clock), _RECEIVED, _action, frozenset({"fortinet"}), _SESSION,
        )  # fmt: skip
        found: list[Rows] = bulk.read(lines, form)
        return found

    def _time(self, fields: dict[str, str], event: Event, header: Header, line: Line) -> int:
        began = self._moment(fields.get("start"))
        ended = self._moment(fields.get("end"))
        if began is not None and ended is not None and ended >= began and event.duration_ms is None:
            event.duration_ms = (ended - began) // 1000
        received = self._moment(next((v for key in _RECEIVED if (v := fields.get(key))), None))
        if began is not None and ended is None and received is None:
            return began + (event.duration_ms or 0) * 1000
        for time in (ended, received, header.time, line.sent_at):
            if time is not None:
                return time
        raise ValueError("no time")

    def _moment(self, written: str | None) -> int | None:
        return _cef.moment(written, self._clock) if written else None


def _with_labels(fields: dict[str, str]) -> dict[str, str]:
    """Add custom fields under their labels: `cn2=200 cn2Label=Status Code` also as `#status code`."""
    labels = [(key, label) for key, label in fields.items() if key.endswith("label")]
    if not labels:
        return fields
    named = {f"#{label.lower()}": value for key, label in labels if (value := fields.get(key[:-5]))}
    return {**fields, **named}


def _asked(fields: dict[str, str]) -> dict[str, str]:
    """Find a look-up's name in `destinationDnsDomain`, which elsewhere is the domain of a server."""
    found = fields.get("destinationdnsdomain")
    if not found or "request" in fields:
        return {}
    service = {fields.get("app", "").lower(), fields.get("service_id", "")}
    return {"#asked": found} if fields.get("dpt") == "53" or service & _DNS_WORDS else {}


def _session(fields: dict[str, str]) -> str | None:
    """Name FortiGate's session as `fortinet_fortigate` does: device, number, and the client's port."""
    parts = [fields.get(key) for key in _SESSION]
    return "/".join(part for part in parts if part) if all(parts) and parts[1] != "0" else None


def _action(said: str | None, vendor: str) -> str | None:
    return "allowed" if vendor == "fortinet" and said in _CLOSED_WELL else said


def _correct(event: Event, message: _cef.Message, vendor: str) -> None:
    """Undo what some products write into keys that mean something else."""
    if event.referer and "://" not in event.referer:
        event.referer = None  # FortiGate's requestContext is the site's category
    event.action = _action(event.action, vendor)
    if event.table == HTTP and event.status is None and vendor in _ANSWERED_BY_ID:
        event.status = status(message.event_id)
