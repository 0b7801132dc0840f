"""The software calls itself a browser, and never says which page it came from.

What it measures: 1 where the segment's user agent is a browser's, its log carries referrers, and none of at least
20 rows has one; else 0.
Why it matters: what a page loads carries the page's origin as referrer; programs that pose as browsers often forget.
What else looks like this: a browser extension's background calls, a page with a strict referrer policy.
Limits: only where the log carries user agents and referrers.
References: W3C Referrer Policy (default `strict-origin-when-cross-origin`).
"""

import numpy as np

from sferic.catalog.user_agents import classify_user_agent
from sferic.model.traffic import HAS_REFERER, IS_TUNNEL, UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals._agents import main_agents
from sferic.signals._contract import Words
from sferic.signals._per_segment import totals

FIELDS = frozenset({"referer"})
MIN_ROWS = 20


def measure(window: Window, wanted: Bools) -> Floats:
    """Return 1 for a browser that never refers, 0 for one that does."""
    del wanted
    traffic, at = window.traffic, window.rows_at
    refers = (traffic.flags & HAS_REFERER) != 0
    plain = (traffic.flags[window.rows] & IS_TUNNEL) == 0
    speaks = (totals(plain, at) >= MIN_ROWS) & window.estate.source_refers[window.source] & _is_browser(window)
    return np.where(speaks, totals(plain & refers[window.rows], at) == 0, np.nan)


def _is_browser(window: Window) -> Bools:
    """Mark the segments whose main user agent is a browser's."""
    agents = main_agents(window)
    browsers = np.array([classify_user_agent(a) == "browser" for a in window.traffic.agents] + [False])
    return browsers[np.maximum(agents, UNKNOWN)]


def describe(window: Window, i: int, value: float) -> Words:
    """Say whether a referrer was ever seen."""
    del window, i
    if value:
        return Words("never", "it calls itself a browser but never sends a referrer, as what a page loads does")
    return Words("seen", "it sends referrers, as browsers do")
