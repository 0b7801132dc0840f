"""The log saw a proxy's address, which named the client in a header.

What it measures: the share of the segment's rows whose client was taken from a proxy's X-Forwarded-For.
Why it matters: the finding is about the machine behind the proxy; who looks for it in other logs must know both.
What else looks like this: every machine behind that proxy.
Limits: believed of addresses that name many clients which call many owners, and of those in `proxy_addresses`. A
client behind an honest proxy can still put a false first entry into the header, if the proxy adds to it; so being the
only caller says a little less.
References: RFC 7239, section 8.1 (header validity).
"""

import numpy as np

from sferic.model.traffic import UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._per_segment import totals

FIELDS = frozenset({"forwarded_for"})
MAX_NAMED = 3


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of rows that came through a proxy; NaN where none is known to."""
    del wanted
    count = totals(window.traffic.via[window.rows] != UNKNOWN, window.rows_at)
    return np.where(count > 0, count / np.maximum(np.diff(window.rows_at), 1), np.nan)


def describe(window: Window, i: int, value: float) -> Words:
    """Name the proxies."""
    traffic = window.traffic
    via = traffic.via[window.row_numbers(i)]
    numbers, counts = np.unique(via[via != UNKNOWN], return_counts=True)
    names = [traffic.clients[numbers[n]] for n in np.argsort(-counts, kind="stable")]
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    told = ", ".join(names[:MAX_NAMED]) + more
    text = f"{value:.0%} of calls came through a proxy ({told}), which named this client in X-Forwarded-For"
    return Words(f"via {told}", text)
