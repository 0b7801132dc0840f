"""The evaluation from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sferic.lab.evaluate.grid import Cell

Sferic = Callable[..., Any]


def test_a_small_evaluation(sferic: Sferic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One small company and one setting give a record for each detector, and the page with its pictures."""
    monkeypatch.setattr("sferic.lab.evaluate.grid.BENIGN", 220)
    monkeypatch.setattr("sferic.lab.evaluate.grid.reduced", lambda: [Cell(2.0, 60.0, 0.2, "one_sided")])
    monkeypatch.setattr("sferic.cli.evaluate.MACHINES", 40)
    run = sferic("evaluate", "--draws", "1", "--repeats", "2", "--to", str(tmp_path), "--quiet")
    assert (run.code, run.err) == (0, "")
    told = [json.loads(line) for line in run.out.splitlines()]
    assert len([row for row in told if row["kind"] == "detector"]) == 7
    assert [(row["hits"], row["of"]) for row in told if row["kind"] == "recall"] == [(2, 2)]
    assert (tmp_path / "detection-quality.md").read_text(encoding="utf-8").startswith("# Detection quality\n")
    assert len(list((tmp_path / "pictures").glob("*.svg"))) == 3
