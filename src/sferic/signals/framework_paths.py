"""The paths are the defaults of a public attack framework.

What it measures: the share of the segment's rows whose path is a framework's shipped default.
Why it matters: many operators change nothing.
What else looks like this: a few defaults imitate real products (`/news.php`), so a match alone is not proof.
Limits: needs paths; defaults only.
References: `catalog/user_agents.toml`, from the frameworks' public sources.
"""

import numpy as np

from sferic.catalog.user_agents import c2_default_path
from sferic.model.traffic import UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._per_segment import totals

FIELDS = frozenset({"path"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of rows with a framework's default path."""
    del wanted
    known = np.array([c2_default_path(p) is not None for p in window.traffic.paths] + [False])
    paths, at = window.traffic.path[window.rows], window.rows_at
    return np.where(totals(paths != UNKNOWN, at) > 0, totals(known[paths], at) / np.diff(at), np.nan)


def describe(window: Window, i: int, value: float) -> Words:
    """Name the framework."""
    paths = {window.traffic.paths[p] for p in np.unique(window.traffic.path[window.row_numbers(i)]) if p != UNKNOWN}
    names = sorted({name for p in paths if (name := c2_default_path(p))})
    if not names:
        return Words("none", "no path is a public framework's default")
    return Words(f"{value:.0%}", f"{value:.0%} of calls use default paths of {', '.join(names)}")
