"""The timer keeps a fixed phase, or starts on the clock's full minutes.

What it measures: how closely check-ins keep one phase of their own period (0 drifting, 1 locked), plus 1 when that
phase is a full minute of the clock.
Why it matters: an implant sleeps *after* its work, so its phase drifts; cron and fixed-rate schedulers do not drift.
What else looks like this: an implant started by a scheduled task every few minutes is aligned too.
Limits: needs a period of 20 s or more, little jitter, and stamps of the request's start.
References: cron(8); `setInterval` and fixed-rate schedulers of common runtimes.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._gaps import REGULAR_DB

FIELDS = frozenset({"time"})
DEAR = True
MIN_PERIOD_S = 20.0
MIN_GAPS = 24
"""A sleep after work drifts by its latency each time; a short series cannot show that."""
MINUTE_S = 60.0
MAX_JITTER = 0.1
"""Full width against the period; a wider law wanders slowly and can look locked in a short log."""
ON_CLOCK_S = 8.0
_PERIODS = (
    60.0,
    120.0,
    180.0,
    300.0,
    600.0,
    900.0,
    1200.0,
    1800.0,
    3600.0,
    7200.0,
    14400.0,
    21600.0,
    43200.0,
    86400.0,
)


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the phase lock 0..1, plus 1 on the clock; NaN without a regular timer."""
    found = np.full(len(window), np.nan)
    for i in np.flatnonzero(wanted):
        fit = window.fits.get(int(i))
        if fit is None or fit.evidence_db < REGULAR_DB or fit.median_s < MIN_PERIOD_S or fit.gaps < MIN_GAPS:
            continue
        if fit.high_s - fit.low_s <= MAX_JITTER * fit.median_s + 2 * window.resolution_s[i]:
            found[i] = _lock(window.times(int(i)), fit.median_s)
    return found


def _lock(times: Floats, median_s: float) -> float:
    clock = min(_PERIODS, key=lambda p: abs(p - median_s))
    near = abs(clock - median_s) <= max(2.0, 0.02 * clock)
    period = clock if near else median_s
    angle = np.exp(2j * np.pi * times / period).mean()
    lock = float(np.abs(angle))
    late_s = float(np.angle(angle)) / (2 * np.pi) * period % MINUTE_S
    on_clock = near and min(late_s, MINUTE_S - late_s) <= ON_CLOCK_S
    return lock + (1.0 if on_clock and lock > 0.8 else 0.0)


def describe(window: Window, i: int, value: float) -> Words:
    """Say whether the phase is locked, and whether to the clock."""
    del window, i
    step = f"{value - (value > 1.6):.0%} in step"
    if value > 1.6:
        return Words("on the clock", f"check-ins start on full minutes of the clock, as scheduled jobs do ({step})")
    if value > 0.8:
        return Words("locked", f"check-ins keep a fixed phase, as fixed-rate schedulers do; a sleep drifts ({step})")
    return Words("drifting", f"check-ins drift, as a sleep after each call does ({step})")
