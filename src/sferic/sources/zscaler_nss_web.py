"""Zscaler Internet Access web logs: one line for each request, as a feed of its Nanolog service (NSS) has it.

Format: https://help.zscaler.com/zia/nss-feed-output-format-web-logs
Tab-separated `key=value` (the feed for Splunk), JSON (Cloud NSS, bare or inside `event`), CEF (`NSSWeblog`),
and plain columns: the documented default order, or the one that the option `fields` gives.
URLs have no scheme. The time is the transaction's Logged Time, in the zone of `tz` or else in the log's own.
`reqsize` (`out` in CEF) goes from client to server, `respsize` (`in`) comes back.
Where the names of one connection differ Zscaler says so (`df_hostname`: the SNI; `df_hosthead`: the Host header).
The client is the internal address (`cip`) where Zscaler sees one.
A login that equals the location means that nobody signed in: the device's owner is then the user.

Cannot show: single requests, paths and methods inside TLS that Zscaler does not inspect (a tunnel is one
CONNECT line), traffic that bypasses Zscaler, and the server's address of a blocked request.
Hosts that a feed writes in Base64 only are read, but no search for a host name in the file finds them.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network

from sferic.model.event import HTTP, Event, Line, Reject
from sferic.model.hosts import Target, is_address, split_target
from sferic.sources import _zscaler
from sferic.sources._contract import CERTAIN, LIKELY, NO, Setup
from sferic.sources._fields import another_name, ip, number, port, status
from sferic.sources._zscaler import Fields, Meanings, Pairs, decoded

TABLES = (HTTP,)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port dst_host host_source tls_name user device bytes_up bytes_down bytes_total"
    " duration_ms method path status action user_agent referer content_type protocol app".split()
)
STAMP = "end"
OPTIONS = {
    "fields": "Names of a plain feed's columns in order, or its Feed Output Format from the admin portal.",
}

_DEFAULT = (
    "time login proto eurl action appname appclass reqsize respsize stime ctime urlclass urlsupercat urlcat"
    " malwarecat threatname riskscore dlpeng dlpdict location dept cip sip reqmethod respcode eua ereferer"
    " ruletype rulelabel contenttype unscannabletype deviceowner devicehostname keyprotectiontype"
).split()
_DEFAULT_LINE = re.compile(
    r'"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]{0,2}\d [\d:]{7,8} \d{4}"(?:,"[^"]{0,4096}"){3},"(?:Allowed|Blocked)"'
)
_MEANINGS = Meanings(
    {
        "method": "reqmethod requestmethod",
        "url": "url eurl request",
        "host": "ehost host hostname dhost",
        "other": "df_hostname edf_hostname df_hosthead edf_hosthead",
        "own": "cip clientip cltip src",
        "outside": "cintip cltintip sourcetranslatedaddress clientpublicip cpubip",
        "port": "clt_sport cltsourceport spt",
        "server": "sip serverip dst",
        "server_port": "srv_dport dpt",
        "login": "login elogin ologin user suser",
        "location": "location elocation spriv",
        "owner": "deviceowner",
        "device": "devicehostname edevicehostname",
        "up": "reqsize requestsize out",
        "down": "respsize responsesize in",
        "total": "totalsize transactionsize",
        "duration": "ctime clienttranstime",
        "status": "respcode status outcome actual_status",
        "action": "action act actual_action",
        "agent": "ua eua useragent requestclientapplication",
        "referer": "referer ereferer refererurl requestcontext",
        "type": "contenttype",
        "protocol": "proto protocol app",
        "app": "appname destinationservicename",
    }
)
"""What the fields mean → their names in the feeds; keys of CEF come last."""
_WANTED = frozenset(
    [*_zscaler.TIMES, *_MEANINGS.names, *(f"b64{name}" for name in (*_zscaler.TIMES, *_MEANINGS.names))]
)
_JSON_MARK = re.compile(r'"(?:reqmethod|requestmethod)" ?:')
_PAIR_MARKS = tuple(f"{tab}{key}=" for tab in ("\t", "#011") for key in ("requestmethod", "reqmethod"))
_SIZES = ("reqsize", "requestsize")
_VENDOR = ("Zscaler", "urlsupercat", "nsssvcip")
_CEF = "|Zscaler|NSSWeblog|"
_SENTINEL = '"NSSWeblog"'
_SOURCETYPE = "zscalernss-web"
_QUOTED_SOURCETYPE = f'"{_SOURCETYPE}"'
_INSIDE = [
    ip_network(network) for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
]
_NO_SERVER = str(IPv4Address(0))
"""What Zscaler writes as the server of a request that it blocked."""


class Reader:
    """Reads web log records in any of the feed's formats."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        option = setup.options.get("fields", "")
        self._columns = _zscaler.column_names(option) if option else None
        self._pairs = Pairs(_WANTED)

    def claims(self, line: Line) -> int:
        """Claim records with a request's method and size; firewall, DNS and tunnel records have neither."""
        text, sourcetype = line.text, line.sourcetype or ""
        if sourcetype.startswith("zscalernss"):
            return CERTAIN if sourcetype == _SOURCETYPE else NO
        if _CEF in text or _QUOTED_SOURCETYPE in text or _SENTINEL in text:
            return CERTAIN
        if _has_method(text) and any(size in text for size in _SIZES):
            return CERTAIN if any(word in text for word in _VENDOR) else LIKELY
        if _DEFAULT_LINE.search(text):
            return CERTAIN
        if self._columns and text.count(",") + text.count("\t") >= len(self._columns) - 1:
            return LIKELY
        return NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a record into an event."""
        fields = self._fields(line.text)
        if "b64" in line.text:
            fields = _zscaler.from_base64(fields)
        time = _zscaler.when(fields, self._clock)
        said = _MEANINGS.of(fields)
        method = said["method"].upper() if "method" in said else None
        target = _target(said)
        host, origin = target.host, "connect" if method == "CONNECT" else "url"
        if host is None or is_address(host):
            named = split_target(decoded(said.get("host")) or "").host
            host, origin = (named, "http_host") if named else (host, origin)
        if host is None:
            return Reject("no url and no host")
        event = _event(said, time, method, target)
        if is_address(host):
            event.dst_ip = event.dst_ip or host
        else:
            event.dst_host, event.host_source = host, origin
            event.tls_name = another_name(decoded(said.get("other")), host)
        return event

    def _fields(self, text: str) -> Fields:
        if _CEF in text:
            return _zscaler.from_cef(text)
        if text.lstrip().startswith("{") or ('"' in text and (_JSON_MARK.search(text) or _SENTINEL in text)):
            return _zscaler.from_json(text)
        if self._columns:
            return _zscaler.from_columns(text, self._columns, len(self._columns))
        if "\t" in text or "#011" in text:
            return self._pairs.read(text)
        quoted = text[max(text.find('"'), 0) :]
        return _zscaler.from_columns(quoted, _DEFAULT, len(_DEFAULT) - 1)


def _has_method(text: str) -> bool:
    if "{" in text:
        return _JSON_MARK.search(text) is not None
    return any(mark in text for mark in _PAIR_MARKS)


def _event(said: Fields, time: int, method: str | None, target: Target) -> Event:
    """Fill everything but the destination's name."""
    get = said.get
    server, up, down = ip(get("server")), number(get("up")), number(get("down"))
    return Event(
        table=HTTP,
        time=time,
        src_ip=_client(said),
        src_port=port(get("port")),
        dst_ip=None if server == _NO_SERVER else server,
        dst_port=port(get("server_port")) or target.port,
        user=_user(said),
        device=decoded(get("device")),
        bytes_up=up,
        bytes_down=down,
        bytes_total=number(get("total")) if up is None and down is None else None,
        duration_ms=number(get("duration")) or None,
        method=method,
        path=None if method == "CONNECT" else target.path,
        status=status(get("status", "")[:3]),
        action=get("action", "").lower() or None,
        user_agent=decoded(get("agent")),
        referer=decoded(get("referer")),
        content_type=get("type"),
        protocol=get("protocol", "").lower() or None,
        app=get("app"),
    )


def _target(said: Fields) -> Target:
    """Split the URL; if its host is percent-encoded it is decoded first, else the path stays as logged."""
    url = said.get("url", "")
    if "%" in url and "%" in url.partition("/")[0]:
        url = decoded(url) or ""
    return split_target(url)


def _client(said: Fields) -> str | None:
    """Return the client's internal address where there is one: CEF feeds disagree which key holds it."""
    own, outside = ip(said.get("own")), ip(said.get("outside"))
    if own and outside and _is_inside(outside) and not _is_inside(own):
        return outside
    return own or outside


@lru_cache(maxsize=65536)
def _is_inside(address: str) -> bool:
    parsed = ip_address(address)
    return any(parsed in network for network in _INSIDE)


def _user(said: Fields) -> str | None:
    login = decoded(said.get("login"))
    if login and login != decoded(said.get("location")):
        return login
    return decoded(said.get("owner"))
