"""The channel goes on hour after hour.

What it measures: in how many distinct hours the segment checks in.
Why it matters: an implant stays; a page or an installer is done soon.
What else looks like this: every agent and every tab that is left open.
Limits: a short log can only show a short life.
References: the published search counts distinct hours for the same reason (3 at least).
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.model.words import duration_text
from sferic.signals._contract import Words

FIELDS = frozenset({"time"})
HOUR_S = 3600.0


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the number of distinct hours since the epoch with a check-in."""
    del wanted
    segment = np.repeat(np.arange(len(window)), window.checkins)
    hour = np.floor(window.time_s / HOUR_S).astype(np.int64)
    fresh = np.ones(len(hour), bool)
    fresh[1:] = (np.diff(segment) != 0) | (np.diff(hour) != 0)
    return np.bincount(segment[fresh], minlength=len(window)).astype(float)


def describe(window: Window, i: int, value: float) -> Words:
    """Say how long and how densely the channel lived."""
    times = window.times(i)
    hours = f"{value:.0f} distinct {'hours' if value > 1 else 'hour'}"
    return Words(f"{value:.0f} h", f"check-ins in {hours} over a span of {duration_text(times[-1] - times[0])}")
