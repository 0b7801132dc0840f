"""The timer waits longer than its round setting by a random time, never shorter, as schedulers' random delays do.

What it measures: 1 where the law is a round period plus a random delay of 5 % or more, else 0.
Why it matters: operators' jitter shortens the sleep or goes both ways in most frameworks; what spreads the load of a
fleet is added to the period.
What else looks like this: Sliver adds its jitter as well.
Limits: only where the law's lower end is round and its other readings are not.
References: `RandomizedDelaySec` in systemd.timer(5); RandomDelay of Windows' Task Scheduler; for the frameworks' laws
docs/explanation/scoring.md.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.model.words import duration_text
from sferic.signals._contract import Words
from sferic.signals._gaps import REGULAR_DB

FIELDS = frozenset({"time"})
DEAR = True
MIN_DELAY = 0.05
"""Less is the latency of the calls."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return 1 for a period plus a random delay, 0 for another timer; NaN without one."""
    found = np.full(len(window), np.nan)
    for i in np.flatnonzero(wanted):
        fit = window.fits.get(int(i))
        if fit is not None and fit.evidence_db >= REGULAR_DB:
            found[i] = float(fit.law == "additive" and (fit.jitter or 0.0) >= MIN_DELAY)
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Say whether the delay is added."""
    fit = window.fits[i]
    if not value:
        return Words("no", "the timer is not a round period with a random delay added")
    setting = duration_text(fit.sleep_s or fit.low_s)
    return Words("added", f"up to {fit.jitter:.0%} are added to a period of {setting}, and never taken off")
