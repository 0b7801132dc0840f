"""Statistics of all segments at once: their values lie end to end in one array, `at` says where each begins.

`at` is one longer than the segments, as in `Window`. A loop over segments costs some 20 µs each and signal, and a
large input has tens of thousands of segments, nearly all of them hopeless.
"""

import msgspec
import numpy as np

from sferic.model.traffic import UNKNOWN, Bools, Floats, Ints, Small
from sferic.model.window import Window
from sferic.signals._memo import once_a_window

_SPARSE = 4
"""Values are ranked by a table where that has at most so many places a value."""


class Tally(msgspec.Struct, frozen=True):
    """Who occurs in which segment, and how often: arrays of equal length, ascending by segment, then by member."""

    segment: Ints
    member: Ints
    count: Ints


def segment_of(at: Ints) -> Ints:
    """Return for each value the number of its segment."""
    return np.repeat(np.arange(len(at) - 1), np.diff(at))


def kept_at(kept: Bools, at: Ints) -> Ints:
    """Return where the segments begin once only the `kept` values are left."""
    return np.concatenate([[0], np.cumsum(kept)])[at]


def totals(values: Ints | Bools, at: Ints) -> Ints:
    """Return the sum of each segment's integers, or how many of its flags are set; 0 for a segment without values."""
    found, some = np.zeros(len(at) - 1, np.int64), at[1:] > at[:-1]
    if some.any():
        found[some] = np.add.reduceat(values, at[:-1][some], dtype=np.int64)
    return found


def tallies(members: Ints | Small, at: Ints) -> Tally:
    """Count how often each member (a number, or UNKNOWN) occurs in each segment."""
    width = int(members.max(initial=UNKNOWN)) + 1 - UNKNOWN
    codes, counts = np.unique(segment_of(at) * width + (members - UNKNOWN), return_counts=True)
    return Tally(codes // width, codes % width + UNKNOWN, counts)


def ordered(values: Floats, at: Ints) -> tuple[Floats, Ints]:
    """Sort the values within each segment, unknown ones last.

    Returns the distinct values, ascending, and per place the rank among them of the value that stands there now.
    """
    levels, rank = _levels(values)
    base = segment_of(at) * len(levels)
    return levels, np.sort(base + rank) - base


def _levels(values: Floats) -> tuple[Floats, Ints]:
    """Return the distinct values, ascending and unknown last, and each value's place among them.

    Sizes are whole numbers of bytes, and mostly small: then a table tells ten times as fast as sorting.
    """
    unknown = np.isnan(values)
    low, high = values.min(initial=0, where=~unknown), values.max(initial=0, where=~unknown)
    if low < 0 or high > _SPARSE * len(values) or np.any(np.floor(values) != values, where=~unknown):
        return np.unique(values, return_inverse=True)
    top = int(high) + 1
    numbers = np.where(unknown, top, values).astype(np.int64)
    seen = np.zeros(top + 1, bool)
    seen[numbers] = True
    levels = np.flatnonzero(seen).astype(float)
    levels[levels == top] = np.nan
    return levels, (np.cumsum(seen) - 1)[numbers]


@once_a_window
def usual_up(window: Window) -> Floats:
    """Return the median bytes up of each segment's check-ins."""
    return medians(window.up, window.checkins_at)


@once_a_window
def usual_down(window: Window) -> Floats:
    """Return the median bytes down of each segment's check-ins."""
    return medians(window.down, window.checkins_at)


def medians(values: Floats, at: Ints) -> Floats:
    """Return the median of each segment's known values; NaN where none is known."""
    known = totals(~np.isnan(values), at)
    levels, rank = ordered(values, at)
    found, some = np.full(len(known), np.nan), known > 0
    first, count = at[:-1][some], known[some]
    found[some] = (levels[rank[first + (count - 1) // 2]] + levels[rank[first + count // 2]]) / 2
    return found
