"""Recognises one channel that was logged on both sides of a proxy or NAT: by the client's name, and by the crowd's.

The proxy's log knows the client; a sensor outside sees the proxy's address call the same owner at the same moments.
That is one channel with one culprit. The two sides never stand in one log, and the crowd's side holds nothing that
the clients' sides do not explain; whoever makes everybody's calls calls more owners. The clocks of the two logs may
differ: by how much, an irregular rhythm tells; a regular one fits itself at many places, and then they must agree.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from sferic.model.traffic import UNKNOWN, Floats
from sferic.model.window import Window

APART_S = 2.0
"""Clocks and the time a call takes move the two sides apart by no more than this."""
_OF_GAP = 0.1
"""Nor by more than this share of the usual pause: else every call of a fast rhythm is near another."""
MOST_S = 600.0
"""Clocks of logs differ by no more than this …"""
LEAST_MOMENTS = 20
"""… and so many check-ins are needed to tell by how much."""
_LOOKED_AT = 200
_MOST_PAIRS = 200_000
_AMBIGUOUS = 0.5
"""A difference of clocks is none if another one fits this share as often."""
_EXPLAINED = 0.9
"""Share of one side's check-ins that the other must show, a lossy log allowed for."""


class Side(msgspec.Struct, frozen=True):
    """One client's calls to one owner, as far as it takes to recognise them elsewhere."""

    client: int
    owner: int
    times: Floats
    crowd: tuple[int, ...]
    """Orders two sides: who calls more owners, knows no user, knows no software, stands in the later log."""
    logs: frozenset[int]
    """The logs in which the client called the owner."""
    within_s: float


def far_sides(sides: Sequence[Side]) -> Mapping[int, Sequence[int]]:
    """Return which of the sides only repeat others, by place: far side → the client's sides that it repeats."""
    by_owner: dict[int, list[int]] = {}
    for i, side in enumerate(sides):
        by_owner.setdefault(side.owner, []).append(i)
    found: dict[int, Sequence[int]] = {}
    for places in by_owner.values():
        for i in places if len({sides[i].client for i in places}) > 1 else ():
            far = sides[i]
            seen = {j: _as_seen(far, sides[j]) for j in places if j not in found}
            near = {j: times for j, times in seen.items() if times is not None}
            if near and _share(far.times, np.sort(np.concatenate(list(near.values()))), far.within_s) >= _EXPLAINED:
                found[i] = list(near)
    return found


def sides_of(window: Window, chosen: Sequence[int]) -> list[Side]:
    """Return the side that each of these segments shows."""
    crowds = _owners_called(window) if chosen else {}
    return [
        Side(
            client=int(window.client[i]), owner=int(window.owner[i]), times=window.times(i).copy(),
            crowd=_crowd(window, crowds, i), logs=_logs(window, i), within_s=_within(window, i),
        )
        for i in chosen
    ]  # fmt: skip


def _as_seen(far: Side, near: Side) -> Floats | None:
    """Return the moments of the near side by the far log's clock; None if the far side does not repeat them."""
    if far.client == near.client or far.crowd <= near.crowd or far.logs & near.logs:
        return None
    for late_s in (0.0, _clocks_apart(near, far)):
        if late_s is not None and _share(near.times + late_s, far.times, near.within_s) >= _EXPLAINED:
            return near.times + late_s
    return None


def _clocks_apart(near: Side, far: Side) -> float | None:
    """Return how much later the far log's clock shows the near side's moments, if one difference stands out."""
    if len(near.times) < LEAST_MOMENTS:
        return None
    some = near.times[:_LOOKED_AT]
    low, high = (np.searchsorted(far.times, some + edge_s) for edge_s in (-MOST_S, MOST_S))
    if not 0 < (high - low).sum() <= _MOST_PAIRS:
        return None
    pairs = zip(some, low, high, strict=True)
    apart = np.sort(np.concatenate([far.times[begin:end] - moment for moment, begin, end in pairs]))
    alike = np.searchsorted(apart, apart + 2 * near.within_s, side="right") - np.arange(len(apart))
    best = int(alike.argmax())
    late_s = float(np.median(apart[best : best + alike[best]]))
    others = alike[np.abs(apart + near.within_s - late_s) > 3 * near.within_s]
    return None if others.max(initial=0) > _AMBIGUOUS * alike[best] else late_s


def _crowd(window: Window, crowds: Mapping[int, int], i: int) -> tuple[int, ...]:
    rows = window.row_numbers(i)
    nameless = [int((getattr(window.traffic, name)[rows] == UNKNOWN).all()) for name in ("user", "agent")]
    return (crowds[int(window.client[i])], *nameless, int(window.source[i]))


def _owners_called(window: Window) -> dict[int, int]:
    width = len(window.owners) + 1
    pairs = np.unique(window.client * width + window.owner)
    clients, counts = np.unique(pairs // width, return_counts=True)
    return dict(zip(clients.tolist(), counts.tolist(), strict=True))


def _logs(window: Window, i: int) -> frozenset[int]:
    same = (window.client == window.client[i]) & (window.owner == window.owner[i])
    return frozenset(np.unique(window.source[same]).tolist())


def _within(window: Window, i: int) -> float:
    times = window.times(i)
    return min(APART_S, _OF_GAP * float(np.median(np.diff(times)))) if len(times) > 1 else APART_S


def _share(these: Floats, those: Floats, within_s: float) -> float:
    """Return the share of some moments that have one of the others near."""
    after = np.searchsorted(those, these).clip(0, len(those) - 1)
    before = (after - 1).clip(0)
    nearest = np.minimum(np.abs(those[after] - these), np.abs(those[before] - these))
    return float((nearest <= within_s).mean())
