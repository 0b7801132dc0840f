"""What the README shows is what the command prints."""

import re
from pathlib import Path

import pytest

from sferic.cli import main

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"<!-- output of: COLUMNS=(\d+) sferic (.+?) -->\n```text\n(.*?)\n```", re.DOTALL)


def test_the_readme_shows_true_output(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The block of output in the README is, line for line, what its command prints today."""
    shown = BLOCK.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown is not None
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", shown[1])
    assert main([*shown[2].split(), "--no-save", "--quiet"]) == 0
    printed = [line.rstrip() for line in capsys.readouterr().out.rstrip().splitlines()]
    assert printed == shown[3].splitlines()
