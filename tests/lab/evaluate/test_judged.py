"""Drawn companies, the detectors on them, and the counting."""

from collections import Counter
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest

from sferic.lab.estate import watch
from sferic.lab.evaluate.alerts import Alert, asim, by_process, elastic, fortinet, rita
from sferic.lab.evaluate.calls import START_S, Calls, Cell, client_of, implant, traffic_of
from sferic.lab.evaluate.company import company
from sferic.lab.evaluate.grid import full, reduced, run
from sferic.lab.evaluate.judged import Judged, Size, is_about, judge_draws
from sferic.lab.evaluate.page import page, pictures
from sferic.lab.evaluate.picture import bars
from sferic.lab.evaluate.result import OURS, OURS_WITH_SENSORS, Evaluation, rows, scenarios, verdicts
from sferic.lab.evaluate.traffic import traffic_of as traffic_of_sites
from sferic.lab.evaluate.traffic import traffic_with_sensors
from sferic.lab.truth import Truth
from sferic.model.traffic import Traffic
from sferic.pipeline.judging import as_published, busy, judge, read_lines

SIZE = Size(60, 1, (1, 2))
SPAN = (START_S, START_S + 86_400)


def _ours(traffic: Traffic, span_s: tuple[float, float]) -> list[Alert]:
    found = judge(traffic, span_s, 25)
    return [Alert(f.device or f.src_ip or "", frozenset(f.hosts), f.points, f.score >= 75) for f in found]


def _nothing(_traffic: Traffic, _span_s: tuple[float, float]) -> list[Alert]:
    return []


def _silent(_text: str, _share: float) -> None:
    return None


@cache
def _judged() -> Judged:
    detectors = {OURS: _ours, "nothing": _nothing, "RITA v5": rita}
    return judge_draws(SIZE, detectors, _silent, {OURS_WITH_SENSORS: _ours, "by process": by_process}, read_lines)


def test_the_benign_side_is_as_dense_as_promised() -> None:
    """Per 1,000 machines: 50 developers' loops, 60 rare applications, 60 extensions, 30 collectors, and six implants."""
    kinds = Counter(channel.kind for channel in company(1_000, 1, 5).channels)
    assert kinds["N7"] >= 50
    assert kinds["N8"] >= 60
    assert kinds["N9"] >= 60
    assert kinds["N10"] >= 30
    assert kinds["C2"] == 6
    assert set(kinds) == {"C2", *(f"N{n}" for n in range(1, 16))}


def test_a_company_is_a_function_of_its_seed() -> None:
    """The same seed gives the same company, another seed another."""
    assert company(60, 1, 3) == company(60, 1, 3)
    assert company(60, 1, 3) != company(60, 1, 4)


def test_traffic_in_memory_is_what_the_boxes_saw() -> None:
    """Every implant's entries are rows; tunnels have no path; whole-second logs have no fractions."""
    sites = list(watch(company(60, 1, 1)))
    traffic = traffic_of_sites(sites)
    for one in (t for site in sites for t in site.truth([], 1) if t.label == "c2"):
        named = np.isin(traffic.host, [traffic.hosts.index(h) for h in one.hosts if h in traffic.hosts])
        assert named.sum() >= one.entries > 0
    tunnels = traffic.source == traffic.sources.index("panos")
    assert (traffic.path[tunnels] == -1).all()
    assert (traffic.time_s[tunnels] % 1 == 0).all()


def _truth(hosts: list[str]) -> Truth:
    return Truth(
        label="c2", kind="C2", channel="c", device="D", user=None, src_ip="10.0.0.1", src_ips=["10.0.0.1"], hosts=hosts,
        files=[], entries=1, first_seen=None, last_seen=None, sleep_s=1, jitter=0, law="one_sided", presence=None, loss=0,
        keep_alive_s=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("client", "hosts", "about"),
    [("D", "a", True), ("10.0.0.1", "ab", True), ("D", "abc", False), ("E", "a", False), ("D", "b", False)],
)
def test_half_of_the_named_hosts_must_belong(client: str, hosts: str, about: bool) -> None:
    """One of two hosts is enough, one of three is not; the machine must be the implant's."""
    assert is_about(Alert(client, frozenset(hosts), 1.0, high=True), _truth(["a"])) is about


