"""Signals about a channel's rhythm: what they measure on a timer, and on what only looks like one."""

import re

import numpy as np
import pytest

from sferic.model.event import Event
from tests.signals.timelines import (
    DAY,
    HOUR,
    WORKER,
    after,
    browse,
    calls,
    every,
    irregular,
    one_sided,
    rng,
    says,
    segment,
    window,
)

ME = "10.0.0.5"


def heard(name: str, *stories: list[Event]) -> tuple[float, str]:
    """Return a signal's value and sentence for this machine's calls to the Worker."""
    made = window(*stories)
    value, words = says(name, made, segment(made, ME, WORKER))
    return value, words.text


def test_timing_hears_a_jittered_sleep() -> None:
    """A sleep of 60 s with 20 % jitter gives far more than enough evidence, and its numbers are in the sentence."""
    value, text = heard("timing", calls(ME, WORKER, after(one_sided(60, 0.2, 80))))
    assert value > 300
    assert "80 gaps fit a timer of 60 s, jitter 20% down" in text


def test_timing_says_how_much_is_missing() -> None:
    """Where a fifth of the records is lost, the sentence says so."""
    times = after(one_sided(60, 0.2, 200))
    _, text = heard("timing", calls(ME, WORKER, times[rng().random(len(times)) > 0.2]))
    assert "of check-ins missing from the log" in text


def test_timing_does_not_hear_a_person() -> None:
    """Visits at random moments follow no timer, and the sentence counts them."""
    value, text = heard("timing", calls(ME, WORKER, irregular(60, 80 * 60)))
    assert value < 0
    assert "gaps between check-ins follow no timer" in text


def test_timing_calls_a_weak_case_unclear() -> None:
    """Six gaps of a law with 90 % jitter speak for a timer without proving it."""
    made = window(calls(ME, WORKER, after(one_sided(600, 0.7, 8, seed=3))))
    value, words = says("timing", made, 0)
    assert 0 < value < 20
    assert words.value == "unclear"
    assert "8 gaps between check-ins do not prove a timer" in words.text


def test_timing_is_silent_about_a_handful_of_calls() -> None:
    """Four gaps are too few for any law."""
    value, _ = heard("timing", calls(ME, WORKER, every(60, 5)))
    assert np.isnan(value)


def test_jitter_hears_a_setting() -> None:
    """A sleep of 60 s with 30 % jitter varies by 18 % around its middle."""
    value, text = heard("jitter", calls(ME, WORKER, after(one_sided(60, 0.3, 200))))
    assert value == pytest.approx(0.176, abs=0.01)
    assert "varies by about ±18%" in text


def test_the_share_of_gaps_within_the_bounds_is_counted() -> None:
    """How many gaps are said to be between two times is how many are: pauses and doubled gaps are not among them."""
    gaps = one_sided(60, 0.3, 200)
    gaps[::5] *= 2  # a check-in in between is missing from the log, which the law explains
    _, text = heard("timing", calls(ME, WORKER, after(gaps)))
    found = re.search(r"; (\d+)% of all gaps are between", text)
    assert found
    assert int(found[1]) == 80


def test_jitter_hears_a_vendors_timer() -> None:
    """A telemetry timer does not vary."""
    value, text = heard("jitter", calls(ME, WORKER, every(60, 200) + np.abs(rng().normal(0, 0.06, 200))))
    assert value < 0.02
    assert "does not vary" in text


def test_jitter_tells_interleaved_timers_from_a_setting() -> None:
    """Two strict timers in one series are two timers, not one with jitter."""
    times = np.sort(np.concatenate([every(60, 100), every(60, 100, 23.3)]))
    value, text = heard("jitter", calls(ME, WORKER, times))
    assert value < 0.02
    assert "2 timers of one period are interleaved" in text


def test_jitter_tells_a_changed_pause_from_a_setting() -> None:
    """A test loop whose pause is changed between sessions counts as changed, whatever its spread."""
    loops = [every(pause_s, 60, 10_000.0 * n) for n, pause_s in enumerate((10, 20, 30, 20, 10))]
    value, text = heard("jitter", calls(ME, WORKER, np.concatenate(loops)))
    assert value == -1
    assert "differs between them" in text


def test_alignment_hears_cron() -> None:
    """A job that starts on the full five minutes, a second or two late, is on the clock."""
    value, text = heard("alignment", calls(ME, WORKER, every(300, 100) + rng().uniform(0.2, 1.9, 100)))
    assert value > 1.9
    assert "full minutes of the clock" in text
    assert "100% in step" in text


def test_alignment_hears_a_fixed_rate_off_the_clock() -> None:
    """A scheduler of 70 s keeps its own phase and has no full minutes."""
    value, text = heard("alignment", calls(ME, WORKER, every(70, 400) + rng().uniform(0, 0.5, 400)))
    assert 0.9 < value <= 1
    assert "fixed phase" in text


def test_alignment_hears_an_hourly_job_in_a_day() -> None:
    """Twenty runs on the full hour are a scheduled job's; twenty at another minute's middle could be a sleep."""
    value, _ = heard("alignment", calls(ME, WORKER, every(3600, 20) + rng().uniform(0.2, 1.9, 20)))
    assert value > 1.9
    value, _ = heard("alignment", calls(ME, WORKER, every(3600, 20, 31) + rng().uniform(0.2, 1.9, 20)))
    assert np.isnan(value)


