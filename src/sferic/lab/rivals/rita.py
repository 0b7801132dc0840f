"""RITA v5's beacon score: skew and spread of gaps and sizes, coverage of the day, evenness of its histogram."""

import numpy as np

from sferic.model.traffic import Floats

DAY_S = 86_400.0
_BINS = 24
_LEAST_IQR = 10.0


def beacon_score(times_s: Floats, up: Floats, span_s: tuple[float, float]) -> float:
    """The score 0..1 of one pair (source, host name) in a data set that covers `span_s`; 0 if not eligible.

    `up` holds bytes sent, NaN where unknown.
    """
    whole = np.floor(times_s)
    if len(np.unique(whole)) < 4 or len(whole) >= DAY_S:
        return 0.0
    gaps = np.diff(np.sort(whole))
    sizes = up[~np.isnan(up)]
    parts = (
        even(gaps[gaps > 0], 1.0),
        even(sizes, 0.0) if len(sizes) else 0.0,
        _coverage(whole, span_s),
        _histogram(whole, span_s),
    )
    return round(sum(parts) / 4, 3)


def even(values: Floats, if_tiny: float) -> float:
    """Mean of skew score (Bowley) and spread score (median absolute deviation, `if_tiny` for a median below 1)."""
    if not len(values):
        return 0.0
    first, middle, third = np.percentile(values, (25, 50, 75))
    degenerate = third - first < _LEAST_IQR or middle in {first, third}
    skew = 0.0 if degenerate else float((first + third - 2 * middle) / (third - first))
    spread = float(np.median(np.abs(values - middle)))
    kept = if_tiny if middle < 1 else max(0.0, float((middle - spread) / middle))
    return (1 - abs(skew) + kept) / 2


def threat(score: float) -> float:
    """RITA's threat score of a beacon score: 0.2 at 50 %, 0.4 at 70, 0.6 at 90 (`high`), 0.8 at 100."""
    return float(np.interp(score, (0.5, 0.7, 0.9, 1.0), (0.2, 0.4, 0.6, 0.8), left=0.0))


def modifiers(share_of_hosts: float, *, rare_signature: bool) -> float:
    """What prevalence in the network, and a user agent that knows one destination only, add or take."""
    prevalence = 0.15 if share_of_hosts <= 0.02 else -0.15 if share_of_hosts >= 0.5 else 0.0
    return prevalence + (0.15 if rare_signature else 0.0)


def _counts(times_s: Floats, span_s: tuple[float, float]) -> Floats:
    return np.histogram(times_s, bins=_BINS, range=span_s)[0].astype(float)


def _coverage(times_s: Floats, span_s: tuple[float, float]) -> float:
    filled = _counts(times_s, span_s) > 0
    if filled.sum() < 6:
        return 0.0
    run = longest = 0
    for full in np.tile(filled, 2):
        run = run + 1 if full else 0
        longest = max(longest, run)
    covered = float((times_s.max() - times_s.min()) / (span_s[1] - span_s[0]))
    return min(1.0, max(covered, min(longest, _BINS) / 12))


def _histogram(times_s: Floats, span_s: tuple[float, float]) -> float:
    counts = _counts(times_s, span_s)
    variation = float(counts.std() / counts.mean())
    bars = counts[counts > 0]
    two_heights = 0.0
    if len(bars) >= 11:
        _, common = np.unique(np.floor(bars / np.ceil(0.05 * bars.max())), return_counts=True)
        two_heights = min(1.0, float(np.sort(common)[-2:].sum() / (len(bars) - 1)))
    return max(0.0, 1 - variation, two_heights)
