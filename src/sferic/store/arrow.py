"""Collected rows as Arrow tables, as DuckDB takes and gives them, and back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from sferic.model.process import Process
from sferic.model.traffic import UNKNOWN, Collected, Traffic

T = TypeVar("T")
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


def as_table(collected: Collected, places: Sequence[int], files: Sequence[int]) -> pa.Table:
    """Return rows with their texts; `places` and `files` say under which numbers the store keeps each of those."""
    kept = {"place": places, "file": files}
    columns: dict[str, Any] = {}
    for name, values in collected.columns.items():
        if name == "process":
            columns[name] = _texts(values, collected.processes, _process_text)
        elif name in kept:
            columns[name] = pa.array(np.array([*kept[name], UNKNOWN], np.int32)[values])
        elif name in WORDS:
            columns[name] = _texts(values, collected.words[WORDS[name]], safe)
        else:
            columns[name] = pa.array(values)
    return pa.table(columns)


def as_calls(traffic: Traffic) -> pa.Table:
    """Return who called what, and when, of settled traffic whose places are all those of the store, in its order."""
    texts = {name: _texts(getattr(traffic, name), getattr(traffic, f"{name}s"), safe) for name in _CALLER}
    texts["process"] = _texts(traffic.image, [Process(path=image) for image in traffic.images], _process_text)
    return pa.table({"time_s": pa.array(traffic.time_s), **texts, "place": pa.array(traffic.place)})


def _process_text(process: Process) -> str:
    """Write a process; not where a log told of it, for files get other names between two runs."""
    return msgspec.json.encode(_nowhere(process)).decode()


def _nowhere(process: Process) -> Process:
    return replace(process, place=None, parent=_nowhere(process.parent) if process.parent else None)


def safe(word: str) -> str:
    """Write what is no text, such as the name of a file in another encoding, so that it can be kept."""
    return word.encode("utf-8", "backslashreplace").decode()


def _texts(codes: Any, words: Sequence[T], text: Callable[[T], str]) -> pa.DictionaryArray:
    """Return what the codes stand for; of more words than rows only those that occur."""
    if len(words) > len(codes):
        present = np.unique(codes[codes != UNKNOWN])
        words = [words[number] for number in present.tolist()]
        codes = np.where(codes == UNKNOWN, UNKNOWN, np.searchsorted(present, codes)).astype(np.int32)
    known = pa.array(codes, pa.int32(), mask=codes == UNKNOWN)
    return pa.DictionaryArray.from_arrays(known, pa.array([text(word) for word in words], pa.string()))


class Reader:
    """Undoes `as_table`, for one table after another: a text has one number in all of them."""

    def __init__(self, places: Mapping[int, Any]) -> None:
        """Take the places by the numbers under which the store keeps them."""
        self._numbers: dict[str, dict[str, int]] = {vocabulary: {} for vocabulary in dict.fromkeys(WORDS.values())}
        self._place = {number: index for index, number in enumerate(places)}
        self.texts = Collected({}, {name: [] for name in self._numbers if name != "process"}, list(places.values()), [])
        """What the numbers mean; it grows with each table."""

    def read(self, table: pa.Table) -> dict[str, Any]:
        """Return a table's columns; one that it lacks is unknown."""
        columns = {n: self._codes(table, n) if n in WORDS else _numbers(table, n) for n in TYPES}
        present, inverse = np.unique(columns["place"], return_inverse=True)
        columns["place"] = np.array([self._place.get(n, UNKNOWN) for n in present.tolist()], np.int32)[inverse]
        return columns

    def _codes(self, table: pa.Table, name: str) -> Any:
        encoded = _column(table, name).combine_chunks().dictionary_encode()
        numbers = [self._number(WORDS[name], text) for text in encoded.dictionary.to_pylist()]
        return np.array([*numbers, UNKNOWN], np.int32)[encoded.indices.fill_null(UNKNOWN).to_numpy()]

    def _number(self, vocabulary: str, text: str) -> int:
        known = self._numbers[vocabulary]
        number = known.get(text)
        if number is None:
            number = known[text] = len(known)
            if vocabulary == "process":
                self.texts.processes.append(msgspec.json.decode(text, type=Process))
            else:
                self.texts.words[vocabulary].append(text)
        return number


def _column(whole: pa.Table, name: str) -> pa.ChunkedArray:
    if name in whole.column_names:
        return whole.column(name).cast(pa.string())
    return pa.chunked_array([pa.nulls(len(whole), pa.string())])


def _numbers(whole: pa.Table, name: str) -> Any:
    missing = 0 if name in {"flags", "link"} else UNKNOWN
    if name not in whole.column_names:
        return np.full(len(whole), missing, TYPES[name])
    return pc.fill_null(whole.column(name), missing).to_numpy().astype(TYPES[name])
