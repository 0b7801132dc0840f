"""A hunt with a store: pieces add up to the whole, nothing is taken twice, and a killed run goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pytest

from sferic.engine.memory import Room
from sferic.engine.parts import Spilled
from sferic.model.errors import UsageError
from sferic.model.finding import Finding
from sferic.model.history import Intake
from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.model.traffic import Traffic
from sferic.pipeline import hunt, remembering
from sferic.pipeline.remembering import hunt_on
from sferic.store.history import History

DAY = 86_400


def facts(report: Report) -> list[Finding]:
    """Return the findings, without what a store says of when they were found."""
    return [msgspec.structs.replace(finding, news=None, known_since=None) for finding in report.findings]


def but_samples(report: Report) -> list[Finding]:
    """Return the findings without the text of sample lines: those in files of earlier runs are not read again."""
    return [msgspec.structs.replace(finding, samples=()) for finding in facts(report)]


def rows_of(store: Path) -> int:
    """Count the rows that a store holds."""
    with History(store, read_only=True) as history:
        return history.contents().rows


def states(store: Path) -> list[str]:
    """Return the states of the findings that a store holds."""
    with History(store, read_only=True) as history:
        return [kept.state for kept in history.findings()]


@pytest.fixture
def estate(tmp_path: Path, lines: ModuleType) -> Path:
    """Write two days of twelve machines in eight files; each machine calls in every file."""
    return write(tmp_path / "logs", lines, 8)


def write(folder: Path, lines: ModuleType, parts: int) -> Path:
    """Write two days of twelve machines in so many files."""
    folder.mkdir()
    rows = [(120 * n + n * n * 7919 % 25, lines.HOST, "10.1.0.5") for n in range(1440)]
    for client in range(11):
        host = f"app-{client % 4}.vercel.app"
        rows += [(n * 700 + n * n * 104_729 % 600, host, f"10.1.0.{20 + client}") for n in range(240)]
    rows.sort()
    for part in range(parts):
        mine = [lines.squid(*row) for row in rows if row[0] * parts // (2 * DAY + 1) == part]
        (folder / f"{part:03}.log").write_bytes(lines.log(*mine))
    return folder


def test_pieces_add_up_to_the_whole(estate: Path, tmp_path: Path) -> None:
    """Eight runs over one file each end with the findings of one hunt over all, point by point."""
    whole = hunt([str(estate)], Settings(min_score=0))
    for part in sorted(estate.iterdir()):
        report = hunt_on([str(part)], tmp_path / "history.db", Settings(min_score=0))
    assert whole.findings
    assert but_samples(report) == but_samples(whole)


def test_one_run_over_batches_is_one_hunt(estate: Path, tmp_path: Path) -> None:
    """In how many batches the files are committed makes no difference."""
    report = hunt_on([str(estate)], tmp_path / "history.db", Settings(min_score=0), batch_bytes=1)
    assert facts(report) == facts(hunt([str(estate)], Settings(min_score=0)))


def test_a_store_is_weighed_in_parts_where_memory_is_short(
    estate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are kept are settled and weighed some clients at a time, with the same findings."""
    loaded, load = [], Spilled.load

    def noted(parts: Spilled, part: int) -> Traffic:
        loaded.append(part)
        return load(parts, part)

    monkeypatch.setattr(remembering, "room_of", lambda _settings: Room(300, 1))
    monkeypatch.setattr(Spilled, "load", noted)
    report = hunt_on([str(estate)], tmp_path / "history.db", Settings(min_score=0))
    assert max(loaded) > 5
    assert facts(report) == facts(hunt([str(estate)], Settings(min_score=0)))


