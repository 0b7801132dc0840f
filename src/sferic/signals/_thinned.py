"""Timing of calls in logs that leave repeated ones out, as endpoint sensors do.

What is there is a sample: more gaps are several pauses long, a stop may be chance, and what comes once an hour or a day
may be the sensor's own limit. A row that sums up an hour has no time of its own.
"""

import math

from msgspec.structs import replace

from sferic.model.traffic import SUMMARY, THINNED
from sferic.model.window import Fit, Window
from sferic.signals import _gaps

_REPORTS_S = (3600.0, 86_400.0)
"""How often a sensor reports again what it has reported: Defender's aggregated reports by the hour
(https://learn.microsoft.com/en-us/defender-endpoint/aggregated-reporting), its cap by the day (FalconForce, "Microsoft
Defender for Endpoint Internals 0x03", 2022). Elastic and CrowdStrike do not publish theirs."""
_NEAR = 0.05
_CHANCE = 1e-4


def missing_in_a_row(window: Window, i: int, law: Fit) -> float:
    """Return how many calls may be missing in a row by chance, from there on it is a stop; 0 where all are logged."""
    if not _holds(window, i, THINNED):
        return 0.0
    return math.log(_CHANCE) / math.log(max(law.lost, _CHANCE))


def fit(window: Window, i: int) -> Fit | None:
    """Return the timing law of a segment, or None where it has none of its own."""
    if _holds(window, i, SUMMARY):
        return None
    is_sample = _holds(window, i, THINNED)
    loss = _gaps.THINNED if is_sample else _gaps.USUAL
    found = _gaps.fit_times(window.times(i), float(window.resolution_s[i]), loss)
    return _of_caller(found) if found and is_sample else found


def _holds(window: Window, i: int, flag: int) -> bool:
    return bool((window.traffic.flags[window.row_numbers(i)] & flag).any())


def _of_caller(found: Fit) -> Fit | None:
    """Return a law as the caller's, or None where it may be the sensor's.

    Where most calls are missing the median gap is that of several pauses, and the law's middle takes its place.
    """
    for every_s in _REPORTS_S:
        if min(abs(found.low_s - every_s), abs(found.median_s - every_s)) <= _NEAR * every_s:
            return None
    middle_s = found.median_s if found.median_s <= found.high_s else (found.low_s + found.high_s) / 2
    return replace(found, median_s=middle_s)
