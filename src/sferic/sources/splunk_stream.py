"""Splunk Stream: HTTP requests, TCP and UDP flows and DNS queries from the wire, one JSON object a line.

Formats: https://docs.splunk.com/Documentation/StreamApp/latest/DeployStreamApp/SimpleTransport (TCP, UDP; its
neighbours have HTTP and DNS), https://docs.splunk.com/Documentation/StreamApp/latest/User/StreamFieldDetails

`stream:http`, `stream:dns`, `stream:tcp` and `stream:udp` are read; the source type comes from the export's
envelope, or else the keys tell. Other streams (`stream:smb`, `stream:ip`, …) are known lines without an
event. A value may be text, a number, an array, or several lines of text: the first counts, except for DNS
answers. `bytes_in` is what the client sent. A record of an aggregated stream (`count` above 1) is a reject:
it tells no single request.

In `stream:http`, `src_ip` is what the client's X-Forwarded-For header says, if it sent one. Where the
connection's own `c_ip` is logged that is the client, and the header is `forwarded_for`. For a request to a
proxy (CONNECT, or an absolute URI) `dest_ip` is the proxy's address and left out.

`reply_code` of DNS becomes `outcome`. Answers are the canonical names, then the addresses; Stream does not
say which section of the message they are from, so a name server's own address may be among them.

Cannot show: the host or path inside TLS. Stock TCP streams have the certificate's subject, often a wildcard
or the name of a delivery network, and that is not the name asked for; it counts for nothing here. If a
stream was given a field for the server name indication (`ssl_server_name`, `server_name_indication` or
`ssl_sni`), that is the host.
"""

from typing import Any

import msgspec

from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.model.hosts import Target, is_address, normalise_host, split_target
from sferic.sources._clock import epoch_us
from sferic.sources._contract import CERTAIN, LIKELY, NO, Setup
from sferic.sources._fields import forwarded, ip, number, port, status, text
from sferic.sources._syslog import iso_time

TABLES = (HTTP, NETWORK, DNS)
FIELDS = tuple(
    "src_ip src_port forwarded_for dst_ip dst_port dst_host host_source user observer bytes_up bytes_down bytes_total"
    " duration_ms method path status user_agent referer content_type protocol app answers outcome".split()
)
STAMP = "start"
NAMELESS_MARKS = ("stream:tcp", "tcp_status", "ssl_issuer")

_PREFIX = "stream:"


class _Record(msgspec.Struct, gc=False):
    """The fields of any stream that matter here, under Stream's names; any of them may be switched off."""

    timestamp: Any = None
    endtime: Any = None
    time_taken: Any = None
    count: Any = None
    src_ip: Any = None
    c_ip: Any = None
    src_port: Any = None
    dest_ip: Any = None
    dest_port: Any = None
    bytes: Any = None
    bytes_in: Any = None
    bytes_out: Any = None
    transport: Any = None
    app: Any = None
    capture_hostname: Any = None
    site: Any = None
    uri: Any = None
    uri_path: Any = None
    uri_query: Any = None
    http_method: Any = None
    http_user_agent: Any = None
    http_referrer: Any = None
    http_content_type: Any = None
    status: Any = None
    user: Any = None
    ntlm_user: Any = None
    proxy_login: Any = None
    ssl_server_name: Any = None
    server_name_indication: Any = None
    ssl_sni: Any = None
    query: Any = None
    query_type: Any = None
    name: Any = None
    hostname: Any = None
    host_addr: Any = None
    reply_code: Any = None


_DECODER = msgspec.json.Decoder(_Record)


class Reader:
    """Reads the lines of one file; each stands alone."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim what an envelope calls `stream:…`, and objects with Stream's own keys."""
        if line.sourcetype is not None and line.sourcetype.startswith(_PREFIX):
            return CERTAIN
        content = line.text
        if not content.startswith("{") or '"dest_ip"' not in content or '"event_type"' in content:
            return NO
        if '"endtime"' in content and '"timestamp"' in content:
            return CERTAIN
        return LIKELY if '"time_taken"' in content and '"bytes_in"' in content else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Read one object; None for streams of other protocols."""
        known = line.sourcetype is not None and line.sourcetype.startswith(_PREFIX)
        kind = (line.sourcetype or "").removeprefix(_PREFIX).lower() if known else ""
        if kind not in {"", "http", "dns", "tcp", "udp"}:
            return None
        try:
            record = _DECODER.decode(line.text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            return Reject("not a JSON object")
        if (_number(record.count) or 1) > 1:
            return Reject("a record of an aggregated stream, no single request")
        time = self._time(record)
        time = line.sent_at if time is None else time
        if time is None:
            return Reject("no timestamp")
        event = self._event(record, time, kind)
        if event.src_ip is None and event.dst_ip is None and event.dst_host is None:
            return Reject("neither client nor server")
        event.observer = text(_one(record.capture_hostname)) or line.sender
        return event

    def _time(self, record: _Record) -> int | None:
        """Return when the transaction began."""
        started, ended = text(_one(record.timestamp)), text(_one(record.endtime))
        if started:
            return self._moment(started)
        if ended is None:
            return None
        began = self._moment(ended) - (_number(record.time_taken) or 0)
        if began < 0:
            raise ValueError("time_taken is longer than time itself")
        return began

    def _moment(self, stamp: str) -> int:
        return epoch_us(stamp) if stamp[4:5] != "-" else iso_time(stamp, self._clock)

    def _event(self, record: _Record, time: int, kind: str) -> Event:
        event = _flow(record, time)
        kind = kind or _kind(record)
        if kind == "http":
            _add_request(event, record)
        elif kind == "dns":
            _add_lookup(event, record)
        elif event.protocol is None:
            event.protocol = kind or None
        return event


def _kind(record: _Record) -> str:
    """Tell a stream by the keys that only it has, where no envelope names it."""
    if any(value is not None for value in (record.http_method, record.site, record.uri_path)):
        return "http"
    return "dns" if record.query is not None else ""


def _flow(record: _Record, time: int) -> Event:
    """Read what every stream has; with the name that TLS asked for, it is a flow's event."""
    up, down, taken_us = _number(record.bytes_in), _number(record.bytes_out), _number(record.time_taken)
    asked = record.ssl_server_name or record.server_name_indication or record.ssl_sni
    sni = _host(_one(asked)) if asked else None
    return Event(
        table=NETWORK,
        time=time,
        src_ip=ip(_one(record.src_ip)) or ip(_one(record.c_ip)),
        src_port=port(_number(record.src_port)),
        dst_ip=ip(_one(record.dest_ip)),
        dst_port=port(_number(record.dest_port)),
        dst_host=sni,
        host_source="sni" if sni else None,
        bytes_up=up,
        bytes_down=down,
        bytes_total=_number(record.bytes) if up is None and down is None else None,
        duration_ms=None if taken_us is None else taken_us // 1000,
        protocol=_lower(record.transport),
        app=_lower(record.app),
    )


