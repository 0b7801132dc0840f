"""Packs columns for the disk: of each value what it is above the least, in as few bytes as the greatest needs.

A column whose values are all alike takes no bytes, and most columns of most logs are of that kind.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

_KINDS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.int64}
_LONGEST = 8


class Form(msgspec.Struct, frozen=True):
    """How a column was packed."""

    low: int
    """What was taken away from each value."""
    width: int
    """Bytes a value; 0 where all are `low`."""

    def packed(self, values: Any) -> Any:
        """Return values whose form this is as they go to the disk."""
        return np.subtract(_integers(values), self.low, dtype=np.int64).astype(_KINDS[self.width])

    def room(self, rows: int) -> Any:
        """Return an array into which so many packed values can be read."""
        return np.empty(rows, _KINDS[self.width])


def form(values: Any) -> Form:
    """Return how a column is packed best."""
    integers = _integers(values)
    low, high = (int(integers.min()), int(integers.max())) if len(integers) else (0, 0)
    width = next((n for n in (0, 1, 2, 4) if high - low < 1 << (8 * n)), _LONGEST)
    return Form(0 if width == _LONGEST else low, width)


class Piece(msgspec.Struct, frozen=True):
    """Some values of a column, as they came from the disk."""

    form: Form
    rows: int
    values: Any = None
    """Nothing where the form needs no bytes."""


def unpacked(pieces: Sequence[Piece], kind: Any) -> Any:
    """Return the values of all pieces; where they are all alike one is held, whatever the length (stride 0)."""
    wanted, rows = np.dtype(kind), sum(piece.rows for piece in pieces)
    integers = np.dtype(np.int64) if wanted.kind == "f" else wanted
    if len({piece.form for piece in pieces}) == 1 and pieces[0].form.width == 0:
        return np.broadcast_to(np.array([pieces[0].form.low], integers).view(wanted), rows)
    found, at = np.empty(rows, integers), 0
    for piece in pieces:
        some = found[at : at + piece.rows]
        some[:] = 0 if piece.values is None else piece.values
        some += piece.form.low
        at += piece.rows
    return found.view(wanted)


def _integers(values: Any) -> Any:
    return values.view(np.int64) if values.dtype.kind == "f" else values
