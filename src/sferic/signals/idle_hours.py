"""The channel keeps calling while nobody uses the machine.

What it measures: the share of check-ins in hours in which this machine shows no human use (pages with assets or
referrers, or three and more different tenants within the hour), for machines that show such use at other times.
Why it matters: pages and tabs sleep with their user, implants and agents do not.
What else looks like this: any background agent.
Limits: sees use only through serverless platforms; a server without users gives no answer.
References: day and night contrast, docs/explanation/scoring.md.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._per_segment import segment_of, totals

FIELDS = frozenset({"time"})
HOUR_S = 3600.0
MIN_USED_HOURS = 3
MIN_IDLE_HOURS = 6


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of check-ins in hours without human use."""
    del wanted
    hours, at = window.estate.hours, window.checkins_at
    people = {
        client: used
        for client, used in window.estate.client_hours.items()
        if len(used) >= MIN_USED_HOURS and hours - len(used) >= MIN_IDLE_HOURS
    }
    hour = np.clip(((window.time_s - window.start_s) // HOUR_S).astype(np.int64), 0, hours - 1)
    cell = window.client[segment_of(at)] * hours + hour
    used = np.isin(cell, np.concatenate([client * hours + used for client, used in people.items()] or [cell[:0]]))
    speaks = np.isin(window.client, list(people))
    return np.where(speaks, 1 - totals(used, at) / window.checkins, np.nan)


def describe(window: Window, i: int, value: float) -> Words:
    """Say how much of the channel lies in idle hours."""
    used = len(window.estate.client_hours[int(window.client[i])])
    text = f"{value:.0%} of check-ins fall in hours without sign of a person ({used} h with one)"
    return Words(f"{value:.0%}", text)
