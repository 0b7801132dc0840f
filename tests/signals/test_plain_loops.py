"""Signals that measure all segments at once give what a plain loop over each segment's rows gives, to the last bit."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sferic.catalog.known_services import known_service
from sferic.catalog.programs import program_of
from sferic.catalog.user_agents import c2_default_path, classify_user_agent
from sferic.model.event import HTTP, Event
from sferic.model.process import Process
from sferic.model.traffic import HAS_REFERER, IS_TUNNEL, PATH_STATIC, PROCESS_GUESSED, UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals import known_service as services
from sferic.signals import size, tasking
from sferic.signals._agents import MIXED, main_agent, main_agents
from sferic.signals._contract import signals
from sferic.signals._estate import FULL_ESTATE
from sferic.signals._per_segment import totals
from tests.signals.timelines import CHROME, CURL, HOUR, SITE, T0, WORKER, crowd, window

PATHS = [None, "/", "/app.js", "/look.css", "/dpixel", "/v1/traces", "/socket.io/?EIO=4"]
CHROME_EXE = r"C:\Program Files\Google\Chrome\Application\chrome.exe"
PROGRAMS = [None, CHROME_EXE, CHROME_EXE, CHROME_EXE, CHROME_EXE, r"C:\Tools\agent.exe", "powershell.exe"]
ROW = st.builds(
    Event,
    table=st.just(HTTP),
    time=st.one_of(st.integers(0, 600), st.integers(0, 86_400 * 3)).map(lambda s: int((T0 + s) * 1e6)),
    source=st.sampled_from(["proxy", "proxy", "flows"]),
    file=st.just("a.log"),
    line=st.integers(1, 10**9),
    src_ip=st.sampled_from(["10.0.0.1", "10.0.0.1", *(f"10.0.0.{n}" for n in range(2, 7))]),
    dst_host=st.sampled_from([WORKER, WORKER, "other.alpha-lab.workers.dev", SITE, "page.vercel.app"]),
    user_agent=st.sampled_from([CHROME, CHROME, CHROME, CURL, None]),
    path=st.sampled_from(PATHS),
    referer=st.sampled_from([None, None, None, "https://x.example/"]),
    method=st.sampled_from(["GET", "GET", "GET", "CONNECT"]),
    bytes_up=st.sampled_from([None, 0, 600, 600, 610, 640, 9000]),
    bytes_down=st.sampled_from([None, 0, 250, 250, 262, 290, 70_000]),
    bytes_total=st.sampled_from([None, 900]),
    duration_ms=st.sampled_from([None, 0, 5, 40_000]),
    process_path=st.sampled_from(PROGRAMS),
    parent_path=st.sampled_from([None, "explorer.exe", "explorer.exe", "winword.exe"]),
    company=st.sampled_from([None, "Example Ltd"]),
    command_line=st.sampled_from([None, "x"]),
)
ESTATE = crowd(5)


def browsing(made: Window, i: int) -> float:
    """Count each path's page views a few times a day."""
    rows = made.row_numbers(i)
    paths = made.traffic.path[rows]
    page = (made.traffic.flags[rows] & (PATH_STATIC | HAS_REFERER)) != 0
    _, counts = np.unique(paths[page], return_counts=True)
    days = np.ceil(np.ptp(made.traffic.time_s[rows]) / 86_400 + 0.01)
    return float(np.minimum(counts, 3 * days).sum() / len(rows)) if (paths != UNKNOWN).any() else np.nan


def repeated_asset(made: Window, i: int) -> float:
    """Count the assets that are fetched ten times and more."""
    rows = made.row_numbers(i)
    paths = made.traffic.path[rows]
    _, counts = np.unique(paths[(made.traffic.flags[rows] & PATH_STATIC) != 0], return_counts=True)
    return float(counts[counts >= 10].sum() / len(rows)) if (paths != UNKNOWN).any() else np.nan


def framework_paths(made: Window, i: int) -> float:
    """Ask the catalogue for each row's path."""
    paths = made.traffic.path[made.row_numbers(i)]
    known = [p != UNKNOWN and c2_default_path(made.traffic.paths[p]) is not None for p in paths]
    return float(np.mean(known)) if (paths != UNKNOWN).any() else np.nan


