"""Cuts many CEF lines into columns by key, all lines at once.

Left out: lines with escapes, tabs or other control characters, with a header of another length, with very many pairs.

What it does not do: know what a key means; `_cef_bulk` does.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sferic.sources._bulk import Lines
from sferic.sources._columns import Mask, places_of

PIPES = 7
"""In a whole header, the last one after the severity."""
MOST = 500
"""Pairs of a line that is cut here."""
_FEW = 1 << 15
"""So many different keys are sorted faster."""
_SPACE, _EQUALS, _END, _PIPE, _ESCAPE = map(ord, " =\n|\\")
_KEY = re.compile(r"[\w.\[\]-]{1,64}")
_Places = NDArray[np.int64]


class Pairs:
    """The lines of a text, each cut into a header and values by key."""

    def __init__(self, lines: Lines) -> None:
        self._text = text = lines.text
        self._ends = lines.ends
        laid = np.frombuffer(text, np.uint8)
        starts = np.append(0, self._ends[:-1] + 1)
        self.plain: Mask = np.ones(len(starts), np.bool_)
        """Lines that could be cut."""
        odd = places_of(laid, lambda part: ((part < _SPACE) & (part != _END)) | (part == _ESCAPE))
        self.plain[np.searchsorted(self._ends, odd)] = False
        begins = self._begins(laid, starts)
        self.headers = _slices(text, starts, begins).dictionary_encode()
        self._cut(laid, begins)

    def _begins(self, laid: NDArray[np.uint8], starts: _Places) -> _Places:
        """Find where each line's pairs begin."""
        pipes = np.append(places_of(laid, lambda part: part == _PIPE), np.full(PIPES, len(laid)))
        found = pipes[np.searchsorted(pipes, starts) + PIPES - 1] + 1
        self.plain &= found <= self._ends
        return np.where(self.plain, found, starts)

    def _cut(self, laid: NDArray[np.uint8], begins: _Places) -> None:
        """Find each key: what stands before an equals sign, up to a space or the beginning."""
        marks = places_of(laid, lambda part: (part == _SPACE) | (part == _EQUALS) | (part == _END))
        kinds = laid[marks]
        here = np.flatnonzero(kinds == _EQUALS)
        signs, before = marks[here], np.where(here > 0, here - 1, 0)
        lines = np.repeat(np.arange(len(begins)), np.diff(np.searchsorted(signs, self._ends), prepend=0))
        keys = np.maximum(np.where(here > 0, marks[before] + 1, 0), begins[lines])
        apart = (kinds[before] != _EQUALS) | (here == 0) | (marks[before] < begins[lines])
        apart &= self.plain[lines] & (keys < signs)
        signs, lines, keys = signs[apart], lines[apart], keys[apart]
        words = _slices(self._text, keys, signs).dictionary_encode()
        names = [word.lower() if _KEY.fullmatch(word) else None for word in words.dictionary.to_pylist()]
        known = {name: number for number, name in enumerate(dict.fromkeys(name for name in names if name))}
        numbers = np.array([known.get(name or "", -1) for name in names], np.int32)[words.indices.to_numpy()]
        if (numbers < 0).any():
            valid = numbers >= 0
            numbers, lines, keys, signs = numbers[valid], lines[valid], keys[valid], signs[valid]
        stops = self._ends[lines]
        same = lines[1:] == lines[:-1]
        stops[:-1][same] = keys[1:][same] - 1
        self._lines, self._starts, self._stops = lines, signs + 1, stops
        self._spaced = bool((laid[signs + 1] == _SPACE).any() or (laid[stops - 1] == _SPACE).any())
        self.plain &= np.bincount(lines, minlength=len(begins)) < MOST
        order = np.argsort(numbers.astype(np.int16) if len(known) < _FEW else numbers, kind="stable")
        edges = np.searchsorted(numbers[order], np.arange(len(known) + 1))
        self._places = {name: order[edges[number] : edges[number + 1]] for name, number in known.items()}

    @property
    def keys(self) -> frozenset[str]:
        """Return all keys, in lower case."""
        return frozenset(self._places)

    def column(self, key: str) -> pa.Array:
        """Return the first value of a key in each line, without the spaces around it."""
        chosen = self._places.get(key)
        if chosen is None:
            return pa.nulls(len(self._ends), pa.string())
        lines = self._lines[chosen]
        if (again := lines[1:] == lines[:-1]).any():
            chosen = chosen[np.append(True, ~again)]
            lines = self._lines[chosen]
        index = np.full(len(self._ends), -1, np.int64)
        index[lines] = np.arange(len(chosen))
        values = _slices(self._text, self._starts[chosen], self._stops[chosen])
        if len(values) < len(index):
            values = values.take(pa.array(index, mask=index < 0))
        return pc.ascii_trim_whitespace(values) if self._spaced else values

    def has(self, key: str) -> Mask:
        """Say which lines have a key."""
        found = np.zeros(len(self._ends), np.bool_)
        if key in self._places:
            found[self._lines[self._places[key]]] = True
        return found


def _slices(text: bytes, starts: _Places, stops: _Places) -> pa.Array:
    """Return pieces of a text, which lie one after the other."""
    if not len(starts):
        return pa.array([], pa.string())
    edges = np.empty(2 * len(starts), np.int32)
    edges[0::2], edges[1::2] = starts, stops
    every = pa.StringArray.from_buffers(len(edges) - 1, pa.py_buffer(edges), pa.py_buffer(text))
    return every.take(pa.array(np.arange(0, len(edges), 2)))
