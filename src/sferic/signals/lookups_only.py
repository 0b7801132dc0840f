"""What was seen are DNS questions, not calls.

What it measures: 1 where the segment's rows are DNS look-ups, else 0.
Why it matters: a cache answers most look-ups, so their rhythm is as much the record's lifetime as the caller's.
What else looks like this: every name that is used all day is asked for again when its record expires.
Limits: none of its own; with a log of the calls beside it, that log's segments speak instead.
References: RFC 1035 (time to live).
"""

import numpy as np

from sferic.model.traffic import LOOKUP, Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words

FIELDS = frozenset({"answers"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return 1 for look-ups; NaN for calls, of which the signal has nothing to say."""
    del wanted
    first = window.rows[window.rows_at[:-1]] if len(window) else window.rows
    return np.where((window.traffic.flags[first] & LOOKUP) != 0, 1.0, np.nan)


def describe(window: Window, i: int, value: float) -> Words:
    """Say that no call was seen."""
    del window, i, value
    return Words("DNS only", "only DNS look-ups were seen, whose rhythm is also that of caches")
