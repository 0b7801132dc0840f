"""The calls look like pages being viewed.

What it measures: the share of the segment's rows that fetch page assets or come with a referrer, each path counted
at most a few times a day.
Why it matters: people load pages, with their scripts, styles and pictures, and caches keep them; implants do not.
What else looks like this: an implant that crawls a real site as cover.
Limits: only where the log carries paths or referrers; behind tunnels it is silent.
References: path sets of public profiles (docs/explanation/scoring.md).
"""

import numpy as np

from sferic.model.traffic import HAS_REFERER, PATH_STATIC, UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.model.words import counted
from sferic.signals._contract import Words
from sferic.signals._per_segment import kept_at, tallies, totals

FIELDS = frozenset({"path", "referer"})
PER_PATH_AND_DAY = 3
DAY_S = 86_400.0


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of page-like rows, 0..1."""
    del wanted
    rows, at = window.rows, window.rows_at
    paths, times = window.traffic.path[rows], window.traffic.time_s[rows]
    page = (window.traffic.flags[rows] & (PATH_STATIC | HAS_REFERER)) != 0
    seen = tallies(paths[page], kept_at(page, at))
    days = np.ceil((times[at[1:] - 1] - times[at[:-1]]) / DAY_S + 0.01)
    counted = np.minimum(seen.count, PER_PATH_AND_DAY * days[seen.segment])
    share = np.bincount(seen.segment, counted, minlength=len(window)) / np.diff(at)
    return np.where(totals(paths != UNKNOWN, at) > 0, share, np.nan)


def describe(window: Window, i: int, value: float) -> Words:
    """Say how page-like the calls are."""
    paths = counted(len(np.unique(window.traffic.path[window.row_numbers(i)])), "path")
    kind = "as pages do" if value > 0.1 else "so these are no pages"
    return Words(f"{value:.0%}", f"{value:.0%} of calls fetch page assets or carry a referrer ({paths}), {kind}")
