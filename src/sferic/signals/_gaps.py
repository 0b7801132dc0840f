"""Fits a bounded timing law to gaps between check-ins and weighs it against memoryless and bursty traffic.

Implants draw their sleep from a bounded interval (whatever the jitter setting); people and queues do not.
Under the law a gap is uniform on [low, high], or a sum of k such gaps where k-1 records are missing, or (rarely)
anything: an off-period, a burst of tasking. The alternatives are exponential gaps and log-normal ones at least as
spread as exponential. The result is a log-likelihood ratio in decibans, less the price of the law's free parameters.
Order does not matter to the law, up to `MAX_GAPS` gaps; of more an even sample is fitted.

References: uniform sleep laws of public frameworks and their closed forms (mean S(1-j/2), CV j/(sqrt(12)(1-j/2)));
Schwarz 1978 for the price of a parameter. Not done here: spectra, which lose to this test when check-ins are missing.
"""

import msgspec
import numpy as np
from msgspec.structs import replace

from sferic.model.traffic import Floats
from sferic.model.window import Fit
from sferic.signals._segments import BURST_S

MIN_GAPS = 5
REGULAR_DB = 20.0
"""From here on the gaps are called regular; chance alone did it in about 2 of 1,000 irregular series."""

MAX_TIMERS = 4
_CHANGED_SPREAD = 0.15
_CHANGED_RATIO = 0.15
_MEDIAN_STEP = 0.293
"""Median of |difference of two uniform draws|, as a share of the interval's width (1 - 1/sqrt 2)."""
_MIXED_SPREAD = 0.15
"""Less spread than this needs no second timer to explain it."""
_KEPT = 0.3
"""Independent gaps shrink their relative spread by 1/sqrt(k) only; less than this share of it is a kept period."""
MAX_GAPS = 600
"""Longer series are thinned to this many gaps, taken evenly; the evidence is capped long before."""
_LOWER = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3)
_MAX_RATIO = 14.0
"""high/low beyond this is no sleep setting: 90 % jitter gives 10."""
_STRAY = 0.04
_MERGES = (5.0, 30.0, 300.0)
_CLEAR_OF_MERGE = 2.0
"""A law whose shortest gap is nearer to the merge than this is bounded by the merge, not by a timer."""
_ENOUGH_DB = 60.0
_DENSE = 3.0
"""Neighbouring gaps of a uniform law lie closer together than three times their mean distance in 19 of 20 cases."""
_LEAST_S = 1e-3
"""Shorter gaps are no pauses; stamps of microseconds have them."""
_LATENCY = 0.01
"""Network and scheduling noise as a share of the gap."""
_PRICE = 6.0
"""Free parameters of the law beyond the alternative's: low, high, loss, and the searches over ends and merges."""
DB = 10 / np.log(10)


class Loss(msgspec.Struct, frozen=True):
    """How many check-ins may be missing from a log without its rhythm being given up."""

    folds: int
    """A gap may be the sum of so many pauses."""
    most: float
    """The largest share of check-ins that may be missing."""
    least_single: float
    """The least share of gaps that must be single pauses."""
    upper: tuple[float, ...]
    """Quantiles of the gaps that are tried as the longest single pause."""
    rounds: int
    """How often the shares are estimated anew."""


USUAL = Loss(4, 0.6, 0.3, (0.45, 0.55, 0.65, 0.75, 0.85, 0.92, 0.97, 1.0), 4)
"""What networks and collectors lose."""
THINNED = Loss(12, 0.85, 0.1, (0.05, 0.1, 0.2, 0.3, *USUAL.upper), 8)
"""What remains where a log leaves repeated calls out: a fixed timer is still found at its own period with three in four
of its calls missing, one with 20 % jitter with six in ten; the usual law calls them 120 s from half on."""


