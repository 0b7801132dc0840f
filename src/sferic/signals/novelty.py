"""The tenant is new here, or has been called all along.

What it measures: hours of log before anybody first called the owner; negative, as hours of the whole log, where it
was called from the start.
Why it matters: a channel that begins in the middle of the log began for a reason; old friends are rarely attackers.
What else looks like this: every new application.
Within the first day only hours count in which a caller was seen at other calls: a log begins at night, an office later.
Limits: a log of a few hours cannot tell old from new; an intrusion older than the log looks old.
References: first-seen modifiers of public beacon hunters, with 7 and 30 days.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words

FIELDS = frozenset({"time"})
HOUR_S = 3600.0
DAY_S = 86_400.0
SETTLE_S = 3600.0
"""First calls within the first hour of a log, or within three of the segment's gaps, count as "from the start"."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return hours before the first call, or minus the log's hours."""
    del wanted
    started = window.estate.source_first_s[window.source]
    before = window.estate.owner_first_s[window.owner] - started
    before = np.where(before < DAY_S, np.minimum(before, _seen_before(window)), before)
    span = (
        (window.time_s[window.checkins_at[1:] - 1] - window.time_s[window.checkins_at[:-1]]) if len(window) else before
    )
    usual = span / np.maximum(window.checkins - 1, 1)
    late = window.estate.owner_first_s[window.owner] - started
    old = late <= np.maximum(SETTLE_S, 3 * usual)
    return np.where(old, -(window.stop_s - started), np.maximum(before, 0)) / HOUR_S


def _seen_before(window: Window) -> Floats:
    """Return for how long a caller of the owner was seen before it called; infinity where it calls nothing else."""
    company = window.estate.owner_company_s[window.owner]
    seen = window.estate.owner_first_s[window.owner] - company
    return np.where(np.isinf(company), np.inf, np.maximum(seen, 0.0))


def describe(window: Window, i: int, value: float) -> Words:
    """Say since when the owner is known."""
    name = window.owners[window.owner[i]]
    if value < 0:
        return Words("from the start", f"{name} is called since the log begins, {-value:.0f} h before its end")
    if value < 1:
        return Words("with its callers", f"{name} is called within an hour of seeing anything of those who call it")
    which = "the first" if value * HOUR_S >= DAY_S else "at least"
    return Words(f"after {value:.0f} h", f"nobody called {name} in {which} {value:.0f} h of this log")
