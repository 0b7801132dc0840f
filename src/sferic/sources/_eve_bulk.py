"""Reads Suricata's requests, handshakes and flows many lines at once.

Left to the reader: every other type of record, requests to a proxy, values of unexpected type, times in another form
than Suricata's own.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sferic.model.event import HTTP, NETWORK
from sferic.sources import _columns, _wire
from sferic.sources._bulk import Bare, Rows
from sferic.sources._clock import Clock
from sferic.sources._columns import Mask, Moments
from sferic.sources._fields import status

_TEXT, _COUNT = pa.string(), pa.int64()
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
    xff: Any = None
    http: _Http | None = None
    tls: _Tls | None = None
    flow: _Flow | None = None


_DECODER = msgspec.json.Decoder(_Plain)


class _App(Protocol):
    def __call__(self, named: str | None, kind: str) -> str | None: ...


class _Records:
    """Records, and the objects that are named after their type."""

    def __init__(self, records: Sequence[Any]) -> None:
        self._records = records

    def column(self, name: str, kind: pa.DataType = _TEXT) -> pa.Array:
        """Return what they have under this name."""
        return _columns.column(self._records, name, kind)

    def lack(self, name: str) -> Mask:
        """Say which of them have nothing under this name."""
        return np.array([value is None for value in map(attrgetter(name), self._records)], np.bool_)

    def parts(self, kind: str, chosen: Mask) -> "tuple[NDArray[np.int64], _Records]":
        """Return the objects of one type, and whose they are."""
        rows = np.flatnonzero(chosen)
        parts = list(map(attrgetter(kind), map(self._records.__getitem__, rows.tolist())))
        if None in parts:
            rows = rows[[part is not None for part in parts]]
        return rows, _Records([part for part in parts if part is not None])


_Columns = dict[str, Any]


def read(text: bytes, clock: Clock, actions: Mapping[str, str], app: _App) -> list[Rows]:
    """Read the plain ones of these lines, each type of record for itself."""
    if not _is_plainly_typed(text):
        return []
    objects = _columns.decoded(text, _DECODER)
    records = _Records(objects.found)
    moments = Moments(clock)
    common, keep = _ends(records, moments)
    if b"\\" in text:  # a key may be an escaped one
        keep &= np.array([b"\\" not in objects.line(row) for row in range(len(objects.found))], np.bool_)
    kinds = records.column("event_type")
    made = []
    for kind, own in _KINDS.items():
        rows, parts = records.parts(kind, keep & _columns.flags(pc.equal(kinds, pa.scalar(kind))))
        if len(rows):
            taken = {name: column.take(pa.array(rows)) for name, column in common.items()}
            columns, is_plain = own(parts, moments, actions)
            if kind == "tls":
                is_plain = is_plain & ~_columns.flags(pc.equal(taken["tunnel"], pa.scalar("http")))
            del taken["tunnel"]
            taken["app"] = _columns.coded(taken["app"], partial(app, kind=kind), nothing=())
            made.append(_columns.only(Rows(objects.lines[rows], taken | columns), is_plain))
    return made


def _is_plainly_typed(text: bytes) -> bool:
    """Say whether every `event_type` is written as the reader claims it."""
    key = b'"event_type"'
    every, close = text.count(key), text.count(key + b':"')
    return every == close or every == close + text.count(key + b': "')


def _ends(records: _Records, moments: Moments) -> tuple[dict[str, pa.Array], Mask]:
    """Read what every record has; one with another form of time, without an end, or turned round is left."""
    written, is_time = moments.read(records.column("timestamp"), _STAMP)
    client, server = (_columns.places(records.column(end)) for end in ("src_ip", "dest_ip"))
    number = pc.fill_null(records.column("flow_id", _COUNT), pa.scalar(0))
    turned = _columns.flags(pc.equal(records.column("direction"), pa.scalar("to_client")))
    keep = is_time & (_columns.is_set(client) | _columns.is_set(server)) & (number.to_numpy() > 0) & ~turned
    return {
        "time": pa.array(written),
        "src_ip": client, "src_port": _columns.ports(records.column("src_port", _COUNT)),
        "dst_ip": server, "dst_port": _columns.ports(records.column("dest_port", _COUNT)),
        "connection_id": number.cast(_TEXT),
        "protocol": _columns.coded(records.column("proto"), _wire.lower),
        "app": pc.fill_null(records.column("app_proto"), pa.scalar("")),
        "observer": _columns.coded(records.column("host"), _wire.word),
        "tunnel": records.column("app_proto_orig"),
    }, keep & records.lack("xff")  # fmt: skip


def _requests(parts: _Records, _moments: Moments, _actions: Mapping[str, str]) -> tuple[_Columns, Mask]:
    target, method = parts.column("url"), parts.column("http_method")
    local = pc.or_kleene(pc.is_null(target), pc.or_(pc.equal(target, pa.scalar("")), pc.starts_with(target, "/")))
    names = _columns.hosts(parts.column("hostname"), _wire.host_header)
    return {
        "table": HTTP,
        "method": _columns.coded(method, _wire.word),
        "dst_host": names,
        "host_source": _columns.where(names, "http_host"),
        "path": _columns.texts(target),
        "status": _columns.coded(parts.column("status", _COUNT), status),
        "user_agent": _columns.coded(parts.column("http_user_agent"), _wire.word),
        "referer": _columns.coded(parts.column("http_refer"), _wire.word),
        "content_type": _columns.coded(parts.column("http_content_type"), _wire.word),
        "bytes_down": _columns.counts(parts.column("length", _COUNT)),
    }, _columns.flags(local) & ~_columns.flags(pc.equal(method, pa.scalar("CONNECT")))


def _handshakes(parts: _Records, _moments: Moments, _actions: Mapping[str, str]) -> tuple[_Columns, Mask]:
    names = _columns.hosts(parts.column("sni"), _wire.name)
    columns = {"table": NETWORK, "dst_host": names, "host_source": _columns.where(names, "sni")}
    return columns, np.ones(len(names), np.bool_)


def _flows(parts: _Records, moments: Moments, actions: Mapping[str, str]) -> tuple[_Columns, Mask]:
    began, has_begun = moments.read(parts.column("start"), _STAMP)
    ended, has_ended = moments.read(parts.column("end"), _STAMP)
    return {
        "table": NETWORK,
        "time": pa.array(began),
        "duration_ms": pa.array((ended - began) // 1000),
        "bytes_up": _columns.counts(parts.column("bytes_toserver", _COUNT)),
        "bytes_down": _columns.counts(parts.column("bytes_toclient", _COUNT)),
        "action": _columns.coded(parts.column("action"), actions.get),
        "outcome": _columns.coded(parts.column("state"), _wire.lower),
    }, has_begun & has_ended & (ended >= began)


_Read = Callable[[_Records, Moments, Mapping[str, str]], tuple[_Columns, Mask]]
_KINDS: Mapping[str, _Read] = {"http": _requests, "tls": _handshakes, "flow": _flows}
