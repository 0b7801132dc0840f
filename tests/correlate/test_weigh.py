"""From measurements to points: sums, caps, pruning, and answers borrowed between logs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sferic.catalog.weights import Weights, load_weights
from sferic.correlate.channels import candidates, findings
from sferic.correlate.weigh import Weighed, reasons, weigh
from sferic.model.event import NETWORK, Event
from sferic.model.finding import SEVERITIES, Analytic
from sferic.model.window import Window
from tests.signals.timelines import (
    CHROME,
    CURL,
    DAY,
    HOUR,
    SITE,
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
    segment,
    weighed,
    window,
)

ME, YOU, SERVER = "10.0.0.5", "10.0.0.6", "10.0.0.7"
WEIGHTS = load_weights()
NO_PRUNING = -1000.0
BEAT = after(one_sided(60, 0.2, 300), 11 * HOUR)


def estate() -> list[Event]:
    """Give an estate with an implant, a cron job, a page's tab, a downloader, a kept tunnel and people."""
    return [
        *crowd(20),
        *browse(ME),
        *calls(ME, WORKER, BEAT, up=600, down=250, agent=CURL, path="/x"),
        *calls(YOU, SITE, every(300, 250), up=500, down=900, agent="Zorb/1", path="/v1/traces", status=[200, 503]),
        *calls(YOU, "tab.vercel.app", every(30, 400, 9 * HOUR), up=700, down=30_000, agent=CHROME, path=["/", "/a.js"]),
        *calls(SERVER, "pull.gamma-lab.workers.dev", irregular(200, DAY, 3), up=900, down=[10**5, 10**6], agent=CURL),
        *calls(SERVER, "calm-river.ngrok.io", [1000, 50_000], lasts_s=9 * HOUR, up=90_000, down=60_000),
    ]


@pytest.fixture(scope="module")
def whole() -> Window:
    """Give the window of that estate."""
    return window(estate())


@pytest.mark.parametrize("analytic", ["beacon", "long_connection"])
def test_parts_add_up_for_every_segment(whole: Window, analytic: Analytic) -> None:
    """Prior, signals and caps of each segment sum to its total, and no part is nameless."""
    found_here = weighed(whole, analytic, NO_PRUNING)
    for i in range(len(found_here.window)):
        parts = reasons(found_here, i, WEIGHTS)
        assert sum(p.points for p in parts) == pytest.approx(found_here.total[i], abs=1e-6)
        assert parts[0].signal == "prior"
        assert all(p.text for p in parts)


@pytest.mark.parametrize("analytic", ["beacon", "long_connection"])
def test_parts_add_up_for_every_finding(whole: Window, analytic: Analytic) -> None:
    """A finding's points are the sum of its reasons', to the tenth that is shown."""
    everything = found(whole, analytic, NO_PRUNING)
    assert len(everything) >= (1 if analytic == "long_connection" else 3)
    for finding in everything:
        assert finding.points == pytest.approx(sum(r.points for r in finding.reasons), abs=0.05)
        assert finding.score == WEIGHTS.severity.score(finding.points)
        assert finding.severity == WEIGHTS.severity.severity(finding.score)


@given(st.lists(st.floats(-200, 200), min_size=2, max_size=20))
def test_the_score_rises_with_the_points(points: list[float]) -> None:
    """More points never give a lower score or a milder severity, and scores stay within 0 and 100."""
    scores = [WEIGHTS.severity.score(p) for p in sorted(points)]
    ranks = [SEVERITIES.index(WEIGHTS.severity.severity(s)) for s in scores]
    assert scores == sorted(scores)
    assert ranks == sorted(ranks)
    assert 0 <= scores[0] <= scores[-1] <= 100


@pytest.mark.parametrize("floor_db", [-20.0, -10.0, -3.0, 5.0])
def test_pruning_loses_no_finding(whole: Window, floor_db: float) -> None:
    """With the upper bound as without it, the same findings reach the floor, with the same points."""
    pruned = findings(candidates(weigh(whole, "beacon", WEIGHTS, floor_db), "beacon", WEIGHTS, floor_db))
    everything = findings(candidates(weigh(whole, "beacon", WEIGHTS, NO_PRUNING), "beacon", WEIGHTS, floor_db))
    assert [(f.id, f.points, f.connections) for f in pruned] == [(f.id, f.points, f.connections) for f in everything]
    assert [f.id for f in pruned]


