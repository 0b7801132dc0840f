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
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sferic.model.event import HTTP, NETWORK
from sferic.sources import _columns, _wire
from sferic.sources._bulk import Bare, Lines, Rows
from sferic.sources._clock import Clock
from sferic.sources._columns import CODED, Mask, Moments
from sferic.sources._fields import status

_TEXT, _COUNT = pa.string(), pa.int64()
_NO_TEXT, _NO_FLOW = pa.scalar("", _TEXT), pa.scalar(0, _COUNT)
_TYPED, _COLON = b'"event_type":"', 12
_UNDERSCORE = ord("_")
_TELLING = (5, 7)
"""Where it has its t on both sides of the underscore, which few other keys have."""
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
    """Records, or the objects of one type that some of them hold."""

    def __init__(self, records: Sequence[Any]) -> None:
        self._records = records

    def column(self, name: str, kind: pa.DataType = CODED) -> pa.Array:
        """Return what they have under this name."""
        return _columns.column(self._records, name, kind)

    def lack(self, name: str) -> Mask:
        """Say which of them have nothing under this name, or what says nothing."""
        values = list(map(attrgetter(name), self._records))
        return np.array([not value for value in values], np.bool_) if any(values) else np.ones(len(values), np.bool_)

    def parts(self, kind: str, chosen: Mask) -> "tuple[NDArray[np.int64], _Records]":
        """Return the objects of one type, and whose they are."""
        rows = np.flatnonzero(chosen)
        parts = list(map(attrgetter(kind), map(self._records.__getitem__, rows.tolist())))
        if None in parts:
            rows = rows[[part is not None for part in parts]]
        return rows, _Records([part for part in parts if part is not None])


_Columns = dict[str, Any]


def read(lines: Lines, clock: Clock, actions: Mapping[str, str], app: _App) -> list[Rows]:
    """Read the plain ones of these lines; what only one type of record has is read of its records only."""
    objects = _columns.decoded(lines, _DECODER)
    if not objects.found:
        return []
    records = _Records(objects.found)
    moments = Moments(clock)
    common, keep = _ends(records, moments)
    keep &= _plainly_typed(objects)
    if b"\\" in lines.text:  # a key may be an escaped one
        keep &= np.array([b"\\" not in objects.line(row) for row in range(len(objects.found))], np.bool_)
    kinds = records.column("event_type")
    whose, made, taken = [], [], np.zeros(len(keep), np.bool_)
    for kind, read_own in _KINDS.items():
        rows, parts = records.parts(kind, keep & _columns.is_word(kinds, kind.__eq__))
        if len(rows):
            columns, taken[rows] = read_own(parts, moments, actions)
            named = common["app"].take(pa.array(rows))
            columns["app"] = _columns.coded(named, partial(app, kind=kind), nothing=())
            whose.append(rows)
            made.append(pa.table(columns))
    if not made:
        return []
    taken &= ~_columns.is_word(kinds, "tls".__eq__) | ~_columns.is_word(common.pop("tunnel"), "http".__eq__)
    spread = _spread(made, np.concatenate(whose), len(keep))
    if "time" in spread:
        spread["time"] = pc.coalesce(spread["time"], common["time"])
    return [_columns.only(Rows(objects.lines, common | spread), taken)]


def _spread(made: Sequence[pa.Table], whose: NDArray[np.int64], total: int) -> _Columns:
    """Bring what was read of each type of record into the order of all records."""
    whole = pa.concat_tables(made, promote_options="default").unify_dictionaries().combine_chunks()
    places = np.full(total, -1, np.int64)
    places[whose] = np.arange(len(whole))
    spread = whole.take(pa.array(places, mask=places < 0))
    return {name: column.combine_chunks() for name, column in zip(spread.column_names, spread.columns, strict=True)}


