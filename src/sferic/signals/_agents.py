"""Which user agent stands for a segment, and which logs carry user agents at all."""

import numpy as np

from sferic.model.traffic import UNKNOWN, Bools
from sferic.model.window import Window

MAIN_SHARE = 0.9


def main_agent(window: Window, i: int) -> int | None:
    """Return the number of the segment's user agent (UNKNOWN if its rows carry none); None if it mixes several."""
    if window.level[i] in {0, 2}:
        return int(window.agent[i])
    agents, counts = np.unique(window.traffic.agent[window.row_numbers(i)], return_counts=True)
    best = int(np.argmax(counts))
    return int(agents[best]) if counts[best] >= MAIN_SHARE * counts.sum() else None


def source_has_agents(window: Window) -> Bools:
    """Return per log source whether any of its rows carries a user agent."""
    sources = len(window.traffic.sources)
    known = window.traffic.agent != UNKNOWN
    return np.bincount(window.traffic.source[known], minlength=sources) > 0
