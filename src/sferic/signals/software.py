"""The client software is not a browser: a script, nothing at all, or something nobody knows.

What it measures: the class of the segment's user agent: 0 browser, 1 known agent, 2 other, 3 none though the log
carries user agents, 4 script library or command-line tool, 5 a public framework's default.
Why it matters: pages are called by browsers; a script host that calls a function by itself is worth a question.
What else looks like this: developers, CI, installers. An implant may call itself Chrome: then others speak.
Limits: only where the log carries user agents (TLS inspection or clear text).
References: `catalog/user_agents.toml`.
"""

import numpy as np

from sferic.catalog.user_agents import classify_user_agent
from sferic.model.traffic import UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals._agents import MIXED, main_agent, main_agents, source_has_agents
from sferic.signals._contract import Words

FIELDS = frozenset({"user_agent"})
_CODE = {"browser": 0.0, "agent": 1.0, "other": 2.0, "absent": 3.0, "script": 4.0, "c2_default": 5.0}
_TEXT = {
    0.0: "a browser's user agent", 1.0: "the user agent of a known kind of agent", 2.0: "a user agent of no known kind",
    3.0: "no user agent, although this log carries them",
    4.0: "the user agent of a script library or command-line tool",
    5.0: "the default user agent of a public attack framework",
}  # fmt: skip


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the class code of each segment's main user agent."""
    del wanted
    agents = main_agents(window)
    speaks = (agents >= 0) | ((agents == UNKNOWN) & source_has_agents(window)[window.source])
    codes = np.array([_CODE[classify_user_agent(a)] for a in window.traffic.agents] + [_CODE["absent"]])
    found = np.full(len(window), np.nan)
    found[speaks] = codes[agents[speaks]]
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Name the software and its class."""
    agent = main_agent(window, i)
    name = "" if agent in {UNKNOWN, MIXED} else window.traffic.agents[agent]
    return Words(name.strip() or "none", f"the calls carry {_TEXT[value]}")