def test_pruning_spares_the_fit_of_hopeless_segments(whole: Window) -> None:
    """Most segments of people browsing are ruled out before their timing is fitted."""
    pruned = weigh(whole, "beacon", WEIGHTS, 0.0)
    assert len(pruned.window.fits) < len(weigh(whole, "beacon", WEIGHTS, NO_PRUNING).window.fits) / 2
    assert np.isneginf(pruned.total).sum() > len(whole) / 3


def test_pruning_waits_for_borrowed_answers() -> None:
    """A segment that reaches the floor only with another log's answers is not given up before it has them."""
    story = window(
        crowd(60),
        calls(ME, WORKER, BEAT, log="flows", table=NETWORK),
        calls(ME, WORKER, BEAT + 0.03, log="urls", agent="Zorb/1", path="/dpixel", up=600, down=250),
    )
    everything = weigh(story, "beacon", WEIGHTS, NO_PRUNING)
    flows = story.traffic.sources.index("flows")
    i = next(n for n in range(len(story)) if story.source[n] == flows)
    floor_db = float(everything.total[i]) - 1.0
    assert weigh(story, "beacon", WEIGHTS, floor_db).total[i] == pytest.approx(everything.total[i])


def test_a_group_never_counts_beyond_its_caps(whole: Window) -> None:
    """Points of one group, its cap included, stay between the group's bounds for every segment."""
    everything = weigh(whole, "beacon", WEIGHTS, NO_PRUNING)
    for name, group in WEIGHTS.group.items():
        mine = [p for signal, p in everything.points.items() if WEIGHTS.signal[signal].group == name]
        total = np.sum([*mine, everything.caps[name]], axis=0)
        assert (total <= group.high + 1e-6).all()
        assert (total >= group.low - 1e-6).all()


def test_a_cap_is_shown_as_a_part_of_its_own() -> None:
    """Where a group is cut, the finding shows what was taken away and the sentence says why."""
    story = window(crowd(60), calls(ME, WORKER, BEAT, up=600, down=250, agent="Zorb/1", path="/dpixel"))
    tight = replace(WEIGHTS, group={**WEIGHTS.group, "rhythm": replace(WEIGHTS.group["rhythm"], high=5.0)})
    made = weigh(story, "beacon", tight, NO_PRUNING)
    finding = of(findings(candidates(made, "beacon", tight, NO_PRUNING)), ME)[0]
    cap = reason(finding, "cap_rhythm")
    timed = [
        r.points for r in finding.reasons if r.signal in WEIGHTS.signal and WEIGHTS.signal[r.signal].group == "rhythm"
    ]
    assert sum(timed) + cap.points == pytest.approx(5.0)
    assert "rhythm" in cap.text
    assert finding.points == pytest.approx(sum(r.points for r in finding.reasons), abs=0.05)


def two_logs(*, user: str | None = None) -> Weighed:
    """Weigh a channel that a URL log knows by its software and a flow log by its bytes."""
    story = window(
        crowd(60, agent=CHROME),
        calls(ME, WORKER, BEAT, log="urls", agent=CURL, path="/x", user=user),
        calls(ME, WORKER, BEAT + 0.03, log="flows", table=NETWORK, up=600, down=250, lasts_s=1),
    )
    return weigh(story, "beacon", WEIGHTS, NO_PRUNING)


def test_a_log_borrows_what_another_log_of_the_channel_knows() -> None:
    """The finding has the software from the URL log and the sizes from the flow log, and names the lender."""
    finding = of(findings(candidates(two_logs(), "beacon", WEIGHTS, NO_PRUNING)), ME)[0]
    assert finding.sources == ("flows", "urls")
    texts = {r.signal: r.text for r in finding.reasons}
    assert "script library" in texts["software"]
    assert "uploads" in texts["size"]
    told = [name for name in ("software", "size") if "(told by " in texts[name]]
    assert len(told) == 1
    assert texts[told[0]].endswith(f"(told by {'urls' if told[0] == 'software' else 'flows'})")


