"""The calls carry a browser's user agent, and no browser makes them.

What it measures: 1 where the main user agent is a browser's and the segment's program is none; 0 where they fit.
Why it matters: implants copy a browser's user agent to be overlooked; honest programs rarely do.
What else looks like this: programs that embed a browser, and tools that pass for one because sites ask for it.
Limits: needs a log with user agents and one with processes; a guessed process says nothing.
References: `catalog/user_agents.toml`, `catalog/programs.toml`.
"""

import numpy as np

from sferic.catalog.programs import program_of
from sferic.catalog.user_agents import classify_user_agent
from sferic.model.process import Process
from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._agents import main_agents
from sferic.signals._contract import Words
from sferic.signals._programs import file_name, guessed, main_process, of_main_process

FIELDS = frozenset({"process_path"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return whether user agent and program contradict each other."""
    del wanted
    agents = main_agents(window)
    poses = np.array([classify_user_agent(a) == "browser" for a in window.traffic.agents] + [False])
    other = of_main_process(window, _is_other)
    speaks = (agents >= 0) & ~np.isnan(other) & ~guessed(window)
    return np.where(speaks, (poses[np.maximum(agents, -1)] & (other == 1)).astype(float), np.nan)


def _is_other(process: Process) -> float:
    return float(not program_of(process.path or "", process.company).kinds & {"browser", "app"})


def describe(window: Window, i: int, value: float) -> Words:
    """Say whether they fit."""
    name = file_name(main_process(window, i))
    text = "a browser's user agent, which it is not" if value else "a user agent that does not contradict it"
    return Words(name, f"the program sends {text}")
