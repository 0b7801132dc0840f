"""The client software on this machine talks to one tenant and no other.

What it measures: how many owners the segment's user agent calls from the same machine.
Why it matters: an implant knows one address; a browser knows hundreds.
What else looks like this: every single-purpose agent.
Limits: only where the log carries user agents; sees platforms only.
References: docs/explanation/scoring.md.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._agents import main_agents
from sferic.signals._contract import Words

FIELDS = frozenset({"user_agent"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the number of owners that the software calls from this machine."""
    del wanted
    owners = window.estate.pair_owners
    pairs = zip(window.client.tolist(), main_agents(window).tolist(), strict=True)
    return np.array([owners.get(pair, np.nan) for pair in pairs], float)


def describe(window: Window, i: int, value: float) -> Words:
    """Say how many owners the software calls."""
    del window, i
    if value == 1:
        return Words("1 tenant", "on this machine the software calls this tenant and no other platform")
    return Words(
        f"{value:.0f} tenants",
        f"on this machine the software calls {value:.0f} tenants on serverless platforms",
    )