def fit_gaps(gaps: Floats, resolution_s: float, merged_s: float = 0.0, loss: Loss = USUAL) -> Fit | None:
    """Return the best bounded law of the gaps (seconds), or None for fewer than `MIN_GAPS` positive gaps.

    Gaps up to `merged_s` have been taken away before: the alternatives begin there, too.
    """
    positive = np.maximum(gaps[gaps > 0], _LEAST_S)
    if len(positive) < MIN_GAPS:
        return None
    used = positive[np.linspace(0, len(positive) - 1, min(len(positive), MAX_GAPS)).astype(int)]
    noise = max(resolution_s / 2, 0.05)
    candidates = _candidates(used, noise, loss)
    if not len(candidates):
        return _none(positive)
    wide = _wide(used)
    law, lost, share = _bounded(used, candidates, wide, noise, loss)
    best = int(np.argmax(law))
    if not np.isfinite(law[best]):
        return _none(positive)
    price = 0.5 * _PRICE * np.log(len(used))
    scale = len(positive) / len(used)
    evidence = ((law[best] - _loosest(used, wide, merged_s)) * scale - price) * DB
    low, high = _full_width(used, *candidates[best])
    sleep = _named_law(used, low, high, resolution_s)
    return Fit(
        gaps=len(positive), evidence_db=float(evidence), low_s=float(low), high_s=float(high),
        median_s=float(np.median(positive)), share=float(share[best]), lost=float(lost[best]),
        law=sleep[0], sleep_s=_plain(sleep[1]), jitter=_plain(sleep[2]),
    )  # fmt: skip


def _plain(value: float | None) -> float | None:
    return None if value is None else float(value)


def fit_times(times: Floats, resolution_s: float, loss: Loss = USUAL) -> Fit | None:
    """Return the law that explains most of a channel's life, looking past bursts of tasking.

    An operator at work makes an hourly implant call every few seconds for minutes: most gaps are then short, most
    of the time is not. So the gaps are fitted as they are and with bursts taken as one check-in, and the law that
    covers more of the time wins. A merge that merges nothing could only help the alternatives, so it is left out.
    Check-ins more than `BURST_S` apart throughout were merged by that when they were cut.
    """
    best, most, count = None, -1.0, 0
    whole = len(times) < 2 or np.diff(times).min() <= BURST_S
    for merge_s in (0.0 if whole else BURST_S, *_MERGES):
        starts = times[np.diff(times, prepend=-np.inf) > merge_s]
        if len(starts) == count:
            continue
        count = len(starts)
        gaps = np.diff(starts)
        fit = fit_gaps(gaps, resolution_s, merge_s, loss)
        if fit is None:
            break
        if merge_s > BURST_S and fit.low_s < _CLEAR_OF_MERGE * merge_s:
            continue
        covered = gaps[(gaps >= fit.low_s * 0.98) & (gaps <= fit.high_s * 1.02 * max(1, round(1 / (1 - fit.lost))))]
        worth = min(max(fit.evidence_db, 0.0), _ENOUGH_DB) * covered.sum() / (times[-1] - times[0])
        if worth > most * 1.5:
            best, most = _with_order(fit, starts), worth
    return best


def _with_order(fit: Fit, starts: Floats) -> Fit:
    """Add what the order of check-ins says: interleaved timers, and how one timer varies from call to call.

    k timers of one period make gaps that vary widely while every k-th check-in keeps the period. A loop whose pause
    a person changes has wide gaps over all and equal gaps in a row.
    """
    spread = (fit.high_s - fit.low_s) / (fit.high_s + fit.low_s)
    changed = False
    gaps = np.diff(starts)
    inside = (gaps >= fit.low_s) & (gaps <= fit.high_s)
    steps = np.abs(np.diff(gaps))[inside[1:] & inside[:-1]]
    if len(steps) >= MIN_GAPS:
        in_a_row = float(np.median(steps)) / _MEDIAN_STEP / (fit.high_s + fit.low_s)
        changed = spread > _CHANGED_SPREAD and in_a_row < _CHANGED_RATIO * spread
        spread = min(spread, in_a_row)
    timers, period_spread = _interleaved(starts)
    return replace(fit, timers=timers, changed=changed and timers == 1, spread=period_spread if timers > 1 else spread)


def _interleaved(starts: Floats) -> tuple[int, float]:
    """Return how many interleaved timers explain the series better than one, and the spread of their period."""
    single = _quantile_spread(np.diff(starts))
    if single < _MIXED_SPREAD:
        return 1, single
    for timers in range(2, MAX_TIMERS + 1):
        spread = _quantile_spread(starts[timers:] - starts[:-timers]) if len(starts) > 3 * timers else single
        if spread < _KEPT * single / np.sqrt(timers):
            return timers, spread
    return 1, single


