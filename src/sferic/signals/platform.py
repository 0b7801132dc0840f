"""The platform's name alone says much, little, or nothing.

What it measures: the platform's tier: 0 core (function endpoints), 1 wide (general app hosting), 2 tunnel,
3 noisy (the name is shared by everybody).
Why it matters: base rates: a server that calls a function endpoint is rarer than one that calls a content network.
What else looks like this: everything on the same platform.
Limits: it is a base rate, not evidence about this channel.
References: the catalogue's tiers and recorded abuse, entry by entry.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words

FIELDS = frozenset({"dst_host"})
_CODE = {"core": 0.0, "wide": 1.0, "tunnel": 2.0, "noisy": 3.0}
_TEXT = {
    "core": "serves function endpoints", "wide": "hosts applications of all kinds",
    "tunnel": "is a tunnel, not a function",
    "noisy": "is shared by everybody, so its name says nearly nothing",
}  # fmt: skip


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the tier's code."""
    del wanted
    codes = np.array([_CODE[p.tier] for p in window.traffic.places])
    return codes[window.traffic.place[window.rows[window.rows_at[:-1]]]] if len(window) else np.empty(0)


def describe(window: Window, i: int, value: float) -> Words:
    """Name product and tier."""
    del value
    place = window.traffic.places[window.traffic.place[window.row_numbers(i)[0]]]
    return Words(place.tier, f"{place.provider} {place.product} {_TEXT[place.tier]}")
