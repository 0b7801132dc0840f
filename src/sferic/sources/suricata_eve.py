"""Suricata's EVE log (eve.json): HTTP, TLS, QUIC, DNS, SSH, flows, netflows, and what alerts say of a connection.

Format: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html and, for DNS since version 8,
https://docs.suricata.io/en/latest/upgrade/8.0-dns-logging-changes.html

One JSON object a line, behind a syslog header or none; all records of a flow share `connection_id` (flow_id).
A flow or netflow is an event of its start, with its duration; other records bear the time they were written: a
request when its reply was complete, a handshake when it was done, a query and its answer each by itself.

An alert is an account of its flow so far: bytes up to then, the name and request it was raised on. It comes
beside the flow's own records, so whoever counts connections counts one `connection_id` once. Its `action` is
`allowed` or `blocked`.

The client is the source of every record, also where Suricata names the sender of the packet first (an answer
from port 53, an alert or netflow to the client). A netflow has one direction; of the two of a flow the one to
the server comes first. `bytes_down` of a request is the body's length.
What its option `xff` adds (the address in X-Forwarded-For) is `forwarded_for`.
A request to a proxy, and TLS in its tunnel, has the proxy's address, `proxy_ip`; the
server's is then unknown.

Known without an event are all other types: files, sessions of mail, shares and the like, packets (`drop`,
`packet`), and the sensor's own (`stats`, `engine`), and QUIC without a server name.

Cannot show: anything inside TLS; names, where a client encrypts its hello (ECH); what a client uploads by HTTP,
unless the flow is logged; the process; the user.
"""

import re
from importlib import import_module
from typing import Any

import msgspec

from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.sources import _wire
from sferic.sources._bulk import Lines, Rows
from sferic.sources._contract import CERTAIN, LIKELY, NO, Setup
from sferic.sources._fields import forwarded, port, status

TABLES = (HTTP, NETWORK, DNS)
FIELDS = tuple(
    "src_ip src_port forwarded_for dst_ip dst_port proxy_ip dst_host host_source observer connection_id bytes_up"
    " bytes_down duration_ms method path status action user_agent referer content_type protocol app answers"
    " outcome".split()
)
STAMP = "start"
NAMELESS_MARKS = (r'"event_type": ?"(?:flow|netflow)"', r'"session_resumed": ?true', r'"sni": ?"cloudflare-ech\.com"')

REMEMBERED = 10_000
"""Netflows to the server kept in mind until the one to the client comes."""

_INSIDE_ECS = re.compile(r'"suricata": ?\{')
"""Elastic's own form, which has what matters under ECS's names."""
_TYPE = re.compile(r'"event_type": ?"[a-z0-9_]{1,40}"')
_NAMED_BY = ("CNAME", "A", "AAAA")
_ACTIONS = {
    "allowed": "allowed", "accept": "allowed", "pass": "allowed",
    "blocked": "blocked", "drop": "blocked", "reject": "blocked",
}  # fmt: skip

_Part = dict[str, Any]


class _Record(msgspec.Struct, gc=False):
    """The parts of a record that matter here; what belongs to its type stands in an object of that name."""

    timestamp: Any = None
    event_type: Any = None
    flow_id: Any = None
    src_ip: Any = None
    src_port: Any = None
    dest_ip: Any = None
    dest_port: Any = None
    proto: Any = None
    app_proto: Any = None
    app_proto_orig: Any = None
    direction: Any = None
    xff: Any = None
    host: Any = None
    http: Any = None
    tls: Any = None
    quic: Any = None
    dns: Any = None
    flow: Any = None
    netflow: Any = None
    alert: Any = None


_DECODER = msgspec.json.Decoder(_Record)


