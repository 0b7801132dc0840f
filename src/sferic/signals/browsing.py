"""The calls look like pages being viewed.

What it measures: the share of the segment's rows that fetch page assets or come with a referrer.
Why it matters: people load pages, with their scripts, styles and pictures; implants do not.
What else looks like this: an implant whose profile uses `.js` paths (several public profiles do) and sends a referrer.
Limits: only where the log carries paths or referrers; behind tunnels it is silent. Half weight is given to assets
that never vary.
References: path sets of public profiles (docs/explanation/scoring.md).
"""

import numpy as np

from sferic.model.traffic import HAS_REFERER, PATH_STATIC, UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words

FIELDS = frozenset({"path", "referer"})
MANY_PATHS = 5
"""Fewer distinct paths than this, however page-like, may be a profile's fixed set."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of page-like rows, 0..1."""
    found = np.full(len(window), np.nan)
    for i in np.flatnonzero(wanted):
        rows = window.row_numbers(int(i))
        paths = window.traffic.path[rows]
        if (paths != UNKNOWN).any():
            share = ((window.traffic.flags[rows] & (PATH_STATIC | HAS_REFERER)) != 0).mean()
            found[i] = share if len(np.unique(paths)) >= MANY_PATHS else share / 2
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Say how page-like the calls are."""
    paths = len(np.unique(window.traffic.path[window.row_numbers(i)]))
    kind = "as pages do" if value > 0.1 else "so these are no pages"
    return Words(f"{value:.0%}", f"{value:.0%} of calls fetch page assets or carry a referrer ({paths} paths), {kind}")
