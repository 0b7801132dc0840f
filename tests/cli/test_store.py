"""`hunt --store` and `store`, as somebody types them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sferic.model.errors import UsageError
from sferic.store.history import History

Sferic = Callable[..., Any]
START_S = 1_772_445_600


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Write a beacon to one host with an escape sequence in its user, and a few others."""
    rows = []
    for n in range(600):
        at = START_S + 120 * n + n * n * 7919 % 25
        host, client = ("sferic-test.example-account.workers.dev", "10.1.0.5") if n % 4 else ("a.vercel.app", "10.1.0.6")
        rows.append(f"{at}.250 57 {client} TCP_TUNNEL/200 3721 CONNECT {host}:443 \x1b[31m HIER_DIRECT/192.0.2.10 -\n")
    path = tmp_path / "access.log"
    path.write_text("".join(rows))
    return path


def test_a_second_hunt_says_what_it_had_already(sferic: Sferic, log: Path, tmp_path: Path) -> None:
    """The ledger names files taken before, read on, and replaced; the findings stay."""
    store = str(tmp_path / "history.db")
    first = sferic("hunt", str(log), "--store", store, "--min-score", "0")
    assert "taken before" not in first.err
    second = sferic("hunt", str(log), "--store", store, "--min-score", "0")
    assert "1 file taken before" in second.err
    assert second.out == first.out.replace('"news":"new"', '"news":"known"') != first.out
    with log.open("a") as stream:
        stream.write("\n")
    assert "1 file read on from where it was left" in sferic("hunt", str(log), "--store", store).err
    log.write_text(log.read_text()[5000:])
    assert "1 file rotated or truncated since" in sferic("hunt", str(log), "--store", store).err


def test_what_is_in_a_store(sferic: Sferic, log: Path, tmp_path: Path) -> None:
    """The table counts calls, clients, owners and days, and lists findings; nothing of a log reaches the terminal raw."""
    store = str(tmp_path / "history.db")
    sferic("hunt", str(log), "--store", store, "--min-score", "0")
    run = sferic("store", store)
    assert run.code == 0
    assert "600 calls of 2 clients to 2 owners, from 1 file" in run.out
    assert "2026-03-02" in run.out
    assert "open" in run.out
    assert re.search(r"[0-9a-f]{12}  10\.1\.0\.5 .*\n +→ sferic-test\.example-account\.workers\.dev", run.out)
    assert "\x1b" not in run.out
    assert "open: found when its client was last weighed; below: not found any more\n" in run.out
    whole = json.loads(sferic("store", store, "--format", "json").out)
    assert (whole["rows"], whole["files"], whole["findings"][0]["state"]) == (600, 1, "open")