class Reader:
    """Reads one file's lines; remembers the netflows to a server whose way back is still to come."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._netflows: dict[Any, None] = {}
        self._kinds = {
            "http": self._http, "tls": self._tls, "quic": self._quic, "dns": self._dns, "ssh": self._plain,
            "flow": self._flow, "netflow": self._netflow, "alert": self._alert,
        }  # fmt: skip

    def claims(self, line: Line) -> int:
        """Claim objects with an `event_type`, and a key that only EVE has or the ends of a connection."""
        text = _wire.object_text(line.text)
        if text is None or '"event_type"' not in text or '"timestamp"' not in text or not _TYPE.search(text):
            return NO
        if '"suricata"' in text and _INSIDE_ECS.search(text):
            return NO
        if any(key in text for key in ('"flow_id"', '"in_iface"', '"pcap_cnt"', '"stats"', '"engine"')):
            return CERTAIN
        return LIKELY if '"src_ip"' in text and '"dest_ip"' in text else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Read one record; None for types that are no connection."""
        text = _wire.object_text(line.text)
        try:
            record = _DECODER.decode((text or "").encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            return Reject("not a JSON object")
        if not isinstance(record.event_type, str):
            return Reject("no event_type at the top of the record")
        kind = self._kinds.get(record.event_type)
        if kind is None:
            return None
        event = kind(record, self._start(record, line))
        if event is not None and event.src_ip is None and event.dst_ip is None and event.dst_host is None:
            return Reject("neither client nor server")
        return event

    @property
    def state(self) -> None:
        """Plain lines stand alone; those that do not, netflows, are left."""

    def bulk(self, lines: Lines) -> list[Rows]:
        """Read plain requests, handshakes and flows by columns."""
        found: list[Rows] = import_module("sferic.sources._eve_bulk").read(lines, self._clock, _ACTIONS, _app)
        return found  # a hunt does without that module

    def _start(self, record: _Record, line: Line) -> Event:
        """Start an event with what every record has."""
        time = line.sent_at if record.timestamp is None else _wire.moment(record.timestamp, self._clock)
        if time is None:
            raise ValueError("no time")
        event = Event(
            table=NETWORK,
            time=time,
            src_ip=_wire.place(record.src_ip),
            src_port=port(_wire.count(record.src_port)),
            dst_ip=_wire.place(record.dest_ip),
            dst_port=port(_wire.count(record.dest_port)),
            observer=_wire.word(record.host) or line.sender,
            connection_id=_id(record.flow_id),
            protocol=_wire.lower(record.proto),
            app=_app(record.app_proto, record.event_type),
        )
        if record.direction == "to_client":
            _turn(event)
        event.forwarded_for = forwarded(_wire.word(record.xff), event.src_ip)
        return event

    def _plain(self, _record: _Record, event: Event) -> Event:
        return event

    def _http(self, record: _Record, event: Event) -> Event:
        event.table = HTTP
        http = _part(record.http)
        _add_request(event, http)
        event.bytes_down = _wire.count(http.get("length"))
        return event

    def _tls(self, record: _Record, event: Event) -> Event:
        _add_name(event, _part(record.tls).get("sni"))
        if record.app_proto_orig == "http":  # after a CONNECT
            event.proxy_ip, event.dst_ip, event.dst_port = event.dst_ip, None, None
        return event

    def _quic(self, record: _Record, event: Event) -> Event | None:
        _add_name(event, _part(record.quic).get("sni"))
        return event if event.dst_host else None

    def _dns(self, record: _Record, event: Event) -> Event:
        event.table = DNS
        _add_lookup(event, _part(record.dns))
        return event

    def _flow(self, record: _Record, event: Event) -> Event:
        flow = _part(record.flow)
        self._add_span(event, flow)
        _add_bytes(event, flow)
        event.action = _ACTIONS.get(str(flow.get("action")))
        event.outcome = _wire.lower(flow.get("state"))
        return event

    def _netflow(self, record: _Record, event: Event) -> Event:
        netflow = _part(record.netflow)
        self._add_span(event, netflow)
        found = _wire.count(netflow.get("bytes"))
        if event.connection_id in self._netflows:
            del self._netflows[event.connection_id]
            _turn(event)
            event.bytes_down = found
            return event
        if len(self._netflows) >= REMEMBERED:
            del self._netflows[next(iter(self._netflows))]
        if event.connection_id:
            self._netflows[event.connection_id] = None
        event.bytes_up = found
        return event

    def _alert(self, record: _Record, event: Event) -> Event:
        if record.dns is not None:
            event.table = DNS
            _add_lookup(event, _alerted(_part(record.dns)))
        elif record.http is not None:
            _add_request(event, _part(record.http))
        else:
            _add_name(event, _part(record.tls or record.quic).get("sni"))
        if event.table == NETWORK:
            _add_bytes(event, _part(record.flow))
        event.action = _ACTIONS.get(str(_part(record.alert).get("action")))
        return event

    def _add_span(self, event: Event, span: _Part) -> None:
        """Set the time to the flow's start, and the duration."""
        start, end = _wire.word(span.get("start")), _wire.word(span.get("end"))
        if start is None:
            return
        event.time = _wire.moment(start, self._clock)
        lasted_ms = (_wire.moment(end, self._clock) - event.time) // 1000 if end else None
        event.duration_ms = _wire.milliseconds(span.get("age")) if lasted_ms is None or lasted_ms < 0 else lasted_ms


def _turn(event: Event) -> None:
    """Swap the ends of a record that names the server first."""
    event.src_ip, event.dst_ip = event.dst_ip, event.src_ip
    event.src_port, event.dst_port = event.dst_port, event.src_port


def _add_name(event: Event, sni: Any) -> None:
    event.dst_host = _wire.name(sni)
    event.host_source = "sni" if event.dst_host else None


def _add_bytes(event: Event, flow: _Part) -> None:
    event.bytes_up = _wire.count(flow.get("bytes_toserver"))
    event.bytes_down = _wire.count(flow.get("bytes_toclient"))


def _add_request(event: Event, http: _Part) -> None:
    event.method = _wire.word(http.get("http_method"))
    target = _wire.word(http.get("url"))
    _wire.send(event, _wire.destination(event.method, target, _wire.word(http.get("hostname"))))
    event.status = status(_wire.count(http.get("status")))
    event.user_agent = _wire.word(http.get("http_user_agent"))
    event.referer = _wire.word(http.get("http_refer"))
    event.content_type = _wire.word(http.get("http_content_type"))


def _add_lookup(event: Event, dns: _Part) -> None:
    """Read a DNS message of version 1 (one answer a record), 2 or 3."""
    answered = dns.get("type") in ("answer", "response")
    if answered and event.src_port == 53 != event.dst_port:
        _turn(event)
    asked = [dns, *_parts(dns.get("queries"))]
    event.dst_host = next((host for part in asked if (host := _wire.name(part.get("rrname")))), None)
    event.host_source = "dns_query" if event.dst_host else None
    if answered:
        event.outcome = _wire.lower(dns.get("rcode"))
        event.answers = _wire.answers(_answers(dns), event.dst_host)


def _answers(dns: _Part) -> list[Any]:
    """Return addresses and aliases: from the record itself, each answer, or the answers grouped by type."""
    parts = [dns, *_parts(dns.get("answers"))]
    single = [part.get("rdata") for part in parts if part.get("rrtype") in _NAMED_BY]
    grouped = _part(dns.get("grouped"))
    return single + [item for kind in _NAMED_BY for item in _list(grouped.get(kind))]


def _alerted(dns: _Part) -> _Part:
    """Take the message out of `query` or `answer`, in which alerts before version 8 have it."""
    return next(iter(_parts(dns.get("query"))), None) or _part(dns.get("answer")) or dns


def _part(value: Any) -> _Part:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _parts(value: Any) -> list[_Part]:
    return [part for part in _list(value) if isinstance(part, dict)]


def _id(value: Any) -> str | None:
    return str(value) if isinstance(value, int | str) and value else None


def _app(named: Any, kind: str) -> str | None:
    """Return the protocol that Suricata recognised, else the one the record is of."""
    found = _wire.lower(named)
    if found and found not in {"failed", "unknown"}:
        return found
    return kind if kind in {"http", "tls", "quic", "dns", "ssh"} else None
