"""The calls carry a browser's user agent, and no browser makes them.

What it measures: 1 where the main user agent is a browser's and the segment's program is none; 0 where they fit; -1
where a program of no known kind sends its own user agent, or none, in a log that has them; -0.5 where a script host or
tool does.
Why it matters: implants copy a browser's user agent to be overlooked; honest programs rarely do.
What else looks like this: programs that embed a browser, and tools that pass for one because sites ask for it.
Limits: needs a log with user agents and one with processes; a guessed process contradicts nothing.
References: `catalog/user_agents.toml`, `catalog/programs.toml`.
"""

import numpy as np

from sferic.catalog.programs import program_of
from sferic.catalog.user_agents import classify_user_agent
from sferic.model.process import Process
from sferic.model.traffic import UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals._agents import MIXED, main_agents, source_has_agents
from sferic.signals._contract import Words
from sferic.signals._programs import file_name, guessed, main_process, of_main_process

FIELDS = frozenset({"process_path"})
OF_PEOPLE, OTHER, UNKNOWN_KIND = 0.0, 1.0, 2.0
_TEXT = {
    1.0: "a browser's user agent, which it is not", 0.0: "a user agent that does not contradict it",
    -0.5: "no browser's user agent: it does not pose as one", -1.0: "no browser's user agent: it does not pose as one",
}  # fmt: skip


def measure(window: Window, wanted: Bools) -> Floats:
    """Return whether user agent and program contradict each other."""
    del wanted
    agents = main_agents(window)
    agents = np.where((agents == UNKNOWN) & ~source_has_agents(window)[window.source], MIXED, agents)
    poses = np.array([classify_user_agent(a) == "browser" for a in window.traffic.agents] + [False])
    kind = of_main_process(window, _code)
    speaks = (agents != MIXED) & ~np.isnan(kind)
    if_posing = np.where(kind == OF_PEOPLE, 0.0, 1.0)
    if_not = np.select([kind == UNKNOWN_KIND, kind == OTHER], [-1.0, -0.5], 0.0)
    says = np.where(poses[np.maximum(agents, UNKNOWN)], if_posing, if_not)
    return np.where(speaks & ~(guessed(window) & (says == 1)), says, np.nan)


def _code(process: Process) -> float:
    kinds = program_of(process.path or "", process.company).kinds
    if kinds & {"browser", "app"}:
        return OF_PEOPLE
    return UNKNOWN_KIND if not kinds else OTHER


def describe(window: Window, i: int, value: float) -> Words:
    """Say whether they fit."""
    name = file_name(main_process(window, i))
    text = _TEXT[value]
    return Words(name, f"the program sends {text}")