def test_rhythm_is_not_borrowed() -> None:
    """Each log shows its own rhythm: timing is never told by another log."""
    made = two_logs()
    for name in ("timing", "jitter", "alignment", "interruptions", "continuity", "persistence"):
        assert (made.lenders[name] == np.arange(len(made.window))).all()


def test_two_people_lend_each_other_nothing() -> None:
    """Behind one address, what one person's log says of software is not said of the other's channel."""
    story = window(
        crowd(60),
        calls(ME, WORKER, BEAT, log="urls", agent=CURL, path="/x", user="ann"),
        calls(ME, WORKER, BEAT + 20, log="flows", table=NETWORK, up=600, down=250, user="bob"),
    )
    made = weigh(story, "beacon", WEIGHTS, NO_PRUNING)
    bob = story.traffic.users.index("bob")
    mine = [i for i in range(len(story)) if story.user[i] == bob]
    assert mine
    assert all(np.isnan(made.values["framework_paths"][i]) for i in mine)
    hers = two_logs(user="ann")
    ours = [i for i in range(len(hers.window)) if hers.lenders["framework_paths"][i] != i]
    assert ours, "a log without users still borrows from one that has them"


def test_unknown_is_neither_good_nor_bad() -> None:
    """A signal that cannot say counts nothing and is not among the reasons."""
    story = window(crowd(60, agent=None, path=None), calls(ME, WORKER, BEAT))
    finding = of(found(story, floor_db=NO_PRUNING), ME)[0]
    told = {r.signal for r in finding.reasons}
    assert not told & {"software", "focus", "size", "volume", "browsing", "tasking", "no_referrer"}
    assert {"timing", "prevalence", "novelty"} <= told


def test_the_prior_of_a_few_machines_is_milder_and_says_why() -> None:
    """One machine's log has its own prior, with its own sentence; an estate has the ordinary one."""
    alone = found(window(calls(ME, WORKER, BEAT)), floor_db=NO_PRUNING)[0]
    estate_wide = of(found(window(crowd(60), calls(ME, WORKER, BEAT)), floor_db=NO_PRUNING), ME)[0]
    assert reason(alone, "prior").points == WEIGHTS.prior.few_machines
    assert reason(alone, "prior").text == WEIGHTS.prior.few_machines_why
    assert reason(estate_wide, "prior").points == WEIGHTS.prior.points


def test_points_between_knots_are_interpolated_and_stay_beyond_them() -> None:
    """A measurement between two knots gets points between theirs; beyond the last it gets the last's."""
    made = two_logs()
    i = segment(made.window, ME, WORKER)
    for name, values in made.values.items():
        knots = WEIGHTS.signal[name].knots
        if not np.isnan(values[i]):
            below = [y for x, y in knots if x <= values[i]] or [knots[0][1]]
            above = [y for x, y in knots if x >= values[i]] or [knots[-1][1]]
            low, high = sorted((below[-1], above[0]))
            assert low - 0.06 <= made.points[name][i] <= high + 0.06, name


def rhythm_alone(weights: Weights, machines: int) -> int:
    """Return the best score that timing can give by itself."""
    return weights.severity.score(weights.prior.of(machines)[0] + weights.group["rhythm"].high)


def test_timing_alone_is_no_medium_in_an_estate() -> None:
    """From the prior of an estate the whole rhythm group stays below the cut-off of medium."""
    assert rhythm_alone(WEIGHTS, 100) < WEIGHTS.severity.medium


def test_no_group_alone_makes_a_high() -> None:
    """Whatever a single group says, from the prior of an estate it does not reach high."""
    for group in WEIGHTS.group.values():
        assert WEIGHTS.severity.score(WEIGHTS.prior.points + group.high) < WEIGHTS.severity.high
