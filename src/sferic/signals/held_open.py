"""A connection is kept open for hours.

What it measures: the longest connection of the segment, in hours.
Why it matters: with connection reuse, or inside one tunnel, a beacon leaves a single long row instead of many.
What else looks like this: push channels, realtime databases, remote terminals, an idle tab.
Limits: only where the log gives a duration; a proxy or firewall timeout cuts it short.
References: long-connection steps of public beacon hunters; platform limits (API Gateway WebSockets end at 2 h).
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.model.words import duration_text
from sferic.signals._contract import Words

FIELDS = frozenset({"duration_ms"})
HOUR_MS = 3_600_000


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the hours of the longest row."""
    del wanted
    lasted = window.traffic.duration_ms[window.rows].astype(float)
    longest = np.maximum.reduceat(lasted, window.rows_at[:-1]) if len(window) else np.empty(0)
    return np.where(longest < 0, np.nan, longest / HOUR_MS)


def describe(window: Window, i: int, value: float) -> Words:
    """Say how long, and how often."""
    rows = window.row_numbers(i)
    long = int((window.traffic.duration_ms[rows] >= HOUR_MS).sum())
    longest = duration_text(value * 3600)
    return Words(longest, f"{long} connection(s) of an hour or more, the longest {longest}")
