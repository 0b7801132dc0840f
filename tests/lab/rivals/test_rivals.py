"""The baselines give the answers that are known of the published formulas."""

import numpy as np
import pytest

from sferic.lab.rivals.elastic import WINDOW_S, beaconing_score
from sferic.lab.rivals.rita import beacon_score, even, modifiers, threat
from sferic.lab.rivals.sentinel import asim_alerts, fortinet_alert
from sferic.model.traffic import Floats

DAY = (0.0, 86_400.0)


def _beacon(sleep_s: float, jitter: float, seed: int, end_s: float = DAY[1]) -> Floats:
    rng = np.random.default_rng(seed)
    gaps = rng.uniform(sleep_s * (1 - jitter), sleep_s, int(end_s / sleep_s / (1 - jitter / 2) * 1.3) + 8)
    times = np.cumsum(gaps + rng.lognormal(np.log(0.05), 0.3, len(gaps)))
    return np.asarray(times[times < end_s])


def _fixed(times: Floats) -> Floats:
    return np.full(len(times), 600.0)


def _noisy(times: Floats, seed: int) -> Floats:
    return np.random.default_rng(seed).uniform(300.0, 3_000.0, len(times))


@pytest.mark.parametrize("jitter", [0.25, 0.5, 0.8])
def test_rita_timing_of_one_sided_jitter(jitter: float) -> None:
    """The formula gives 1 - j / (8 - 4j) for uniform jitter: 0.96, 0.92, 0.83."""
    gaps = np.random.default_rng(1).uniform(600 * (1 - jitter), 600, 20_000)
    assert even(gaps, 1.0) == pytest.approx(1 - jitter / (8 - 4 * jitter), abs=0.01)


def test_rita_timing_of_memoryless_traffic() -> None:
    """Exponential gaps still get 0.52."""
    assert even(np.random.default_rng(1).exponential(600, 20_000), 1.0) == pytest.approx(0.52, abs=0.02)


@pytest.mark.parametrize(
    ("sleep_s", "jitter", "fixed", "known"),
    [(60, 0.3, True, 0.99), (60, 0.5, True, 0.97), (300, 0.1, True, 0.99), (300, 0.2, False, 0.94), (300, 0.5, False, 0.90),
     (900, 0.3, True, 0.98), (3600, 0.0, True, 1.00), (900, 0.8, True, 0.91)],
)  # fmt: skip
def test_rita_scores(sleep_s: float, jitter: float, fixed: bool, known: float) -> None:
    """Medians of all-day beacons as known, within the tolerance of 0.05."""
    scores = []
    for seed in range(30):
        times = _beacon(sleep_s, jitter, seed)
        scores.append(beacon_score(times, _fixed(times) if fixed else _noisy(times, seed), DAY))
    assert np.median(scores) == pytest.approx(known, abs=0.05)


def test_rita_misses_office_hours() -> None:
    """A beacon of nine hours scores near 0.69, never 0.9; fewer than four moments score nothing."""
    scores = [beacon_score(t + 30_000, _fixed(t), DAY) for t in (_beacon(300, 0.3, n, 32_400) for n in range(20))]
    assert np.median(scores) == pytest.approx(0.69, abs=0.05)
    assert max(scores) < 0.9
    assert beacon_score(np.array([1.0, 2.0, 2.5]), np.ones(3), DAY) == 0


def test_rita_severity() -> None:
    """90 % is `high` (0.6); one modifier lifts 75 % there; a common destination loses as much."""
    assert threat(0.9) == pytest.approx(0.6)
    assert threat(0.49) == 0
    assert threat(0.75) + modifiers(0.01, rare_signature=False) >= 0.6
    assert modifiers(0.6, rare_signature=False) == -0.15
    assert modifiers(0.1, rare_signature=True) == 0.15


@pytest.mark.parametrize(
    ("sleep_s", "jitter", "fixed", "any_low", "any_high", "three_low", "three_high"),
    [(60, 0.3, True, 1, 1, 0.95, 1), (60, 0.5, True, 1, 1, 0, 0), (300, 0.1, True, 1, 1, 0.05, 0.75),
     (300, 0.2, False, 0, 0.05, 0, 0), (3600, 0.0, True, 0, 0, 0, 0), (900, 0.3, True, 1, 1, 0, 0)],
)  # fmt: skip
def test_elastic_scores(
    sleep_s: float, jitter: float, fixed: bool, any_low: float, any_high: float, three_low: float, three_high: float
) -> None:
    """The shares with any sign, and with all three, are about those known."""
    scores = []
    for seed in range(40):
        times = _beacon(sleep_s, jitter, seed, WINDOW_S)
        scores.append(beaconing_score(times, *[_fixed(times) if fixed else _noisy(times, seed)] * 2))
    assert any_low <= np.mean(np.array(scores) > 0) <= any_high
    assert three_low <= np.mean(np.array(scores) == 3) <= three_high


@pytest.mark.parametrize(("sleep_s", "jitter", "busy", "alerts"), [(30, 0, False, True), (200, 0, False, True), (300, 0, False, False),
                                                                    (60, 0.3, False, False), (200, 0, True, False)])  # fmt: skip
def test_asim(sleep_s: float, jitter: float, busy: bool, alerts: bool) -> None:
    """Strict gaps of 30 to 200 s on a quiet machine alert; 300 s, jitter, or another call a minute do not."""
    times = np.floor(_beacon(sleep_s, jitter, 3)) if jitter else np.arange(0.0, DAY[1], sleep_s)
    other = np.random.default_rng(1).uniform(0, DAY[1], 1_440 if busy else 0)
    to = np.concatenate([np.zeros(len(times), int), np.ones(len(other), int)])
    assert (0 in asim_alerts(np.concatenate([times, other]), to)) is alerts


@pytest.mark.parametrize(
    ("sleep_s", "jitter", "alerts"), [(900, 0.3, True), (3600, 0.0, True), (900, 0.8, False), (300, 0.1, False)]
)
def test_fortinet(sleep_s: float, jitter: float, alerts: bool) -> None:
    """It sees 900 s and an hour at up to 30 % jitter, not 80 %, and nothing below ten minutes."""
    assert fortinet_alert(_beacon(sleep_s, jitter, 4)) is alerts
