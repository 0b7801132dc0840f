"""Weigh many surviving events in a budget: `python benchmarks/aggregation.py --events 50M --pairs 1M --memory 1.5GB`.

Why: what a hunt reads is bounded by its selection, but an estate may call platforms all day. This puts rows into the
columns as reading would, hour by hour, so that holding, settling, cutting and weighing are measured without reading,
which `run.py` times. Each client calls 50 tenants, popular ones by preference, most pairs seldom and few often. People
call in bursts in office hours; one pair in a hundred is a vendor's timer, one in 20,000 an implant's.
The rows are drawn in another process, which is not counted. Memory is what a hunt with a budget would say of itself.
"""

import argparse
import multiprocessing
import operator
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from sferic.catalog.platforms import load_catalogue
from sferic.catalog.weights import load_weights
from sferic.engine.columns import Columns
from sferic.engine.gauge import Gauge
from sferic.engine.memory import room_of
from sferic.engine.part import Tally
from sferic.engine.period import Period
from sferic.model.settings import Settings
from sferic.model.traffic import FINE, IS_TUNNEL, UNKNOWN, Collected
from sferic.pipeline.weighing import Weighed, Weighing

START_S = 1_772_409_600.0
HOURS = 168
HOUR_S = 3600.0
TENANTS_OF_CLIENT = 50
AGENTS = 400
_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9}


@dataclass(frozen=True)
class Spent:
    """Seconds of wall and of all processes."""

    wall_s: float
    cpu_s: float

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.wall_s - other.wall_s, self.cpu_s - other.cpu_s)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    def __str__(self) -> str:
        return f"{self.wall_s:6.1f} s, {self.cpu_s:6.1f} s of CPU"


def now() -> Spent:
    """Return what was spent so far."""
    mine, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Spent(time.perf_counter(), mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime)


