"""Recall by sleep, jitter, law, window, loss and presence, at one false alarm in 10,000 benign pairs.

Events are made in memory, each pair a machine and a function of its own. The benign pairs are people and queues:
memoryless, bursty, log-normal, in sessions. Harmless timers are not among them: timing cannot tell those from an
implant, and the companies of `sferic.lab.evaluate.judged` hold them. The alarm is a finding at or above the score that
no more than one benign pair in 10,000 reaches.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np

from sferic.catalog.platforms import load_catalogue
from sferic.engine.columns import Columns
from sferic.lab.evaluate.measures import Share
from sferic.lab.scenario import Law
from sferic.model.event import HTTP, Event
from sferic.model.traffic import Floats, Traffic

Rank = Callable[[Traffic, tuple[float, float]], dict[str, float]]
"""Machine → points of its best finding, for machines with one at or above the floor."""
START_S = 1_772_409_600.0
"""A Monday, midnight."""
HOUR_S = 3_600.0
BENIGN = 10_000
_MAX_ROWS = 4_000_000
_ESTATE = 200
"""Benign pairs beside each batch of implants, so that the estate is never small."""


class Cell(msgspec.Struct, frozen=True, order=True):
    """One setting of everything."""

    window_h: float
    sleep_s: float
    jitter: float
    law: Law
    loss: float = 0.0
    presence: str = "always"

    @property
    def rows(self) -> float:
        """About how many events one implant leaves."""
        return self.window_h * HOUR_S / self.sleep_s / max(0.5, 1 - self.jitter / 2)


class Recall(msgspec.Struct, frozen=True):
    """How many implants of a cell raised an alarm."""

    cell: Cell
    found: Share


def reduced() -> list[Cell]:
    """What runs in minutes: sleeps and jitters over a day, the way there by hours, losses, presence, slow sleeps."""
    day = itertools.product((24.0,), (10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0), (0.0, 0.2, 0.5, 0.9), _LAWS[:2])
    hours = itertools.product((0.25, 0.5, 1.0, 2.0, 6.0), (60.0,), (0.0, 0.2, 0.5, 0.9), _LAWS[:1])
    slow = itertools.product((120.0,), (3_600.0, 14_400.0), (0.0, 0.2, 0.5, 0.9), _LAWS[:1])
    bad = itertools.product((24.0,), (60.0, 300.0), (0.2,), _LAWS[:1], (0.05, 0.2, 0.5))
    away = itertools.product((24.0,), (60.0, 300.0), (0.2,), _LAWS[:1], (0.0,), ("office", "laptop"))
    return [
        *itertools.starmap(Cell, day), *itertools.starmap(Cell, hours), *itertools.starmap(Cell, slow),
        *itertools.starmap(Cell, bad), *itertools.starmap(Cell, away),
    ]  # fmt: skip


def full() -> list[Cell]:
    """Every sleep, jitter, law, window, loss and presence of the grid, settings of a quarter million events aside."""
    sleeps = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0)
    values = itertools.product(
        (2.0, 6.0, 24.0, 168.0), sleeps, (0.0, 0.1, 0.2, 0.3, 0.5, 0.9), _LAWS, (0.0, 0.05, 0.2, 0.5),
        ("always", "office", "laptop"),
    )  # fmt: skip
    cells = [Cell(*one) for one in values]
    return [c for c in cells if c.rows < 250_000 and (c.presence == "always" or c.window_h >= 24)]


_LAWS: tuple[Law, ...] = ("one_sided", "two_sided", "additive", "integer")


def run(cells: Sequence[Cell], repeats: int, rank: Rank, tell: Callable[[str], None], seed: int = 1) -> list[Recall]:
    """Make and judge every cell `repeats` times."""
    results: list[Recall] = []
    for window_h, group in itertools.groupby(sorted(cells), key=lambda cell: cell.window_h):
        rng = np.random.default_rng([seed, int(window_h * 100)])
        benign = [_benign(rng, window_h * HOUR_S) for _ in range(BENIGN)]
        span = (START_S, START_S + window_h * HOUR_S)
        alarm = _alarm(list(rank(traffic_of(benign), span).values()))
        for part in _batches(list(group), repeats):
            tell(f"grid: {len(results):,} of {len(cells):,} settings")
            series = [_implant(rng, cell) for cell in part for _ in range(repeats)]
            ranks = rank(traffic_of([*series, *benign[:_ESTATE]]), span)
            for number, cell in enumerate(part):
                mine = [ranks.get(client_of(number * repeats + n), -np.inf) for n in range(repeats)]
                results.append(Recall(cell, Share(sum(points > alarm for points in mine), repeats)))
    return results


def _alarm(ranks: Sequence[float]) -> float:
    """The points above which at most one of the benign pairs lies."""
    return sorted(ranks)[-2] if len(ranks) >= 2 else -np.inf


def _batches(cells: Sequence[Cell], repeats: int) -> Iterator[list[Cell]]:
    batch: list[Cell] = []
    for cell in cells:
        if batch and sum(one.rows for one in [*batch, cell]) * repeats > _MAX_ROWS:
            yield batch
            batch = []
        batch.append(cell)
    yield batch


def _implant(rng: np.random.Generator, cell: Cell) -> Floats:
    """Seconds after the beginning of the calls of one implant, losses and absences taken out."""
    end_s = cell.window_h * HOUR_S
    low, high = cell.sleep_s * (1 - cell.jitter), cell.sleep_s * (1 + cell.jitter)
    bounds = {"one_sided": (low, cell.sleep_s), "additive": (cell.sleep_s, high)}.get(cell.law, (low, high))
    gaps = rng.uniform(*bounds, size=int(end_s / max(bounds[0], cell.sleep_s / 4)) + 8)
    gaps = np.rint(gaps) if cell.law == "integer" else gaps
    times = rng.uniform(0, cell.sleep_s) + np.cumsum(gaps + rng.lognormal(np.log(0.16), 0.35, len(gaps)))
    times = times[times < end_s]
    return np.asarray(times[(rng.random(len(times)) >= cell.loss) & _present(rng, times, cell.presence)])


def _present(rng: np.random.Generator, times: Floats, presence: str) -> np.ndarray:
    """Which moments fall into working hours; a laptop's lid is open in three stretches of them."""
    hour = times / HOUR_S % 24
    if presence == "always":
        return np.ones(len(times), bool)
    begin, end = 8.2 + rng.uniform(-0.8, 1.1), 17.4 + rng.uniform(-1.2, 1.3)
    present = (hour >= begin) & (hour < end)
    if presence == "laptop":
        for pause in (begin + rng.uniform(1.5, 3), end - rng.uniform(2, 3.5)):
            present &= (hour < pause) | (hour > pause + rng.uniform(0.3, 1.2))
    return np.asarray(present)


