"""Keeps columns on the disk while there are more of them than memory has room for.

Rows lie there block by block, as they came; within a block they are sorted into buckets by a key, so that all rows of
some keys can be fetched with few reads. The file has no name: it is gone when the process ends, however it ends.
Each process that shares it by having been copied may read, and write where nobody else does.
"""

import os
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from sferic.engine.packing import Form, Piece, form, unpacked
from sferic.model.errors import DiskFull
from sferic.model.grouping import Table
from sferic.model.traffic import Ints

HINT = "set TMPDIR to a folder with more room, or allow more with `--memory`"
BUCKETS = 4096
"""Rows whose keys are alike modulo this are fetched together."""


class _Block(msgspec.Struct, frozen=True):
    """How a block's columns were packed, where each begins, and how many of the rows lie before each bucket."""

    forms: dict[str, Form]
    at: dict[str, int]
    before: Ints

    @property
    def rows(self) -> int:
        return int(self.before[-1])


class Disk:
    """A file without a name, read and written by place."""

    def __init__(self, what: str = "events that do not fit into memory", hint: str = HINT) -> None:
        """Make the file; `what` it is for, and `hint`, are said where it finds no room: that raises DiskFull."""
        self._what, self._hint = what, hint
        try:
            self._file = tempfile.TemporaryFile(prefix="sferic-")  # noqa: SIM115 - it lives as long as this object
        except OSError as error:
            raise self._refusal(0) from error
        self.close = weakref.finalize(self, self._file.close)
        """Give the space back."""

    def write(self, at: int, values: Any) -> int:
        """Write an array and return where it ends; raises DiskFull on a full disk."""
        data: Any = np.ascontiguousarray(values)
        left = memoryview(data).cast("B")
        while left:
            try:
                done = os.pwrite(self._file.fileno(), left, at)
            except OSError as error:
                raise self._refusal(at + len(left)) from error
            at, left = at + done, left[done:]
        return at

    def read(self, at: int, into: Any) -> None:
        """Fill an array from a place."""
        left = memoryview(into).cast("B")
        while left:
            done = os.preadv(self._file.fileno(), [left], at)
            if not done:
                raise EOFError("the file of spilled rows is shorter than what was written")
            at, left = at + done, left[done:]

    def piece(self, at: int, how: Form, rows: int) -> Piece:
        """Read values of a column, the first of which lies at a place."""
        if not how.width:
            return Piece(how, rows)
        values = how.room(rows)
        self.read(at, values)
        return Piece(how, rows, values)

    def _refusal(self, wanted: int) -> DiskFull:
        try:
            folder = tempfile.gettempdir()
        except OSError:  # no folder at all can be written
            folder = "TMPDIR"
        need = f", where they take {-(-wanted // 10**6):,} MB so far" if wanted else ""
        return DiskFull(f"{self._what} find no room on the disk{need}", where=folder, hint=self._hint)


class Shelf:
    """Blocks of rows with the same columns, by bucket."""

    def __init__(self) -> None:
        self._disk = Disk()
        self._types: dict[str, Any] = {}
        self._blocks: list[_Block] = []
        self._end = 0
        self.sizes = np.zeros(BUCKETS, np.int64)
        """Rows of each bucket."""

    def add(self, columns: Mapping[str, Any], key: Ints) -> None:
        """Put rows down; those with one key stay in their order. Raises DiskFull on a full disk."""
        bucket = (key % BUCKETS).astype(np.uint16)
        order = np.argsort(bucket, kind="stable")
        sizes = np.bincount(bucket, minlength=BUCKETS)
        self._types = self._types or {name: values.dtype for name, values in columns.items()}
        block = _Block({name: form(columns[name]) for name in self._types}, {}, np.append(0, np.cumsum(sizes)))
        for name, how in block.forms.items():
            block.at[name] = self._end
            if how.width:
                self._end = self._disk.write(self._end, how.packed(columns[name])[order])
        self._blocks.append(block)
        self.sizes += sizes

    def __len__(self) -> int:
        return int(self.sizes.sum())

    def ranges(self, rows: int) -> list[tuple[int, int]]:
        """Divide the buckets into ranges of at most so many rows, unless one bucket alone has more."""
        found, low, held = [], 0, 0
        for bucket, size in enumerate(self.sizes.tolist()):
            if held and held + size > rows:
                found.append((low, bucket))
                low, held = bucket, 0
            held += size
        return [*found, (low, BUCKETS)]

    def read(self, low: int, high: int) -> Table:
        """Return the rows of the buckets from `low` to before `high`, block by block."""
        return self._read([(block, int(block.before[low]), int(block.before[high])) for block in self._blocks])

    def blocks(self) -> Iterator[Table]:
        """Yield block after block."""
        for block in self._blocks:
            yield self._read([(block, 0, block.rows)])

    def _read(self, slices: Sequence[tuple[_Block, int, int]]) -> Table:
        full = [one for one in slices if one[2] > one[1]] or slices[:1]
        return {name: unpacked([self._piece(name, *one) for one in full], kind) for name, kind in self._types.items()}

    def _piece(self, name: str, block: _Block, start: int, stop: int) -> Piece:
        how = block.forms[name]
        return self._disk.piece(block.at[name] + start * how.width, how, stop - start)

    def close(self) -> None:
        """Give the space back."""
        self._disk.close()