def test_detectors_are_counted_alike() -> None:
    """Who says nothing finds nothing and misses all; what is found and what is missed are all the implants."""
    judged = _judged()
    ours, *others = (v for v in verdicts(judged) if v.detector not in judged.with_sensors)
    assert ours.detector == OURS
    assert len(judged.implants) == 8
    assert len(judged.missed["nothing"]) == 8
    assert ours.recall_at_high.hits + len(judged.missed[OURS]) == 8
    assert ours.average_precision > max(v.average_precision for v in others)


def test_baselines_on_a_strict_timer() -> None:
    """A strict hour is seen by RITA and by the Fortinet rule, a strict minute by all but that; a lone call by none."""
    timers = (np.arange(5.0, 86_400, 60.0), np.arange(9.0, 86_400, 3_600.0), np.array([77.0]))
    traffic = traffic_of([Calls(times) for times in timers])
    minute, hour = client_of(0), client_of(1)
    assert {a.client for a in rita(traffic, SPAN)} == {minute, hour}
    assert {a.client for a in elastic(traffic, SPAN) if a.high} == {minute}
    assert {a.client for a in asim(traffic, SPAN)} == {minute}
    assert {a.client for a in fortinet(traffic, SPAN)} == {hour}
    assert {row.src_ip for row in busy(traffic)} == {minute}
    assert as_published(traffic) == ()  # it needs a user name, which this log has not


def test_the_grid_finds_a_minute_and_not_a_handful_of_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day of a jittered minute raises the alarm, two calls do not; the alarm lies above all but one benign pair."""
    monkeypatch.setattr("sferic.lab.evaluate.grid.BENIGN", 250)

    def rank(traffic: Traffic, span_s: tuple[float, float]) -> dict[str, float]:
        return {f.src_ip or "": f.points for f in reversed(judge(traffic, span_s, 40))}

    cells = [Cell(6.0, 60.0, 0.3, "one_sided"), Cell(6.0, 14_400.0, 0.3, "one_sided")]
    monkeypatch.setattr("sferic.lab.evaluate.grid._MAX_ROWS", 900)  # so that a setting's implants are cut in portions
    fast, slow = run(cells, 4, rank, _silent)
    assert (slow.found.hits, fast.found.hits) == (0, 4)


def test_grids() -> None:
    """The reduced grid has no setting twice, and the full one holds every value of the axes."""
    assert len(set(reduced())) == len(reduced())
    assert {c.sleep_s for c in full()} == {2, 5, 10, 20, 30, 60, 300, 900, 3_600, 14_400}
    assert {c.jitter for c in full()} == {0, 0.1, 0.2, 0.3, 0.5, 0.9}
    assert {c.loss for c in full()} == {0, 0.05, 0.2, 0.5}
    for cells in (reduced(), full()):
        assert {c.hosts for c in cells} == {1, 3, 10}
        assert {c.reuse for c in cells} == {"none", "keep_alive", "tunnel"}
        assert {c.bursts_per_day for c in cells} == {0, 3}
        assert {c.padding for c in cells} == {0, 100, 4_096}
        assert any(c.shared for c in cells)
        assert any(c.whole_seconds for c in cells)


PLAIN = Cell(24.0, 60.0, 0.2, "one_sided")


def _made(**changes: Any) -> Traffic:
    return traffic_of([implant(np.random.default_rng(1), msgspec.structs.replace(PLAIN, **changes))])


def test_each_axis_does_what_it_says() -> None:
    """Functions in turn, joined connections, bursts, padding, whole seconds and staff all show in the columns."""
    plain = _made()
    assert 1_500 < len(plain) < 1_700
    assert len(np.unique(plain.up)) == 1
    assert len(_made(hosts=3).hosts) == 3
    assert len({place.owner for place in _made(hosts=3).places}) == 1
    kept, tunnel = _made(sleep_s=300.0, reuse="keep_alive"), _made(reuse="tunnel")
    assert len(kept) > 250
    assert len(tunnel) == 1
    assert tunnel.duration_ms[0] > 80_000_000
    assert tunnel.up[0] > plain.up.sum()
    busy_ = _made(bursts_per_day=3)
    assert np.count_nonzero(np.diff(busy_.time_s) < 3) > 40
    assert busy_.up.max() > 2_000
    assert plain.up[0] + 4_000 < _made(padding=4_096).up.max() <= plain.up[0] + 4_096
    seconds = _made(whole_seconds=True)
    assert (seconds.time_s % 1 == 0).all()
    assert seconds.subsecond == [False]
    staff = _made(shared=True)
    assert len(np.unique(staff.client)) == 31
    assert len({place.owner for place in staff.places}) == 1


def test_sensors_name_programs_and_stand_in_a_table_of_their_own() -> None:
    """With sensors rows have programs, a firewall's by the port; the page has a second table, and says who is unseen."""
    judged = _judged()
    assert judged.with_sensors == [OURS_WITH_SENSORS, "by process"]
    assert set(judged.alerts) == {OURS, "nothing", "RITA v5", OURS_WITH_SENSORS, "by process"}
    assert 0 <= judged.unwatched <= len(judged.implants)
    before, after = page(Evaluation("make evaluate", (), 4, judged)).split("### With sensors on the machines\n", 1)
    assert f"| {OURS_WITH_SENSORS} |" in after
    assert f"| {OURS_WITH_SENSORS} |" not in before
    assert f"{judged.unwatched} of {len(judged.implants)} implants" in after
    scenario = company(60, 1, 1)
    sites = list(watch(scenario))
    plain, seen = traffic_of_sites(sites), traffic_with_sensors(sites, scenario, read_lines)
    assert len(seen) > len(plain)
    assert not plain.images
    network = np.isin(seen.source, [seen.sources.index(name) for name in plain.sources])
    assert network.sum() == len(plain)
    firewall = seen.source == seen.sources.index("panos")  # its rows have the port; phones behind it carry no sensor
    assert (seen.image[firewall] >= 0).mean() > 0.8


