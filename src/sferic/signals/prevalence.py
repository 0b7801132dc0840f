"""Hardly anybody else here calls this tenant.

What it measures: how many machines (or users, where more) of the estate call the same owner (tenant, else function),
scaled so that in an estate below 100 machines each one counts for more.
Why it matters: the platform is everywhere, one account on it is not; vendors' agents run on many machines.
What else looks like this: a developer's own function, a niche application.
Limits: needs an estate: with fewer than five machines in the input it is silent. Only calls to platforms are counted.
Where the platform hides the owner (Apps Script without paths) it counts the platform.
References: prevalence is used the same way, per domain, by public beacon hunters; here per tenant inside a suffix.
"""

import numpy as np

from sferic.catalog.weights import MIN_ESTATE, WHOLE_ESTATE
from sferic.model.traffic import UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.model.words import counted
from sferic.signals._contract import Words
from sferic.signals._estate import FULL_ESTATE

FIELDS = frozenset({"src_ip", "device", "user"})
LONELY = 4.0
"""What being the only caller lacks in an estate of next to no machines: there it says hardly anything."""
CROWD = 4.0
"""What one shared address without a user name counts for: one device or many, nobody knows."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the effective number of callers of the segment's owner."""
    del wanted
    callers = window.estate.owner_clients[window.owner].astype(float)
    if window.estate.clients < MIN_ESTATE:
        return np.full(len(window), np.nan)
    callers = np.where(_is_crowd(window), np.maximum(callers, CROWD), callers)
    machines = window.estate.clients
    others = (callers - 1) * max(1.0, FULL_ESTATE / machines)
    return np.asarray(1 + others + LONELY * max(0.0, 1 - machines / WHOLE_ESTATE))


def _is_crowd(window: Window) -> Bools:
    return np.asarray(window.estate.shared[window.client] & (window.user == UNKNOWN))


def describe(window: Window, i: int, value: float) -> Words:
    """Say how many call the owner, out of how many."""
    del value
    callers = int(window.estate.owner_clients[window.owner[i]])
    name = window.owners[window.owner[i]]
    who = "only this one calls" if callers == 1 and window.client[i] != UNKNOWN else f"{callers} call"
    crowd = ", through an address that many share" if _is_crowd(window)[i] else ""
    small = f"; below {FULL_ESTATE} machines that says less" if window.estate.clients < FULL_ESTATE else ""
    text = f"of {counted(window.estate.clients, 'machine')} with serverless traffic {who} {name}{crowd}{small}"
    return Words(f"{callers} of {window.estate.clients}", text)
