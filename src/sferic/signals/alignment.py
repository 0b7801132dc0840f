"""The timer keeps a fixed phase, or starts on the clock's full minutes.

What it measures: how closely check-ins keep one phase of their own period (0 drifting, 1 locked), plus 1 when that
phase is a full minute of the clock.
Why it matters: an implant sleeps *after* its work, so its phase drifts; cron and fixed-rate schedulers do not drift.
What else looks like this: an implant started by a scheduled task every few minutes is aligned too.
Limits: needs a period of 20 s or more, little jitter, and stamps of the request's start. A series too short for a sleep
to drift visibly is only asked whether it starts right at full minutes, which one in twelve does by chance.
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
MIN_GAPS = 8
"""Fewer calls may all fall on full minutes by chance."""
MINUTE_S = 60.0
LOCKED = 0.8
MAX_JITTER = 0.1
"""Full width against the period; a wider law wanders slowly and can look locked in a short log."""
ON_CLOCK_S = 8.0
AT_ONCE_S = (-1.0, 4.0)
"""Where against the full minute a short series must lie to be taken for a scheduled job's."""
LATENCY_S = 0.1
"""By how much a sleep after work drifts with each call, at least: connecting and an answer from another continent."""
SEEN_DRIFT = 0.4
"""From this share of the period on, a drift shows in the lock."""
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
            lock, late_s = _lock(window.times(int(i)), fit.median_s)
            drifts = fit.gaps * LATENCY_S >= SEEN_DRIFT * fit.median_s
            low, high = (-ON_CLOCK_S, ON_CLOCK_S) if drifts else AT_ONCE_S
            on_clock = lock > LOCKED and low <= late_s <= high
            if drifts or on_clock or lock <= LOCKED:
                found[i] = lock + on_clock
    return found


def _lock(times: Floats, median_s: float) -> tuple[float, float]:
    """Return how well one phase is kept, and how late that is after a full minute; NaN for a period of no clock."""
    clock = min(_PERIODS, key=lambda p: abs(p - median_s))
    near = abs(clock - median_s) <= max(2.0, 0.02 * clock)
    period = clock if near else median_s
    angle = np.exp(2j * np.pi * times / period).mean()
    after_s = float(np.angle(angle)) / (2 * np.pi) * period
    return float(np.abs(angle)), (after_s + MINUTE_S / 2) % MINUTE_S - MINUTE_S / 2 if near else float("nan")


def describe(window: Window, i: int, value: float) -> Words:
    """Say whether the phase is locked, and whether to the clock."""
    del window, i
    step = f"{value - (value > 1.6):.0%} in step"
    if value > 1.6:
        return Words("on the clock", f"check-ins start on full minutes of the clock, as scheduled jobs do ({step})")
    if value > LOCKED:
        return Words("locked", f"check-ins keep a fixed phase, as fixed-rate schedulers do; a sleep drifts ({step})")
    return Words("drifting", f"check-ins drift, as a sleep after each call does ({step})")
