"""The evaluation from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sferic.lab.evaluate.calls import Cell

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


def test_companies_only_and_how_far_it_is(sferic: Sferic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the grid there is no recall by setting; from the second company on each line says how long is left."""
    monkeypatch.setattr("sferic.cli.evaluate.MACHINES", 20)
    run = sferic("evaluate", "--draws", "2", "--companies-only")
    assert run.code == 0
    assert {json.loads(line)["kind"] for line in run.out.splitlines()} >= {"detector"}
    assert '"recall"' not in run.out.replace('"recall_at_high"', "")
    first, second = run.err.splitlines()
    assert "left of this part" not in first
    assert "min left of this part" in second