def _benign(rng: np.random.Generator, end_s: float) -> Floats:
    """The calls of one person or queue, six to some hundreds in the window."""
    count = int(np.clip(rng.lognormal(np.log(40), 0.9), 8, 500))
    mean = end_s / count
    kind = rng.integers(4)
    if kind == 0:
        gaps = rng.exponential(mean, count)
    elif kind == 1:
        gaps = rng.lognormal(0, 1.3, count) * mean / 2.33
    elif kind == 2:
        gaps = np.where(rng.random(count) < 0.7, rng.exponential(mean / 20, count), rng.exponential(mean * 3, count))
    else:
        sessions = np.sort(rng.uniform(0, end_s, max(1, count // 12)))
        return np.sort((rng.choice(sessions, count) + rng.exponential(min(300.0, end_s / 20), count)) % end_s)
    times = np.cumsum(gaps)
    return np.asarray(times[times < end_s])


def client_of(number: int) -> str:
    """The address of the n-th pair."""
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def traffic_of(series: Sequence[Floats]) -> Traffic:
    """One machine and one function for each series of times, with the sizes of small polls.

    One row of each pair goes through the columns that a hunt fills; it is then repeated for all of the pair's calls.
    """
    catalogue = load_catalogue([])
    columns = Columns(lambda _source: False)
    for n in range(len(series)):
        host = f"f{n}.pair{n}-lab.workers.dev"
        event = Event(
            table=HTTP, time=int(START_S) * 1_000_000 + n + 1, source="grid", file="grid", line=n + 1,
            src_ip=client_of(n),
            dst_host=host, method="POST", status=200, bytes_up=600 + n % 97, bytes_down=300 + n % 89,
        )  # fmt: skip
        place = catalogue.identify(host)
        if place is not None:
            columns.add(event, place, host)
    once = columns.finish()
    pair = np.repeat(np.arange(len(series)), [len(one) for one in series])
    time_s = START_S + np.concatenate(series)
    order = np.argsort(time_s, kind="stable")
    values = {name: getattr(once, name) for name in once.__struct_fields__}
    repeated = {n: v[pair[order]] for n, v in values.items() if isinstance(v, np.ndarray) and len(v) == len(once)}
    lines = np.arange(1, len(pair) + 1, dtype=np.int64)
    return msgspec.structs.replace(once, **(repeated | {"time_s": time_s[order], "line": lines}))
