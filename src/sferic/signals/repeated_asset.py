"""One page asset is fetched over and over, which a browser's cache prevents.

What it measures: the share of the segment's rows that fetch the same script, style, picture or page again.
Why it matters: several public profiles disguise the check-in as one `.js` or `.png` fetched every few seconds.
What else looks like this: a site that forbids caching, a monitor that watches one picture.
Limits: needs paths, so TLS inspection; profiles without asset names are not seen.
References: path sets of public profiles (docs/explanation/scoring.md).
"""

import numpy as np

from sferic.model.traffic import PATH_STATIC, UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.model.words import counted
from sferic.signals._contract import Words
from sferic.signals._per_segment import kept_at, tallies, totals

FIELDS = frozenset({"path"})
OFTEN = 10
"""Fewer repeats of one asset are ordinary reloads."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of rows that repeat one asset."""
    del wanted
    paths, at = window.traffic.path[window.rows], window.rows_at
    asset = (window.traffic.flags[window.rows] & PATH_STATIC) != 0
    seen = tallies(paths[asset], kept_at(asset, at))
    often = seen.count >= OFTEN
    repeats = np.bincount(seen.segment[often], seen.count[often], minlength=len(window))
    return np.where(totals(paths != UNKNOWN, at) > 0, repeats / np.diff(at), np.nan)


def _repeats(window: Window, i: int) -> int:
    rows = window.row_numbers(i)
    assets = window.traffic.path[rows][(window.traffic.flags[rows] & PATH_STATIC) != 0]
    _, counts = np.unique(assets, return_counts=True)
    return int(counts[counts >= OFTEN].sum())


def describe(window: Window, i: int, value: float) -> Words:
    """Say how often one asset was fetched."""
    repeats = _repeats(window, i)
    if not repeats:
        return Words("none", "no page asset is fetched again and again")
    calls = counted(repeats, "call")
    return Words(f"{value:.0%}", f"{calls} fetch the same page assets over and over, which browsers cache")
