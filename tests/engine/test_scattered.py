"""Rows that stay where they were read settle to what they would here; a stand-in for Spark moves them about."""

import operator
from collections.abc import Sequence
from typing import Any, cast

import pytest

from sferic.engine.columns import Columns
from sferic.engine.ledger import Ledger
from sferic.engine.part import Cluster, Part, Tally, Told
from sferic.engine.parts import Held, Parts
from sferic.engine.period import Period
from sferic.engine.scattered import Scattered
from sferic.engine.settling import Dropped, Settler
from sferic.model.event import Event
from sferic.model.settings import Settings
from tests.engine._rdd import Context, left_behind
from tests.engine.test_parts import by_client, columns, events

PIECE = 200
HERE = 3
"""Every so many pieces are read on this machine."""


def part_of(read: Columns) -> Part:
    """Return what a worker sends of rows."""
    return Part(
        Ledger(), read.collected(), read.identities, read.processes, [], {}, [], [], {}, set(), set(), [],
        Period(Settings()), Period(Settings()), Tally(), names_full=False, names_forgotten=0, domains_full=False,
    )  # fmt: skip


class Elsewhere:
    """Reads pieces of events on a make-believe cluster, and some of them here."""

    def __init__(self, made: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
        """Read them."""
        self._left = left_behind()
        self.columns = columns([], None, monkeypatch)
        pieces = [made[at : at + PIECE] for at in range(0, len(made), PIECE)]
        for number, piece in enumerate(pieces):
            read = columns(piece, None, monkeypatch)
            if number % HERE == 0:
                self.columns.adopt(read.collected(), self.columns.processes.adopt(read.processes))
                self.columns.identities.adopt(read.identities)
            else:
                self._leave(part_of(read))

    def _leave(self, part: Part) -> None:
        (told,) = self._left.add(Context().parallelize([(0, part)]), 1).collect()
        assert told.collected.columns == {}
        self.columns.adopt(told.collected, self.columns.processes.adopt(told.processes), told.left)
        self.columns.identities.adopt(told.identities)

    def rows(self, told: Told, names: Sequence[str]) -> Any:
        """Return some columns."""
        return self._left.rows(told, names)

    def scattered(self, told: Told, settler: Settler) -> Parts:
        """Return all traffic."""
        return self._left.scattered(told, settler)


def settled(held: Held, part: int) -> tuple[Dropped, dict[int, list[tuple[Any, ...]]], list[str]]:
    """Say what a part holds."""
    found = held.settle(part)
    return found.dropped, by_client(held.load(part)), found.traffic.clients


@pytest.mark.parametrize("kind", [(), ("devices",), ("proxies",), ("links",), ("devices", "proxies", "links")])
@pytest.mark.parametrize("room", [100, 1_000_000])
def test_what_is_scattered_holds_what_the_whole_holds(
    kind: tuple[str, ...], room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row by row, in the same order, whatever moves rows from one client to another on the way."""
    monkeypatch.setattr("sferic.engine.scattered.PART_ROWS", room)
    made = events(len(kind), **dict.fromkeys(kind, True))
    whole = columns(made, None, monkeypatch).parts(operator.eq)
    ((dropped, expected, clients),) = whole.each(settled, 1)
    there = Elsewhere(made, monkeypatch)
    parts = there.columns.parts(operator.eq, cast("Cluster", there))
    assert isinstance(parts, Scattered)
    assert parts.hosts == whole.hosts
    found = list(parts.each(settled, 1))
    assert len(found) == 1 if room > len(made) else len(found) > 5
    assert sum((part for part, _, _ in found), Dropped()) == dropped
    rows: dict[int, list[tuple[Any, ...]]] = {}
    for _, mine, named in found:
        assert not rows.keys() & mine.keys(), "a client's rows all stand in one part"
        assert named == clients
        rows |= mine
    assert rows == expected


def test_calls_that_were_left_behind_are_asked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls without a process are the same, wherever they were read."""
    made = events(1, devices=True)
    there = Elsewhere(made, monkeypatch)
    calls = there.columns.calls(cast("Cluster", there))
    assert calls._times == columns(made, None, monkeypatch).calls()._times
    assert sum(map(len, calls._times.values())) == len(made)


def test_nothing_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs without a row of interest make one empty part."""
    there = Elsewhere([], monkeypatch)
    there._leave(part_of(columns([], None, monkeypatch)))
    parts = there.columns.parts(operator.eq, cast("Cluster", there))
    assert [rows for _, rows, _ in parts.each(settled, 1)] == [{}]
