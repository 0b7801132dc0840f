"""Endpoint logs leave repeated calls out: rhythms are found in what is left, and the sensor's own is no rhythm."""

from typing import Any

import numpy as np
import pytest

from sferic.model.event import NETWORK, Event
from sferic.model.finding import Finding
from sferic.model.traffic import Floats
from sferic.signals._gaps import REGULAR_DB, THINNED, fit_times
from sferic.signals._thinned import fit, missing_in_a_row
from tests.signals.timelines import (
    DAY,
    HOUR,
    WORKER,
    after,
    browse,
    calls,
    crowd,
    every,
    found,
    irregular,
    of,
    one_sided,
    reason,
    rng,
    says,
    window,
)

WHO = "10.0.0.7"
TOOL = r"C:\Users\Public\relay.exe"
DEFENDER, SYSMON = "microsoft_defender", "windows_sysmon"


def left(times: Floats, share: float, seed: int = 50) -> Floats:
    """Leave calls out at random; the first is kept."""
    kept = times[1:][rng(seed).random(len(times) - 1) < share]
    return np.concatenate([times[:1], kept])


def first_of_each(times: Floats, every_s: float) -> Floats:
    """Keep a call, then leave out those of a period from it on, as a cap does."""
    kept = [float(times[0])]
    for at in times.tolist():
        if at >= kept[-1] + every_s:
            kept.append(at)
    return np.array(kept)


def logged(times: Floats, log: str = DEFENDER, **facts: Any) -> list[Event]:
    """Let a program on the machine call the function, as an endpoint's log has it."""
    return calls(WHO, WORKER, times, log=log, table=NETWORK, **{"process_path": TOOL, **facts})


def beacons(rows: list[Event]) -> list[Finding]:
    """Return the beacons of the machine in an estate of browsers."""
    return of(found(window(crowd(), rows)), WHO)


@pytest.mark.parametrize("share", [0.67, 0.4])
@pytest.mark.parametrize("jitter", [0.0, 0.2])
def test_a_timer_is_found_at_its_own_period_in_what_is_left(share: float, jitter: float) -> None:
    """A beacon at 60 s of which a third or six in ten are missing is found, and its pause is no sum of several."""
    (finding, *_) = beacons(logged(left(after(one_sided(60, jitter, 600) + rng().normal(0, 0.1, 600)), share)))
    assert finding.interval is not None
    assert finding.interval.median_s == pytest.approx(60 * (1 - jitter / 2), abs=4)
    assert 60 * (1 - jitter / 2) - 1 < (finding.interval.sleep_s or 0) < 61
    assert "of check-ins missing from the log" in reason(finding, "timing").text


def test_a_log_of_every_call_is_judged_as_before() -> None:
    """The same rows from a log that leaves nothing out get the usual law; so do rows without a program."""
    times = left(after(one_sided(60, 0.0, 600) + rng().normal(0, 0.1, 600)), 0.4)
    usual = fit_times(window(logged(times, SYSMON)).times(0), 0.001)
    assert usual is not None
    for rows in (logged(times, SYSMON), logged(times, "ecs_json", process_path=None)):
        made = window(rows)
        assert fit(made, 0) == usual
        assert missing_in_a_row(made, 0, usual) == 0
    for rows in (logged(times, "ecs_json"), logged(times, "crowdstrike_fdr", process_path=None, process_guid="1")):
        made = window(rows)
        law = fit(made, 0)
        assert law is not None
        assert law.lost > usual.lost
        assert missing_in_a_row(made, 0, law) > 10


@pytest.mark.parametrize(("period_s", "days"), [(HOUR, 3), (DAY, 12)])
def test_the_rhythm_of_a_cap_is_not_the_callers(period_s: float, days: int) -> None:
    """What calls at random once a minute, of which a sensor keeps the first of each hour or day, is no beacon."""
    random = irregular(60, days * DAY)
    capped = first_of_each(random, period_s)
    assert len(capped) > 10
    assert beacons(logged(capped)) == []
    assert beacons(logged(capped, SYSMON)) != [], "from a log of every call that would be one"
    assert beacons(logged(first_of_each(every(60, int(days * DAY / 60)), period_s))) == [], "nor can a real one be told"


def test_a_pause_near_an_hour_is_told_from_the_cap() -> None:
    """An hourly sleep with jitter down begins below the hour, where a cap lets nothing through."""
    (finding, *_) = beacons(logged(after(one_sided(3600, 0.3, 72))))
    assert finding.interval is not None
    assert 2900 < finding.interval.median_s < 3200


def test_reports_of_an_hour_have_no_time_of_their_own() -> None:
    """Rows that sum up an hour make no rhythm, nor do they fill one that single rows have."""
    summed = logged(every(HOUR, 72), action="connectionsuccessaggregatedreport")
    assert beacons(summed) == []
    single = logged(left(after(one_sided(300, 0.2, 800)), 0.7), action="connectionsuccess")
    made = window(summed, single)
    laws = [fit(made, i) for i in range(len(made))]
    assert sorted(law.gaps if law else 0 for law in laws) == [0, len(single) - 1]


def test_irregular_calls_stay_irregular() -> None:
    """Of 100 irregular series, thinned or not, at most one passes for a timer by the law for thinned logs."""
    passed = 0
    for seed in range(100):
        times = left(after(rng(seed).exponential(60, 150)), 0.5 + seed % 2 / 2, seed)
        law = fit_times(times, 0.001, THINNED)
        passed += law is not None and law.evidence_db >= REGULAR_DB
    assert passed <= 1


def _interruptions(times: Floats, log: str) -> float:
    made = window(browse(WHO, log="proxy"), logged(times, log))
    (wanted, *_) = np.flatnonzero(made.source == made.traffic.sources.index(log)).tolist()
    return says("interruptions", made, int(wanted))[0]


def test_what_chance_leaves_out_is_no_pause() -> None:
    """A timer that never stops, six in ten of whose calls are missing, does not pause; one that a person stops does."""
    always = left(every(300, 800), 0.5)
    assert _interruptions(always, DEFENDER) < 0.05
    assert _interruptions(always, SYSMON) > 0.2, "where every call is logged, these were pauses"
    stopped = left(np.concatenate([every(60, 60, hour * HOUR) for hour in (9, 11, 14.5, 19, 21.3, 26)]), 0.6)
    assert _interruptions(stopped, DEFENDER) > 2


def test_a_call_without_a_process_loses_nothing_by_it() -> None:
    """A proxy's calls weigh the same whether a thinned log of the machine is beside them and silent about them or not."""
    proxy = calls(WHO, WORKER, after(one_sided(60, 0.2, 200)), up=600, down=250)
    beside = calls(WHO, "page-0.vercel.app", every(60, 5), log=DEFENDER, table=NETWORK, process_path=TOOL)
    (alone, *_), (both, *_) = beacons(proxy), beacons([*proxy, *beside])
    programs = {"program", "program_place", "program_maker", "program_rarity", "program_stranger", "agent_mismatch"}
    assert programs.isdisjoint(r.signal for r in both.reasons)
    assert both.points == alone.points
