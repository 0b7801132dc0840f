"""The rhythm stops and starts again, several times a day.

What it measures: pauses of at least ten minutes and six of the rhythm's longest gaps, per day with check-ins.
Why it matters: an implant pauses when its machine does; what a person starts and stops pauses with the person.
What else looks like this: an implant on a machine with a bad network, or one told to sleep by its operator.
Limits: needs a rhythm; a log with outages shows pauses that were none.
References: docs/explanation/scoring.md.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._gaps import REGULAR_DB

FIELDS = frozenset({"time"})
DEAR = True
PAUSE_S = 600.0
PAUSE_GAPS = 6.0
DAY_S = 86_400.0


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the number of pauses per active day."""
    found = np.full(len(window), np.nan)
    for i in np.flatnonzero(wanted):
        fit = window.fits.get(int(i))
        if fit is not None and fit.evidence_db >= REGULAR_DB:
            times = window.times(int(i))
            pauses = np.count_nonzero(np.diff(times) > max(PAUSE_S, PAUSE_GAPS * fit.high_s))
            found[i] = pauses / len(np.unique((times + window.zone_s) // DAY_S))
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Say how often the rhythm pauses."""
    del window, i
    if value < 0.05:
        return Words("none", "the rhythm does not pause")
    return Words(f"{value:.1f} a day", f"the rhythm pauses {value:.1f} times a day and starts again")
