"""The laws of sleep and the hours of presence."""

import itertools
import math
import statistics
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.lab.presence import DAY_S, awake, clip, sessions, wake
from sferic.lab.records import Span, seeded
from sferic.lab.scenario import Law, Scenario, Site
from sferic.lab.timing import draw_latency, draw_sleep

START = datetime(2026, 3, 6, tzinfo=UTC)  # a Friday
SITE = Site(name="here", format="squid_access", machines=1, network="10.0.0.0/24", utc_offset_h=1.0)
WEEK = Scenario(name="t", seed=1, start=START, days=4, sites=[SITE], channels=[])


@pytest.mark.parametrize(
    ("law", "mean", "variation"),
    [
        ("one_sided", 1 - 0.3 / 2, 0.3 / (math.sqrt(12) * (1 - 0.3 / 2))),
        ("two_sided", 1.0, 0.3 / math.sqrt(3)),
        ("additive", 1 + 0.3 / 2, 0.3 / (math.sqrt(12) * (1 + 0.3 / 2))),
    ],
)
def test_continuous_laws_have_their_closed_forms(law: Law, mean: float, variation: float) -> None:
    """Mean and coefficient of variation of many sleeps agree with the formulas of the uniform laws."""
    rng = seeded(1)
    sleeps = [draw_sleep(rng, 60.0, 0.3, law) for _ in range(20_000)]
    assert statistics.fmean(sleeps) == pytest.approx(60.0 * mean, rel=0.01)
    assert statistics.stdev(sleeps) / statistics.fmean(sleeps) == pytest.approx(variation, rel=0.03)


@given(sleep_s=st.floats(1, 7_200), jitter=st.floats(0, 0.9), seed=st.integers(0, 99))
def test_integer_law_draws_whole_seconds_near_the_sleep(sleep_s: float, jitter: float, seed: int) -> None:
    """Every integer sleep is whole and at most one second outside the jittered range."""
    sleep = draw_sleep(seeded(seed), sleep_s, jitter, "integer")
    assert sleep == int(sleep)
    assert sleep_s * (1 - jitter) - 1 <= sleep <= sleep_s * (1 + jitter) + 1


def test_a_cold_function_answers_later() -> None:
    """After a long idle time the answer takes at least the cold start's share longer on average."""
    rng = seeded(2)
    warm = statistics.fmean(draw_latency(rng, 60.0) for _ in range(2_000))
    cold = statistics.fmean(draw_latency(rng, 3_600.0) for _ in range(2_000))
    assert cold > warm + 0.5


@pytest.mark.parametrize("kind", ["office", "laptop"])
def test_people_work_by_day_and_not_at_the_weekend(kind: str) -> None:
    """Office and laptop hours lie on Friday and Monday, between six in the morning and midnight UTC."""
    for number in range(50):
        spans = awake(seeded(number), kind, WEEK, SITE)
        days = {datetime.fromtimestamp(span.start_s, UTC).weekday() for span in spans}
        assert days == {0, 4}
        assert all(6 <= datetime.fromtimestamp(span.start_s, UTC).hour <= 23 for span in spans)
        assert all(early.end_s <= late.start_s for early, late in itertools.pairwise(spans))


def test_servers_never_sleep() -> None:
    """The kind `always` is one span over the whole estate, weekend included."""
    assert awake(seeded(1), "always", WEEK, SITE) == [Span(START.timestamp(), START.timestamp() + 4 * DAY_S)]


def test_a_sleeping_machine_delays_until_it_wakes() -> None:
    """A moment inside a span stays, one before it moves just into it, one after the last span is gone."""
    spans = [Span(100.0, 200.0), Span(1_000.0, 2_000.0)]
    assert wake(seeded(1), spans, 150.0) == 150.0
    moved = wake(seeded(1), spans, 200.0)
    assert moved is not None
    assert 1_000.0 < moved < 1_100.0
    assert wake(seeded(1), spans, 2_000.0) is None


def test_clip_keeps_what_lies_between() -> None:
    """Clipping cuts spans at both ends and drops those outside."""
    spans = [Span(0.0, 10.0), Span(20.0, 30.0), Span(40.0, 50.0)]
    assert clip(spans, 5.0, 25.0) == [Span(5.0, 10.0), Span(20.0, 25.0)]


@given(seed=st.integers(0, 500), per_day=st.floats(0.1, 20), length_s=st.floats(30, 20_000))
def test_sessions_stay_inside_and_apart(seed: int, per_day: float, length_s: float) -> None:
    """Sessions never leave the waking time and never overlap."""
    spans = [Span(0.0, 30_000.0), Span(50_000.0, 86_400.0)]
    found = sessions(seeded(seed), spans, per_day, length_s)
    assert all(any(span.start_s <= one.start_s <= one.end_s <= span.end_s for span in spans) for one in found)
    assert all(early.end_s <= late.start_s for early, late in itertools.pairwise(found))
