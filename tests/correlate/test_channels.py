"""One channel, one finding: rotation, shared addresses, mixed software, redirects, challenges, several logs."""

from typing import Any

import numpy as np
import pytest

from sferic.correlate.channels import Census, census
from sferic.model.event import DNS, NETWORK, Event
from sferic.model.finding import Finding
from sferic.signals._kinds import kinds_of
from tests.signals.timelines import (
    CHROME,
    CURL,
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
    window,
)

ME = "10.0.0.5"
BEAT = after(one_sided(60, 0.2, 400), 11 * HOUR)
OTHERS = [*crowd(40), *browse(ME)]
IDLE: dict[str, Any] = {"up": 600, "down": 250}
SCRIPT = "AKfycbSYNTHETIC0example0deployment0identifier0abcdefghijklmnop"


def mine(*stories: list[Event], whom: str | None = None) -> list[Finding]:
    """Return the findings about this machine, in an estate where others only browse."""
    everything = found(window(OTHERS, *stories), floor_db=-20.0)
    return [f for f in of(everything, ME) if whom is None or whom in f.hosts]


def test_a_rotating_implant_is_one_finding_of_its_tenant() -> None:
    """An implant that draws one of three functions each time is irregular on each and regular on their tenant."""
    hosts = [f"{name}.alpha-lab.workers.dev" for name in ("one", "two", "three")]
    drawn = rng(3).integers(0, 3, len(BEAT))
    rotated = [event for n, host in enumerate(hosts) for event in calls(ME, host, BEAT[drawn == n], agent=CURL, **IDLE)]
    (finding,) = mine(rotated)
    assert set(finding.hosts) == set(hosts)
    assert (finding.tenant, finding.function) == ("alpha-lab", None)
    assert finding.connections == len(BEAT)
    assert finding.interval
    assert (finding.interval.law, finding.interval.sleep_s) == ("one_sided", 60.0)
    (single,) = mine(calls(ME, hosts[0], BEAT, agent=CURL, **IDLE))
    assert finding.id == single.id, "the channel keeps its id when it begins to rotate"


def test_two_people_behind_one_address_are_two_findings() -> None:
    """Two users of one address with an implant each are told apart, each with an own rhythm and id."""
    ann = calls(ME, WORKER, BEAT, agent=CURL, user="ann", **IDLE)
    bob = calls(ME, WORKER, after(one_sided(300, 0.1, 90, 9), 11 * HOUR), agent=CURL, user="bob", **IDLE)
    found_two = {f.user: f for f in mine(ann, bob)}
    assert set(found_two) == {"ann", "bob"}
    assert [f.interval.sleep_s for f in found_two.values() if f.interval] == [60.0, 300.0]
    assert found_two["ann"].id != found_two["bob"].id


def test_one_implant_under_several_names_is_one_finding() -> None:
    """Where the log gives the implant's rows to two users by turns, all of them together keep the rhythm and speak."""
    drawn = rng(3).integers(0, 2, len(BEAT))
    rows = [
        e
        for n, user in enumerate(("ann", "bob"))
        for e in calls(ME, WORKER, BEAT[drawn == n], agent=CURL, user=user, **IDLE)
    ]
    (finding,) = mine(rows)
    assert finding.user is None
    assert finding.connections == len(BEAT)


def test_the_implants_software_speaks_for_a_mixed_channel() -> None:
    """Where a browser and an implant call one function, the finding holds the implant's calls only."""
    implant = calls(ME, WORKER, BEAT, agent="Zorb/1", path="/x", **IDLE)
    pages = calls(
        ME, WORKER, irregular(120, 17 * HOUR, 5, 9 * HOUR), agent=CHROME, path=["/", "/app.js"], up=900, down=9000
    )
    (finding,) = mine(implant, pages)
    assert finding.connections == len(BEAT)
    assert reason(finding, "software").value == "Zorb/1"


def test_an_apps_script_pair_is_one_finding() -> None:
    """The redirect's second host belongs to the script, though its path does not name it."""
    asked = calls(ME, "script.google.com", BEAT, path=f"/macros/s/{SCRIPT}/exec", status=302, agent=CURL, **IDLE)
    told = calls(ME, "script.googleusercontent.com", BEAT + 0.8, path="/macros/echo", agent=CURL, **IDLE)
    (finding,) = mine(asked, told)
    assert finding.function == SCRIPT
    assert finding.hosts == ("script.google.com", "script.googleusercontent.com")
    assert finding.connections == 2 * len(BEAT)
    assert finding.checkins == len(BEAT), "a request and its redirect's second leg are one check-in"
    assert finding.interval
    assert finding.interval.sleep_s == 60.0


def test_proxy_challenges_are_no_calls() -> None:
    """A 407 before each request changes neither the rhythm nor the number of connections."""
    refused = calls(ME, WORKER, BEAT, status=407, up=220, down=4051, method="CONNECT")
    passed = calls(ME, WORKER, BEAT + 0.05, status=200, user="ann", method="CONNECT", **IDLE)
    (finding,) = mine(refused, passed)
    (clean,) = mine(passed)
    assert finding.connections == len(BEAT)
    assert finding.interval == clean.interval
    assert finding.bytes_up == 600 * len(BEAT)