def test_eighty_columns_hold_the_table(
    sferic: Sferic, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each finding takes two lines, and a long name is cut in its middle."""
    monkeypatch.setenv("COLUMNS", "80")
    log.write_text(log.read_text().replace("sferic-test", f"sferic-{'very-' * 10}long"))
    store = str(tmp_path / "history.db")
    sferic("hunt", str(log), "--store", store, "--min-score", "0")
    rows = sferic("store", store).out.splitlines()
    assert max(map(len, rows)) <= 80
    found = [row.split() for row in rows if " open " in row]
    assert [(len(row), row[1], row[-1]) for row in found] == [(6, "open", "10.1.0.6"), (6, "open", "10.1.0.5")]
    assert any(re.fullmatch(r" +→ sferic-very-.*….*workers\.dev", row.rstrip()) for row in rows)


def test_a_run_with_nothing_new_says_so(sferic: Sferic, log: Path, tmp_path: Path) -> None:
    """It does not ask for logs that it has, and says whether findings are open below the floor."""
    store = ("--store", str(tmp_path / "history.db"), "-f", "table")
    sferic("hunt", str(log), *store, "--min-score", "0")
    run = sferic("hunt", str(log), *store, "--min-score", "100")
    assert run.out.startswith("Nothing new: 1 file was taken before; 2 open findings below the floor.\n")
    assert "`--min-score 0` shows all that are open." in run.out
    assert "weighed" not in run.err
    with log.open("a") as stream:
        stream.write(f"{START_S + 90_000}.250 57 10.1.0.9 TCP_MISS/200 1 GET http://www.example.com/ - D/192.0.2.1 -\n")
    run = sferic("hunt", str(log), *store, "--min-score", "100")
    assert run.out.startswith("Nothing found. 2 open findings below the floor.\n")


def test_a_run_with_nothing_new_and_nothing_open(sferic: Sferic, tmp_path: Path) -> None:
    """An hourly run over quiet logs is a clean result."""
    quiet = tmp_path / "quiet.log"
    quiet.write_text(f"{START_S}.250 57 10.1.0.5 TCP_TUNNEL/200 3721 CONNECT a.vercel.app:443 - HIER_DIRECT/192.0.2.1 -\n")
    store = ("--store", str(tmp_path / "history.db"), "-f", "table")
    sferic("hunt", str(quiet), *store)
    run = sferic("hunt", str(quiet), *store)
    assert run.code == 0
    assert run.out.startswith("Nothing new: 1 file was taken before; no finding is open.\n")


def test_a_run_that_only_weighs_says_that_it_did(
    sferic: Sferic, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a run that was killed before weighing, the next one reads nothing and weighs what was taken."""
    store = ("--store", str(tmp_path / "history.db"), "-f", "table", "--min-score", "100")
    with monkeypatch.context() as patch:
        patch.setattr(History, "recall", _killed)
        assert sferic("hunt", str(log), *store).code == 130
    run = sferic("store", store[1])
    assert "600 calls, not weighed yet, from 1 file" in run.out
    assert " 0 clients" not in run.out
    assert json.loads(sferic("store", store[1], "--format", "json").out)["unweighed"] == 2
    run = sferic("hunt", str(log), *store)
    assert run.out.startswith("Nothing found. 1 file was taken before; ")
    assert "weighed" in run.err
    assert "2026-03-02" in run.err.split("span", 1)[1]
    assert "600 calls of 2 clients to 2 owners, from 1 file" in sferic("store", store[1]).out


def found(run: Any) -> list[tuple[str, str]]:
    """Return client and news of the findings that a hunt wrote as NDJSON, by client."""
    return sorted((row["src_ip"], row["news"]) for row in map(json.loads, run.out.splitlines()))


def test_only_what_is_new_is_shown(sferic: Sferic, log: Path, tmp_path: Path) -> None:
    """With `--new` a finding is told once, and the exit code follows what is shown; `explain` has all that are open."""
    flags = ("--store", str(tmp_path / "history.db"), "--min-score", "0", "--new", "--fail-on", "informational")
    first = sferic("hunt", str(log), *flags)
    assert first.code == 3
    assert found(first) == [("10.1.0.5", "new"), ("10.1.0.6", "new")]
    assert "2 findings (beacon 2): 2 new" in first.err
    again = sferic("hunt", str(log), *flags)
    assert (again.code, again.out) == (0, "")
    shown = sferic("hunt", str(log), *flags, "-f", "table")
    assert shown.out.startswith("Nothing new: 1 file was taken before; 2 known findings.\n")
    assert "found     first 20" in sferic("explain", json.loads(first.out.splitlines()[0])["id"]).out
    known = sferic("hunt", str(log), *flags[:4], "-f", "table")
    assert known.out.count("    known\n") + known.out.count("    known ") == 2


def test_what_became_more_severe_is_new_once_more(sferic: Sferic, log: Path, tmp_path: Path) -> None:
    """Only what rises above the highest severity that was told is told again."""
    store = str(tmp_path / "history.db")
    flags = ("--store", store, "--min-score", "0", "--new")
    sferic("hunt", str(log), *flags)
    with duckdb.connect(store) as connection:
        connection.execute("UPDATE findings SET told = 'critical' WHERE client = '10.1.0.6'")
        connection.execute("UPDATE findings SET told = 'informational' WHERE client = '10.1.0.5'")
    assert found(sferic("hunt", str(log), *flags)) == [("10.1.0.5", "risen")]
    table = sferic("hunt", str(log), *flags, "-f", "table")
    assert table.out.startswith("Nothing new:")


def test_a_finding_is_new_until_it_was_written(
    sferic: Sferic, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the output failed, or the floor hid it, the next run has it as new."""
    flags = ("--store", str(tmp_path / "history.db"), "--new")
    with monkeypatch.context() as patch:
        patch.setattr("sferic.render.ndjson.render", _killed)
        assert sferic("hunt", str(log), *flags, "--min-score", "0").code == 130
    assert found(sferic("hunt", str(log), *flags, "--min-score", "100")) == []
    assert found(sferic("hunt", str(log), *flags, "--min-score", "0")) == [("10.1.0.5", "new"), ("10.1.0.6", "new")]


def test_a_store_that_is_busy_when_the_output_is_written(
    sferic: Sferic, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output stands, and the next run tells of it once more."""
    flags = ("--store", str(tmp_path / "history.db"), "--min-score", "0", "--new")
    with monkeypatch.context() as patch:
        patch.setattr(History, "tell", _refused)
        run = sferic("hunt", str(log), *flags)
    assert run.code == 0
    assert "note: what is new now will be new to the next run, too: in use" in run.err
    assert found(sferic("hunt", str(log), *flags)) == found(run) == [("10.1.0.5", "new"), ("10.1.0.6", "new")]


def _refused(*_args: object) -> None:
    raise UsageError("in use")


def test_what_is_closed_is_told_once(sferic: Sferic, log: Path, tmp_path: Path) -> None:
    """A finding that no longer reaches the floor leaves the output with a last word."""
    store = str(tmp_path / "history.db")
    flags = ("--store", store, "--min-score", "0")
    sferic("hunt", str(log), *flags)
    with duckdb.connect(store) as connection:
        connection.execute("UPDATE findings SET state = 'below' WHERE client = '10.1.0.6'")
    copy = tmp_path / "copy.db"
    copy.write_bytes(Path(store).read_bytes())
    rows = [json.loads(line) for line in sferic("hunt", str(log), *flags, "-f", "ocsf").out.splitlines()]
    assert [(row["activity_name"], row.get("status")) for row in rows] == [
        ("Update", None),
        ("Close", "Not found any more"),
    ]
    assert "Close" not in sferic("hunt", str(log), *flags, "-f", "ocsf").out
    table = sferic("hunt", str(log), "--store", str(copy), "--new", "-f", "table")
    assert "Nothing new: " in table.out
    assert "10.1.0.6 calls a.vercel.app, not found any more" in table.out


def test_a_higher_floor_closes_nothing(sferic: Sferic, log: Path, tmp_path: Path) -> None:
    """Who asks for less, once, changes nothing for the runs after."""
    flags = ("--store", str(tmp_path / "history.db"))
    assert found(sferic("hunt", str(log), *flags)) == [("10.1.0.5", "new"), ("10.1.0.6", "new")]
    with log.open("a") as stream:
        host = "sferic-test.example-account.workers.dev"
        stream.write(f"{START_S + 72_000}.250 57 10.1.0.5 TCP_MISS/200 1 CONNECT {host}:443 - HIER_DIRECT/192.0.2.1 -\n")
    assert found(sferic("hunt", str(log), *flags, "--min-score", "100")) == []
    assert found(sferic("hunt", str(log), *flags)) == [("10.1.0.5", "known"), ("10.1.0.6", "known")]


def test_a_store_is_always_asked_for_the_same(sferic: Sferic, log: Path, tmp_path: Path) -> None:
    """What another analytic has found would look closed."""
    store = ("--store", str(tmp_path / "history.db"))
    sferic("hunt", str(log), *store)
    run = sferic("hunt", str(log), *store, "--analytic", "process")
    assert run.code == 2
    assert "analytics was 'beacon,cloud_change,long_connection,process' when this store was begun" in run.err


def test_without_a_store_nothing_is_known(sferic: Sferic, log: Path) -> None:
    """A flag that cannot be kept is refused."""
    run = sferic("hunt", str(log), "--new")
    assert run.code == 2
    assert "only a store knows which findings are new" in run.err


def _killed(*_args: object) -> None:
    raise KeyboardInterrupt


def test_days_without_a_store_mean_nothing(sferic: Sferic, log: Path) -> None:
    """A flag that would do nothing is refused."""
    run = sferic("hunt", str(log), "--keep-days", "7")
    assert run.code == 2
    assert "`--store FILE`, too" in run.err


def test_a_store_is_no_log(sferic: Sferic, log: Path, tmp_path: Path) -> None:
    """Whoever gives it as one is told where it belongs."""
    store = str(tmp_path / "history.db")
    sferic("hunt", str(log), "--store", store)
    run = sferic("hunt", store)
    assert run.code == 7
    assert "give it with `--store`, or to `sferic store`" in " ".join(run.err.split())


def test_a_store_that_is_not_there(sferic: Sferic, tmp_path: Path) -> None:
    """The message says how one is made."""
    run = sferic("store", str(tmp_path / "none.db"))
    assert run.code == 4
    assert "there is no such store" in run.err
    assert "`sferic hunt PATH --store FILE` makes one" in run.err
