"""The calls are refused and go on all the same.

What it measures: the share of the segment's rows that were blocked or answered with an error.
Why it matters: a person gives up; a timer does not. An implant whose function was taken down keeps asking.
What else looks like this: a blocked telemetry client, a broken integration.
Limits: weak alone; silent for a log in which nothing was ever refused: perhaps it would not say so.
References: docs/explanation/scoring.md.
"""

import numpy as np

from sferic.model.traffic import BLOCKED, FAILED, Bools, Floats
from sferic.model.window import Window
from sferic.model.words import counted
from sferic.signals._contract import Words

FIELDS = frozenset({"status", "action"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of refused rows; NaN where the log knows no refusals."""
    del wanted
    traffic = window.traffic
    refused = (traffic.flags & (BLOCKED | FAILED)) != 0
    if not len(window):
        return np.empty(0)
    share = np.add.reduceat(refused[window.rows].astype(float), window.rows_at[:-1]) / np.diff(window.rows_at)
    return np.where(window.estate.source_refuses[window.source], share, np.nan)


def describe(window: Window, i: int, value: float) -> Words:
    """Say how many calls were refused."""
    calls = counted(len(window.row_numbers(i)), "call was", "calls were")
    return Words(f"{value:.0%}", f"{value:.0%} of {calls} blocked or failed")
