"""Check-ins are small, in both directions.

What it measures: the logarithm (base 10) of the median bytes of a check-in, up and down together.
Why it matters: an idle check-in is a few hundred bytes to a few KiB; pages, downloads and log uploads are larger.
What else looks like this: heartbeats and polls are as small.
Limits: flow logs add the TLS handshake (4 to 8 KiB in all); tunnels add up many requests.
References: the published search uses means below 4,096 up and 16,384 down; medians withstand one large task result.
"""

import numpy as np

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._per_segment import usual_down, usual_up

FIELDS = frozenset({"bytes_up", "bytes_down", "bytes_total"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return log10 of the median bytes of a check-in."""
    del wanted
    up, down = np.nan_to_num(usual_up(window)), np.nan_to_num(usual_down(window))
    total = up + down
    found = np.full(len(window), np.nan)
    found[total > 0] = np.log10(total[total > 0])
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Say the median of both directions, or of the total where the log has no more."""
    directed = (window.traffic.down[window.row_numbers(i)] >= 0).any()
    named = ((window.ups(i), "up"), (window.downs(i), "down" if directed else "in all"))
    ways = [f"{np.nanmedian(v):,.0f} bytes {n}" for v, n in named if not np.isnan(v).all()]
    return Words(f"{10**value:,.0f} B", f"a check-in moves {' and '.join(ways)} in the median")
