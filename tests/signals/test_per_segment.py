"""Statistics of all segments at once give what a loop over the segments gives, to the last bit."""

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.traffic import Floats, Ints
from sferic.signals._per_segment import kept_at, medians, ordered, segment_of, tallies, totals

NUMBERS = st.lists(st.lists(st.integers(-1, 6), max_size=8), max_size=8)
SIZES = st.sampled_from([float("nan"), 0.0, 1.0, 2.5, 1e15]) | st.floats(0, 1e6)
AMOUNTS = st.lists(st.lists(SIZES, max_size=8), max_size=8)


def laid_out(segments: list[list[int]]) -> tuple[Ints, Ints]:
    """Lay numbers end to end, and say where each segment begins."""
    at = np.cumsum([0, *map(len, segments)])
    return np.array([v for one in segments for v in one], np.int64), at


def amounts(segments: list[list[float]]) -> tuple[Floats, Ints]:
    """Lay amounts end to end, and say where each segment begins."""
    at = np.cumsum([0, *map(len, segments)])
    return np.array([v for one in segments for v in one], float), at


@given(NUMBERS)
def test_totals_are_sums(segments: list[list[int]]) -> None:
    """Each segment's sum, and how many flags are set; 0 where a segment has no values."""
    values, at = laid_out(segments)
    assert totals(values, at).tolist() == [sum(one) for one in segments]
    assert totals(values > 2, at).tolist() == [sum(v > 2 for v in one) for one in segments]


@given(NUMBERS)
def test_segment_of_numbers_the_values(segments: list[list[int]]) -> None:
    """Each value is told its segment."""
    _, at = laid_out(segments)
    assert segment_of(at).tolist() == [n for n, one in enumerate(segments) for _ in one]


@given(NUMBERS)
def test_what_is_kept_begins_where_kept_at_says(segments: list[list[int]]) -> None:
    """Cut at the new offsets, the kept values are each segment's own."""
    values, at = laid_out(segments)
    kept = values % 2 == 0
    left = kept_at(kept, at)
    parts = [values[kept][a:b].tolist() for a, b in pairwise(left)]
    assert parts == [[v for v in one if v % 2 == 0] for one in segments]


@given(NUMBERS)
def test_tallies_count_members(segments: list[list[int]]) -> None:
    """Each member of each segment with its count, also those that are unknown, in ascending order."""
    seen = tallies(*laid_out(segments))
    told = list(zip(seen.segment.tolist(), seen.member.tolist(), seen.count.tolist(), strict=True))
    assert told == [(n, m, c) for n, one in enumerate(segments) for m, c in sorted(Counter(one).items())]


@given(AMOUNTS)
def test_values_are_sorted_within_their_segment(segments: list[list[float]]) -> None:
    """The ranks stand for the sorted values, unknown ones last."""
    values, at = amounts(segments)
    levels, rank = ordered(values, at)
    plain = [np.sort(values[a:b]) for a, b in pairwise(at)]
    assert np.array_equal(levels[rank], np.concatenate([np.empty(0), *plain]), equal_nan=True)


@given(AMOUNTS)
def test_medians_are_those_of_known_values(segments: list[list[float]]) -> None:
    """The same bits as NumPy's median of each segment; NaN where nothing is known."""
    values, at = amounts(segments)
    known = [one[~np.isnan(one)] for one in np.split(values, at[1:-1])] if segments else []
    plain = [float(np.median(one)) if len(one) else np.nan for one in known]
    assert np.array_equal(medians(values, at), np.array(plain, float), equal_nan=True)
