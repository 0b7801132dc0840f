"""Check-ins repeat the same size.

What it measures: the share of check-ins whose upload (or download, where only that is logged) lies within 2 % or
16 bytes of the commonest size; 5 % or 100 bytes in flows and tunnels, where TLS adds a varying part.
Why it matters: an idle implant says the same thing each time: 1 to 3 distinct sizes per 100 check-ins without padding.
What else looks like this: heartbeats, polls answered "nothing new", health checks.
Limits: padding (up to 4 KiB in one public framework) defeats it; a log without sizes says nothing.
References: message layouts of public frameworks (docs/explanation/scoring.md).
"""

import numpy as np

from sferic.model.traffic import IS_TUNNEL, Bools, Floats, Ints
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._per_segment import ordered, segment_of, totals

FIELDS = frozenset({"bytes_up", "bytes_down", "bytes_total"})
MIN_KNOWN = 6
NEAR = (16.0, 0.02)
NEAR_IN_TUNNEL = (100.0, 0.05)
"""Bytes and share within which two sizes count as the same."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of check-ins at the commonest size."""
    del wanted
    at, rows_at = window.checkins_at, window.rows_at
    upload = totals(~np.isnan(window.up), at) >= MIN_KNOWN
    sizes = np.where(upload[segment_of(at)], window.up, window.down)
    known = ~np.isnan(sizes)
    speaks = totals(known, at) >= MIN_KNOWN
    tunnels = (window.traffic.flags[window.rows] & IS_TUNNEL) != 0
    in_tunnel = totals(tunnels, rows_at) / np.diff(rows_at) > 0.5
    found = np.full(len(window), np.nan)
    for tolerance, mine in ((NEAR, speaks & ~in_tunnel), (NEAR_IN_TUNNEL, speaks & in_tunnel)):
        kept = known & mine[segment_of(at)]
        found[mine] = _shares(sizes[kept], np.append(0, np.cumsum(totals(kept, at)[mine])), tolerance)
    return found


def _shares(sizes: Floats, at: Ints, tolerance: tuple[float, float]) -> Floats:
    """Return for each segment the share of check-ins near its commonest size, as `_commonest` does for one."""
    levels, rank = ordered(sizes, at)
    near = np.maximum(tolerance[0], tolerance[1] * levels)
    low, high = np.searchsorted(levels, levels - near, "left"), np.searchsorted(levels, levels + near, "right")
    base = segment_of(at) * len(levels)
    within = base + rank
    counts = np.searchsorted(within, base + high[rank]) - np.searchsorted(within, base + low[rank])
    return np.asarray(np.maximum.reduceat(counts, at[:-1]) / np.diff(at)) if len(counts) else np.empty(0)


def _sizes(window: Window, i: int) -> Floats:
    up = window.ups(i)
    up = up[~np.isnan(up)]
    down = window.downs(i)
    return up if len(up) >= MIN_KNOWN else down[~np.isnan(down)]


def _near(window: Window, i: int) -> tuple[float, float]:
    tunnels = (window.traffic.flags[window.row_numbers(i)] & IS_TUNNEL) != 0
    return NEAR_IN_TUNNEL if tunnels.mean() > 0.5 else NEAR


def _commonest(sizes: Floats, tolerance: tuple[float, float]) -> tuple[float, float]:
    """Return the size with the most neighbours, and the share of check-ins near it."""
    ordered = np.sort(sizes)
    near = np.maximum(tolerance[0], tolerance[1] * ordered)
    counts = np.searchsorted(ordered, ordered + near, "right") - np.searchsorted(ordered, ordered - near, "left")
    best = int(np.argmax(counts))
    return float(ordered[best]), float(counts[best] / len(ordered))


def describe(window: Window, i: int, value: float) -> Words:
    """Say how many check-ins share one size."""
    sizes = _sizes(window, i)
    way = "uploads" if np.count_nonzero(~np.isnan(window.ups(i))) >= MIN_KNOWN else "transfers"
    tolerance = _near(window, i)
    typical, _ = _commonest(sizes, tolerance)
    text = f"{value:.0%} of {len(sizes)} {way} are within {tolerance[1]:.0%} of {typical:,.0f} bytes"
    return Words(f"{value:.0%}", text)
