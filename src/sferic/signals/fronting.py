"""The connection was opened for one owner's name, and the request in it is for another's.

What it measures: the share of the segment's rows whose connection bears two names (TLS's SNI or a CONNECT's target,
and the request's host) of different owners.
Why it matters: who filters by the outer name sees somebody harmless; that is what domain fronting is for, and programs
that are not built to hide do not do it (T1090.004).
What else looks like this: a browser that uses one connection for several sites on one address under one wildcard
certificate, as on some hosting platforms; names of one company that no rule tells to be one company's.
Limits: needs a log with both names, so TLS inspection, or a sensor that sees a CONNECT and the handshake behind it,
where both names lead to platforms. Without lists of certificates and of public suffixes owners are told apart by tenant
or registered domain. Where the names agree it says nothing.
References: MITRE ATT&CK T1090.004; RFC 9113, section 9.1.1 (connection reuse); RFC 6066, section 3 (SNI).
"""

import numpy as np

from sferic.model.traffic import UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._per_segment import totals

FIELDS = frozenset({"tls_name"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of rows with a second owner's name; NaN where there is none."""
    del wanted
    count = totals(window.traffic.other_host[window.rows] != UNKNOWN, window.rows_at)
    return np.where(count > 0, count / np.maximum(np.diff(window.rows_at), 1), np.nan)


def describe(window: Window, i: int, value: float) -> Words:
    """Name the commonest pair."""
    traffic, rows = window.traffic, window.row_numbers(i)
    rows = rows[traffic.other_host[rows] != UNKNOWN]
    others, counts = np.unique(traffic.other_host[rows], return_counts=True)
    common = others[np.argmax(counts)]
    row = rows[traffic.other_host[rows] == common][0]
    host, other = traffic.hosts[traffic.host[row]], traffic.hosts[common]
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    text = f"{value:.0%} of connections to {host} also bear another owner's name, {other}{more}, as in domain fronting"
    return Words(other, text)