class World:
    """Who calls whom, how often, and how."""

    def __init__(self, pairs: int, events: int, seed: int = 1) -> None:
        self._draw = np.random.default_rng(seed)
        self.clients = max(1, pairs // TENANTS_OF_CLIENT)
        popular = max(1_000, pairs // 200)
        self._client = np.repeat(np.arange(self.clients, dtype=np.int32), TENANTS_OF_CLIENT)
        first = (self._draw.pareto(0.7, self.clients) * 20).astype(np.int64)[:, None]
        step = np.arange(TENANTS_OF_CLIENT) ** 2 // 3 + np.arange(TENANTS_OF_CLIENT)
        self._tenant = ((first + step) % popular).astype(np.int32).ravel()
        self._agent = self._draw.integers(0, AGENTS, len(self._client)).astype(np.int32)
        kind = self._draw.random(len(self._client))
        self._period_s = np.where(kind < 0.01, 900.0, 0.0)
        implants = np.flatnonzero(kind < 0.00005)
        self._period_s[implants] = 300.0
        self._tenant[implants] = popular + np.arange(len(implants))
        self.tenants = popular + len(implants)
        self._timed = np.flatnonzero(self._period_s)
        self._phase_s = self._draw.random(len(self._client)) * self._period_s
        weight = self._draw.pareto(1.2, len(self._client)) + 1.0
        weight[self._timed] = 0.0
        self._reach = np.cumsum(weight) / weight.sum()
        hour = np.arange(HOURS)
        office = np.exp(-(((hour % 24) - 13) ** 2) / 12) * np.where(hour // 24 < 5, 1.0, 0.15) + 0.01
        ticks = int((HOURS * HOUR_S / self._period_s[self._timed]).sum())
        self._bursts = (office / office.sum() * max(0, events - ticks) / 3).astype(np.int64)

    def hours(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of one hour after the other, by time."""
        for hour in range(HOURS):
            people, timers = self._people(hour), self._timers(hour)
            pair, time_s = (np.concatenate([a, b]) for a, b in zip(people, timers, strict=True))
            order = np.argsort(time_s)
            yield self._rows(pair[order], time_s[order], hour)

    def _people(self, hour: int) -> tuple[Any, Any]:
        bursts = int(self._bursts[hour])
        pair = np.repeat(np.searchsorted(self._reach, self._draw.random(bursts)), 3)
        begin_s = np.repeat(START_S + (hour + self._draw.random(bursts)) * HOUR_S, 3)
        return pair, begin_s + self._draw.exponential(20.0, len(pair))

    def _timers(self, hour: int) -> tuple[Any, Any]:
        period_s = self._period_s[self._timed]
        times = int(HOUR_S // 300)
        pair, number = np.repeat(self._timed, times), np.tile(np.arange(times), len(self._timed))
        keep = number < (HOUR_S / period_s).repeat(times)
        pair, number = pair[keep], number[keep]
        jitter_s = self._draw.random(len(pair)) * 0.2 * self._period_s[pair]
        return pair, START_S + hour * HOUR_S + self._phase_s[pair] + number * self._period_s[pair] + jitter_s

    def _rows(self, pair: Any, time_s: Any, hour: int) -> dict[str, Any]:
        rows = len(pair)
        given = {
            "time_s": time_s.round(3), "source": 0, "client": self._client[pair], "user": self._client[pair],
            "agent": self._agent[pair], "host": self._tenant[pair], "place": self._tenant[pair],
            "up": self._draw.lognormal(6, 1, rows).astype(np.int64), "duration_ms": 120, "method": 0,
            "down": self._draw.lognormal(7, 1, rows).astype(np.int64), "flags": FINE | IS_TUNNEL, "file": hour,
            "line": np.arange(1, rows + 1), "link": 0,
        }  # fmt: skip
        return {name: np.broadcast_to(values, rows) for name, values in given.items()}


def texts(world: World) -> dict[str, list[str]]:
    """Return every text of the world."""
    clients = range(world.clients)
    return {
        "source": ["squid_access"], "client": [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in clients],
        "user": [f"person{n}" for n in clients], "agent": [f"Mozilla/5.0 (release {n})" for n in range(AGENTS)],
        "host": [f"fn.tenant{n}.workers.dev" for n in range(world.tenants)], "path": [], "method": ["CONNECT"],
        "file": [f"access-{hour:03}.log" for hour in range(HOURS)],
    }  # fmt: skip


def draw(pairs: int, events: int, to: Connection) -> None:
    """Draw elsewhere than where is measured: send the texts, then the rows hour by hour."""
    world = World(pairs, events)
    to.send(texts(world))
    for rows in world.hours():
        to.send(rows)
    to.close()


def hold(rows_of: Connection, columns: Columns, period: Period) -> Spent:
    """Put all rows into the columns; return what that took without waiting for them."""
    words, spent, catalogue = rows_of.recv(), Spent(0, 0), load_catalogue()
    places = [catalogue.identify(host) for host in words["host"]]
    types = {name: column.dtype for name, column in columns.collected().columns.items()}
    while True:
        try:
            rows = rows_of.recv()
        except EOFError:
            return spent
        before = now()
        full = {n: np.asarray(rows.get(n, np.broadcast_to(UNKNOWN, len(rows["line"]))), t) for n, t in types.items()}
        columns.adopt(Collected(full, words, places, []), ())
        period.note(int(rows["time_s"][0] * 1e6), int(rows["time_s"][-1] * 1e6), 0)
        spent += now() - before


def run(rows_of: Connection, settings: Settings) -> None:
    """Measure in this process and those that it starts."""
    with Gauge() as gauge:
        weigh(rows_of, settings)
        together = gauge.peak_bytes() or 0
    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"largest process {largest >> 10:,} MB, all processes {together >> 20:,} MB (each shared page once)")


def weigh(rows_of: Connection, settings: Settings) -> None:
    """Hold the rows, sort and weigh them, and print what each took."""
    room, period = room_of(settings), Period(settings)
    columns = Columns(lambda _: False, room=room)
    held = hold(rows_of, columns, period)
    rows, before = len(columns), now()
    parts = columns.parts(operator.eq)
    sorting, before = now() - before, now()
    weighed: Weighed = Weighing(parts, period.span_s, settings, load_weights(), room.processes).weigh(Tally())
    weighing = now() - before
    counted = weighed.counted
    print(f"{rows:,} events, {counted.judged + counted.short:,} pairs, {parts.spilled:,} of them on the disk")
    print(f"{len(weighed.findings):,} findings")
    for name, spent in {"hold": held, "sort": sorting, "weigh": weighing, "all": held + sorting + weighing}.items():
        print(f"{name:8} {spent}")


def count(text: str) -> int:
    """Read `50M`, `1.5GB` or a plain number."""
    text = text.removesuffix("B")
    unit = _UNITS.get(text[-1:].upper(), 1)
    return int(float(text[:-1] if unit > 1 else text) * unit)


def main() -> None:
    """Weigh in a child."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=count, default=50_000_000)
    parser.add_argument("--pairs", type=count, default=1_000_000)
    parser.add_argument("--memory", type=count, default=None)
    parser.add_argument("--workers", type=int, default=0)
    given = parser.parse_args()
    settings = Settings(memory_bytes=given.memory, workers=given.workers)
    fork = multiprocessing.get_context("fork")
    rows, to = fork.Pipe(duplex=False)
    artist = fork.Process(target=draw, args=(given.pairs, given.events, to))
    artist.start()
    to.close()
    child = fork.Process(target=run, args=(rows, settings))
    child.start()
    rows.close()
    child.join()
    artist.terminate()
    raise SystemExit(1 if child.exitcode else 0)


if __name__ == "__main__":
    main()
