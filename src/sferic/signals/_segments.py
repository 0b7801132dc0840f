"""Cuts traffic into segments at several levels, and each segment's rows into check-ins.

Levels, from fine to coarse: function and software · function · owner and software · owner · owner over all users.
Software is the user agent and the program, whichever is known.
A rotating implant is irregular per function and regular per owner; one NAT address is regular per user only.
A DNS question is no call, and a row that sums up an hour is none in time: both have segments of their own.
A segment whose rows are exactly those of a finer one is left out.
"""

from typing import Any

import msgspec
import numpy as np

from sferic.model.grouping import joint, opens, rising
from sferic.model.traffic import UNKNOWN, Bools, Floats, Ints, Traffic
from sferic.model.window import Estate, Window
from sferic.signals._estate import at_home, everybody, sight
from sferic.signals._kinds import Kinds, kinds_of

MIN_ROWS = 4
BURST_S = 1.5
"""Rows closer than this belong to one check-in (two stamps of whole seconds may differ by one)."""
MAX_CHECKIN_S = 12.0
"""A "check-in" that runs longer is a stream of fast requests: then its rows count one by one."""
_LEVELS = (
    ("stream", "client", "user", "agent", "image", "channel"),
    ("stream", "client", "user", "channel"),
    ("stream", "client", "user", "agent", "image", "owner"),
    ("stream", "client", "user", "owner"),
    ("stream", "client", "owner"),
)
_FINER = {1: (0,), 2: (0,), 3: (0, 1, 2), 4: (0, 1, 2, 3)}


class _Level(msgspec.Struct, frozen=True):
    """The segments of one level: each kind's segment, and each segment's rows and any kind of it."""

    of_kind: Ints
    size: Ints
    kind: Ints


class Cutting(msgspec.Struct, frozen=True):
    """How to cut: what the analyst's settings and the input's span say."""

    zone_s: int
    span_s: tuple[float, float]
    shared: tuple[str, ...] = ()
    """Networks whose addresses stand for many machines."""
    min_rows: int = MIN_ROWS


def cut(traffic: Traffic, how: Cutting, estate: Estate | None = None, kinds: Kinds | None = None) -> Window:
    """Cut traffic into the segments of every level that have enough rows to be measured.

    The estate is that of these rows, where none is given.
    """
    kinds = kinds or kinds_of(traffic)
    if estate is None:
        estate = at_home(everybody(sight(kinds), how.span_s), kinds, how.span_s, how.shared)
    levels = [_level(kinds, names) for names in _LEVELS]
    parts = [_keep(kinds, levels, number, how.min_rows) for number in range(len(_LEVELS))]
    rows, sizes = (np.concatenate(several) for several in zip(*parts, strict=True))
    level = np.repeat(np.arange(len(parts)), [len(p[1]) for p in parts])
    rows_at = np.append(0, np.cumsum(sizes))
    keys = _keys(kinds, rows[rows_at[:-1]], level)
    checkins: dict[str, Any] = _checkins(traffic, rows, rows_at)
    return Window(
        traffic=traffic, estate=estate, owners=kinds.owners, channels=kinds.channels, level=level, rows=rows,
        rows_at=rows_at, resolution_s=_resolution(traffic)[keys["source"]] if len(level) else np.empty(0),
        start_s=how.span_s[0], stop_s=how.span_s[1], zone_s=how.zone_s, **keys, **checkins,
    )  # fmt: skip


def _level(kinds: Kinds, names: tuple[str, ...]) -> _Level:
    code = joint(*(getattr(kinds, name) for name in names))
    real = np.flatnonzero(kinds.challenge == 0)
    order = real[rising(code[real])]
    heads = opens(code[order])
    of_kind = np.full(len(kinds), UNKNOWN, np.int64)
    of_kind[order] = np.repeat(np.arange(len(heads)), np.diff(heads, append=len(order)))
    size = np.add.reduceat(kinds.sizes[order], heads) if len(heads) else heads
    return _Level(of_kind, size, order[heads])


def _keep(kinds: Kinds, levels: list[_Level], number: int, min_rows: int) -> tuple[Ints, Ints]:
    """Return the rows (sorted by segment, then time) and sizes of a level's segments that are kept."""
    mine = levels[number]
    wanted = mine.size >= min_rows
    for finer in _FINER.get(number, ()):
        wanted &= levels[finer].size[levels[finer].of_kind[mine.kind]] != mine.size
    chosen = (mine.of_kind != UNKNOWN) & np.append(wanted, False)[mine.of_kind]
    rows = kinds.order[np.repeat(chosen, kinds.sizes)]
    segment = np.repeat(mine.of_kind[chosen], kinds.sizes[chosen])
    return rows[rising(joint(segment, rows))], mine.size[wanted]


def _keys(kinds: Kinds, first: Ints, level: Ints) -> dict[str, Any]:
    """Return what each segment is about, by its first row: what its level looks at, its owner and its source."""
    traffic = kinds.traffic
    keys = {n: getattr(traffic, n)[first].astype(np.int64) for n in ("source", "client", "user", "agent", "image")}
    keys["owner"], keys["channel"] = kinds.owner_of[traffic.place[first]], kinds.channel_of[traffic.place[first]]
    return {name: np.where(_looks(level, name), values, UNKNOWN) for name, values in keys.items()}


def _looks(level: Ints, name: str) -> Bools:
    looks = np.array([name in names or name in {"owner", "source"} for names in _LEVELS])
    return looks[level]


def _resolution(traffic: Traffic) -> Floats:
    return np.array([0.001 if fine else 1.0 for fine in traffic.subsecond])


def _checkins(traffic: Traffic, rows: Ints, rows_at: Ints) -> dict[str, Any]:
    times = traffic.time_s[rows]
    begins = np.zeros(len(rows), bool)
    begins[rows_at[:-1]] = True
    gap = np.diff(times, prepend=times[:1])
    opens = begins | (gap > BURST_S)
    streams = _streams(times, opens, rows_at)
    opens |= streams & (gap > 0)
    at = np.flatnonzero(opens)
    up, down = _bytes(traffic, rows)
    return {
        "time_s": times[at], "up": _sums(up, at), "down": _sums(down, at),
        "checkins_at": np.searchsorted(at, rows_at),
    }  # fmt: skip


def _streams(times: Floats, opens: Bools, rows_at: Ints) -> Bools:
    """Mark the rows of segments in which merging would hide a fast rhythm."""
    if not len(times):
        return np.zeros(0, bool)
    at = np.flatnonzero(opens)
    last = np.append(at[1:], len(times)) - 1
    length = times[last] - times[at]
    long_rows = np.repeat(length > MAX_CHECKIN_S, np.diff(np.append(at, len(times))))
    share = np.add.reduceat(long_rows.astype(float), rows_at[:-1]) / np.diff(rows_at)
    return np.repeat(share > 0.5, np.diff(rows_at))


def _bytes(traffic: Traffic, rows: Ints) -> tuple[Floats, Floats]:
    up = np.where(traffic.up[rows] < 0, np.nan, traffic.up[rows].astype(float))
    down = np.where(traffic.down[rows] < 0, np.nan, traffic.down[rows].astype(float))
    total = np.where(traffic.total[rows] < 0, np.nan, traffic.total[rows].astype(float))
    return up, np.where(np.isnan(down), total, down)


def _sums(values: Floats, at: Ints) -> Floats:
    if not len(at):
        return np.empty(0)
    known = np.add.reduceat((~np.isnan(values)).astype(float), at)
    return np.where(known > 0, np.add.reduceat(np.nan_to_num(values), at), np.nan)
