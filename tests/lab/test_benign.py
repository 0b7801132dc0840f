"""The harmless twins: each has the shape its class is known for."""

import itertools
import statistics
from typing import Any

import pytest

from sferic.lab.benign import TWINS
from sferic.lab.browsing import browse, build_web
from sferic.lab.records import Machine, Request, Span, seeded
from sferic.lab.scenario import Channel, Class, Site

DAY = [Span(0.0, 86_400.0)]


def _run(kind: Class, seed: int = 1, **fields: Any) -> list[Request]:
    channel = Channel(name="n", kind=kind, site="s", hosts=["a.example.com"], **fields)
    return sorted(TWINS[kind](seeded(seed), channel, DAY, "agent/1"), key=lambda request: request.time_s)


def _gaps(requests: list[Request]) -> list[float]:
    return [late.time_s - early.time_s for early, late in itertools.pairwise(requests)]


@pytest.mark.parametrize("kind", sorted(TWINS))
def test_every_class_talks_inside_the_waking_time(kind: Class) -> None:
    """Every class asks for something, and never outside the spans by more than a request's length."""
    times = [request.time_s for request in _run(kind, period_s=60.0, sessions_per_day=6.0)]
    assert len(times) > 10
    assert min(times) >= 0.0
    assert max(times) <= 86_400.0 + 60.0


@pytest.mark.parametrize(("kind", "period_s"), [("N1", 900.0), ("N9", 900.0), ("N13", 300.0)])
def test_strict_timers_hardly_vary(kind: Class, period_s: float) -> None:
    """Agents, extensions and probes keep their period to a fraction of a second."""
    assert all(gap == pytest.approx(period_s, abs=0.5) for gap in _gaps(_run(kind, period_s=period_s)))


def test_machines_of_a_fleet_are_out_of_step() -> None:
    """The same timer starts at another phase on each machine."""
    assert len({_run("N1", seed, period_s=900.0)[0].time_s for seed in range(10)}) == 10


def test_cron_is_on_the_clock() -> None:
    """Scheduled jobs run within two seconds after a multiple of their period."""
    assert all(0 < request.time_s % 300.0 < 2.0 for request in _run("N6", period_s=300.0))


def test_a_heartbeat_is_held_by_the_server() -> None:
    """Most polls last the whole interval, and the next follows at once."""
    requests = _run("N3", period_s=25.0)
    assert statistics.median(request.duration_s for request in requests) == pytest.approx(25.0, abs=0.3)


def test_a_runner_polls_backs_off_and_works() -> None:
    """A runner shows long polls, errors with a back-off, and uploads during jobs."""
    requests = _run("N5", period_s=50.0, sessions_per_day=8.0)
    assert statistics.median(request.duration_s for request in requests) > 1.0
    after_error = [gap for request, gap in zip(requests, _gaps(requests), strict=False) if request.status == 503]
    assert after_error
    assert all(15.0 <= gap <= 30.0 for gap in after_error)


def test_an_exporter_is_silent_when_idle() -> None:
    """Exports come in steps of five seconds within a batch, with long silences between batches."""
    gaps = _gaps(_run("N10", period_s=5.0, sessions_per_day=4.0, session_s=600.0))
    assert statistics.median(gaps) == pytest.approx(5.0, abs=0.1)
    assert max(gaps) > 1_800.0


def test_an_updater_only_downloads() -> None:
    """Update checks never send more than usual; now and then a reply is large."""
    requests = _run("N12", period_s=60.0, jitter=0.1)
    assert len({request.bytes_up for request in requests}) == 1
    assert max(request.bytes_down for request in requests) > 300_000


def test_webhooks_have_no_timer() -> None:
    """Within a burst the gaps vary about as much as random arrivals do."""
    gaps = [gap for gap in _gaps(_run("N11", period_s=30.0, session_s=20_000.0)) if gap < 600.0]
    assert 0.7 < statistics.stdev(gaps) / statistics.fmean(gaps) < 1.4


def test_people_browse_irregularly_and_come_back_to_favourites() -> None:
    """A person's pauses vary more than random arrivals, and some sites are visited again and again."""
    machine = Machine("m", "s", "desktop", "alex", ("10.0.0.1",), "browser/1", challenged=False)
    site = Site(name="s", format="squid_access", machines=1, network="10.0.0.0/24", visits_per_day=60.0)
    requests = list(browse(seeded(4), machine, site, build_web(seeded(5)), DAY * 5))
    hosts = [request.host for request in requests]
    assert len(set(hosts)) > 20
    assert max(hosts.count(host) for host in set(hosts)) > 20
    gaps = [gap for gap in _gaps(requests) if gap > 5.0]
    assert statistics.stdev(gaps) / statistics.fmean(gaps) > 1.0
