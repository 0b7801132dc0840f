"""Reads Squid's native lines many at once, by the pattern by which its reader knows nearly all of them.

Left to the reader: every other form, queries between caches, and requests whose URL has no scheme or a query before
its path.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sferic.model.event import HTTP
from sferic.sources import _columns
from sferic.sources._bulk import Lines, Rows
from sferic.sources._fields import ip, text

_LONG = pa.int64()
_URL = r"^(?P<root>[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+)(?P<path>/.*)?$"
_NO_TEXT = pa.scalar(None, pa.string())


class Destination(Protocol):
    """Where a request went."""

    host: str | None
    source: str | None
    ip: str | None
    port: int | None
    path: str | None


class Form(msgspec.Struct, frozen=True):
    """How the reader reads a native line."""

    pattern: str
    """With the groups `seconds`, `milliseconds`, `taken`, `client`, `result`, `size`, `method`, `url`, `user`,
    `hierarchy` and `kind`, in words that Arrow's regular expressions share with Python's."""
    outcome: Callable[[str], tuple[int | None, str | None] | None]
    """Give status and action; None leaves the line."""
    destination: Callable[[str, str | None, str], Destination]
    """Read a URL up to its path, with the method and the hierarchy."""
    user: Callable[[str], str | None]


def read(lines: Lines, form: Form) -> list[Rows]:
    """Read the lines that the pattern matches."""
    found = pc.extract_regex(_columns.whole_lines(lines), f"^{form.pattern}\\n$")
    cells = dict(zip((field.name for field in found.type), found.flatten(), strict=True))
    results = cells["result"].dictionary_encode()
    tunnels = _columns.is_word(cells["method"].dictionary_encode(), "CONNECT".__eq__)
    urls = pc.extract_regex(cells["url"], _URL)
    root, path = urls.flatten()
    keep = _columns.is_set(found) & (tunnels | _columns.is_set(urls))
    keep &= ~_columns.is_word(results, lambda word: form.outcome(word) is None)
    outcomes = {word: form.outcome(word) or (None, None) for word in results.dictionary.to_pylist()}
    to = _destinations(cells["method"], pc.if_else(pa.array(tunnels), cells["url"], root), cells["hierarchy"], form)
    path = pc.if_else(pa.array(tunnels), _NO_TEXT, _columns.texts(path))
    columns = {
        "table": HTTP,
        "time": pc.add(_scaled(cells["seconds"], 1_000_000), _scaled(cells["milliseconds"], 1_000)),
        "src_ip": _columns.coded(cells["client"], ip, plain=_columns.IPV4),
        **to,
        "path": pc.coalesce(path, to["path"]),
        "user": _columns.coded(cells["user"], form.user),
        "bytes_down": cells["size"].cast(_LONG),
        "duration_ms": cells["taken"].cast(_LONG),
        "method": _columns.coded(cells["method"], text),
        "status": _columns.coded(results, lambda word: outcomes[word][0]).cast(_LONG),
        "action": _columns.coded(results, lambda word: outcomes[word][1]),
        "content_type": _columns.coded(cells["kind"], text),
    }
    return [_columns.only(Rows(np.arange(len(keep)), columns), keep)]


def _scaled(digits: pa.Array, factor: int) -> pa.Array:
    return pc.multiply(digits.cast(_LONG), pa.scalar(factor, _LONG))


def _destinations(methods: pa.Array, roots: pa.Array, hierarchies: pa.Array, form: Form) -> dict[str, pa.Array]:
    """Read each distinct destination once; none of the three has a space in it."""
    keys = pc.binary_join_element_wise(methods, roots, hierarchies, " ").dictionary_encode()
    found = [_destination(word.split(" "), form) for word in keys.dictionary.to_pylist()]

    def column(values: Sequence[str | int | None], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(keys.indices)

    return {
        "dst_host": column([to.host for to in found], pa.string()),
        "host_source": column([to.source for to in found], pa.string()),
        "dst_ip": column([to.ip for to in found], pa.string()),
        "dst_port": column([to.port for to in found], _LONG),
        "path": column([to.path for to in found], pa.string()),
    }


def _destination(words: list[str], form: Form) -> Destination:
    method, root, hierarchy = words
    return form.destination(root, text(method), hierarchy)
