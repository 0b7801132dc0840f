"""Recall by sleep, jitter, law, window and what blurs them, at one false alarm in 10,000 benign pairs.

Events are made in memory, each pair a machine and a function of its own. The benign pairs are people and queues:
memoryless, bursty, log-normal, in sessions. Harmless timers are not among them: timing cannot tell those from an
implant, and the companies of `sferic.lab.evaluate.judged` hold them. The alarm is a finding at or above the score that
no more than one benign pair in 10,000 reaches.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from sferic.lab.evaluate.calls import HOUR_S, START_S, Cell, client_of, implant, person, traffic_of
from sferic.lab.evaluate.judged import Tell
from sferic.lab.evaluate.measures import Share
from sferic.lab.scenario import Law
from sferic.model.traffic import Traffic

Rank = Callable[[Traffic, tuple[float, float]], dict[str, float]]
"""Machine → points of its best finding, for machines with one at or above the floor."""
BENIGN = 10_000
_MAX_ROWS = 4_000_000
_LARGEST = 45_000
_ESTATE = 200
"""Benign pairs beside each batch of implants, so that the estate is never small."""


class Recall(msgspec.Struct, frozen=True):
    """How many implants of a cell raised an alarm."""

    cell: Cell
    found: Share


def reduced() -> list[Cell]:
    """What runs in minutes: sleeps and jitters over a day, the way there by hours, slow sleeps, and what blurs them."""
    day = itertools.product((24.0,), (10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0), (0.0, 0.2, 0.5, 0.9), _LAWS[:2])
    hours = itertools.product((0.25, 0.5, 1.0, 2.0, 6.0), (60.0,), (0.0, 0.2, 0.5, 0.9), _LAWS[:1])
    slow = itertools.product((120.0,), (3_600.0, 14_400.0), (0.0, 0.2, 0.5, 0.9), _LAWS[:1])
    cells = [*itertools.starmap(Cell, day), *itertools.starmap(Cell, hours), *itertools.starmap(Cell, slow)]
    for sleep_s in (60.0, 300.0):
        cells += _blurred(Cell(24.0, sleep_s, 0.2, "one_sided"))
    fast = [Cell(24.0, sleep_s, 0.2, "one_sided", whole_seconds=True) for sleep_s in (2.0, 5.0, 10.0)]
    return [*cells, *fast]


def full() -> list[Cell]:
    """Every sleep, jitter, law, window, loss and presence, settings of more than 45,000 events aside; the rest singly.

    What blurs a rhythm is laid over 24 settings one at a time: all at once would be millions of settings.
    """
    sleeps = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0)
    values = itertools.product(
        (2.0, 6.0, 24.0, 168.0), sleeps, (0.0, 0.1, 0.2, 0.3, 0.5, 0.9), _LAWS, (0.0, 0.05, 0.2, 0.5),
        ("always", "office", "laptop"),
    )  # fmt: skip
    cells = [Cell(*one) for one in values]
    cells = [c for c in cells if c.rows < _LARGEST and (c.presence == "always" or c.window_h >= 24)]
    plain = itertools.product((6.0, 24.0), (10.0, 60.0, 300.0, 3_600.0), (0.0, 0.2, 0.5), _LAWS[:1])
    blurred = [one for base in itertools.starmap(Cell, plain) for one in _blurred(base)]
    return list(dict.fromkeys([*cells, *blurred]))


def _blurred(base: Cell) -> list[Cell]:
    """The setting with each thing that hides or blurs its rhythm, one at a time."""
    changes: list[dict[str, Any]] = [
        *({"loss": share} for share in (0.05, 0.2, 0.5)), *({"presence": when} for when in ("office", "laptop")),
        {"hosts": 3}, {"hosts": 10}, {"reuse": "keep_alive"}, {"reuse": "tunnel"}, {"bursts_per_day": 3},
        {"padding": 100}, {"padding": 4_096}, {"whole_seconds": True}, {"shared": True},
    ]  # fmt: skip
    return [msgspec.structs.replace(base, **change) for change in changes]


_LAWS: tuple[Law, ...] = ("one_sided", "two_sided", "additive", "integer")


def run(cells: Sequence[Cell], repeats: int, rank: Rank, tell: Tell, seed: int = 1) -> list[Recall]:
    """Make and judge every cell `repeats` times."""
    hits: Counter[Cell] = Counter()
    whole, done = sum(cell.rows for cell in cells), 0.0
    for window_h, group in itertools.groupby(sorted(cells), key=lambda cell: cell.window_h):
        rng = np.random.default_rng([seed, int(window_h * 100)])
        benign = [person(rng, window_h * HOUR_S) for _ in range(BENIGN)]
        span = (START_S, START_S + window_h * HOUR_S)
        alarm = _alarm(list(rank(traffic_of(benign), span).values()))
        for part in _batches(group, repeats):
            tell(f"grid: {len(hits):,} of {len(cells):,} settings", done)
            made = [(cell, implant(rng, cell)) for cell, count in part for _ in range(count)]
            ranks = rank(traffic_of([*(calls for _, calls in made), *benign[:_ESTATE]]), span)
            for number, (cell, _) in enumerate(made):
                hits[cell] += ranks.get(client_of(number), -np.inf) > alarm
            done += sum(cell.rows * count for cell, count in part) / whole / repeats
    return [Recall(cell, Share(hits[cell], repeats)) for cell in cells]


def _alarm(ranks: Sequence[float]) -> float:
    """The points above which at most one of the benign pairs lies."""
    return sorted(ranks)[-2] if len(ranks) >= 2 else -np.inf


def _batches(cells: Iterable[Cell], repeats: int) -> Iterator[list[tuple[Cell, int]]]:
    """Cells with how many implants are made of each, about as many events at once as memory should hold."""
    batch: list[tuple[Cell, int]] = []
    for cell in cells:
        for count in _portions(cell, repeats):
            if batch and sum(one.rows * n for one, n in [*batch, (cell, count)]) > _MAX_ROWS:
                yield batch
                batch = []
            batch.append((cell, count))
    yield batch


def _portions(cell: Cell, repeats: int) -> Iterator[int]:
    most = max(1, int(_MAX_ROWS / cell.rows))
    for begin in range(0, repeats, most):
        yield min(most, repeats - begin)
