"""The timing fit: known laws are recognised, irregular series are not, and what must not matter does not."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.traffic import Floats
from sferic.model.window import Fit
from sferic.signals._gaps import MIN_GAPS, REGULAR_DB, fit_gaps, fit_times
from tests.signals.timelines import DAY, HOUR, WORKER, after, calls, every, fitted, irregular, one_sided, rng, window

FINE, WHOLE = 0.001, 1.0
JITTERS = (0.0, 0.1, 0.2, 0.37, 0.5, 0.7, 0.9)


def fit(times: Floats, resolution_s: float = FINE) -> Fit:
    """Fit a series that is long enough, as a log with this resolution stamps it."""
    found = fit_times(np.floor(times) if resolution_s == WHOLE else times, resolution_s)
    assert found
    return found


def latent(gaps: Any, seed: int = 1) -> Floats:
    """Add what a function takes to answer: an implant sleeps after its work."""
    return np.asarray(gaps + rng(seed).lognormal(np.log(0.16), 0.35, len(gaps)))


def thinned(times: Floats, lost: float, seed: int = 5) -> Floats:
    """Lose records at random."""
    return times[rng(seed).random(len(times)) >= lost]


LAWS: dict[str, tuple[Floats, float, str, float, float]] = {
    "fixed": (np.full(99, 60.0), FINE, "fixed", 60, 0.0),
    "fixed, whole seconds": (np.full(99, 60.3), WHOLE, "fixed", 60, 0.0),
    "Cobalt Strike 60/30": (latent(one_sided(60, 0.3, 100)), FINE, "one_sided", 60, 0.3),
    "Cobalt Strike 60/30, whole seconds": (latent(one_sided(60, 0.3, 100)), WHOLE, "one_sided", 60, 0.3),
    "Cobalt Strike 30/20, 12 gaps": (latent(one_sided(30, 0.2, 12)), FINE, "one_sided", 30, 0.2),
    "Cobalt Strike 30/90": (latent(one_sided(30, 0.9, 200)), FINE, "one_sided", 30, 0.9),
    "Sliver 60 + 30": (latent(rng(3).uniform(60, 90, 100)), FINE, "additive", 60, 0.5),
    "Sliver 60 + 30, whole seconds": (latent(rng(3).uniform(60, 90, 100)), WHOLE, "additive", 60, 0.5),
    "two-sided 60/20": (latent(rng(4).uniform(48, 72, 200)), FINE, "two_sided", 60, 0.2),
    "Mythic 10/23": (latent(rng(4).integers(8, 13, 200)), FINE, "integer", 10, 0.2),
    "Caldera 30 to 60": (latent(rng(4).integers(30, 61, 200)), FINE, "integer", 45, 0.33),
}


@pytest.mark.parametrize("name", LAWS)
def test_the_law_of_a_framework_is_named_with_its_sleep_and_jitter(name: str) -> None:
    """Each public framework's law is named, the sleep within a second and the jitter within a few percent."""
    gaps, resolution_s, law, sleep_s, jitter = LAWS[name]
    found = fit(after(gaps), resolution_s)
    assert found.law == law
    assert found.sleep_s == pytest.approx(sleep_s, abs=1.0)
    assert found.jitter == pytest.approx(jitter, abs=0.045)
    assert found.evidence_db > REGULAR_DB
    assert found.share > 0.97
    assert found.lost < 0.03


@pytest.mark.parametrize("lost", [0.2, 0.5])
def test_missing_records_are_seen_as_missing(lost: float) -> None:
    """With a fifth or half of the records lost the timer is still found, and the loss is told within a tenth."""
    found = fit(thinned(after(latent(one_sided(60, 0.3, 300))), lost, seed=3))
    assert found.evidence_db > 100
    assert found.lost == pytest.approx(lost, abs=0.1)
    assert (found.low_s, found.high_s) == pytest.approx((42, 60), abs=2.0)


def test_office_hours_do_not_hide_a_timer() -> None:
    """A laptop that is off at night shows the same law as one that never sleeps."""
    days = [after(latent(one_sided(60, 0.2, 480, day), day), day * DAY + 9 * HOUR) for day in range(3)]
    found = fit(np.concatenate(days))
    assert (found.law, found.sleep_s) == ("one_sided", 60.0)
    assert found.share > 0.99


