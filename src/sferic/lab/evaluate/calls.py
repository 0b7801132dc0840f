"""The calls of one implant, person or queue as columns, and many of them as the traffic of a hunt.

Only what timing and size can show is made: every pair is a machine and a function of its own, unless the setting says
that several functions take turns, or that staff look at the same owner's pages.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
import numpy as np

from sferic.catalog.platforms import load_catalogue
from sferic.engine.columns import Columns
from sferic.lab.scenario import Law
from sferic.model.event import HTTP, Event
from sferic.model.traffic import Bools, Floats, Ints, Traffic

START_S = 1_772_409_600.0
"""A Monday, midnight."""
HOUR_S = 3_600.0
_KEEP_ALIVE_S = 60.0
_CALL_UP, _CALL_DOWN = 600, 300
_HANDSHAKE_UP, _HANDSHAKE_DOWN = 900, 3_900
_STAFF = 30
"""How many people look at the pages of an owner that an implant hides behind."""

_FIRST_OF_STAFF = 1 << 20

Reuse = Literal["none", "keep_alive", "tunnel"]


class Cell(msgspec.Struct, frozen=True, order=True):
    """One setting of everything."""

    window_h: float
    sleep_s: float
    jitter: float
    law: Law
    loss: float = 0.0
    presence: str = "always"
    hosts: int = 1
    """How many functions of one owner take turns at random."""
    reuse: Reuse = "none"
    """Calls less than a minute apart share a logged connection, or all of them do."""
    bursts_per_day: int = 0
    """Stretches of a minute or so in which an operator works: a call each second or two, larger ones."""
    padding: int = 0
    """Upper bound of the random bytes on each side."""
    whole_seconds: bool = False
    shared: bool = False
    """Whether staff look at other pages of the same owner all day."""

    @property
    def rows(self) -> float:
        """About how many events one implant leaves."""
        return self.window_h * HOUR_S / self.sleep_s / max(0.5, 1 - self.jitter / 2)


class Calls(msgspec.Struct):
    """All calls of one machine to one owner's functions; columns of one length."""

    times: Floats
    """Seconds after the beginning."""
    hosts: int = 1
    host: Ints | None = None
    """Which of the functions; None for the only one."""
    up: Ints | int = 0
    down: Ints | int = 0
    """Bytes beside those of the pair's bare call."""
    duration_ms: Ints | int = -1
    tunnel: bool = False
    whole_seconds: bool = False
    staff: tuple[Floats, ...] = ()
    """Of each person, when they look at another page of the same owner."""


class _Strand(msgspec.Struct, array_like=True):
    """All calls of one machine to one function."""

    number: int
    client: str
    host: str
    source: str
    tunnel: bool
    times: Floats
    up: Ints
    down: Ints
    duration_ms: Ints


def implant(rng: np.random.Generator, cell: Cell) -> Calls:
    """The calls of one implant as a log has them."""
    end_s = cell.window_h * HOUR_S
    low, high = cell.sleep_s * (1 - cell.jitter), cell.sleep_s * (1 + cell.jitter)
    bounds = {"one_sided": (low, cell.sleep_s), "additive": (cell.sleep_s, high)}.get(cell.law, (low, high))
    gaps = rng.uniform(*bounds, size=int(end_s / max(bounds[0], cell.sleep_s / 4)) + 8)
    gaps = np.rint(gaps) if cell.law == "integer" else gaps
    times = rng.uniform(0, cell.sleep_s) + np.cumsum(gaps + rng.lognormal(np.log(0.16), 0.35, len(gaps)))
    times = times[times < end_s]
    work = _bursts(rng, cell) if cell.bursts_per_day else np.empty(0)
    size = np.concatenate([np.zeros(len(times)), rng.lognormal(8.0, 1.2, len(work))])
    times = np.concatenate([times, work])
    order = np.argsort(times, kind="stable")
    times, size = times[order], size[order]
    kept = (rng.random(len(times)) >= cell.loss) & _present(rng, times, cell.presence)
    calls = Calls(times[kept], cell.hosts, whole_seconds=cell.whole_seconds)
    calls.up, calls.down = (size[kept].astype(np.int64) * side for side in (1, 0))
    if cell.padding:
        calls.up, calls.down = (v + rng.integers(0, cell.padding + 1, len(v)) for v in (calls.up, calls.down))
    if cell.hosts > 1:
        calls.host = rng.integers(0, cell.hosts, len(calls.times))
    if cell.shared:
        calls.staff = tuple(person(rng, end_s).times for _ in range(_STAFF))
    return calls if cell.reuse == "none" else _joined(calls, _KEEP_ALIVE_S if cell.reuse == "keep_alive" else end_s)


