"""Settled traffic in parts, each with all rows of its clients: one part, or several whose rows wait on the disk.

First every part is settled, then every part can be loaded as often as need be. A part may be settled in a process
that was copied from this one: what it puts down, all see.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from sferic.engine.hands import each
from sferic.engine.packing import Form, form, unpacked
from sferic.engine.settling import Dropped, Settled, Settler
from sferic.engine.shelf import Disk, Shelf
from sferic.engine.tidying import by_time
from sferic.model.grouping import Table, rising, taken
from sferic.model.traffic import COLUMNS, Traffic

T = TypeVar("T")
_HEAD = (len(COLUMNS) + 1, 2)
"""Before a part's columns stands how many rows it has, and how each column was packed."""
_HEAD_BYTES = 8 * _HEAD[0] * _HEAD[1]
_WIDTH = sum(np.dtype(kind).itemsize for kind in COLUMNS.values())


class Held(Protocol):
    """Parts that can be reached from here."""

    def settle(self, part: int) -> Settled:
        """Settle a part."""

    def load(self, part: int) -> Traffic:
        """Return a part that was settled."""


Task = Callable[[Held, int], T]
"""What is done with each part; it is given who holds it, and its number."""


class Parts(Protocol):
    """All traffic of a hunt."""

    hosts: list[str]
    """Every host that was called."""
    spilled: int
    """How many rows were put on the disk."""

    def each(self, task: Task[T], hands: int) -> Iterator[T]:
        """Yield what a task makes of every part, in order, by so many processes of this machine at most."""


class Whole:
    """Traffic that fits into memory."""

    spilled = 0

    def __init__(self, hosts: list[str], settled: Settled) -> None:
        self.hosts = hosts
        self._settled = settled

    def __len__(self) -> int:
        return 1

    def each(self, task: Task[T], hands: int) -> Iterator[T]:
        """Do the task here."""
        del hands
        yield task(self, 0)

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
        self._at = np.append(0, np.cumsum([_HEAD_BYTES + rows * _WIDTH for rows in sizes]))

    def __len__(self) -> int:
        return len(self._ranges)

    def each(self, task: Task[T], hands: int) -> Iterator[T]:
        """Do the task in processes that are copied from this one."""
        return each(partial(task, self), len(self), hands)

    def settle(self, part: int) -> Settled:
        """Read a part's rows, settle them and put them down again."""
        columns, dropped = self._read(*self._ranges[part]), self._dropped if part == 0 else Dropped()
        if not self._is_merged:
            columns, dropped = self._settler.merged(columns)
        traffic = self._settler.traffic(columns)
        self._put_down({n: np.asarray(getattr(traffic, n), kind) for n, kind in COLUMNS.items()}, int(self._at[part]))
        return Settled(traffic, dropped)

    def _put_down(self, columns: Table, at: int) -> None:
        forms = [form(values) for values in columns.values()]
        head = [(len(columns["time_s"]), 0), *((one.low, one.width) for one in forms)]
        at = self._settled.write(at, np.array(head, np.int64))
        for values, how in zip(columns.values(), forms, strict=True):
            if how.width:
                at = self._settled.write(at, how.packed(values))

    def load(self, part: int) -> Traffic:
        """Read what `settle` put down."""
        head, at, columns = np.empty(_HEAD, np.int64), int(self._at[part]), {}
        self._settled.read(at, head)
        (rows, _), at = head[0].tolist(), at + _HEAD_BYTES
        for (name, kind), (low, width) in zip(COLUMNS.items(), head[1:].tolist(), strict=True):
            columns[name] = unpacked([self._settled.piece(at, Form(low, width), rows)], kind)
            at += rows * width
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
            columns = taken(columns, rising(columns["order"]))
        if self._is_merged:
            return by_time(columns)
        return columns if self._is_named else self._settler.named(columns)