def test_rows_go_into_the_store_some_at_a_time(
    estate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few rows are held in memory, a batch ends with the same findings, its lines numbered as in the files."""
    monkeypatch.setattr(remembering, "BATCH_ROWS", 2048)
    added, add = [], History._add

    def noted(history: History, rows: pa.Table) -> None:
        added.append(len(rows))
        add(history, rows)

    monkeypatch.setattr(History, "_add", noted)
    report = hunt_on([str(estate)], tmp_path / "history.db", Settings(min_score=0))
    assert added == [2048, 2032]
    assert facts(report) == facts(hunt([str(estate)], Settings(min_score=0)))


def test_a_store_needs_memory_of_its_own(estate: Path, tmp_path: Path) -> None:
    """What a hunt can do with, a hunt with a store cannot."""
    with pytest.raises(UsageError, match=r"with a store .* at least 261MB"):
        hunt_on([str(estate)], tmp_path / "history.db", Settings(memory_bytes=200_000_000))


def test_few_files_are_lost_by_a_kill(monkeypatch: pytest.MonkeyPatch, estate: Path, tmp_path: Path) -> None:
    """However small files are, so many of them are committed together and no more."""
    monkeypatch.setattr(remembering, "BATCH_FILES", 3)
    taken, take = [], History.take

    def noted(history: History, intake: Intake) -> None:
        taken.append(len(intake.marks))
        take(history, intake)

    monkeypatch.setattr(History, "take", noted)
    hunt_on([str(estate)], tmp_path / "history.db", Settings(min_score=0))
    assert taken == [3, 3, 2]


@pytest.mark.parametrize("is_first", [True, False])
def test_clients_whose_rows_are_gone(estate: Path, tmp_path: Path, is_first: bool) -> None:
    """A run that was killed before weighing has noted clients, and their file has other lines now: nothing breaks."""
    store, logs = tmp_path / "history.db", estate / "000.log"
    quiet = tmp_path / "quiet.log"
    quiet.write_bytes(logs.read_bytes().replace(b"vercel.app", b"example.org").replace(b"workers.dev", b"example.org"))
    first = quiet if is_first else logs
    before = hunt_on([str(first)], store, Settings(min_score=0))
    assert (rows_of(store) == 0) is is_first
    with duckdb.connect(store) as connection:
        connection.execute("INSERT INTO unweighed VALUES ('gone')")
    assert facts(hunt_on([str(first)], store, Settings(min_score=0))) == facts(before)
    with duckdb.connect(store) as connection:
        assert connection.sql("FROM unweighed").fetchall() == []


def test_reading_again_changes_nothing(estate: Path, tmp_path: Path) -> None:
    """The second run reads no byte and reports the same."""
    store = tmp_path / "history.db"
    first = hunt_on([str(estate)], store)
    rows = rows_of(store)
    again = hunt_on([str(estate)], store)
    assert first.findings
    assert (again.findings, rows_of(store), again.account.kept, again.account.lines) == (first.findings, rows, 8, 0)


def test_a_grown_file_gives_its_new_part_only(estate: Path, tmp_path: Path) -> None:
    """What was added is read alone, and its lines are numbered as in the file."""
    store, log = tmp_path / "history.db", tmp_path / "access.log"
    parts = [path.read_bytes() for path in sorted(estate.iterdir())]
    for number in range(len(parts)):
        log.write_bytes(b"".join(parts[: number + 1]))
        report = hunt_on([str(log)], store, Settings(min_score=0))
        assert report.account.lines == parts[number].count(b"\n") + (number > 0)
        assert report.account.continued == (number > 0)
    assert facts(report) == facts(hunt([str(log)], Settings(min_score=0)))


def test_rotated_logs_keep_their_lines_under_their_new_names(estate: Path, tmp_path: Path) -> None:
    """Each run moves every file one name on, and none is taken twice; findings point to where lines lie now."""
    store, folder = tmp_path / "history.db", tmp_path / "rotated"
    folder.mkdir()
    for part in sorted(estate.iterdir()):
        for number in range(8, 0, -1):
            if (old := folder / f"access.log.{number - 1}").exists():
                old.rename(folder / f"access.log.{number}")
        (folder / "access.log.0").write_bytes(part.read_bytes())
        report = hunt_on([str(folder)], store, Settings(min_score=0))
    whole = hunt([str(folder)], Settings(min_score=0))
    assert [(f.id, f.points, f.connections) for f in report.findings] == [
        (f.id, f.points, f.connections) for f in whole.findings
    ]
    places = {reason.events for f in report.findings for reason in f.reasons if reason.events}
    assert places == {reason.events for f in whole.findings for reason in f.reasons if reason.events}
    assert report.account.kept == 7


def test_a_truncated_log_is_noticed_and_loses_nothing(estate: Path, tmp_path: Path) -> None:
    """A log that begins anew under its name is read from its beginning; what it held before stays."""
    store, log = tmp_path / "history.db", tmp_path / "access.log"
    first, second, *_ = sorted(estate.iterdir())
    log.write_bytes(first.read_bytes())
    hunt_on([str(log)], store)
    before = rows_of(store)
    log.write_bytes(second.read_bytes())
    report = hunt_on([str(log)], store)
    assert report.account.replaced == 1
    assert rows_of(store) == before + second.read_bytes().count(b".app:") + second.read_bytes().count(b".dev:")


def test_a_slow_sleeper_surfaces_from_history(tmp_path: Path, lines: ModuleType) -> None:
    """Two calls a day are nothing in the newest logs alone; after two weeks of runs they are a finding."""
    store, log = tmp_path / "history.db", tmp_path / "days.log"
    found = []
    for first in range(0, 14, 2):
        calls = [(n * 43_200 + n * n * 7919 % 900, lines.HOST, "10.1.0.5") for n in range(first * 2, first * 2 + 4)]
        office = [
            (first * DAY + n * 2900 + n * n * 104_729 % 2000, f"app-{n % 3}.vercel.app", f"10.1.0.{20 + n % 25}")
            for n in range(56)
        ]
        log.write_bytes(lines.log(*[lines.squid(*row) for row in sorted(calls + office)]))
        found.append([f for f in hunt_on([str(log)], store).findings if f.src_ip == "10.1.0.5"])
    assert not [f for f in hunt([str(log)]).findings if f.src_ip == "10.1.0.5"]
    assert not found[0]
    (finding,) = found[-1]
    assert finding.connections == 28
    assert finding.interval
    assert finding.interval.median_s == pytest.approx(43_200, rel=0.05)


def test_the_two_sides_of_a_proxy_meet_in_the_store(tmp_path: Path, lines: ModuleType) -> None:
    """A proxy's log names the client, a later run's sensor sees the proxy: one finding, in whatever order."""
    calls = [120 * n + n * n * 7919 % 25 for n in range(300)]
    logs = {
        "near": [lines.squid(at, lines.HOST, "10.1.0.5") for at in calls],
        "far": [lines.pan_url(at, lines.HOST, client="10.1.0.80") for at in calls],
    }
    logs["far"] += [lines.pan_url(n * 311, f"app-{n % 5}.vercel.app", client="10.1.0.80") for n in range(100)]
    for name, rows in logs.items():
        (tmp_path / f"{name}.log").write_bytes(lines.log(*rows))
    for order in ("near", "far"), ("far", "near"):
        store = tmp_path / f"{order[0]}.db"
        for name in order:
            found = hunt_on([str(tmp_path / f"{name}.log")], store).findings
        (finding,) = [f for f in found if f.tenant == "example-account"]
        assert (finding.src_ip, finding.also_seen_as) == ("10.1.0.5", ("10.1.0.80",))


def test_the_estate_is_remembered(tmp_path: Path, lines: ModuleType, beacon: bytes) -> None:
    """How many call an owner is counted over all that is kept, not over the clients of the last run."""
    store = tmp_path / "history.db"
    (tmp_path / "beacon.log").write_bytes(beacon)
    crowd = [lines.squid(60 * n, lines.HOST, f"10.1.1.{n % 90}") for n in range(300)]
    (tmp_path / "crowd.log").write_bytes(lines.log(*crowd))
    hunt_on([str(tmp_path / "crowd.log")], store, Settings(min_score=0))
    report = hunt_on([str(tmp_path / "beacon.log")], store, Settings(min_score=0))
    (finding,) = [f for f in report.findings if f.src_ip == "10.1.0.5"]
    (reason,) = [r for r in finding.reasons if r.signal == "prevalence"]
    assert reason.value == "91 of 91"


def test_a_machine_is_counted_once(tmp_path: Path, lines: ModuleType, beacon: bytes) -> None:
    """Whom an earlier run's log knows by name, a later one's by an address that a list gives it, is one machine."""
    listed, store = tmp_path / "machines.csv", tmp_path / "history.db"
    listed.write_text("address,device\n10.1.0.5,ws-5\n", encoding="utf-8")
    row = {"Timestamp": "2026-03-02T09:00:00Z", "DeviceName": "ws-5", "ActionType": "ConnectionSuccess",
           "RemoteUrl": lines.HOST, "RemoteIP": "192.0.2.10"}  # fmt: skip
    crowd = [lines.squid(600 * n, f"app-{n % 5}.vercel.app", f"10.1.1.{n % 19}") for n in range(60)]
    (tmp_path / "a.log").write_bytes(lines.log(json.dumps(row), *crowd))
    (tmp_path / "b.log").write_bytes(beacon)
    settings = Settings(min_score=0, assets_file=str(listed))
    for name in ("a.log", "b.log"):
        report = hunt_on([str(tmp_path / name)], store, settings)
    whole = hunt([str(tmp_path / name) for name in ("a.log", "b.log")], settings)
    finding = max(report.findings, key=lambda found: found.score)
    assert [reason.value for reason in finding.reasons if reason.signal == "prevalence"] == ["1 of 20"]
    assert but_samples(report) == but_samples(whole)


def test_yesterdays_names_are_known_today(tmp_path: Path, lines: ModuleType) -> None:
    """A DNS answer of one run names the flows of the next."""
    store = tmp_path / "history.db"
    (tmp_path / "dns.log").write_bytes(lines.log(*[lines.stream_dns(3600 * n) for n in range(20)]))
    (tmp_path / "flows.log").write_bytes(lines.log(*[lines.asa(120 * n + n * n * 7919 % 25 + 5) for n in range(500)]))
    hunt_on([str(tmp_path / "dns.log")], store)
    before = rows_of(store)
    hunt_on([str(tmp_path / "flows.log")], store)
    assert rows_of(store) == before + 500


def test_old_rows_and_findings_go(tmp_path: Path, lines: ModuleType, beacon: bytes) -> None:
    """What is older than the days to keep, counted back from the newest line, is forgotten."""
    store = tmp_path / "history.db"
    (tmp_path / "beacon.log").write_bytes(beacon)
    assert hunt_on([str(tmp_path / "beacon.log")], store, keep_days=7).findings
    later = [lines.squid(9 * DAY + 60 * n, "app-1.vercel.app", f"10.1.1.{n % 9}") for n in range(40)]
    (tmp_path / "later.log").write_bytes(lines.log(*later))
    assert not hunt_on([str(tmp_path / "later.log")], store, keep_days=7).findings
    assert (rows_of(store), states(store)) == (40, [])


def test_a_finding_that_does_not_hold_is_kept_as_below(tmp_path: Path, lines: ModuleType, beacon: bytes) -> None:
    """When the client turns out to be one of a crowd, the finding is not reported any more, and its story stays."""
    store = tmp_path / "history.db"
    (tmp_path / "beacon.log").write_bytes(beacon)
    floor = hunt_on([str(tmp_path / "beacon.log")], store).findings[0].score
    crowd = [lines.squid(DAY + 60 * n, lines.HOST, f"10.1.{n % 40}.{n % 7}") for n in range(900)]
    mine = [lines.squid(DAY + 7200 + 120 * n, lines.HOST, "10.1.0.5") for n in range(3)]
    (tmp_path / "crowd.log").write_bytes(lines.log(*crowd, *mine))
    report = hunt_on([str(tmp_path / "crowd.log")], store, Settings(min_score=floor))
    assert [f for f in report.findings if f.src_ip == "10.1.0.5"] == []
    assert states(store) == ["below"]


@pytest.mark.parametrize("settings", [Settings(since=1), Settings(until=2), Settings(analytics=("activity",))])
def test_what_would_leave_something_out_is_refused(tmp_path: Path, settings: Settings) -> None:
    """A store that has a file marked as taken must hold all of it."""
    with pytest.raises(UsageError):
        hunt_on([str(tmp_path)], tmp_path / "history.db", settings)


_CHILD = """
import sys
from pathlib import Path
from sferic.model.settings import Settings
from sferic.pipeline.remembering import hunt_on
hunt_on([sys.argv[1]], Path(sys.argv[2]), Settings(min_score=0), batch_bytes=int(sys.argv[3]))
"""


def _run_for(seconds: float, logs: Path, store: Path, batch_bytes: int) -> bool:
    """Run a hunt in a process of its own, kill it after so long, and say whether it had ended before."""
    command = [sys.executable, "-c", _CHILD, str(logs), str(store), str(batch_bytes)]
    child = subprocess.Popen(command, env=dict(os.environ))
    try:
        return child.wait(timeout=seconds) == 0
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
        return False


@pytest.mark.parametrize(("files", "batch_bytes"), [(8, 1), (400, 20_000)])
def test_a_killed_hunt_goes_on_with_the_same_result(
    files: int, batch_bytes: int, tmp_path: Path, lines: ModuleType
) -> None:
    """Killed at random moments until it ends, it has taken every file once and finds what one hunt finds.

    Each of few files is committed alone, hundreds of them some at a time.
    """
    estate, store = write(tmp_path / "logs", lines, files), tmp_path / "history.db"
    began = time.monotonic()
    assert _run_for(60, estate, tmp_path / "undisturbed.db", batch_bytes)
    usual = time.monotonic() - began
    chance = np.random.default_rng(8)
    kills = 0
    while not _run_for(usual * (0.35 + 0.55 * chance.random()) * 1.1**kills, estate, store, batch_bytes):
        kills += 1  # the machine may be busier than it was: each run gets a tenth longer
        assert kills < 40
    report = hunt_on([str(estate)], store, Settings(min_score=0))
    assert (len(report.account.files), report.account.kept) == (0, files)
    assert rows_of(store) == rows_of(tmp_path / "undisturbed.db")
    assert facts(report) == facts(hunt([str(estate)], Settings(min_score=0)))


@pytest.mark.parametrize("point", ["marks", "move", "take", "recall", "conclude"])
@pytest.mark.parametrize("after", [False, True])
def test_a_failure_between_any_two_steps_loses_nothing(
    estate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, after: bool
) -> None:
    """Before or after each thing that a run does with its store, it can end; the next run makes up for it."""
    real: Callable[..., object] = getattr(History, point)

    def failing(*args: object, **named: object) -> object:
        if after:
            real(*args, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(History, point, failing)
        with pytest.raises(KeyboardInterrupt):
            hunt_on([str(estate)], tmp_path / "history.db", Settings(min_score=0), batch_bytes=1)
    report = hunt_on([str(estate)], tmp_path / "history.db", Settings(min_score=0), batch_bytes=1)
    assert facts(report) == facts(hunt([str(estate)], Settings(min_score=0)))


def test_a_copy_of_the_file_is_a_backup(estate: Path, tmp_path: Path) -> None:
    """After a run one file holds everything: no journal is left beside it."""
    store, copy = tmp_path / "history.db", tmp_path / "copy.db"
    hunt_on([str(estate)], store)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.db", "logs"]
    copy.write_bytes(store.read_bytes())
    assert hunt_on([str(estate)], copy).findings == hunt_on([str(estate)], store).findings
