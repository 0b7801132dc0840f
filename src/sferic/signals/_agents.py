"""Which user agent stands for a segment, and which logs carry user agents at all."""

import numpy as np

from sferic.model.traffic import UNKNOWN, Bools, Ints
from sferic.model.window import Window
from sferic.signals._memo import once_a_window
from sferic.signals._per_segment import tallies

MAIN_SHARE = 0.9
MIXED = -2
"""Stands for no main user agent: the segment mixes several."""


@once_a_window
def main_agents(window: Window) -> Ints:
    """Return the number of each segment's user agent: UNKNOWN if its rows carry none, MIXED if it has several."""
    agents = tallies(window.traffic.agent[window.rows], window.rows_at)
    main = agents.count >= MAIN_SHARE * np.diff(window.rows_at)[agents.segment]
    found = np.full(len(window), MIXED)
    found[agents.segment[main]] = agents.member[main]
    return found


def main_agent(window: Window, i: int) -> int:
    """Return the number of one segment's user agent, as `main_agents` does."""
    agents, counts = np.unique(window.traffic.agent[window.row_numbers(i)], return_counts=True)
    best = int(np.argmax(counts))
    return int(agents[best]) if counts[best] >= MAIN_SHARE * counts.sum() else MIXED


@once_a_window
def source_has_agents(window: Window) -> Bools:
    """Return per log source whether any of its rows carries a user agent."""
    sources = len(window.traffic.sources)
    known = window.traffic.agent != UNKNOWN
    return np.bincount(window.traffic.source[known], minlength=sources) > 0
