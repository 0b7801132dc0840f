"""Elastic's beaconing transform: per-minute counts and mean bytes of one process over the last six hours.

A network log knows no process: the machine's user agent stands for it. The product also drops processes by name,
which cannot be done here.
"""

import numpy as np

from sferic.model.traffic import Floats

WINDOW_S = 6 * 3600.0
_MINUTE_S = 60.0
_STRONG = 0.7


def beaconing_score(times_s: Floats, up: Floats, down: Floats) -> int:
    """0 for no beaconing, else how many of rhythm, even bytes up and even bytes down hold, 0..3.

    Times are those of the last six hours; bytes are NaN where unknown.
    """
    minute = ((times_s - times_s.min()) // _MINUTE_S).astype(int)
    counts = np.bincount(minute).astype(float)
    filled = counts > 0
    if len(counts) < 12 or filled.sum() < 7:
        return 0
    rhythm = _low_count(counts, filled) or _periodic(counts)
    return int(rhythm) + sum(_low_bytes(_means(minute, values, counts)[filled]) for values in (up, down))


def _means(minute: np.ndarray, values: Floats, counts: Floats) -> Floats:
    sums = np.bincount(minute, weights=values)
    means: Floats = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return means


def _middle(values: Floats) -> Floats:
    low, high = np.percentile(values, (10, 80))
    middle: Floats = values[(values >= low) & (values <= high)]
    return middle


def _low_bytes(values: Floats) -> bool:
    known = values[~np.isnan(values)]
    kept = _middle(known) if len(known) else known
    return len(kept) > 6 and bool(kept.std() <= 0.05 * kept.mean())


def _low_count(counts: Floats, filled: np.ndarray) -> bool:
    kept = _middle(counts[filled])
    return bool(filled.mean() > 0.5 and len(kept) > 6 and kept.std() <= 0.1 * kept.mean())


def _periodic(counts: Floats) -> bool:
    """Whether a period of two minutes or more, that fits six times, is strong at all its multiples."""
    off = counts - counts.mean()
    power = float((off**2).mean())
    longest = len(counts) // 6
    if not power or longest < 2:
        return False
    strength = [float((off[:-lag] * off[lag:]).mean()) / power for lag in range(1, longest + 1)]
    return any(np.mean(strength[period - 1 :: period]) >= _STRONG for period in range(2, longest + 1))
