"""`hunt --store` and `store`, as somebody types them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
    assert second.out == first.out != ""
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
    assert "10.1.0.5 calls sferic-test.example-account.workers.dev" in " ".join(run.out.split())
    assert "\x1b" not in run.out
    whole = json.loads(sferic("store", store, "--format", "json").out)
    assert (whole["rows"], whole["files"], whole["findings"][0]["state"]) == (600, 1, "open")


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
