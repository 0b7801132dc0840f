"""The answers say that nothing has changed, and carry nothing.

What it measures: the share of the segment's rows that were answered with status 304.
Why it matters: whoever asks with a condition already holds the answer and wants to know of a newer one: update checks,
feature flags, caches. A 304 has no body, so no task comes with it.
What else looks like this: an implant that takes its tasks from headers; nothing but habit keeps it from that.
Limits: needs status codes, so TLS inspection; many update checks are answered in full each time.
References: RFC 9110, 15.4.5.
"""

import numpy as np

from sferic.model.traffic import UNCHANGED, Bools, Floats
from sferic.model.window import Window
from sferic.model.words import counted
from sferic.signals._contract import Words
from sferic.signals._per_segment import totals

FIELDS = frozenset({"status"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of rows that were answered with 304; NaN where there is none, for the log may not say so."""
    del wanted
    unchanged = totals((window.traffic.flags[window.rows] & UNCHANGED) != 0, window.rows_at)
    return np.where(unchanged > 0, unchanged / np.maximum(np.diff(window.rows_at), 1), np.nan)


def describe(window: Window, i: int, value: float) -> Words:
    """Say how many answers were empty for want of anything new."""
    calls = counted(len(window.row_numbers(i)), "call was", "calls were")
    return Words(f"{value:.0%}", f"{value:.0%} of {calls} answered with 304, nothing new and no body")
