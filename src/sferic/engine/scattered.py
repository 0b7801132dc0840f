"""Rows that stay on the machines that read them, and are settled and weighed there, by client.

This machine holds the texts and gives them numbers. With these each worker renumbers its rows and deals them out by
client, so that each part has all rows of its clients, settles the parts, and runs what is asked of them. Where rows
change their client, as behind a proxy that names it, they are dealt out once more.

It needs of Spark an RDD's usual methods, and `tests/engine/test_scattered.py` holds a stand-in to them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import msgspec
import numpy as np

from sferic.engine.columns import Renumbering
from sferic.engine.part import Left, Numbered, Part, Told
from sferic.engine.parts import Task, Whole
from sferic.engine.settling import Dropped, Settled, Settler, Traits
from sferic.engine.tidying import by_time
from sferic.model.grouping import Table, one_after_the_other, rising, taken
from sferic.model.traffic import COLUMNS, Collected

T = TypeVar("T")
Collect = Callable[[Any], list[Any]]
Dealt = tuple[int, tuple[Table, Dropped]]
"""A part's number, some of its rows, and what was left out where they came from."""
PART_ROWS = 250_000
"""Rows of a part, about 180 MB of a worker's memory while it is weighed."""


class Common(Renumbering):
    """What every worker needs to know of everybody."""

    def __init__(self, texts: Collected, settler: Settler) -> None:
        super().__init__(texts)
        self.settler = settler


class LeftBehind:
    """The rows of all parts that stayed where they were read."""

    def __init__(self, context: Any, level: Any, collect: Collect) -> None:
        """Take Spark's context, where parts are kept (a storage level), and who returns all that an RDD holds."""
        self._context, self._level, self._collect = context, level, collect
        self._read: list[tuple[Any, int]] = []
        self._kept: list[Any] = []

    def add(self, read: Any, inputs: int) -> Any:
        """Keep the numbered parts of so many inputs; return an RDD of what is told of them."""
        self._read.append((read, inputs))
        self._kept.append(read)
        return read.map(_told)

    def rows(self, told: Told, names: Sequence[str]) -> Table:
        """Return some columns of all rows."""
        common = self._context.broadcast(Renumbering(told.texts))
        tables = self._context.union(self._tables(told, common)).map(partial(_only, tuple(names)))
        return one_after_the_other(self._collect(tables))

    def scattered(self, told: Told, settler: Settler) -> "Scattered":
        """Return all traffic, those rows among it that this machine has read itself."""
        common = self._context.broadcast(Common(told.texts, settler))
        own = self._context.parallelize(_sliced(told.own))
        rows = self._context.union([*self._tables(told, common), own])
        total = len(told.own["time_s"]) + sum(one.rows for one in told.numbered)
        found = Scattered(told.texts.words["host"], rows, common, total // PART_ROWS + 1, self._level, self._collect)
        self._kept.append(found.settled)
        return found

    def _tables(self, told: Told, common: Any) -> list[Any]:
        """Return the rows with the numbers that all share."""
        left = iter(told.numbered)
        return [read.map(partial(_renumbered, common, dict(enumerate(islice(left, n))))) for read, n in self._read]

    def forget(self) -> None:
        """Let go of all rows."""
        for rows in self._kept:
            rows.unpersist()
        self._read.clear()
        self._kept.clear()


def _told(numbered: tuple[int, Part]) -> Part:
    """Return what is told of a part whose rows stay where they are."""
    part = numbered[1]
    traits = Traits()
    traits.note(part.collected.columns)
    left = Left(len(part.collected.columns["time_s"]), traits)
    return msgspec.structs.replace(part, collected=msgspec.structs.replace(part.collected, columns={}), left=left)


def _only(names: Sequence[str], table: Table) -> Table:
    return {name: table[name] for name in names}


def _sliced(table: Table) -> Sequence[Table]:
    """Divide this machine's own rows into pieces that can be sent."""
    rows = len(table["time_s"])
    return [{n: column[at : at + PART_ROWS] for n, column in table.items()} for at in range(0, max(rows, 1), PART_ROWS)]


class Scattered:
    """All traffic of a hunt, on other machines."""

    spilled = 0

    def __init__(
        self, hosts: list[str], rows: Any, common: Any, parts: int, level: Any, collect: Collect
    ) -> None:
        """Take tables that were renumbered with what is broadcast, to be dealt out into so many parts.

        Settled parts are kept at that storage level; `collect` returns what an RDD holds.
        """
        settler = common.value.settler
        self.hosts, self._common, self._collect = hosts, common, collect
        rows = _dealt_out(rows.map(partial(_named, common)), parts)
        if settler.forwards:
            rows = _dealt_out(rows.map(partial(_merged, common)), parts)
        self.settled = rows.map(partial(_settled, common, settler.forwards)).persist(level)

    def each(self, task: Task[T], hands: int) -> Iterator[T]:
        """Do the task where the parts are; a part without clients may be missing."""
        del hands
        yield from self._collect(self.settled.map(partial(_done, self._common, task)))


def _renumbered(common: Any, numbered: Mapping[int, Numbered], part: tuple[int, Part]) -> Table:
    """Return a part's rows with the numbers that all share; what runs where they were read."""
    number, read = part
    mine = numbered[number]
    columns: Table = common.value.renumber(read.collected, mine.processes)
    return columns | {"order": np.arange(mine.start, mine.start + len(columns["time_s"]))}


def _dealt_out(tables: Any, parts: int) -> Any:
    return tables.flatMap(partial(_dealt, parts)).partitionBy(parts, _itself).mapPartitions(_gathered)


def _itself(number: int) -> int:
    return number


def _dealt(parts: int, rows: tuple[Table, Dropped]) -> Iterator[Dealt]:
    """Divide rows by client. The first part is there even if it is empty, so that there is one."""
    table, dropped = rows
    part = table["client"].astype(np.int64) % parts
    table = taken(table, rising(part))
    sizes = np.bincount(part, minlength=parts)
    stops = np.cumsum(sizes)
    for number in sorted({0, *np.flatnonzero(sizes).tolist()}):
        some = slice(int(stops[number] - sizes[number]), int(stops[number]))
        yield number, ({name: column[some] for name, column in table.items()}, Dropped() if number else dropped)


def _gathered(dealt: Iterator[Dealt]) -> Iterator[tuple[Table, Dropped]]:
    """Put the rows of a part together, in the order in which they came."""
    pieces = [piece for _, piece in dealt]
    if pieces:
        table = one_after_the_other([table for table, _ in pieces])
        yield taken(table, rising(table["order"])), sum((dropped for _, dropped in pieces), Dropped())


def _named(common: Any, table: Table) -> tuple[Table, Dropped]:
    return common.value.settler.named(table), Dropped()


def _merged(common: Any, rows: tuple[Table, Dropped]) -> tuple[Table, Dropped]:
    table, dropped = rows
    merged, more = common.value.settler.merged(table)
    return merged, dropped + more


def _settled(common: Any, is_merged: bool, rows: tuple[Table, Dropped]) -> tuple[Table, Dropped]:
    table, dropped = _merged(common, rows) if not is_merged else (by_time(rows[0]), rows[1])
    traffic = common.value.settler.traffic(table)
    return {name: np.asarray(getattr(traffic, name), kind) for name, kind in COLUMNS.items()}, dropped


def _done(common: Any, task: Task[T], settled: tuple[Table, Dropped]) -> T:
    columns, dropped = settled
    return task(Whole([], Settled(common.value.settler.saved(columns), dropped)), 0)