def test_one_channel_in_two_logs_is_one_finding() -> None:
    """A URL log and a flow log of the same calls make one finding that names both, and keeps its id without one."""
    urls = calls(ME, WORKER, BEAT, log="urls", agent=CURL, path="/x", user="ann")
    flows = calls(ME, WORKER, BEAT + 0.02, log="flows", table=NETWORK, lasts_s=1, **IDLE)
    (both,) = mine(urls, flows)
    assert both.sources == ("flows", "urls")
    assert both.connections == len(BEAT)
    assert {f.id for f in (*mine(urls), *mine(flows))} == {both.id}


def test_look_ups_beside_calls_are_silent() -> None:
    """DNS questions about a host whose calls are logged make no finding of their own and do not speak for it."""
    asks = calls(ME, WORKER, every(300, 80, 11 * HOUR), log="dns", table=DNS)
    (finding,) = mine(asks, calls(ME, WORKER, BEAT, agent=CURL, **IDLE))
    assert finding.connections == len(BEAT)
    assert "lookups_only" not in {r.signal for r in finding.reasons}
    (alone,) = mine(calls(ME, WORKER, BEAT, log="dns", table=DNS))
    assert reason(alone, "lookups_only").points < 0


def test_an_owner_that_the_name_hides_is_its_platform() -> None:
    """Without paths, Apps Script shows no script: the finding is about the platform and claims no owner."""
    (finding,) = mine(calls(ME, "script.google.com", BEAT, method="CONNECT", agent="Zorb/1", **IDLE))
    assert (finding.platform, finding.tenant, finding.function) == ("google-apps-script", None, None)


def test_a_host_of_an_unknown_shape_is_its_own_owner() -> None:
    """A name with a platform's suffix but not its shape is grouped by its whole name, not with all the platform's."""
    host = "odd.name.execute-api.eu-west-1.amazonaws.com"
    other = [
        e
        for n in range(20)
        for e in calls(f"10.9.0.{n + 1}", f"n{n}.execute-api.eu-west-1.amazonaws.com", every(900, 20))
    ]
    (finding,) = mine(other, calls(ME, host, BEAT, agent=CURL, **IDLE))
    assert finding.hosts == (host,)
    assert reason(finding, "prevalence").value.startswith("1 of ")


def test_a_named_device_keeps_its_channel_when_its_address_changes() -> None:
    """A laptop with two addresses in a day is one machine, and the finding gives its name."""
    first = calls("10.0.0.5", WORKER, BEAT[:200], device="NB-7", agent=CURL, **IDLE)
    second = calls("10.0.0.99", WORKER, BEAT[200:], device="NB-7", agent=CURL, **IDLE)
    (finding,) = of(found(window(OTHERS, first, second)), "NB-7")
    assert finding.connections == len(BEAT)
    assert finding.src_ip in {"10.0.0.5", "10.0.0.99"}


def told(findings: list[Finding]) -> list[tuple[object, ...]]:
    """Return what must not depend on the order of reading."""
    return [(f.id, f.points, f.hosts, f.connections, f.interval, f.reasons[0].points, len(f.reasons)) for f in findings]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_findings_do_not_depend_on_the_order_of_input(seed: int) -> None:
    """Shuffled lines, and so files in any order, give the same findings with the same ids in the same order."""
    rows = [
        *OTHERS,
        *calls(ME, WORKER, BEAT, agent=CURL, **IDLE),
        *calls("10.0.0.6", "b.beta-lab.workers.dev", BEAT, agent="Zorb/1", **IDLE),
        *calls("10.0.0.6", "c.beta-lab.workers.dev", BEAT + 25, agent="Zorb/1", **IDLE),
    ]
    ordered = told(found(window(rows)))
    shuffled = [rows[k] for k in rng(seed).permutation(len(rows))]
    assert told(found(window(shuffled))) == ordered
    assert len(ordered) >= 2


def test_findings_are_ranked_by_points() -> None:
    """The most telling finding comes first."""
    points = [
        f.points
        for f in mine(calls(ME, WORKER, BEAT, agent=CURL, **IDLE), calls(ME, "x.gamma-lab.workers.dev", every(300, 90)))
    ]
    assert len(points) == 2
    assert points == sorted(points, reverse=True)


def test_fewer_than_six_check_ins_are_no_finding() -> None:
    """Three check-ins are counted as a short channel and judged by nobody."""
    made = window(calls(ME, WORKER, np.array([0.0, 50, 103, 150, 199])))
    assert not found(made, floor_db=-1000.0)
    counted = census(kinds_of(made.traffic), made)
    assert (counted.judged, counted.short) == (0, 1)


def test_every_channel_is_counted_however_few_its_calls() -> None:
    """One call makes a channel, too short to be judged; where no rhythm is asked for, each one is judged."""
    made = window(calls(ME, WORKER, BEAT), calls("10.0.0.9", WORKER, np.array([5.0])), calls("10.0.0.9", WORKER, np.array([9.0])))
    assert census(kinds_of(made.traffic), made) == Census(1, 1)
    assert census(kinds_of(made.traffic), made, least=0) == Census(2, 0)


def test_a_finding_points_to_its_lines() -> None:
    """Each reason and sample names a file and a line of the channel's own rows."""
    (finding,) = mine(calls(ME, WORKER, BEAT, agent=CURL, file="squid/access.log", **IDLE))
    places = {place for r in finding.reasons for place in r.events} | {s.place for s in finding.samples}
    assert places == {"squid/access.log:1", "squid/access.log:201", "squid/access.log:401"}
