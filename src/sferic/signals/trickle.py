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
from sferic.signals._per_segment import totals

FIELDS = frozenset({"bytes_up", "bytes_down", "bytes_total"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return log10 of bytes per second."""
    del wanted
    traffic, rows, at = window.traffic, window.rows, window.rows_at
    columns = [column[rows] for column in (traffic.up, traffic.down, traffic.total)]
    moved = sum((totals(column.clip(0), at) for column in columns), np.zeros(len(window), np.int64))
    seconds = totals(traffic.duration_ms[rows].clip(0), at) / 1e3
    speaks = (totals(np.any([column >= 0 for column in columns], axis=0), at) > 0) & (seconds > 0)
    found = np.full(len(window), np.nan)
    found[speaks] = np.log10(np.maximum(moved[speaks] / seconds[speaks], 0.1))
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Say the rate."""
    del window, i
    return Words(f"{10**value:.0f} B/s", f"the connections carry {10**value:,.0f} bytes per second on average")
