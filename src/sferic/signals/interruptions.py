"""The rhythm stops and starts again, several times in a day's running.

What it measures: pauses of at least ten minutes and six of the rhythm's longest gaps, for each eight
hours in which it ran (two more are added, so that one pause of a short series says little).
Why it matters: an implant pauses when its machine does; what a person starts and stops pauses with the person.
What else looks like this: an implant on a machine with a bad network, or one told to sleep by its operator.
Limits: needs a rhythm; a log with outages shows pauses that were none. Where the log leaves calls out
only pauses count that are too long for chance.
References: docs/explanation/scoring.md.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._gaps import REGULAR_DB
from sferic.signals._thinned import missing_in_a_row

FIELDS = frozenset({"time"})
DEAR = True
PAUSE_S = 600.0
PAUSE_GAPS = 6.0
WORKDAY_S = 8 * 3600.0
SOFTENED_S = 2 * 3600.0


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the number of pauses for eight hours of running."""
    found = np.full(len(window), np.nan)
    for i in np.flatnonzero(wanted):
        fit = window.fits.get(int(i))
        if fit is not None and fit.evidence_db >= REGULAR_DB:
            times = window.times(int(i))
            gaps = np.diff(times)
            pause = gaps > max(PAUSE_S, max(PAUSE_GAPS, missing_in_a_row(window, int(i), fit)) * fit.high_s)
            found[i] = np.count_nonzero(pause) * WORKDAY_S / (gaps[~pause].sum() + SOFTENED_S)
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Say how often the rhythm pauses."""
    del window, i
    if value < 0.05:
        return Words("none", "the rhythm does not pause")
    return Words(f"{value:.1f} in 8 h", f"in eight hours of running it stops {value:.1f} times and starts again")