def test_a_line_that_its_reader_rejects_is_the_writers_defect() -> None:
    """What is written is read, or the evaluation stops."""
    with pytest.raises(ValueError, match="windows_sysmon, line 1"):
        list(
            read_lines(
                "windows_sysmon",
                [
                    '{"winlog":{"provider_name":"Microsoft-Windows-Sysmon","event_id":"3","event_data":{"UtcTime":"2026-03-02 08:00:00.000","Image":"x","ProcessGuid":"{1}"}}}'
                ],
            )
        )


def test_leaving_a_scenario_out_names_it() -> None:
    """Every scenario of the draws is left out once; the lowest and the highest number say without which."""
    ours = next(v for v in verdicts(_judged()) if v.detector == OURS)
    lowest, highest = ours.without_one
    assert lowest.average_precision <= ours.average_precision <= highest.average_precision + 1e-9
    assert {lowest.scenario, highest.scenario} <= scenarios(_judged())
    assert any("implants" in one for one in scenarios(_judged()))
    assert "N7" in scenarios(_judged())


def test_page_and_pictures() -> None:
    """The page says that it is generated and how, names every detector and miss; pictures are well-formed."""
    evaluation = Evaluation("make evaluate", (), 4, _judged())
    text = page(evaluation)
    assert "Generated by `make evaluate`; do not edit." in text
    assert all(f"| {name} |" in text for name in (OURS, "nothing", "RITA v5"))
    assert f"{len(_judged().missed[OURS])} of 8." in text
    assert all(f"(pictures/{name})" in text for name in pictures(evaluation))
    assert Counter(str(row["kind"]) for row in rows(evaluation))["detector"] == 5


def test_pictures_escape_what_they_write() -> None:
    """A name cannot leave its text element, and every element that is opened is closed."""
    drawing = bars("a < b", [("<script>", 0.5, "& more")], "Sferic")
    assert "<script>" not in drawing
    assert "&lt;script&gt;" in drawing
    assert "&amp; more" in drawing
    for name in ("svg", "title", "text"):
        assert drawing.count(f"<{name}") == drawing.count(f"</{name}>")