def test_tasking_does_not_hide_an_hourly_timer() -> None:
    """Two bursts of an operator make most gaps short, and the hourly law is found all the same."""
    calm = after(latent(one_sided(3600, 0.2, 60)))
    bursts = [calm[k] + np.cumsum(rng(k).uniform(0.5, 2.5, 60)) for k in (10, 30)]
    found = fit(np.sort(np.concatenate([calm, *bursts])))
    assert (found.law, found.sleep_s) == ("one_sided", 3600.0)
    assert found.jitter == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("phases", [(0.0, 23.3), (0.0, 13.3, 31.0)])
def test_interleaved_timers_are_counted(phases: tuple[float, ...]) -> None:
    """Two or three machines behind one address, each on a fixed minute, are told apart from one wide jitter."""
    found = fit(np.sort(np.concatenate([every(60, 200, phase) for phase in phases])))
    assert found.timers == len(phases)
    assert found.spread == pytest.approx(0.0, abs=0.01)
    assert not found.changed


def test_two_jittered_implants_behind_one_address_are_counted() -> None:
    """Two implants of one profile on one address are recognised as two, each with about the jitter it has."""
    found = fit(np.sort(np.concatenate([after(one_sided(60, 0.2, 200, 1)), after(one_sided(60, 0.2, 200, 2), 23)])))
    assert found.timers == 2
    assert found.spread == pytest.approx(0.11, abs=0.03)


def test_a_pause_that_a_person_changes_is_no_jitter() -> None:
    """A loop run with pauses of 10, 20 and 30 s in turn is wide over all and fixed from call to call."""
    sessions = [every(pause_s, 60, 10_000.0 * n) for n, pause_s in enumerate((10, 20, 30, 20, 10))]
    found = fit(np.concatenate(sessions))
    assert found.changed
    jittered = fit(after(rng(2).uniform(10, 30, 300)))
    assert not jittered.changed


IRREGULAR: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "memoryless": lambda draw, n: draw.exponential(60, n),
    "lognormal": lambda draw, n: draw.lognormal(4, 1, n),
    "heavy lognormal": lambda draw, n: draw.lognormal(4, 2, n),
    "hyperexponential": lambda draw, n: np.where(
        draw.random(n) < 0.7, draw.exponential(5, n), draw.exponential(600, n)
    ),
}


@pytest.mark.parametrize("name", IRREGULAR)
@pytest.mark.parametrize("gaps", [6, 14, 40, 150])
def test_irregular_series_are_not_called_regular(name: str, gaps: int) -> None:
    """Of 100 irregular series at most one of those below 40 gaps, and none from there on, passes for a timer."""
    found = [fit_times(after(IRREGULAR[name](rng(10_000 * gaps + seed), gaps)), FINE) for seed in range(100)]
    regular = [one.evidence_db for one in found if one and one.evidence_db >= REGULAR_DB]
    assert len(regular) <= (1 if gaps < 40 else 0), regular


@pytest.mark.parametrize("mean_s", [1.0, 3.0, 10.0])
@pytest.mark.parametrize("resolution_s", [FINE, WHOLE])
def test_merging_fast_arrivals_does_not_make_a_timer(mean_s: float, resolution_s: float) -> None:
    """Random arrivals a few seconds apart, merged into check-ins and stamped in whole seconds, stay irregular."""
    for seed in range(20):
        times = irregular(mean_s, 200 * mean_s, seed)
        made = fitted(window(calls("10.0.0.1", WORKER, np.floor(times) if resolution_s == WHOLE else times)))
        assert all(one.evidence_db < REGULAR_DB for one in made.fits.values())


@given(
    st.lists(st.integers(1, 400_000), min_size=8, max_size=60),
    st.integers(-(2**40), 2**40),
)
def test_a_shift_in_time_changes_nothing(gaps_ms: list[int], shift_ms: int) -> None:
    """The fit depends on distances between check-ins only, not on when they were."""
    times = after(np.array(gaps_ms) / 1024)
    one, other = fit_times(times, FINE), fit_times(times + shift_ms / 1024, FINE)
    assert (one is None) == (other is None)
    if one and other:
        assert other.evidence_db == pytest.approx(one.evidence_db, rel=1e-6, abs=1e-6)
        assert (other.low_s, other.high_s, other.law) == (one.low_s, one.high_s, one.law)


