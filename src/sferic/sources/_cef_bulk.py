"""Reads the flows in CEF many lines at once, by the same tables of keys as line by line.

Left to the reader: requests and look-ups, custom fields with labels, lines whose time is not when they were received,
values that are odd in any way.

What it does not do: decide what a key means; `generic_cef` and `_meaning` do.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sferic.model.event import NETWORK
from sferic.model.hosts import address, is_address, normalise_host
from sferic.sources import _columns
from sferic.sources._bulk import Lines, Rows
from sferic.sources._columns import Mask
from sferic.sources._fields import text, transport, verdict
from sferic.sources._meaning import Names
from sferic.sources._pairs import Pairs

_LEFT = ("url", "http_host", "sni", "query_name", "method", "user_agent", "path", "forwarded_for")
"""Meanings of which no line that is read here has a value."""
_DURATIONS = (("duration_ms", 1), ("duration_s", 1000))
_COUNT = "^[0-9]{1,18}$"
_EPOCH = "^[0-9]{13}(?:[0-9]{3}){0,2}$"
"""Milliseconds, microseconds or nanoseconds; seconds are read one by one."""
_MICROS = 16
_LONGEST_MS = 10**12
_LONG = pa.int64()
_NO_TEXT, _NO_COUNT = pa.nulls(1, pa.string())[0], pa.nulls(1, _LONG)[0]


class Said(msgspec.Struct, frozen=True):
    """What a header says."""

    vendor: str
    observer: str | None
    time: int | None


class Form(msgspec.Struct, frozen=True):
    """How a reader reads."""

    header: Callable[[str], Said | None]
    """Reads a header; None if its lines are somebody else's."""
    names: Callable[[str], Names]
    """Gives the keys of a vendor."""
    moment: Callable[[str], int]
    received: Sequence[str]
    action: Callable[[str | None, str], str | None]
    """Corrects a vendor's verdict."""
    with_session: frozenset[str]
    """Vendors whose sessions have a name."""
    session: Sequence[str]


def read(lines: Lines, form: Form) -> list[Rows]:
    """Read the plain flows among these lines."""
    pairs = Pairs(lines)
    said = [form.header(header) for header in pairs.headers.dictionary.to_pylist()]
    codes = pairs.headers.indices.to_numpy()
    observers = pa.array([one and one.observer for one in said], pa.string()).take(pairs.headers.indices)
    times = pa.array([one and one.time for one in said], _LONG).take(pairs.headers.indices)
    made = []
    for vendor in sorted({one.vendor for one in said if one}):
        chosen = pairs.plain & np.array([one is not None and one.vendor == vendor for one in said])[codes]
        flows = _Flows(pairs, form.names(vendor))
        columns = flows.columns(observers, partial(_verdict, form, vendor))
        columns["time"] = pc.coalesce(flows.time(form.received, form.moment), times)
        if vendor in form.with_session:
            columns["connection_id"] = flows.session(form.session)
        keep = chosen & flows.keep & _columns.is_set(columns["time"])
        made.append(_columns.only(Rows(np.arange(len(keep)), columns), keep))
    return made


def _verdict(form: Form, vendor: str, word: str) -> str | None:
    return form.action(verdict(word), vendor)


