"""Collected rows as Arrow tables, as DuckDB takes and gives them, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sferic.model.process import Process
from sferic.model.traffic import UNKNOWN, Collected, Traffic

WORDS = {
    "source": "source", "client": "client", "address": "client", "forwarded": "client", "user": "user",
    "process": "process", "agent": "agent", "host": "host", "other_host": "host", "path": "path",
    "method": "method", "file": "file",
}  # fmt: skip
"""Column of texts → the vocabulary that it shares."""
_CALLER = ("source", "client", "user", "agent")
TYPES = {
    "time_s": "f8", "source": "i4", "client": "i4", "address": "i4", "forwarded": "i4", "user": "i4",
    "process": "i4", "agent": "i4",
    "host": "i4", "other_host": "i4", "place": "i4", "up": "i8", "down": "i8", "total": "i8", "duration_ms": "i8",
    "path": "i4", "method": "i4", "flags": "u2", "file": "i4", "line": "i8", "link": "i8", "port": "i4",
}  # fmt: skip


def as_table(collected: Collected, places: Sequence[int]) -> pa.Table:
    """Return rows with their texts; `places` says under which number the store keeps each place."""
    columns: dict[str, Any] = {}
    words = collected.words | {"process": _as_texts(collected.processes)}
    for name, values in collected.columns.items():
        if name in WORDS:
            columns[name] = _texts(values, words[WORDS[name]])
        elif name == "place":
            columns[name] = pa.array(np.array([*places, UNKNOWN], np.int32)[values])
        else:
            columns[name] = pa.array(values)
    return pa.table(columns)


def as_calls(traffic: Traffic) -> pa.Table:
    """Return who called what, and when, of settled traffic whose places are all those of the store, in its order."""
    texts = {name: _texts(getattr(traffic, name), getattr(traffic, f"{name}s")) for name in _CALLER}
    texts["process"] = _texts(traffic.image, _as_texts([Process(path=image) for image in traffic.images]))
    return pa.table({"time_s": pa.array(traffic.time_s), **texts, "place": pa.array(traffic.place)})


def _as_texts(processes: Sequence[Process]) -> list[str]:
    return [msgspec.json.encode(process).decode() for process in processes]


def _texts(codes: Any, words: Sequence[str]) -> pa.DictionaryArray:
    safe = [word.encode("utf-8", "backslashreplace").decode() for word in words]
    known = pa.array(codes, pa.int32(), mask=codes == UNKNOWN)
    return pa.DictionaryArray.from_arrays(known, pa.array(safe, pa.string()))


def as_collected(tables: Sequence[pa.Table], places: Mapping[int, Any]) -> list[Collected]:
    """Undo `as_table` for tables that are to share their vocabularies; a column that one lacks is unknown in it."""
    ends = np.cumsum([len(table) for table in tables])
    whole = pa.concat_tables(tables, promote_options="default")
    words, codes = _encoded(whole)
    numbers = {number: index for index, number in enumerate(places)}
    columns = {name: codes[name] if name in WORDS else _numbers(whole, name) for name in TYPES}
    present, inverse = np.unique(columns["place"], return_inverse=True)
    columns["place"] = np.array([numbers.get(n, UNKNOWN) for n in present.tolist()], np.int32)[inverse]
    known = list(places.values())
    processes = [msgspec.json.decode(text, type=Process) for text in words.pop("process")]
    parts = zip(np.concatenate([[0], ends[:-1]]).tolist(), ends.tolist(), strict=True)
    return [Collected({n: c[a:b] for n, c in columns.items()}, words, known, processes) for a, b in parts]


def _encoded(whole: pa.Table) -> tuple[dict[str, list[str]], dict[str, Any]]:
    words: dict[str, list[str]] = {}
    codes: dict[str, Any] = {}
    for vocabulary in dict.fromkeys(WORDS.values()):
        names = [name for name, shared in WORDS.items() if shared == vocabulary]
        text = pa.chunked_array([chunk for name in names for chunk in _column(whole, name).chunks], pa.string())
        encoded = text.combine_chunks().dictionary_encode()
        words[vocabulary] = encoded.dictionary.to_pylist()
        numbers = encoded.indices.fill_null(UNKNOWN).to_numpy()
        for place, name in enumerate(names):
            codes[name] = numbers[place * len(whole) : (place + 1) * len(whole)].astype(np.int32)
    return words, codes


def _column(whole: pa.Table, name: str) -> pa.ChunkedArray:
    if name in whole.column_names:
        return whole.column(name).cast(pa.string())
    return pa.chunked_array([pa.nulls(len(whole), pa.string())])


def _numbers(whole: pa.Table, name: str) -> Any:
    missing = 0 if name in {"flags", "link"} else UNKNOWN
    if name not in whole.column_names:
        return np.full(len(whole), missing, TYPES[name])
    return pc.fill_null(whole.column(name), missing).to_numpy().astype(TYPES[name])