@given(st.lists(st.floats(20, 5000), min_size=MIN_GAPS, max_size=50), st.sampled_from([2.0, 16.0]))
def test_a_change_of_unit_scales_the_law(gaps_s: list[float], factor: float) -> None:
    """Gaps k times as long give ends k times as far out, and the same evidence."""
    gaps = np.array(gaps_s)
    one, other = fit_gaps(gaps, FINE), fit_gaps(gaps * factor, FINE)
    assert one
    assert other
    assert other.evidence_db == pytest.approx(one.evidence_db, abs=0.5)
    if other.share == pytest.approx(one.share, abs=1e-6):
        assert (other.low_s, other.high_s) == pytest.approx((one.low_s * factor, one.high_s * factor))


@given(st.permutations(range(40)))
def test_the_order_of_gaps_does_not_change_their_law(order: list[int]) -> None:
    """A law is about how long gaps are; which came first is for the other measurements."""
    gaps = latent(one_sided(60, 0.3, 40))
    one, other = fit_gaps(gaps, FINE), fit_gaps(gaps[order], FINE)
    assert one
    assert other
    assert other.evidence_db == pytest.approx(one.evidence_db)
    assert (other.low_s, other.high_s, other.law, other.sleep_s) == (one.low_s, one.high_s, one.law, one.sleep_s)


def median_db(jitter: float, gaps: int, lost: float = 0.0, *, each: bool = False) -> float:
    """Return the median evidence over some seeds, in all or per gap."""
    found = [fit(thinned(after(latent(one_sided(60, jitter, gaps, s), s)), lost, s)) for s in range(15)]
    return float(np.median([f.evidence_db / (f.gaps if each else 1) for f in found]))


@pytest.mark.parametrize("gaps", [10, 60, 200])
def test_more_jitter_never_looks_more_regular(gaps: int) -> None:
    """Of one law, the wider setting gives less evidence."""
    evidence = [median_db(jitter, gaps) for jitter in JITTERS]
    assert evidence == sorted(evidence, reverse=True)


@pytest.mark.parametrize("jitter", JITTERS)
def test_evidence_grows_with_the_number_of_check_ins(jitter: float) -> None:
    """Every doubling of a series makes its timer surer."""
    evidence = [median_db(jitter, gaps) for gaps in (12, 24, 48, 96, 192)]
    assert all(more > less for less, more in itertools.pairwise(evidence)), evidence


@pytest.mark.parametrize("jitter", [0.0, 0.2, 0.5])
def test_losing_records_never_makes_a_gap_say_more(jitter: float) -> None:
    """Per gap, a log with holes never speaks louder for the timer than the whole one."""
    evidence = [median_db(jitter, 200, lost, each=True) for lost in (0.0, 0.05, 0.2, 0.5)]
    assert evidence == sorted(evidence, reverse=True)


def test_long_series_are_thinned_and_their_evidence_is_not() -> None:
    """Ten thousand check-ins are fitted on a sample of them and weigh as ten thousand."""
    found = fit(after(latent(one_sided(60, 0.2, 10_000))))
    assert found.gaps == 10_000
    assert found.evidence_db > 10 * fit(after(latent(one_sided(60, 0.2, 600)))).evidence_db


ODD_GAPS = st.one_of(st.sampled_from([0.0, 1.0, 60.0, 1e9]), st.floats(1e-6, 1e7), st.floats(1e-6, 0.01))
"""Stamps are microseconds: nothing lies closer together, unless it lies on one another."""


@given(st.lists(ODD_GAPS, max_size=30), st.sampled_from([FINE, WHOLE]))
def test_no_series_breaks_the_fit(gaps_s: list[float], resolution_s: float) -> None:
    """Equal times, gaps of nothing, of nearly nothing and of decades give a sound answer or none at all."""
    found = fit_gaps(np.array(gaps_s), resolution_s)
    positive = [g for g in gaps_s if g > 0]
    assert (found is None) == (len(positive) < MIN_GAPS)
    if found:
        assert np.isfinite(found.evidence_db)
        assert max(0.001, min(positive)) <= found.low_s <= found.high_s <= max(0.001, *positive)
        assert 0 <= found.share <= 1
        assert 0 <= found.lost < 1
    times = after(gaps_s)
    seen = fit_times(times, resolution_s) if len(times) > MIN_GAPS else None
    assert seen is None or np.isfinite([seen.evidence_db, seen.spread]).all()
