"""Estates from the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sferic.lab.named import named

Sferic = Callable[..., Any]


def test_ours_are_listed(sferic: Sferic) -> None:
    """`--list` names every scenario, a line each."""
    run = sferic("simulate", "--list")
    assert run.code == 0
    assert [line.split()[0] for line in run.out.splitlines()] == list(named())


def test_logs_and_truth_are_written_once(sferic: Sferic, tmp_path: Path) -> None:
    """The folder holds a log and the hidden truth; a folder that holds something is refused; a draw differs."""
    first = tmp_path / "a"
    assert sferic("simulate", "two-hours", "--to", str(first)).code == 0
    assert sorted(path.name for path in first.iterdir()) == [".truth.json", "hq-bluecoat_proxysg.log.gz"]
    again = sferic("simulate", "two-hours", "--to", str(first))
    assert again.code == 2
    assert "not an empty folder" in again.err
    assert sferic("simulate", "two-hours", "--draw", "4", "--to", str(tmp_path / "b")).code == 0
    assert (tmp_path / "b" / ".truth.json").read_bytes() != (first / ".truth.json").read_bytes()


def test_what_is_needed_is_said(sferic: Sferic, tmp_path: Path) -> None:
    """Without a folder, and with an unknown scenario, the error names the way out."""
    assert "--list" in sferic("simulate", "two-hours").err
    wrong = sferic("simulate", "nothing", "--to", str(tmp_path / "c"))
    assert wrong.code == 2
    assert "jitter-90" in wrong.err
    assert not (tmp_path / "c").exists()
