"""The channel runs whenever its machine does.

What it measures: within the channel's life, the share of the time in which the machine shows any traffic to platforms
that also has check-ins, in steps of half an hour or three gaps, whichever is longer.
Why it matters: an implant starts with the machine and stays; a developer's loop, a tab or a job comes and goes.
What else looks like this: every agent.
Limits: a machine is seen only through its other calls to platforms; without them the signal is silent. Where the
log leaves calls out the steps are so long that chance leaves none empty.
References: docs/explanation/scoring.md.
"""

import numpy as np

from sferic.model.grouping import opens, rising
from sferic.model.traffic import Bools, Floats, Ints
from sferic.model.window import Fit, Window
from sferic.signals._contract import Words
from sferic.signals._gaps import REGULAR_DB
from sferic.signals._thinned import missing_in_a_row

FIELDS = frozenset({"time"})
DEAR = True
STEP_S = 1800.0
MIN_OTHER_STEPS = 4
"""The machine must show other traffic in this many steps, else nothing can be said."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of the machine's visible time with check-ins."""
    found = np.full(len(window), np.nan)
    regular = {i: fit for i in np.flatnonzero(wanted).tolist() if (fit := window.fits.get(i)) and _is_regular(fit)}
    rows_of = _rows_of_clients(window, list(regular))
    for i, fit in regular.items():
        found[i] = _share(window, i, fit, rows_of[int(window.client[i])])
    return found


def _is_regular(fit: Fit) -> bool:
    return fit.evidence_db >= REGULAR_DB


def _rows_of_clients(window: Window, segments: list[int]) -> dict[int, Ints]:
    """Return the rows of each client of the segments."""
    client = window.traffic.client.astype(np.int64)
    rows = np.flatnonzero(np.isin(client, window.client[segments]))
    rows = rows[rising(client[rows])]
    starts = opens(client[rows])
    return dict(zip(client[rows[starts]].tolist(), np.split(rows, starts)[1:], strict=True))


def _share(window: Window, i: int, fit: Fit, client_rows: Ints) -> float:
    times = window.times(i)
    step = max(STEP_S, max(3.0, missing_in_a_row(window, i, fit)) * fit.median_s)
    mine = np.unique(times // step)
    others = np.setdiff1d(client_rows, window.row_numbers(i), assume_unique=True)
    other_times = window.traffic.time_s[others]
    other = np.unique(other_times[(other_times >= times[0]) & (other_times <= times[-1])] // step)
    if len(other) < MIN_OTHER_STEPS:
        return float("nan")
    return len(mine) / len(np.union1d(mine, other))


def describe(window: Window, i: int, value: float) -> Words:
    """Say how much of the machine's time the channel fills."""
    del window, i
    kind = "as something that starts with it" if value >= 0.85 else "so it is started and stopped"
    return Words(f"{value:.0%}", f"the channel runs in {value:.0%} of the time its machine is seen at work, {kind}")
