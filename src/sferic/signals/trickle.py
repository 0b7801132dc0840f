"""The kept connection moves a trickle of bytes.

What it measures: the logarithm (base 10) of bytes per second, both directions together, over the segment's rows.
Why it matters: check-ins inside a kept connection are small and steady; streams, downloads and syncs are not.
What else looks like this: push channels and heartbeats of realtime services.
Limits: needs bytes and duration; a single large task hides the trickle.
References: docs/explanation/scoring.md.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words

FIELDS = frozenset({"bytes_up", "bytes_down", "bytes_total"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return log10 of bytes per second."""
    found = np.full(len(window), np.nan)
    for i in np.flatnonzero(wanted):
        rate = _rate(window, int(i))
        if rate is not None:
            found[i] = np.log10(max(rate, 0.1))
    return found


def _rate(window: Window, i: int) -> float | None:
    traffic, rows = window.traffic, window.row_numbers(i)
    seconds = traffic.duration_ms[rows].clip(0).sum() / 1e3
    known = [c[rows] for c in (traffic.up, traffic.down, traffic.total) if (c[rows] >= 0).any()]
    return float(sum(k.clip(0).sum() for k in known) / seconds) if known and seconds > 0 else None


def describe(window: Window, i: int, value: float) -> Words:
    """Say the rate."""
    del window, i
    return Words(f"{10**value:.0f} B/s", f"the connections carry {10**value:,.0f} bytes per second on average")
