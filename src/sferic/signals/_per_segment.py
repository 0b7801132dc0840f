"""Statistics of all segments at once: their values lie end to end in one array, `at` says where each begins.

`at` is one longer than the segments, as in `Window`. A loop over segments costs some 20 µs each and signal, and a
large input has tens of thousands of segments, nearly all of them hopeless.
"""

import msgspec
import numpy as np

from sferic.model.traffic import UNKNOWN, Bools, Floats, Ints, Small


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
    return np.diff(np.concatenate([[0], np.cumsum(values, dtype=np.int64)])[at])


def tallies(members: Ints | Small, at: Ints) -> Tally:
    """Count how often each member (a number, or UNKNOWN) occurs in each segment."""
    width = int(members.max(initial=UNKNOWN)) + 1 - UNKNOWN
    codes, counts = np.unique(segment_of(at) * width + (members - UNKNOWN), return_counts=True)
    return Tally(codes // width, codes % width + UNKNOWN, counts)


def ordered(values: Floats, at: Ints) -> tuple[Floats, Ints]:
    """Sort the values within each segment, unknown ones last.

    Returns the distinct values, ascending, and per place the rank among them of the value that stands there now.
    """
    levels, rank = np.unique(values, return_inverse=True)
    base = segment_of(at) * len(levels)
    return levels, np.sort(base + rank) - base


def medians(values: Floats, at: Ints) -> Floats:
    """Return the median of each segment's known values; NaN where none is known."""
    known = totals(~np.isnan(values), at)
    levels, rank = ordered(values, at)
    found, some = np.full(len(known), np.nan), known > 0
    first, count = at[:-1][some], known[some]
    found[some] = (levels[rank[first + (count - 1) // 2]] + levels[rank[first + count // 2]]) / 2
    return found
