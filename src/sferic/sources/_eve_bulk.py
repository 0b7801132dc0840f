"""Reads Suricata's requests, handshakes and flows many lines at once.

Left to the reader: every other type of record, requests to a proxy, values of unexpected type, times in another form
than Suricata's own.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import methodcaller
from typing import Protocol

import msgspec

from sferic.model.event import HTTP, NETWORK
from sferic.sources import _wire
from sferic.sources._bulk import Bare, Column, Rows, coded, counts, decoded, only, ports, where
from sferic.sources._clock import Clock
from sferic.sources._fields import status
from sferic.sources._syslog import iso_time

_opens = methodcaller("startswith", b'{"')
_types = re.compile(rb'"event_type": ?"[a-z0-9_]{1,40}"').search
_STAMP = 31
"""Characters of `2026-03-02T10:00:00.400000+0000`."""


class _Http(msgspec.Struct, gc=False):
    http_method: str | None = None
    url: str | None = None
    hostname: str | None = None
    status: int | None = None
    http_user_agent: str | None = None
    http_refer: str | None = None
    http_content_type: str | None = None
    length: int | None = None


class _Tls(msgspec.Struct, gc=False):
    sni: str | None = None


class _Flow(msgspec.Struct, gc=False):
    start: str | None = None
    end: str | None = None
    bytes_toserver: int | None = None
    bytes_toclient: int | None = None
    action: str | None = None
    state: str | None = None


class _Plain(Bare, gc=False, kw_only=True):
    timestamp: str
    event_type: str
    flow_id: int
    src_ip: str
    dest_ip: str
    src_port: int | None = None
    dest_port: int | None = None
    proto: str | None = None
    app_proto: str | None = None
    app_proto_orig: str | None = None
    direction: str | None = None
    host: str | None = None
    http: _Http | None = None
    tls: _Tls | None = None
    flow: _Flow | None = None


_DECODE = msgspec.json.Decoder(_Plain).decode
_Group = Sequence[tuple[int, _Plain]]
_Keep = list[bool]


class _App(Protocol):
    def __call__(self, named: str | None, kind: str) -> str | None: ...


class _Moments(dict[str, int | None]):
    """Second, as written with its zone → epoch microseconds; None where it names no real one."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def __missing__(self, text: str) -> int | None:
        try:
            found = iso_time(text, self._clock)
        except ValueError:
            found = None
        self[text] = found
        return found

    def read(self, written: str | None) -> int | None:
        """Read Suricata's own form of a time; None for any other."""
        if written is None or len(written) != _STAMP or written[19] != "." or not written[20:26].isdigit():
            return None
        second = self[written[:19] + written[26:]]
        return None if second is None else second + int(written[20:26])


def read(lines: Sequence[bytes], clock: Clock, actions: Mapping[str, str], app: _App) -> list[Rows]:
    """Read the plain ones of these lines, each type of record for itself."""
    moments = _Moments(clock)
    groups: dict[str, list[tuple[int, _Plain]]] = {"http": [], "tls": [], "flow": []}
    for number, record in zip(*decoded(lines, _DECODE), strict=True):
        group = groups.get(record.event_type)
        if group is not None and record.flow_id > 0 and record.direction != "to_client":
            line = lines[number]
            if b"\\" not in line and b'"xff"' not in line and _opens(line) and _types(line):
                group.append((number, record))
    made = []
    for kind, group in groups.items():
        if group:
            columns, keep = _flows(group, moments, actions) if kind == "flow" else _NAMED[kind](group)
            made.append(_with_ends(group, columns, keep, moments, partial(app, kind=kind)))
    return made


def _requests(group: _Group) -> tuple[dict[str, Column], _Keep]:
    rows = [record.http or _Http() for _, record in group]
    method, url, host, *others = zip(*map(msgspec.structs.astuple, rows), strict=True)
    code, agent, referer, content_type, length = others
    keep = [one != "CONNECT" and (not target or target[0] == "/") for one, target in zip(method, url, strict=True)]
    names = coded(host, _wire.host_header)
    return {
        "table": HTTP,
        "method": coded(method, _wire.word),
        "dst_host": names,
        "host_source": where(names, "http_host"),
        "path": [target or None for target in url],
        "status": coded(code, status),
        "user_agent": coded(agent, _wire.word),
        "referer": coded(referer, _wire.word),
        "content_type": coded(content_type, _wire.word),
        "bytes_down": counts(length),
    }, keep


def _handshakes(group: _Group) -> tuple[dict[str, Column], _Keep]:
    names = coded([record.tls.sni if record.tls else None for _, record in group], _wire.name)
    columns: dict[str, Column] = {"table": NETWORK, "dst_host": names, "host_source": where(names, "sni")}
    return columns, [record.app_proto_orig != "http" for _, record in group]


def _flows(group: _Group, moments: _Moments, actions: Mapping[str, str]) -> tuple[dict[str, Column], _Keep]:
    rows = [record.flow or _Flow() for _, record in group]
    start, end, up, down, action, state = zip(*map(msgspec.structs.astuple, rows), strict=True)
    began, ended = list(map(moments.read, start)), list(map(moments.read, end))
    lasted = [-1 if a is None or b is None else (b - a) // 1000 for a, b in zip(began, ended, strict=True)]
    return {
        "table": NETWORK,
        "time": began,
        "duration_ms": lasted,
        "bytes_up": counts(up),
        "bytes_down": counts(down),
        "action": coded(action, actions.get),
        "outcome": coded(state, _wire.lower),
    }, [ms >= 0 for ms in lasted]


_NAMED: Mapping[str, Callable[[_Group], tuple[dict[str, Column], _Keep]]] = {"http": _requests, "tls": _handshakes}


def _with_ends(
    group: _Group, columns: dict[str, Column], keep: _Keep, moments: _Moments, app: Callable[[str], str | None]
) -> Rows:
    """Add what every record has; a row with another form of time or without an end is left."""
    numbers = [number for number, _ in group]
    rows = [record for _, record in group]
    written = [moments.read(row.timestamp) for row in rows]
    client, server = (coded(ends, _wire.place) for ends in ([r.src_ip for r in rows], [r.dest_ip for r in rows]))
    keep = [
        ok and time is not None and (client.words[a] or server.words[b]) is not None
        for ok, time, a, b in zip(keep, written, client.codes, server.codes, strict=True)
    ]
    protocols = coded([row.app_proto or "" for row in rows], app)
    whole: dict[str, Column] = {
        "time": written,
        "src_ip": client, "src_port": ports([row.src_port for row in rows]),
        "dst_ip": server, "dst_port": ports([row.dest_port for row in rows]),
        "connection_id": [str(row.flow_id) for row in rows],
        "protocol": coded([row.proto for row in rows], _wire.lower),
        "app": protocols,
        "observer": coded([row.host for row in rows], _wire.word),
    }  # fmt: skip
    return only(Rows(numbers, whole | columns), keep)
