"""Columns on the disk are small, and come back as they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.engine.packing import Piece, form, unpacked
from sferic.model.traffic import COLUMNS

_INTS = {"i4": (-(2**31), 2**31 - 1), "i8": (-(2**63), 2**63 - 1), "u2": (0, 2**16 - 1)}


def piece(values: np.ndarray) -> Piece:
    """Return values as they come from the disk."""
    how = form(values)
    return Piece(how, len(values), how.packed(values) if how.width else None)


@given(st.data(), st.sampled_from(sorted(set(COLUMNS.values()))))
def test_values_come_back_bit_by_bit(data: st.DataObject, kind: str) -> None:
    """Of every type of column, in any number of pieces, at the ends of what the type holds."""
    cell = st.floats(width=64) if kind == "f8" else st.integers(*_INTS[kind])
    near = st.sampled_from(data.draw(st.lists(cell, min_size=1, max_size=4)))
    pieces = [np.array(some, kind) for some in data.draw(st.lists(st.lists(near, max_size=6), min_size=1, max_size=3))]
    found = unpacked([piece(values) for values in pieces], kind)
    assert found.dtype == np.dtype(kind)
    assert found.tobytes() == np.concatenate(pieces).tobytes()


@pytest.mark.parametrize(
    ("values", "width"), [([7, 7, 7], 0), ([-1, 254], 1), ([-1, 255], 2), ([5, 70_000], 4), ([0, 2**32], 8)]
)
def test_a_value_takes_the_bytes_that_the_span_needs(values: list[int], width: int) -> None:
    """What counts is how far apart the values are, not how large."""
    assert form(np.array(values, np.int64) + 2**40).width == width


def test_alike_values_are_held_once() -> None:
    """A million times the same costs as much memory as once."""
    found = unpacked([piece(np.full(500_000, -1, np.int32))] * 2, "i4")
    assert (len(found), found.strides, int(found[-1])) == (1_000_000, (0,), -1)