def _quantile_spread(values: Floats) -> float:
    ordered = np.sort(values)
    low, middle, high = (_at(ordered, share) for share in (0.15, 0.5, 0.85))
    return float((high - low) / (2 * 0.7 * middle)) if middle > 0 else 0.0


def _none(gaps: Floats) -> Fit:
    return Fit(
        len(gaps),
        0.0,
        float(gaps.min()),
        float(gaps.max()),
        float(np.median(gaps)),
        0.0,
        0.0,
        "irregular",
        None,
        None,
    )


def _candidates(gaps: Floats, noise: float, loss: Loss) -> Floats:
    """Return (low, high) pairs to try, as rows."""
    ordered = np.sort(gaps)
    last = len(ordered) - 1
    lower = sorted({float(ordered[int(q * last)]) for q in _LOWER})
    upper = sorted({float(ordered[-int(-q * last // 1)]) for q in loss.upper})
    pairs = [(low, high) for low in lower for high in upper if low <= high <= _MAX_RATIO * (low + noise)]
    return np.array(pairs).reshape(-1, 2)


def _full_width(gaps: Floats, low: float, high: float) -> tuple[float, float]:
    """Move the ends, which are quantiles, out to where gaps as dense as inside come to an end."""
    ordered = np.sort(gaps)
    first, last = int(np.searchsorted(ordered, low)), int(np.searchsorted(ordered, high, "right")) - 1
    near = np.diff(ordered) <= _DENSE * (high - low) / max(last - first, 1)
    while last < len(near) and near[last]:
        last += 1
    while first > 0 and near[first - 1]:
        first -= 1
    return float(ordered[first]), float(ordered[last])


def _wide(gaps: Floats) -> Floats:
    """Density of "anything at all": uniform in the logarithm over the observed range, widened."""
    span = float(np.log(gaps.max() * 4) - np.log(gaps.min() / 4))
    return np.asarray(1.0 / (gaps * span))


def _bounded(gaps: Floats, pairs: Floats, wide: Floats, noise: float, loss: Loss) -> tuple[Floats, Floats, Floats]:
    """Return per candidate the log-likelihood, the estimated loss, and the share of gaps explained."""
    low, high = pairs[:, :1], pairs[:, 1:]
    middle = (low + high) / 2
    blur = np.maximum(noise, _LATENCY * middle)
    width = high - low + 2 * blur
    once = ((gaps >= low - blur) & (gaps <= high + blur)) / width
    spread = (high - low) ** 2 / 12 + blur**2
    folds = [once, *(_normal(gaps, k * middle, k * spread) for k in range(2, loss.folds + 1))]
    count = len(gaps)
    lost = np.full(low.shape, 0.05)
    stray = np.full(low.shape, _STRAY)
    for _ in range(loss.rounds):
        regular = (1 - stray) * (1 - lost) * _sum(folds, lost)
        total = regular + stray * wide
        single = (1 - stray) * (1 - lost) * once / total
        mean_single = np.add.reduce(single, axis=1, keepdims=True) / count
        mean_member = np.maximum(np.add.reduce(regular / total, axis=1, keepdims=True) / count, 1e-6)
        lost = np.minimum(np.maximum(1 - mean_single / mean_member, 0.001), loss.most)
        stray = np.minimum(np.maximum(1 - mean_member, 0.005), 0.6)
    total = (1 - stray) * (1 - lost) * _sum(folds, lost) + stray * wide
    score = np.log(total).sum(axis=1)
    return np.where(mean_single[:, 0] >= loss.least_single, score, -np.inf), lost[:, 0], mean_member[:, 0]


def _sum(folds: list[Floats], lost: Floats) -> Floats:
    """Return the density of gaps: each fold as likely as so many check-ins in a row are to be missing."""
    total = folds[-1]
    for fold in reversed(folds[:-1]):
        total = fold + lost * total
    return total


def _normal(gaps: Floats, mean: Floats, variance: Floats) -> Floats:
    return np.asarray(np.exp(-((gaps - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance))


def _at(ordered: Floats, share: float) -> float:
    """Return a quantile of sorted values, linear between two of them; NumPy's own costs ten times as much here."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def _loosest(whole: Floats, wide: Floats, merged_s: float) -> float:
    """Return the log-likelihood of the best alternative: memoryless, bursty, or anything at all."""
    gaps = np.maximum(whole - merged_s, _LEAST_S)
    ordered = np.sort(gaps)
    middle = _at(ordered, 0.5)
    logs = np.log(gaps)
    tries = [np.log(wide).sum()]
    for rate_of in (gaps.mean(), middle / np.log(2), ordered[ordered <= _at(ordered, 0.95)].mean()):
        density = np.exp(-gaps / rate_of) / rate_of
        tries.append(np.log((1 - _STRAY) * density + _STRAY * wide).sum())
    for cut in (middle, _at(ordered, 0.8)):
        short, long = gaps[gaps <= cut], gaps[gaps > cut]
        if len(long):
            density = sum(len(g) / len(gaps) * np.exp(-gaps / g.mean()) / g.mean() for g in (short, long))
            tries.append(np.log((1 - _STRAY) * density + _STRAY * wide).sum())
    centre = _at(np.log(ordered), 0.5)
    for sigma in {1.0, max(1.0, float(logs.std()))}:
        density = np.exp(-((logs - centre) ** 2) / (2 * sigma**2)) / (gaps * sigma * np.sqrt(2 * np.pi))
        tries.append(np.log((1 - _STRAY) * density + _STRAY * wide).sum())
    return float(max(tries))


def _named_law(gaps: Floats, low: float, high: float, resolution_s: float) -> tuple[str, float | None, float | None]:
    """Name the law of the gaps in [low, high], its sleep and jitter.

    Which end is the setting shows only by roundness: people type 30, 60, 300. Where two ends are equally round the
    law stays `uniform`, with the middle as its sleep.
    """
    inside = gaps[(gaps >= low) & (gaps <= high)]
    middle, half = (low + high) / 2, (high - low) / 2
    slack = max(0.6 * resolution_s, 0.02 * middle, 0.05)
    if half <= slack:
        return "fixed", float(np.median(inside)), 0.0
    margin = 2 * half / max(len(inside), 1) + min(slack, 0.15 * half)
    added = _roundness(low, margin) if high <= 2 * low else 0
    roundness = {"one_sided": _roundness(high, margin), "two_sided": _roundness(middle, margin), "additive": added}
    law = max(roundness, key=lambda name: roundness[name])
    ties = sum(r == roundness[law] for r in roundness.values())
    if _is_integer(inside, resolution_s) and half >= 1.5:
        return "integer", round(middle), half / middle
    if ties > 1 or roundness[law] == 0:
        return "uniform", middle, half / middle
    sleep, jitter = {
        "one_sided": (high, 2 * half / high), "two_sided": (middle, half / middle), "additive": (low, 2 * half / low)
    }[law]  # fmt: skip
    return law, _rounded(sleep, margin), min(jitter, 1.0)


def _roundness(value: float, margin: float) -> int:
    """Return how round a number lies within the margin: 0 none, higher is rounder."""
    for rank, step in ((4, 3600.0), (4, 600.0), (3, 300.0), (3, 60.0), (2, 30.0), (1, 10.0), (1, 5.0)):
        if step > 2 * margin and abs(value - round(value / step) * step) <= margin and round(value / step):
            return rank
    return 0


def _rounded(value: float, margin: float) -> float:
    for step in (3600.0, 600.0, 300.0, 60.0, 30.0, 10.0, 5.0):
        near = round(value / step) * step
        if near and abs(value - near) <= margin:
            return near
    return float(value)


def _is_integer(gaps: Floats, resolution_s: float) -> bool:
    """Say whether sub-second stamps show gaps of whole seconds (a comb)."""
    if resolution_s >= 1 or len(gaps) < 8:
        return False
    angle = 2 * np.pi * gaps
    return bool(np.hypot(np.cos(angle).mean(), np.sin(angle).mean()) > 0.8)
