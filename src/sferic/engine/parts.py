"""Settled traffic in parts, each with all rows of its clients: one part, or several whose rows wait on the disk.

First every part is settled, then every part can be loaded as often as need be. A part may be settled in a process
that was copied from this one: what it puts down, all see.
"""

from typing import Any, Protocol

import numpy as np

from sferic.engine.settling import Dropped, Settled, Settler
from sferic.engine.shelf import Disk, Shelf, Table
from sferic.engine.tidying import by_time
from sferic.model.traffic import COLUMNS, Traffic

_HEAD = np.dtype("i8")
"""Before a part's columns stands how many rows it has."""
_WIDTH = sum(np.dtype(kind).itemsize for kind in COLUMNS.values())


class Parts(Protocol):
    """All traffic of a hunt."""

    hosts: list[str]
    """Every host that was called."""
    spilled: int
    """How many rows were put on the disk."""

    def __len__(self) -> int:
        """Return the number of parts."""

    def settle(self, part: int) -> Settled:
        """Settle a part."""

    def load(self, part: int) -> Traffic:
        """Return a part that was settled."""


class Whole:
    """Traffic that fits into memory."""

    spilled = 0

    def __init__(self, hosts: list[str], settled: Settled) -> None:
        self.hosts = hosts
        self._settled = settled

    def __len__(self) -> int:
        return 1

    def settle(self, part: int) -> Settled:
        """Return all of it."""
        del part
        return self._settled

    def load(self, part: int) -> Traffic:
        """Return all of it."""
        del part
        return self._settled.traffic


class Spilled:
    """Traffic of which there is more than memory has room for."""

    def __init__(self, hosts: list[str], shelf: Shelf, settler: Settler, room_rows: int) -> None:
        """Take the rows as they were collected; a part shall have so many rows at most."""
        self.hosts = hosts
        self.spilled = len(shelf)
        self._settler, self._room_rows = settler, room_rows
        self._shelf, self._is_named, self._is_merged = shelf, False, False
        self._dropped = Dropped()
        self._name()
        self._merge()
        self._ranges = self._shelf.ranges(room_rows)
        sizes = [int(self._shelf.sizes[low:high].sum()) for low, high in self._ranges]
        self._settled = Disk()
        self._at = np.concatenate([[0], np.cumsum([_HEAD.itemsize + rows * _WIDTH for rows in sizes])])

    def __len__(self) -> int:
        return len(self._ranges)

    def settle(self, part: int) -> Settled:
        """Read a part's rows, settle them and put them down again."""
        columns, dropped = self._read(*self._ranges[part]), self._dropped if part == 0 else Dropped()
        if not self._is_merged:
            columns, dropped = self._settler.merged(columns)
        traffic = self._settler.traffic(columns)
        kept = {name: np.asarray(getattr(traffic, name), kind) for name, kind in COLUMNS.items()}
        self._settled.write(int(self._at[part]), {"rows": np.array([len(traffic)], _HEAD)} | kept)
        return Settled(traffic, dropped)

    def load(self, part: int) -> Traffic:
        """Read what `settle` put down."""
        rows, at = np.empty(1, _HEAD), int(self._at[part])
        self._settled.read(at, rows)
        columns, at = {name: np.empty(int(rows[0]), kind) for name, kind in COLUMNS.items()}, at + _HEAD.itemsize
        for values in columns.values():
            self._settled.read(at, values)
            at += values.nbytes
        return self._settler.saved(columns)

    def _name(self) -> None:
        """Where rows change their client, sort them by the one that they get."""
        if self._settler.renames:
            shelf = Shelf()
            for block in self._shelf.blocks():
                named = self._settler.named(block)
                shelf.add(named, named["client"])
            self._replace(shelf)
            self._is_named = True

    def _merge(self) -> None:
        """Where proxies name clients, merge the rows of each proxy, and sort them by those."""
        if self._settler.forwards:
            shelf = Shelf()
            for low, high in self._shelf.ranges(self._room_rows):
                merged, dropped = self._settler.merged(self._read(low, high))
                shelf.add(merged, merged["client"])
                self._dropped += dropped
            self._replace(shelf)
            self._is_merged = True

    def _replace(self, shelf: Shelf) -> None:
        self._shelf.close()
        self._shelf = shelf

    def _read(self, low: int, high: int) -> Table:
        """Return rows in the order in which they came, or by time once they are merged."""
        columns = self._shelf.read(low, high)
        if self._is_named or self._is_merged:
            columns = _sorted(columns, columns["order"])
        if self._is_merged:
            return by_time(columns)
        return columns if self._is_named else self._settler.named(columns)


def _sorted(columns: Table, by: Any) -> Table:
    order = np.argsort(by, kind="stable")
    return {name: column[order] for name, column in columns.items()}