def _add_request(event: Event, record: _Record) -> None:
    """Turn a flow's event into an HTTP request's."""
    event.table = HTTP
    event.method = text(_one(record.http_method))
    uri = text(_one(record.uri)) or ""
    target = split_target(uri) if event.method == "CONNECT" or "://" in uri[:20] else None
    _name_server(event, text(_one(record.site)), target)
    if target:
        event.dst_ip, event.dst_port = None, target.port
    if event.method != "CONNECT":
        event.path = (target and target.path) or _path(record) or _absolute(uri)
    _correct_client(event, record)
    event.status = status(_number(record.status))
    event.user_agent = text(_one(record.http_user_agent))
    event.referer = text(_one(record.http_referrer))
    event.content_type = text(_one(record.http_content_type))
    event.user = text(_one(record.user or record.ntlm_user or record.proxy_login))


def _name_server(event: Event, site: str | None, target: Target | None) -> None:
    """Take the name from CONNECT's target, the Host header or an absolute URI, in this order."""
    asked = _host(target.host) if target else None
    host = _host(site)
    if event.method == "CONNECT" and asked:
        event.dst_host, event.host_source = asked, "connect"
    elif host:
        event.dst_host, event.host_source = host, "http_host"
    elif asked:
        event.dst_host, event.host_source = asked, "url"
    if event.dst_port is None and site:
        event.dst_port = split_target(site).port


def _correct_client(event: Event, record: _Record) -> None:
    """Tell the connection's own client from what X-Forwarded-For says, which anyone can write."""
    if peer := ip(_one(record.c_ip)):
        event.src_ip, event.forwarded_for = peer, forwarded(text(_one(record.src_ip)), peer)


def _path(record: _Record) -> str | None:
    path, query = _absolute(_one(record.uri_path) or ""), text(_one(record.uri_query))
    return f"{path}?{query.removeprefix('?')}" if path and query else path


def _absolute(path: str) -> str | None:
    return path if path.startswith("/") else None


def _add_lookup(event: Event, record: _Record) -> None:
    """Turn a flow's event into a DNS query's."""
    event.table = DNS
    event.dst_host = next((host for value in _all(record.query) if (host := normalise_host(value))), None)
    event.host_source = "dns_query" if event.dst_host else None
    event.outcome = _lower(record.reply_code)
    names = [*_all(record.hostname), *(_all(record.name) if _asks_for_address(record) else ())]
    hosts = (host for value in names if (host := normalise_host(value)) and host != event.dst_host)
    addresses = (found for value in _all(record.host_addr) if (found := ip(value)))
    event.answers = tuple(dict.fromkeys((*hosts, *addresses))) or None


def _asks_for_address(record: _Record) -> bool:
    """Say whether the owner names of the reply's records (`name`) can only be steps to an address."""
    kinds = {kind.upper() for kind in _all(record.query_type)}
    return bool(kinds) and kinds <= {"A", "AAAA", "CNAME"}


def _host(value: str | None) -> str | None:
    host = normalise_host(value) if value else None
    return None if host is None or is_address(host) else host


def _lower(value: Any) -> str | None:
    found = text(_one(value))
    return found.lower() if found else None


def _number(value: Any) -> int | None:
    """Return the first of a field's values as a number of at most 18 digits, not below 0."""
    if type(value) is int and 0 <= value < 10**18:
        return value
    return None if value is None else number(_one(value))


def _one(value: Any) -> str | None:
    """Return the first of a field's values as text."""
    if isinstance(value, str) and "\n" not in value:
        return value
    return None if value is None else next(iter(_all(value)), None)


def _all(value: Any) -> list[str]:
    """Return a field's values as text: of an array, of lines, of a number; of anything else none."""
    parts = value if isinstance(value, list) else (value,)
    found: list[str] = []
    for part in parts:
        if isinstance(part, str):
            found += part.split("\n")
        elif isinstance(part, float) and part.is_integer():
            found.append(str(int(part)))
        elif isinstance(part, int | float) and not isinstance(part, bool):
            found.append(str(part))
    return found