def known_services(made: Window, i: int) -> float:
    """Ask the catalogue for each row's host and path."""
    traffic, rows = made.traffic, made.row_numbers(i)
    names = [
        known_service(traffic.hosts[h], traffic.paths[p] if p != UNKNOWN else None)
        for h, p in zip(traffic.host[rows], traffic.path[rows], strict=True)
    ]
    return sum(n is not None for n in names) / len(names) if (traffic.path[rows] != UNKNOWN).any() else np.nan


def no_referrer(made: Window, i: int) -> float:
    """Look for a referrer among twenty and more rows of a browser that are no tunnels."""
    traffic, agent, rows = made.traffic, main_agent(made, i), made.row_numbers(i)
    rows = rows[(traffic.flags[rows] & IS_TUNNEL) == 0]
    refers = (traffic.flags & HAS_REFERER) != 0
    if len(rows) < 20 or agent < 0 or not refers[traffic.source == made.source[i]].any():
        return np.nan
    browser = classify_user_agent(traffic.agents[agent]) == "browser"
    return float(not refers[rows].any()) if browser else np.nan


def software_rarity(made: Window, i: int) -> float:
    """Count the machines that run the segment's software."""
    agent, traffic = main_agent(made, i), made.traffic
    machines = len(np.unique(traffic.client[traffic.agent == agent]))
    return machines * max(1.0, FULL_ESTATE / made.estate.clients) if agent >= 0 else np.nan


def focus(made: Window, i: int) -> float:
    """Count the owners that the segment's software calls from its machine."""
    agent, traffic = main_agent(made, i), made.traffic
    rows = np.flatnonzero((traffic.agent == agent) & (traffic.client == made.client[i]))
    return len({traffic.places[p].owner for p in traffic.place[rows]}) if agent >= 0 else np.nan