def test_alignment_does_not_expect_a_drift_that_could_not_show() -> None:
    """In two hours a sleep of a minute drifts by some seconds: that it keeps its phase says nothing."""
    value, _ = heard("alignment", calls(ME, WORKER, after(60 + rng().lognormal(-3, 0.3, 119), 30)))
    assert np.isnan(value)
    value, _ = heard("alignment", calls(ME, WORKER, every(60, 119) + rng().uniform(0.2, 1.9, 119)))
    assert value > 1.9


def test_alignment_hears_a_sleep_drift() -> None:
    """A loop that sleeps 60 s after each answer drifts by the answer's time."""
    value, text = heard("alignment", calls(ME, WORKER, after(60 + rng().lognormal(-1, 0.5, 200))))
    assert value < 0.6
    assert "drift" in text


@pytest.mark.parametrize(("times", "why"), [(every(60, 7), "short"), (after(one_sided(60, 0.3, 100)), "jittered")])
def test_alignment_is_silent_where_nothing_could_lock(times: list[float], why: str) -> None:
    """A short series cannot show a drift, and a jittered one has no phase."""
    value, _ = heard("alignment", calls(ME, WORKER, times))
    assert np.isnan(value), why


def test_persistence_counts_hours() -> None:
    """Check-ins through five hours are five or six distinct hours; an installer's are one."""
    value, text = heard("persistence", calls(ME, WORKER, every(60, 300, 100)))
    assert value == 6
    assert "6 distinct hours over a span of 5 h" in text
    value, _ = heard("persistence", calls(ME, WORKER, every(5, 60, 100)))
    assert value == 1


def test_interruptions_count_pauses_for_the_hours_run() -> None:
    """A loop that runs five times for twenty minutes pauses four times in so little; an implant never."""
    loops = np.concatenate([every(20, 60, n * HOUR) for n in range(5)])
    value, text = heard("interruptions", calls(ME, WORKER, loops))
    assert value == pytest.approx(4 * 8 / (5 * 59 * 20 / HOUR + 2))
    assert "in eight hours of running it stops 8.8 times" in text
    value, text = heard("interruptions", calls(ME, WORKER, every(20, 720)))
    assert value == 0
    assert "does not pause" in text


def test_interruptions_forgive_a_laptop_its_sleep() -> None:
    """Two working days of nine hours with lunch are three pauses in eighteen hours of running."""
    days = np.concatenate([every(60, 270, start * HOUR) for start in (8, 13.5, 32, 37.5)])
    value, _ = heard("interruptions", calls(ME, WORKER, days))
    assert value < 1.5


def test_splay_hears_a_delay_that_is_only_added() -> None:
    """A half hour and up to a fifth more is a scheduler's; a sleep that is shortened by as much is not."""
    up = after(1800 * (1 + rng().uniform(0, 0.2, 120)))
    value, text = heard("splay", calls(ME, WORKER, up))
    assert value == 1
    assert "added to a period of 30 min" in text
    value, text = heard("splay", calls(ME, WORKER, after(one_sided(1800, 0.2, 120))))
    assert value == 0
    assert "not a round period" in text


def test_splay_is_silent_without_a_timer() -> None:
    """Memoryless calls have no period to which anything could be added."""
    value, _ = heard("splay", calls(ME, WORKER, after(rng().exponential(300, 200))))
    assert np.isnan(value)


def test_continuity_compares_with_the_machines_day() -> None:
    """An implant runs in all of the machine's working day, a loop of two half hours in a small part of it."""
    day = browse(ME)
    value, text = heard("continuity", day, calls(ME, WORKER, every(60, 480, 9 * HOUR)))
    assert value == pytest.approx(1.0)
    assert "100% of the time its machine is seen at work" in text
    loops = np.concatenate([every(20, 60, 9 * HOUR), every(20, 60, 16 * HOUR)])
    value, text = heard("continuity", day, calls(ME, WORKER, loops))
    assert value < 0.4
    assert "started and stopped" in text


def test_continuity_is_silent_about_a_machine_without_other_traffic() -> None:
    """A server that calls nothing else shows no day to compare with."""
    value, _ = heard("continuity", calls(ME, WORKER, every(60, 480)))
    assert np.isnan(value)


def test_held_open_tells_the_longest_connection() -> None:
    """Of two kept tunnels, nine hours and one, the longer is the measure and both are counted."""
    rows = [
        calls(ME, WORKER, [0, 60, 120, 180], lasts_s=2),
        calls(ME, WORKER, [600], lasts_s=9 * HOUR),
        calls(ME, WORKER, [DAY], lasts_s=HOUR),
    ]
    value, text = heard("held_open", *rows)
    assert value == 9
    assert "2 connection(s) of an hour or more, the longest 9 h" in text


def test_held_open_is_silent_without_durations() -> None:
    """A log that gives no durations cannot say how long a connection lasted."""
    value, _ = heard("held_open", calls(ME, WORKER, every(60, 10)))
    assert np.isnan(value)
