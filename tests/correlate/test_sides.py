"""A channel that was logged on both sides of a proxy is one finding; two channels in step stay two."""

from typing import Any

import pytest

from sferic.model.event import NETWORK, Event
from sferic.model.finding import Finding
from tests.signals.timelines import CURL, HOUR, WORKER, after, browse, calls, crowd, every, found, one_sided, window

ME, OTHER, PROXY = "10.0.0.5", "10.0.0.6", "192.0.2.8"
BEAT = after(one_sided(60, 0.2, 400), 11 * HOUR)
SLOW = after(one_sided(300, 0.3, 90, seed=9), 11 * HOUR)
IDLE: dict[str, Any] = {"up": 600, "down": 250}
OFFICE = [*crowd(40), *browse(ME), *browse(OTHER)]
OUTSIDE = browse(PROXY, log="sensor")


def about(*stories: list[Event]) -> list[Finding]:
    """Return the findings about the function."""
    return [f for f in found(window(OFFICE, OUTSIDE, *stories), floor_db=-20.0) if WORKER in f.hosts]


def at_the_proxy(who: str, beat: Any = BEAT) -> list[Event]:
    """Let the proxy's log see a machine's calls."""
    return calls(who, WORKER, beat, agent=CURL, user=f"user {who}", **IDLE)


def outside(beat: Any) -> list[Event]:
    """Let a sensor outside see the proxy make calls, a little later."""
    return calls(PROXY, WORKER, beat + 0.4, log="sensor", table=NETWORK, up=900, down=700)


def test_both_sides_of_a_proxy_are_one_finding() -> None:
    """The machine is named, the proxy's address and the other log are told, nothing is counted twice."""
    (finding,) = about(at_the_proxy(ME), outside(BEAT))
    assert (finding.src_ip, finding.also_seen_as) == (ME, (PROXY,))
    assert finding.sources == ("proxy", "sensor")
    assert finding.connections == len(BEAT)
    assert finding.id == about(at_the_proxy(ME))[0].id


@pytest.mark.parametrize("late_s", [-580.0, -5.0, 137.0, 599.0])
def test_clocks_that_differ_do_not_make_two_of_one(late_s: float) -> None:
    """An irregular rhythm shows by how much the sensor's clock is off, be it minutes."""
    (finding,) = about(at_the_proxy(ME), outside(BEAT + late_s))
    assert (finding.src_ip, finding.also_seen_as) == (ME, (PROXY,))


def test_amounts_that_one_log_lacks_are_the_other_s() -> None:
    """A proxy that logs no uploads leaves them to the sensor, unless the sensor's row is of two machines' calls."""
    blind = calls(ME, WORKER, BEAT, agent=CURL, user="user", down=250)
    (finding,) = about(blind, outside(BEAT))
    assert (finding.bytes_up, finding.bytes_down) == (900 * len(BEAT), 250 * len(BEAT))
    seen = about(blind, at_the_proxy(OTHER, SLOW), outside(BEAT) + outside(SLOW))
    assert {f.src_ip: f.bytes_up for f in seen} == {ME: None, OTHER: 600 * len(SLOW)}


def test_timers_that_fit_at_many_differences_stay_two() -> None:
    """A timer without jitter fits another one's at every period: the clocks are not said to differ."""
    timer = every(60, 300, 11 * HOUR)
    assert {f.src_ip for f in about(at_the_proxy(ME, timer), outside(timer + 25))} == {ME, PROXY}


def test_another_rhythm_stays_another() -> None:
    """Two irregular rhythms of one kind have no difference of clocks at which one is the other."""
    other = after(one_sided(60, 0.2, 400, seed=3), 11 * HOUR)
    assert {f.src_ip for f in about(at_the_proxy(ME), outside(other))} == {ME, PROXY}


def test_two_machines_behind_one_proxy_are_two_findings() -> None:
    """The proxy's mixture of two channels is explained by both of them together."""
    both = outside(BEAT) + outside(SLOW)
    seen = about(at_the_proxy(ME), at_the_proxy(OTHER, SLOW), both)
    assert len(seen) == 2
    assert {f.src_ip: f.also_seen_as for f in seen} == {ME: (PROXY,), OTHER: (PROXY,)}


def test_a_lossy_sensor_is_still_the_other_side() -> None:
    """Some calls that the sensor missed do not make it another channel."""
    kept = BEAT[[n for n in range(len(BEAT)) if n % 20]]
    (finding,) = about(at_the_proxy(ME), outside(kept))
    assert (finding.src_ip, finding.also_seen_as) == (ME, (PROXY,))


def test_the_proxy_makes_more_calls_than_are_explained() -> None:
    """An implant on the proxy itself, or on a machine that its log does not know, stays a finding of its own."""
    seen = about(at_the_proxy(ME), outside(BEAT), outside(SLOW))
    assert {f.src_ip for f in seen} == {ME, PROXY}
    assert all(not f.also_seen_as for f in seen)


def test_two_machines_in_step_in_one_log_stay_two() -> None:
    """Timers that start on the minute beat together; one log saw both machines, so they are two."""
    seen = about(at_the_proxy(ME, every(60, 300, 11 * HOUR)), at_the_proxy(OTHER, every(60, 300, 11 * HOUR)))
    assert {f.src_ip for f in seen} == {ME, OTHER}


def test_a_fast_rhythm_is_not_near_everything() -> None:
    """Calls every three seconds are within two of any other: they are matched more closely."""
    mine, theirs = after(one_sided(3, 0.3, 900), 11 * HOUR), after(one_sided(3, 0.3, 900, seed=5), 11 * HOUR)
    assert {f.src_ip for f in about(at_the_proxy(ME, mine), outside(theirs))} == {ME, PROXY}