def idle_hours(made: Window, i: int) -> float:
    """Look each check-in's hour up among the hours of use."""
    used, hours = made.estate.client_hours.get(int(made.client[i]), np.empty(0, np.int64)), made.estate.hours
    if len(used) < 3 or hours - len(used) < 6:
        return np.nan
    hour = ((made.times(i) - made.start_s) // HOUR).astype(np.int64)
    return float(1 - np.isin(np.clip(hour, 0, hours - 1), used).mean())


def volume(made: Window, i: int) -> float:
    """Add the medians of what is known."""
    ways = [way[~np.isnan(way)] for way in (made.ups(i), made.downs(i))]
    total = sum(float(np.median(known)) for known in ways if len(known))
    return float(np.log10(total)) if total > 0 else np.nan


def trickle(made: Window, i: int) -> float:
    """Divide all bytes by all seconds."""
    traffic, rows = made.traffic, made.row_numbers(i)
    seconds = traffic.duration_ms[rows].clip(0).sum() / 1e3
    moved = [int(c[rows].clip(0).sum()) for c in (traffic.up, traffic.down, traffic.total) if (c[rows] >= 0).any()]
    return float(np.log10(max(sum(moved) / seconds, 0.1))) if moved and seconds > 0 else np.nan


def commonest_size(made: Window, i: int) -> float:
    """Count the neighbours of each size in turn."""
    sizes, tolerance = size._sizes(made, i), size._near(made, i)
    return size._commonest(sizes, tolerance)[1] if len(sizes) >= size.MIN_KNOWN else np.nan


def runs(made: Window, i: int) -> tuple[int, Process | None]:
    """Return the segment's program and one run of it, by counting rows."""
    traffic, rows = made.traffic, made.row_numbers(i)
    images = Counter(int(traffic.image[r]) for r in rows if traffic.image[r] != UNKNOWN)
    best, count = max(images.items(), key=lambda pair: pair[1], default=(UNKNOWN, 0))
    if count < 0.9 * images.total() or images.total() < 0.5 * len(rows) or not count:
        return UNKNOWN, None
    numbers = Counter(int(traffic.process[r]) for r in rows if traffic.image[r] == best)
    chosen = max(numbers, key=lambda n: (traffic.processes[n].is_detailed, numbers[n], -n))
    return best, traffic.processes[chosen]


def program(made: Window, i: int) -> float:
    """Ask the catalogue for the kind of the segment's program."""
    process = runs(made, i)[1]
    if process is None:
        return np.nan
    kinds = program_of(process.path or "", process.company).kinds
    flags = made.traffic.flags[made.row_numbers(i)]
    browser = 0.0 if np.mean((flags & PROCESS_GUESSED) != 0) <= 0.5 else 1.0
    return {"browser": browser, "script_host": 6.0}[next(iter(kinds))] if kinds else 4.0


def program_rarity(made: Window, i: int) -> float:
    """Count the machines on which the program calls."""
    image, traffic = runs(made, i)[0], made.traffic
    machines = len(np.unique(traffic.client[traffic.image == image]))
    if image == UNKNOWN or program_of(traffic.images[image]).kinds & {"browser"}:
        return np.nan
    return machines * max(1.0, FULL_ESTATE / made.estate.clients)


def program_maker(made: Window, i: int) -> float:
    """Look the maker up in the run that stands for the segment."""
    process = runs(made, i)[1]
    if process is None or program_of(process.path or "").kinds & {"script_host"}:
        return np.nan
    return 1.0 if process.company else (2.0 if process.is_detailed else np.nan)


def program_parentage(made: Window, i: int) -> float:
    """Look at every row of the program for the machine and the parent's name."""
    (image, process), traffic = runs(made, i), made.traffic
    if process is None or process.parent is None:
        return np.nan
    started = {
        (int(c), parent.path)
        for c, p, m in zip(traffic.client, traffic.process, traffic.image, strict=True)
        if m == image and c != UNKNOWN and (parent := traffic.processes[p].parent) is not None
    }
    machines = {client for client, _ in started}
    mine = {client for client, path in started if path == process.parent.path}
    return len(mine) / len(machines) if len(machines) >= 5 else np.nan


PLAIN: dict[str, Callable[[Window, int], float]] = {
    "browsing": browsing, "repeated_asset": repeated_asset, "framework_paths": framework_paths,
    "known_service": known_services, "no_referrer": no_referrer, "software_rarity": software_rarity, "focus": focus,
    "program": program, "program_rarity": program_rarity, "program_maker": program_maker,
    "program_parentage": program_parentage,
    "idle_hours": idle_hours, "volume": volume, "trickle": trickle, "size": commonest_size,
}  # fmt: skip


def by_loop(name: str, made: Window) -> Floats:
    """Measure segment after segment."""
    return np.array([PLAIN[name](made, i) for i in range(len(made))], float)


@settings(max_examples=40)
@given(st.lists(ROW, min_size=10, max_size=90))
def test_all_at_once_is_what_a_loop_measures(rows: list[Event]) -> None:
    """Whatever the rows, each signal's measurement of each segment is that of its plain loop."""
    made = window(rows, ESTATE)
    everyone = np.ones(len(made), bool)
    for name in PLAIN:
        assert np.array_equal(signals()[name].measure(made, everyone), by_loop(name, made), equal_nan=True), name


def test_the_loops_are_asked_in_earnest() -> None:
    """Rows of which every signal says more than one thing: else two silences would pass for agreement."""
    rows = [
        Event(
            table=HTTP, time=int((T0 + (n % 60) * HOUR / 2 + n) * 1e6), source="proxy", file="a.log", line=n + 1,
            src_ip="10.0.0.1", dst_host=WORKER if n % 3 or not n % 40 else SITE, user_agent=CHROME if n % 40 else CURL,
            path=PATHS[n % 7], method="GET", command_line="x",
            parent_path="explorer.exe" if n % 2 else "winword.exe",
            process_path=PROGRAMS[1 if n % 3 == 0 and n % 40 else -1 if n % 40 == 0 else -2],
            company="Example Ltd" if n % 3 else None, bytes_up=600 + n * 7 % 90, bytes_down=250 + n % 300, duration_ms=5,
        )
        for n in range(300)
    ]  # fmt: skip
    crowds: list[dict[str, Any]] = [
        {"machines": 2, "process_path": PROGRAMS[-2]},
        {"machines": 6, "process_path": CHROME_EXE, "parent_path": "explorer.exe"},
    ]
    rows += [replace(row, src_ip="10.0.0.9", process_path=CHROME_EXE, parent_path="winword.exe") for row in rows[:40]]
    made = window(rows, ESTATE, *(crowd(**facts, referer="https://x.example/") for facts in crowds))
    for name in PLAIN:
        plain = by_loop(name, made)
        assert len(np.unique(plain[~np.isnan(plain)])) > 1, name
        assert np.array_equal(signals()[name].measure(made, np.ones(len(made), bool)), plain, equal_nan=True), name


@settings(max_examples=40)
@given(st.lists(ROW, min_size=10, max_size=60))
def test_main_agents_are_those_of_each_segment(rows: list[Event]) -> None:
    """The user agents of all segments are those that each is told by itself."""
    made = window(rows)
    assert main_agents(made).tolist() == [main_agent(made, i) for i in range(len(made))]


def test_a_segment_of_several_agents_has_no_main_one() -> None:
    """Where no agent has nine tenths of the rows the segment is mixed, and its software says nothing."""
    rows = [
        Event(table=HTTP, time=int((T0 + n * 60) * 1e6), source="proxy", file="a.log", line=n + 1, src_ip="10.0.0.1",
              dst_host=WORKER, user_agent=CHROME if n % 2 else CURL)
        for n in range(20)
    ]  # fmt: skip
    made = window(rows)
    mixed = main_agents(made) == MIXED
    assert mixed.any()
    assert not mixed.all()
    assert np.isnan(signals()["software"].measure(made, np.ones(len(made), bool))[mixed]).all()


FLAGS = st.lists(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12), max_size=6)


