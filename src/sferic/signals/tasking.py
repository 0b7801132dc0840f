"""A larger answer is followed by a larger upload: a task, then its result.

What it measures: how often a download well above the usual is followed within three check-ins by an upload well
above the usual, in an otherwise even series.
Why it matters: telemetry only grows upwards, updates only downwards; orders and results come in this order.
What else looks like this: synchronisation after a change made elsewhere, chat.
Limits: needs both directions, and an operator who did something.
References: design of request and response channels in public frameworks (docs/explanation/scoring.md).
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words

FIELDS = frozenset({"bytes_up"})
MIN_CHECKINS = 20
LARGE = 4.0
"""A spike is this many times the median, and 512 bytes more."""
LAG = 3
EVEN_SHARE = 0.7
"""At least this share of check-ins must not be spikes, else the series is simply uneven."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the number of task-then-result pairs."""
    found = np.full(len(window), np.nan)
    for i in np.flatnonzero(wanted & (window.checkins >= MIN_CHECKINS)):
        up, down = window.ups(int(i)), window.downs(int(i))
        if not (np.isnan(up).any() or np.isnan(down).any()):
            found[i] = _pairs(up, down)
    return found


def _pairs(up: Floats, down: Floats) -> float:
    tasks, results = np.flatnonzero(_spikes(down)), np.flatnonzero(_spikes(up))
    if len(tasks) + len(results) > (1 - EVEN_SHARE) * len(up):
        return 0.0
    after = np.searchsorted(results, tasks)
    near = after < len(results)
    lag = results[np.minimum(after, max(len(results) - 1, 0))] - tasks if len(results) else np.array([])
    return float(np.count_nonzero(near & (lag <= LAG))) if len(results) else 0.0


def _spikes(values: Floats) -> Bools:
    usual = float(np.median(values))
    return np.asarray(values > max(LARGE * usual, usual + 512))


def describe(window: Window, i: int, value: float) -> Words:
    """Say how often the order was seen."""
    del window, i
    if not value:
        return Words("none", "no large answer is followed by a large upload")
    return Words(f"{value:.0f} ×", f"{value:.0f} times a large answer is followed by a large upload: task, then result")