class _Flows:
    """Columns of the event's fields, by the keys of one vendor."""

    def __init__(self, pairs: Pairs, names: Names) -> None:
        self._pairs = pairs
        self._names = names
        self.keep: Mask = np.ones(len(pairs.plain), np.bool_)
        left = [key for meaning in _LEFT for key in names.get(meaning, ())]
        labels = [key for key in pairs.keys if key.endswith("label")]
        for key in {"start", "end", "destinationdnsdomain", *left, *labels} & pairs.keys:
            self.keep &= ~pairs.has(key)

    def columns(self, observers: pa.Array, action: Callable[[str], str | None]) -> dict[str, Any]:
        """Read all but the time; `observers` stand in where a line names none."""
        client = self._texts("src_ip", address, plain=_columns.IPV4)
        server = self._certain("dst_ip", address, _columns.IPV4)
        host = self._certain("dst_host", _name, _columns.NAME)
        self.keep &= _columns.is_set(server) | _columns.is_set(host)
        observer = self._texts("observer")
        return {
            "table": NETWORK,
            "src_ip": client, "src_port": _columns.ports(self._counts("src_port")),
            "dst_ip": server, "dst_port": _columns.ports(self._counts("dst_port")), "dst_host": host,
            "user": self._texts("user"),
            "device": self._texts("device", lambda word: None if address(word) else word),
            "observer": pc.coalesce(observer.cast(pa.string()), observers) if observer.null_count else observer,
            "bytes_up": self._counts("bytes_up"),
            "bytes_down": self._counts("bytes_down"),
            "duration_ms": self._duration(),
            "action": self._texts("action", action),
            "protocol": self._texts("protocol", transport),
            "app": self._texts("app", str.lower),
        }  # fmt: skip

    def time(self, keys: Sequence[str], moment: Callable[[str], int]) -> pa.Array:
        """Read the first of these keys that has a value; a line whose value is no time is left."""
        written = self._first([_columns.texts(self._pairs.column(key)) for key in keys if key in self._pairs.keys])
        if pc.all(pc.match_substring_regex(written, _EPOCH), min_count=0).as_py():
            padded = pc.utf8_rpad(pc.utf8_slice_codeunits(written, 0, _MICROS), _MICROS, "0")
            return padded.cast(_LONG)

        def tried(word: str) -> int | None:
            try:
                return moment(word)
            except ValueError:
                return None

        found = _columns.coded(written, tried).cast(_LONG)
        self.keep &= ~_columns.is_set(written) | _columns.is_set(found)
        return found

    def session(self, keys: Sequence[str]) -> pa.Array:
        """Join what names a session; the number 0 is none."""
        device, number, port = (_columns.texts(self._pairs.column(key)) for key in keys)
        number = pc.if_else(pc.equal(number, pa.scalar("0")), _NO_TEXT, number)
        return pc.binary_join_element_wise(device, number, port, "/")

    def _present(self, meaning: str) -> list[pa.Array]:
        return [self._pairs.column(key) for key in self._names.get(meaning, ()) if key in self._pairs.keys]

    def _first(self, columns: Sequence[pa.Array]) -> pa.Array:
        """Take each row's first value."""
        if not columns:
            return pa.nulls(len(self.keep), pa.string())
        if len(columns) == 1:
            return columns[0]
        plain = [c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c for c in columns]
        return pc.coalesce(*plain)

    def _texts(self, meaning: str, read: Callable[[str], str | None] = str, plain: str = "") -> pa.Array:
        """Return the first value that says something and can be read."""
        read = partial(_cleaned, read)
        return self._first([_columns.coded(column, read, plain=plain) for column in self._present(meaning)])

    def _certain(self, meaning: str, read: Callable[[str], str | None], plain: str) -> pa.Array:
        """Return the first value that says something; a line with one that cannot be read is left."""
        written = self._present(meaning)
        found = [_columns.coded(column, partial(_cleaned, read), plain=plain) for column in written]
        for column, known in zip(written, found, strict=True):
            self.keep &= ~_columns.is_set(column) | _columns.is_set(known)
        return self._first(found)

    def _counts(self, meaning: str) -> pa.Array:
        """Return the first value, a whole number; a line with anything else there is left."""
        return self._first([self._count(column) for column in self._present(meaning)]).cast(_LONG)

    def _count(self, column: pa.Array) -> pa.Array:
        sure = pc.or_kleene(pc.match_substring_regex(column, _COUNT), pc.is_null(column))
        if pc.all(sure, min_count=0).as_py():
            return column.cast(_LONG)
        self.keep &= _columns.flags(sure)
        return pc.if_else(sure, column, _NO_TEXT).cast(_LONG)

    def _duration(self) -> pa.Array:
        found = []
        for meaning, factor in _DURATIONS:
            number = self._counts(meaning)
            if number.null_count < len(number):
                fits = pc.less(number, pa.scalar(_LONGEST_MS // factor, _LONG))
                self.keep &= _columns.flags(pc.or_kleene(fits, pc.is_null(number)))
                number = pc.if_else(fits, number, _NO_COUNT)
                found.append(pc.multiply(number, pa.scalar(factor, _LONG)))
        return self._first(found).cast(_LONG)


def _cleaned(read: Callable[[str], str | None], word: str) -> str | None:
    found = text(word)
    return None if found is None else read(found)


def _name(word: str) -> str | None:
    found = normalise_host(word)
    return None if found is None or is_address(found) else found
