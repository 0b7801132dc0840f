"""Recognises one channel that was logged on both sides of a proxy or NAT: by the client's name, and by the crowd's.

The proxy's log knows the client; a sensor outside sees the proxy's address call the same owner at the same moments.
That is one channel with one culprit. The two sides never stand in one log, and the crowd's side holds nothing that
the clients' sides do not explain; whoever makes everybody's calls calls more owners.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from sferic.model.traffic import UNKNOWN, Floats
from sferic.model.window import Window

APART_S = 2.0
"""Clocks and the time a call takes move the two sides apart by no more than this."""
_OF_GAP = 0.1
"""Nor by more than this share of the usual pause: else every call of a fast rhythm is near another."""
_EXPLAINED = 0.9
"""Share of one side's check-ins that the other must show, a lossy log allowed for."""


def far_sides(window: Window, chosen: Sequence[int]) -> Mapping[int, Sequence[int]]:
    """Return which of the chosen segments only repeat others: far side → the client's segments that it repeats."""
    by_owner: dict[int, list[int]] = {}
    for i in chosen:
        by_owner.setdefault(int(window.owner[i]), []).append(i)
    crowds = _owners_called(window)
    found: dict[int, Sequence[int]] = {}
    for segments in by_owner.values():
        for far in segments if len({int(window.client[i]) for i in segments}) > 1 else ():
            near = [i for i in segments if i not in found and _repeats(window, crowds, far, i)]
            if near and _share(window.times(far), _merged(window, near), _within(window, far)) >= _EXPLAINED:
                found[far] = near
    return found


def _repeats(window: Window, crowds: Mapping[int, int], far: int, near: int) -> bool:
    if window.client[far] == window.client[near] or _crowd(window, crowds, far) <= _crowd(window, crowds, near):
        return False
    if set(_logs(window, far)) & set(_logs(window, near)):
        return False
    return _share(window.times(near), window.times(far), _within(window, near)) >= _EXPLAINED


def _crowd(window: Window, crowds: Mapping[int, int], i: int) -> tuple[int, ...]:
    """Order two sides: who calls more owners, knows no user, knows no software, stands in the later log."""
    rows = window.row_numbers(i)
    nameless = [int((getattr(window.traffic, name)[rows] == UNKNOWN).all()) for name in ("user", "agent")]
    return (crowds[int(window.client[i])], *nameless, int(window.source[i]))


def _owners_called(window: Window) -> dict[int, int]:
    width = len(window.owners) + 1
    pairs = np.unique(window.client * width + window.owner)
    clients, counts = np.unique(pairs // width, return_counts=True)
    return dict(zip(clients.tolist(), counts.tolist(), strict=True))


def _logs(window: Window, i: int) -> list[int]:
    """Return the logs in which the client called the owner."""
    same = (window.client == window.client[i]) & (window.owner == window.owner[i])
    return [int(number) for number in np.unique(window.source[same])]


def _within(window: Window, i: int) -> float:
    times = window.times(i)
    return min(APART_S, _OF_GAP * float(np.median(np.diff(times)))) if len(times) > 1 else APART_S


def _merged(window: Window, segments: Iterable[int]) -> Floats:
    return np.sort(np.concatenate([window.times(i) for i in segments]))


def _share(these: Floats, those: Floats, within_s: float) -> float:
    """Return the share of some moments that have one of the others near."""
    after = np.searchsorted(those, these).clip(0, len(those) - 1)
    before = (after - 1).clip(0)
    nearest = np.minimum(np.abs(those[after] - these), np.abs(those[before] - these))
    return float((nearest <= within_s).mean())