def _bursts(rng: np.random.Generator, cell: Cell) -> Floats:
    """The calls of an operator at work, in the hours when people work."""
    days = max(1, round(cell.window_h / 24))
    found = []
    for _ in range(days * cell.bursts_per_day):
        begin = rng.uniform(0, cell.window_h * HOUR_S)
        gaps = rng.uniform(0.8, 2.4, int(rng.uniform(15, 70)))
        found.append(begin + np.cumsum(gaps))
    times = np.concatenate(found)
    return np.asarray(times[times < cell.window_h * HOUR_S])


def _joined(calls: Calls, keep_alive_s: float) -> Calls:
    """One row for all calls of a connection: it begins with the first and ends with the last."""
    if not len(calls.times):
        return calls
    first = np.flatnonzero(np.diff(calls.times, prepend=-np.inf) > keep_alive_s)
    last = np.append(first[1:], len(calls.times)) - 1
    number = last - first + 1
    up, down = (np.add.reduceat(np.broadcast_to(v, len(calls.times)), first) for v in (calls.up, calls.down))
    return Calls(
        calls.times[first],
        up=up + (number - 1) * _CALL_UP + _HANDSHAKE_UP,
        down=down + (number - 1) * _CALL_DOWN + _HANDSHAKE_DOWN,
        duration_ms=((calls.times[last] - calls.times[first]) * 1_000).astype(np.int64) + 200,
        tunnel=True,
        whole_seconds=calls.whole_seconds,
        staff=calls.staff,
    )


def _present(rng: np.random.Generator, times: Floats, presence: str) -> Bools:
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


def person(rng: np.random.Generator, end_s: float) -> Calls:
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
        return Calls(np.sort((rng.choice(sessions, count) + rng.exponential(min(300.0, end_s / 20), count)) % end_s))
    times = np.cumsum(gaps)
    return Calls(np.asarray(times[times < end_s]))


def client_of(number: int) -> str:
    """The address of the n-th pair."""
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def traffic_of(series: Sequence[Calls]) -> Traffic:
    """One machine and one owner for each of the series, with the sizes of small polls.

    One row of each machine and function goes through the columns that a hunt fills; it is then repeated for all calls.
    """
    strands = [strand for n, calls in enumerate(series) for strand in _strands(n, calls)]
    once = _once(strands)
    row = np.repeat(np.arange(len(strands)), [len(one.times) for one in strands])
    columns = {name: v[row] for name in once.__struct_fields__ if isinstance(v := getattr(once, name), np.ndarray)}
    for name in ("up", "down"):
        columns[name] = columns[name] + np.concatenate([getattr(one, name) for one in strands])
    columns["duration_ms"] = np.concatenate([one.duration_ms for one in strands])
    columns["time_s"] = START_S + np.concatenate([one.times for one in strands])
    order = np.argsort(columns["time_s"], kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    return msgspec.structs.replace(once, **columns | {"line": np.arange(1, len(row) + 1, dtype=np.int64)})


def _strands(number: int, calls: Calls) -> Iterator[_Strand]:
    """The calls of each machine to each function."""
    columns = [np.broadcast_to(v, len(calls.times)) for v in (calls.up, calls.down, calls.duration_ms)]
    times = np.floor(calls.times) if calls.whole_seconds else calls.times
    source = "seconds" if calls.whole_seconds else "grid"
    for host in range(calls.hosts):
        own = slice(None) if calls.host is None else calls.host == host
        yield _Strand(
            number, client_of(number), f"f{host}-{number}.pair{number}-lab.workers.dev", source, calls.tunnel,
            times[own], *(column[own] for column in columns),
        )  # fmt: skip
    for person_, seen in enumerate(calls.staff):
        bytes_ = np.zeros(len(seen), np.int64)
        client = client_of(_FIRST_OF_STAFF + person_)
        yield _Strand(
            number, client, f"www.pair{number}-lab.workers.dev", source, False, seen, bytes_, bytes_, bytes_ - 1
        )


def _once(strands: Sequence[_Strand]) -> Traffic:
    """One row of each strand, in their order: the columns are sorted by time, so each has a second of its own."""
    catalogue = load_catalogue([])
    columns = Columns(lambda _source: False)
    for n, one in enumerate(strands):
        event = Event(
            table=HTTP, time=(int(START_S) + n) * 1_000_000 + (one.source == "grid"), source=one.source,
            file="grid", line=n + 1, src_ip=one.client, dst_host=one.host, method="CONNECT" if one.tunnel else "POST",
            status=200, bytes_up=_CALL_UP + one.number % 97, bytes_down=_CALL_DOWN + one.number % 89,
        )  # fmt: skip
        place = catalogue.identify(one.host)
        if place is not None:
            columns.add(event, place, one.host)
    return columns.finish()
