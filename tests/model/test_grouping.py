"""Codes that stand for several columns: equal where the rows are equal, and in the rows' order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.grouping import Table, in_time, joint, one_after_the_other, opens, rising, where
from sferic.model.traffic import Ints

SMALL = st.integers(-1, 5)
HUGE = st.integers(-1, 2**40)
TABLES = st.sampled_from([SMALL, HUGE]).flatmap(lambda cell: st.lists(st.tuples(cell, cell, cell), max_size=30))


def columns(rows: list[tuple[int, int, int]]) -> list[Ints]:
    """Turn rows into columns."""
    return list(np.array(rows, np.int64).reshape(-1, 3).T)


@given(TABLES)
def test_codes_compare_as_rows_do(rows: list[tuple[int, int, int]]) -> None:
    """Two codes are equal, or one is less, exactly as the rows are; also where a product would not fit 64 bits."""
    codes = joint(*columns(rows)).tolist()
    assert all(code >= 0 for code in codes)
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            assert (codes[i] < codes[j], codes[i] == codes[j]) == (one < other, one == other)


@given(TABLES)
def test_rising_keeps_the_order_of_equal_codes(rows: list[tuple[int, int, int]]) -> None:
    """The order is that of Python's stable sort."""
    assert rising(joint(*columns(rows))).tolist() == sorted(range(len(rows)), key=lambda i: rows[i])


@given(st.lists(st.integers(-3, 3), max_size=20).map(sorted))
def test_opens_says_where_runs_begin(values: list[int]) -> None:
    """Each place that differs from the one before, and the first."""
    found = opens(np.array(values, np.int64)).tolist()
    assert found == [i for i, value in enumerate(values) if i == 0 or values[i - 1] != value]


@pytest.mark.parametrize("kind", [np.int32, np.uint16, np.int64])
def test_narrow_columns_do_not_overflow(kind: type) -> None:
    """Columns keep their meaning whatever their width in memory."""
    top = int(np.iinfo(kind).max)
    rows = [(0, top), (top, 0), (top, top), (0, 0)]
    first, second = np.array(rows, kind).T
    assert np.argsort(joint(first, second)).tolist() == sorted(range(4), key=lambda i: rows[i])


MOMENTS = st.one_of(st.floats(-1e10, 1e10), st.sampled_from([0.0, -0.0, 1.5, float("inf")]))


@given(st.lists(MOMENTS, max_size=30))
def test_in_time_is_a_stable_sort_of_moments(moments: list[float]) -> None:
    """As Python's, with moments before 1970 and both zeros; nothing is said of what stands in order already."""
    order = in_time(np.array(moments, float))
    expected = sorted(range(len(moments)), key=lambda i: moments[i])
    assert (list(range(len(moments))) if order is None else order.tolist()) == expected


def test_a_column_of_one_value_stays_one_value() -> None:
    """Rows can be taken from a table without filling in what is alike in all of them."""
    table: Table = {"line": np.arange(6), "user": np.broadcast_to(np.int32(-1), 6)}
    some = where(table, table["line"] % 2 == 0)
    assert (some["line"].tolist(), some["user"].tolist()) == ([0, 2, 4], [-1, -1, -1])
    assert some["user"].strides == (0,)
    assert where(table, table["line"] >= 0) is table, "what is wanted whole is not copied"
    assert len(where(table, table["line"] > 9)["user"]) == 0
    twice = one_after_the_other([some, table])
    assert (twice["line"].tolist(), twice["user"].tolist()) == ([0, 2, 4, 0, 1, 2, 3, 4, 5], [-1] * 9)
