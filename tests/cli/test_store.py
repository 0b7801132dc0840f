"""`hunt --store` and `store`, as somebody types them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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


def test_days_without_a_store_mean_nothing(sferic: Sferic, log: Path) -> None:
    """A flag that would do nothing is refused."""
    run = sferic("hunt", str(log), "--keep-days", "7")
    assert run.code == 2
    assert "`--store FILE`, too" in run.err


def test_a_store_that_is_not_there(sferic: Sferic, tmp_path: Path) -> None:
    """The message says how one is made."""
    run = sferic("store", str(tmp_path / "none.db"))
    assert run.code == 4
    assert "there is no such store" in run.err
    assert "`sferic hunt PATH --store FILE` makes one" in run.err
