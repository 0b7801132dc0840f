"""Groups and sorts rows by several columns at once: one code per row, equal where the columns are, sorted as they are.

Why: NumPy sorts plain integers many times faster than it finds their order, or sorts and groups rows of a table.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sferic.model.traffic import Bools, Floats, Ints, Small

_BITS = 63
_SPARSE = 4
"""Numbers are ranked by a table where that has at most so many places a row."""


def joint(*columns: Ints | Small) -> Ints:
    """Return codes from 0 whose order is that of the rows of `columns`: by the first, then the second, and so on.

    Codes are not dense. Where they would not leave room for `rising` within 64 bits they are replaced by their ranks.
    """
    rows = len(columns[0])
    columns = tuple(column for column in columns if rows and int(column.min()) != int(column.max()))
    spans = [(int(column.min()), int(column.max())) for column in columns]
    room = 1 << (_BITS - _width(rows))
    must_rank = np.prod([float(high - low + 1) for low, high in spans]) > room
    code, size = np.zeros(rows, np.int64), 1
    for column, (low, high) in zip(columns, spans, strict=True):
        values, count = column.astype(np.int64) - low, high - low + 1
        if must_rank:
            values, count = _ranks(values, count)
        if size * count > room:
            code, size = _ranks(code, size)
        code *= count
        code += values
        size *= count
    return code


def _ranks(values: Ints, count: int) -> tuple[Ints, int]:
    """Replace numbers from 0 to before `count` by their ranks; return how many there are, too."""
    if count > _SPARSE * len(values):
        distinct, rank = np.unique(values, return_inverse=True)
        return rank.astype(np.int64), len(distinct)
    seen = np.zeros(count, bool)
    seen[values] = True
    ranks = np.cumsum(seen) - 1
    return ranks[values], int(ranks[-1]) + 1


def _width(rows: int) -> int:
    return max(rows - 1, 0).bit_length()


def rising(code: Ints) -> Ints:
    """Return the places of the codes in ascending order, equal ones as they stood.

    Each code is sorted with its place behind it: finding an order in any other way takes three to ten times as long.
    """
    rows = len(code)
    width = _width(rows)
    low, high = (int(code.min()), int(code.max())) if rows else (0, 0)
    packed = code - low
    if (high - low) >> (_BITS - width):
        packed, _ = _ranks(packed, high - low + 1)
    packed <<= width
    packed |= np.arange(rows)
    packed.sort()
    packed &= (1 << width) - 1
    return packed


def in_time(time_s: Floats) -> Ints | None:
    """Return the places of moments in ascending order, equal ones as they stood; None where they stand so."""
    if not np.any(time_s[1:] < time_s[:-1]):
        return None
    if time_s.min() < 0:
        return np.argsort(time_s, kind="stable")
    return rising((time_s + 0.0).view(np.int64))  # the bits of numbers that are not negative compare as they do


def opens(ordered: Ints) -> Ints:
    """Return where in an ascending array each run of equal values begins."""
    return np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))


Table = dict[str, Any]
"""Columns of equal length. One whose rows are all alike may hold one value, whatever its length (stride 0)."""


def taken(table: Table, rows: Ints) -> Table:
    """Return these rows."""
    return {name: _taken(column, rows) for name, column in table.items()}


def _taken(column: Any, rows: Ints) -> Any:
    return column[rows] if column.strides[0] else np.broadcast_to(column[:1], len(rows))


def where(table: Table, wanted: Bools) -> Table:
    """Return the wanted rows; the table itself where those are all."""
    return table if wanted.all() else taken(table, np.flatnonzero(wanted))


def one_after_the_other(tables: Sequence[Table]) -> Table:
    """Return the rows of all tables, which have the same columns."""
    filled = [table for table in tables if len(next(iter(table.values())))] or tables[:1]
    return filled[0] if len(filled) == 1 else {n: np.concatenate([t[n] for t in filled]) for n in filled[0]}
