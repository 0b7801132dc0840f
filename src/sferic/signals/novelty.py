"""The tenant is new here, or has been called all along.

What it measures: hours of log before anybody first called the owner; negative, as hours since, where it was called
from the start: that of the log, or on its first day that of those who call it.
Why it matters: a channel that begins in the middle of the log began for a reason; old friends are rarely attackers.
What else looks like this: every new application.
Within the first day only hours count in which a caller was seen at other calls: a log begins at night, an office later.
Limits: a log of a few hours cannot tell old from new; an intrusion older than the log looks old.
References: first-seen modifiers of public beacon hunters, with 7 and 30 days.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.model.words import duration_text
from sferic.signals._contract import Words

FIELDS = frozenset({"time"})
HOUR_S = 3600.0
DAY_S = 86_400.0
SETTLE_S = 3600.0
"""First calls within the first hour of a log, or within three of the segment's gaps, count as "from the start"."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return hours before the first call, or minus the hours since it."""
    del wanted
    started = window.estate.source_first_s[window.source]
    first = window.estate.owner_first_s[window.owner]
    late = first - started
    before = np.where(late < DAY_S, np.minimum(late, _seen_before(window)), late)
    span = (
        (window.time_s[window.checkins_at[1:] - 1] - window.time_s[window.checkins_at[:-1]]) if len(window) else before
    )
    usual = span / np.maximum(window.checkins - 1, 1)
    old = (late <= np.maximum(SETTLE_S, 3 * usual)) | (before <= SETTLE_S)
    since = np.where(late <= SETTLE_S, started, first)
    return np.where(old, since - window.stop_s, before) / HOUR_S


def _seen_before(window: Window) -> Floats:
    """Return for how long a caller of the owner was seen before it called; infinity where it calls nothing else."""
    company = window.estate.owner_company_s[window.owner]
    seen = window.estate.owner_first_s[window.owner] - company
    return np.where(np.isinf(company), np.inf, np.maximum(seen, 0.0))


def describe(window: Window, i: int, value: float) -> Words:
    """Say since when the owner is known."""
    name = window.owners[window.owner[i]]
    if value < 0:
        since = "since the log begins, or since those who call it appear in it"
        return Words("from the start", f"{name} is called {since}, {_while(-value)} before its end")
    which = "the first" if value * HOUR_S >= DAY_S else "at least"
    return Words(f"after {_while(value)}", f"nobody called {name} in {which} {_while(value)} of this log")


def _while(hours: float) -> str:
    return f"{hours:.0f} h" if hours >= 2 else duration_text(hours * HOUR_S)
