"""Timing of calls in logs that leave repeated ones out, as endpoint sensors do.

What is there is a sample: more gaps are several pauses long, a pause may be none, and what comes once an hour or once a
day may be the sensor's own limit. A row that sums up an hour has no time of its own.
"""

from msgspec.structs import replace

from sferic.model.traffic import SUMMARY, THINNED
from sferic.model.window import Fit, Window
from sferic.signals import _gaps

_REPORTS_S = (3600.0, 86_400.0)
"""How often a sensor reports again what it has reported: Defender's aggregated reports by the hour
(https://learn.microsoft.com/en-us/defender-endpoint/aggregated-reporting), its cap by the day (FalconForce, "Microsoft
Defender for Endpoint Internals 0x03", 2022). Elastic and CrowdStrike do not publish theirs."""
_NEAR = 0.05


def is_thinned(window: Window, i: int) -> bool:
    """Say whether the absence of a call in a segment means nothing."""
    return bool((window.traffic.flags[window.row_numbers(i)] & (THINNED | SUMMARY)).any())


def fit(window: Window, i: int) -> Fit | None:
    """Return the timing law of a segment, or None where it has none of its own."""
    flags = window.traffic.flags[window.row_numbers(i)]
    if (flags & SUMMARY).any():
        return None
    is_sample = bool((flags & THINNED).any())
    loss = _gaps.THINNED if is_sample else _gaps.USUAL
    found = _gaps.fit_times(window.times(i), float(window.resolution_s[i]), loss)
    return _of_caller(found) if found and is_sample else found


def _of_caller(found: Fit) -> Fit | None:
    """Return a law as the caller's, or None where it may be the sensor's.

    Where most calls are missing the median gap is that of several pauses, and the law's middle takes its place.
    """
    for every_s in _REPORTS_S:
        if min(abs(found.low_s - every_s), abs(found.median_s - every_s)) <= _NEAR * every_s:
            return None
    middle_s = found.median_s if found.median_s <= found.high_s else (found.low_s + found.high_s) / 2
    return replace(found, median_s=middle_s)
