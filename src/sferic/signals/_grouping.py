"""Groups rows by several columns at once: one code per row, equal where the columns are, and sorted as they are.

Why: NumPy finds distinct rows of a table much more slowly than distinct integers.
"""

import numpy as np

from sferic.model.traffic import Ints, Small

_ROOM = 2**62


def joint(*columns: Ints | Small) -> Ints:
    """Return codes from 0 whose order is that of the rows of `columns`: by the first, then the second, and so on.

    Codes are not dense. Where they would not fit into 64 bits they are replaced by their ranks on the way.
    """
    code, width = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        low = int(column.min(initial=0))
        values, size = column.astype(np.int64) - low, int(column.max(initial=0)) - low + 1
        if width * size > _ROOM:
            (code, width), (values, size) = _ranks(code), _ranks(values)
        code, width = code * size + values, width * size
    return code


def _ranks(values: Ints) -> tuple[Ints, int]:
    distinct, rank = np.unique(values, return_inverse=True)
    return rank.astype(np.int64), len(distinct)


def rising(code: Ints) -> Ints:
    """Return the places of the codes in ascending order, equal ones as they stood.

    The place makes each code another one: then NumPy's fast sort, which keeps no order among equals, does.
    """
    return np.argsort(joint(code, np.arange(len(code))))


def opens(ordered: Ints) -> Ints:
    """Return where in an ascending array each run of equal values begins."""
    return np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