def _plainly_typed(objects: _columns.Objects[Any]) -> Mask:
    """Say in which lines `event_type` is written as the reader claims it, wherever it occurs."""
    laid = np.frombuffer(objects.text, np.uint8)
    marks = _columns.places_of(laid, lambda part: part == _UNDERSCORE) - _TYPED.index(b"_")
    marks = marks[(marks >= 0) & (marks <= len(laid) - len(_TYPED) - 1)]
    for place in _TELLING:
        marks = marks[laid[marks + place] == _TYPED[place]]
    found = sliding_window_view(laid, len(_TYPED) + 1)[marks]
    key = (found[:, :_COLON] == np.frombuffer(_TYPED, np.uint8)[:_COLON]).all(axis=1)
    marks, found = marks[key], found[key]
    quote = np.where(found[:, _COLON + 1] == ord(" "), found[:, _COLON + 2], found[:, _COLON + 1])
    plain = (found[:, _COLON] == ord(":")) & (quote == ord('"'))
    lines = np.searchsorted(objects.starts, marks, side="right") - 1
    typed = np.zeros(len(objects.starts), np.bool_)
    typed[lines] = True
    typed[lines[~plain]] = False
    return typed[objects.lines]


def _ends(records: _Records, moments: Moments) -> tuple[_Columns, Mask]:
    """Read what every record has; one with another form of time, without an end, or turned round is left."""
    written, is_time = moments.read(records.column("timestamp", _TEXT), _STAMP)
    client, server = (_columns.places(records.column(end)) for end in ("src_ip", "dest_ip"))
    number = pc.fill_null(records.column("flow_id", _COUNT), _NO_FLOW)
    turned = _columns.is_word(records.column("direction"), "to_client".__eq__)
    keep = is_time & (_columns.is_set(client) | _columns.is_set(server)) & (number.to_numpy() > 0) & ~turned
    return {
        "time": pa.array(written),
        "src_ip": client, "src_port": _columns.ports(records.column("src_port", _COUNT)),
        "dst_ip": server, "dst_port": _columns.ports(records.column("dest_port", _COUNT)),
        "connection_id": number.cast(_TEXT),
        "protocol": _columns.coded(records.column("proto"), _wire.lower),
        "app": pc.fill_null(records.column("app_proto", _TEXT), _NO_TEXT),
        "observer": _columns.coded(records.column("host"), _wire.word),
        "tunnel": records.column("app_proto_orig"),
    }, keep & records.lack("xff")  # fmt: skip


def _requests(parts: _Records, _moments: Moments, _actions: Mapping[str, str]) -> tuple[_Columns, Mask]:
    path, method = _columns.texts(parts.column("url", _TEXT)), parts.column("http_method")
    names = _columns.hosts(parts.column("hostname"), _wire.host_header)
    return {
        "table": _columns.constant(HTTP, len(names)),
        "method": _columns.coded(method, _wire.word),
        "dst_host": names,
        "host_source": _columns.where(names, "http_host"),
        "path": path,
        "status": _columns.coded(parts.column("status", _COUNT), status),
        "user_agent": _columns.coded(parts.column("http_user_agent"), _wire.word),
        "referer": _columns.coded(parts.column("http_refer"), _wire.word),
        "content_type": _columns.coded(parts.column("http_content_type"), _wire.word),
        "bytes_down": _columns.counts(parts.column("length", _COUNT)),
    }, _columns.is_local(path) & ~_columns.is_word(method, "CONNECT".__eq__)


def _handshakes(parts: _Records, _moments: Moments, _actions: Mapping[str, str]) -> tuple[_Columns, Mask]:
    names = _columns.hosts(parts.column("sni"), _wire.name)
    table = _columns.constant(NETWORK, len(names))
    columns = {"table": table, "dst_host": names, "host_source": _columns.where(names, "sni")}
    return columns, np.ones(len(names), np.bool_)


def _flows(parts: _Records, moments: Moments, actions: Mapping[str, str]) -> tuple[_Columns, Mask]:
    began, has_begun = moments.read(parts.column("start", _TEXT), _STAMP)
    ended, has_ended = moments.read(parts.column("end", _TEXT), _STAMP)
    return {
        "table": _columns.constant(NETWORK, len(began)),
        "time": pa.array(began),
        "duration_ms": pa.array((ended - began) // 1000),
        "bytes_up": _columns.counts(parts.column("bytes_toserver", _COUNT)),
        "bytes_down": _columns.counts(parts.column("bytes_toclient", _COUNT)),
        "action": _columns.coded(parts.column("action"), actions.get),
        "outcome": _columns.coded(parts.column("state"), _wire.lower),
    }, has_begun & has_ended & (ended >= began)


_Read = Callable[[_Records, Moments, Mapping[str, str]], tuple[_Columns, Mask]]
_KINDS: Mapping[str, _Read] = {"http": _requests, "tls": _handshakes, "flow": _flows}
