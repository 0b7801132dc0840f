"""A larger answer is followed by a larger upload: a task, then its result.

What it measures: how often a download well above the usual is followed within three check-ins by an upload well
above the usual, in an otherwise even series.
Why it matters: telemetry only grows upwards, updates only downwards; orders and results come in this order.
What else looks like this: synchronisation after a change made elsewhere, chat.
Limits: needs both directions, and an operator who did something.
References: design of request and response channels in public frameworks (docs/explanation/scoring.md).
"""

import numpy as np

from sferic.model.traffic import Bools, Floats, Ints
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._per_segment import segment_of, totals, usual_down, usual_up

FIELDS = frozenset({"bytes_up"})
MIN_CHECKINS = 20
LARGE = 4.0
"""A spike is this many times the median, and 512 bytes more."""
LAG = 3
EVEN_SHARE = 0.7
"""At least this share of check-ins must not be spikes, else the series is simply uneven."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the number of task-then-result pairs."""
    del wanted
    at = window.checkins_at
    task, result = _spikes(window.down, usual_down(window), at), _spikes(window.up, usual_up(window), at)
    even = totals(task, at) + totals(result, at) <= (1 - EVEN_SHARE) * window.checkins
    pairs = np.where(even, totals(_answered(task, result, at), at), 0.0)
    unknown = totals(np.isnan(window.up) | np.isnan(window.down), at)
    return np.where((window.checkins >= MIN_CHECKINS) & (unknown == 0), pairs, np.nan)


def _spikes(values: Floats, usual: Floats, at: Ints) -> Bools:
    """Mark the values far above their segment's median."""
    return np.asarray(values > np.maximum(LARGE * usual, usual + 512)[segment_of(at)])


def _answered(task: Bools, result: Bools, at: Ints) -> Bools:
    """Mark the tasks that a result of the same segment follows in time."""
    segment, answered = segment_of(at), np.zeros(len(task), bool)
    results = np.append(np.flatnonzero(result), len(task))
    tasks = np.flatnonzero(task)
    nearest = results[np.searchsorted(results, tasks)]
    same = np.append(segment, len(at))[nearest] == segment[tasks]
    answered[tasks] = same & (nearest - tasks <= LAG)
    return answered


def describe(window: Window, i: int, value: float) -> Words:
    """Say how often the order was seen."""
    del window, i
    if not value:
        return Words("none", "no large answer is followed by a large upload")
    return Words(f"{value:.0f} ×", f"{value:.0f} times a large answer is followed by a large upload: task, then result")