def follows(task: Bools, result: Bools) -> int:
    """Count the tasks after which a result comes within three check-ins."""
    return sum(bool(result[n : n + tasking.LAG + 1].any()) for n in np.flatnonzero(task))


@given(FLAGS)
def test_a_result_answers_tasks_of_its_own_segment_only(segments: list[list[tuple[bool, bool]]]) -> None:
    """Tasks are matched with results as a look at each segment by itself matches them."""
    at = np.cumsum([0, *map(len, segments)])
    task, result = np.array([pair for one in segments for pair in one], bool).reshape(-1, 2).T
    plain = [follows(task[a:b], result[a:b]) for a, b in pairwise(at)]
    assert totals(tasking._answered(task, result, at), at).tolist() == plain


def test_only_so_many_pairs_of_a_segment_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel with endless paths costs a bounded number of look-ups, the same ones that the words rest on."""
    monkeypatch.setattr(services, "MAX_PAIRS", 3)
    rows = [
        Event(table=HTTP, time=int((T0 + n * 60) * 1e6), source="proxy", file="a.log", line=n + 1, src_ip="10.0.0.1",
              dst_host=WORKER, path=f"/{n}" if n > 2 else "/v1/traces")
        for n in range(12)
    ]  # fmt: skip
    made = window(rows)
    hits = services._explanations(made, 0)
    asked = 3 + 2  # three rows of the first pair, one of each of the next two
    assert hits.total() == 3
    assert services.measure(made, np.ones(len(made), bool)).tolist() == [3 / asked] * len(made)


def at_borders() -> list[Event]:
    """Give a channel with one asset exactly as often as counts, and a referrer in its tunnels alone."""
    return [
        Event(table=HTTP, time=int((T0 + n * 60) * 1e6), source="proxy", file="a.log", line=n + 1, src_ip="10.0.0.1",
              dst_host=WORKER, user_agent=CHROME, path="/app.js" if n < 10 else "/", method="GET" if n < 25 else "CONNECT",
              referer=None if n < 25 else "https://x.example/")
        for n in range(30)
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [("repeated_asset", 10 / 30), ("no_referrer", 1.0)])
def test_borders_belong_where_the_loop_puts_them(name: str, value: float) -> None:
    """Ten fetches of an asset are repeats, and a tunnel's referrer is nobody's."""
    made = window(at_borders())
    assert by_loop(name, made).tolist() == [value] * len(made)
    assert signals()[name].measure(made, np.ones(len(made), bool)).tolist() == [value] * len(made)
