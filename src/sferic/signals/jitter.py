"""The timer varies by a share of its sleep that operators set and vendors do not.

What it measures: half the width of the timing law against its middle (0 = a fixed timer, 0.5 = 5 to 15 s around 10),
from one call to the next: a pause that a person changes between sessions is no jitter, nor is a mix of fixed timers.
Why it matters: of 150 public Cobalt Strike profiles 87 % set a jitter, half of them 20 %; telemetry timers have none.
What else looks like this: back-off loops of CI runners, pollers that add a random delay to spread load.
Limits: 13 % of profiles use no jitter, so a fixed timer is only weak evidence for a vendor.
References: the profile counts in docs/explanation/scoring.md.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words

FIELDS = frozenset({"time"})
DEAR = True
MIN_GAPS = 8
FIRM_DB = 40.0
"""How far a timer varies is only asked of one that is sure to be there."""
CHANGED = -1.0
"""Stands for a pause that was changed between sessions."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the relative half-width of the law, where there is one and it rests on enough gaps."""
    found = np.full(len(window), np.nan)
    for i in np.flatnonzero(wanted):
        fit = window.fits.get(int(i))
        if fit is not None and fit.evidence_db >= FIRM_DB and fit.gaps >= MIN_GAPS:
            found[i] = CHANGED if fit.changed else fit.spread
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Say how far the timer varies."""
    fit = window.fits[i]
    blur = window.resolution_s[i] / max(fit.median_s, 1e-9)
    if fit.changed:
        return Words(
            "changed",
            "the pause is fixed within a session and differs between them, as when a person changes it",
        )
    if fit.timers > 1:
        return Words(
            f"{fit.timers} timers",
            f"{fit.timers} timers of one period are interleaved, each varying by ±{value:.1%}",
        )
    if value <= max(0.02, blur):
        return Words(f"{value:.1%}", "the timer does not vary, as most vendors' timers do not")
    varies = f"the timer varies by about ±{value:.0%} around its middle, within bounds, like a jitter setting"
    return Words(f"±{value:.0%}", varies)
