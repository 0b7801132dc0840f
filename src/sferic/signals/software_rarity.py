"""Hardly any other machine runs this client software.

What it measures: on how many machines the segment's user agent is seen, scaled for small estates.
Why it matters: an implant's made-up or outdated user agent is alone; a browser's is shared by all of its version.
What else looks like this: an odd tool, a phone, a machine that updates late.
Limits: only where the log carries user agents; an implant that copies the estate's browser is not rare.
References: rare-signature modifiers of public beacon hunters.
"""

import numpy as np

from sferic.catalog.weights import MIN_ESTATE
from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.model.words import counted
from sferic.signals._agents import main_agent, main_agents
from sferic.signals._contract import Words
from sferic.signals._estate import FULL_ESTATE

FIELDS = frozenset({"user_agent"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the effective number of machines with the segment's user agent."""
    del wanted
    found = np.full(len(window), np.nan)
    if window.estate.clients < MIN_ESTATE:
        return found
    scale = max(1.0, FULL_ESTATE / window.estate.clients)
    agents = main_agents(window)
    found[agents >= 0] = window.estate.agent_clients[agents[agents >= 0]] * scale
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Say on how many machines the software is seen."""
    del value
    machines = int(window.estate.agent_clients[main_agent(window, i)])
    text = f"this user agent is seen on {machines} of {counted(window.estate.clients, 'machine')}"
    return Words(f"{machines} of {window.estate.clients}", text)
