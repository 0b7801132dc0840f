"""The host is somebody's own domain, which DNS showed to be an alias of the platform.

What it measures: the share of the segment's rows whose host was unmasked by a CNAME in the same input's DNS answers.
Why it matters: the name in the log does not name the platform; a company's sites and products are mostly reached so,
functions that were set up in passing by the name that the platform gives.
What else looks like this: every site that is hosted there.
Limits: a domain costs an attacker a few dollars, so it takes little away; whoever can write DNS answers into the log
can claim an alias. The alias is believed for the whole input, whoever asked.
References: RFC 1034, section 3.6.2 (aliases).
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words

FIELDS = frozenset({"answers"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of rows with an unmasked host; NaN where every host names the platform itself."""
    del wanted
    if not len(window):
        return np.empty(0)
    unmasked = np.array([place.cname is not None for place in window.traffic.places], float)
    count = np.add.reduceat(unmasked[window.traffic.place[window.rows]], window.rows_at[:-1])
    return np.where(count > 0, count / np.diff(window.rows_at), np.nan)


def describe(window: Window, i: int, value: float) -> Words:
    """Name the domain and what it is an alias of."""
    places = (window.traffic.places[n] for n in np.unique(window.traffic.place[window.row_numbers(i)]))
    place = next(place for place in places if place.cname is not None)
    text = f"{place.host} names no platform: DNS answers in this input show it to be an alias of {place.cname}"
    return Words(f"CNAME {place.cname}", text + ("" if value == 1 else f" ({value:.0%} of the calls)"))
