"""What the pages show is what the commands print."""

import re
from pathlib import Path

import pytest

from sferic.cli import main

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"<!-- output of: COLUMNS=100 sferic (.+?) -->\n```text\n(.*?)\n```", re.DOTALL)


def shown(page: str) -> tuple[list[str], list[str]]:
    """Return the command of a page's block of output, and its lines."""
    found = BLOCK.search((ROOT / page).read_text(encoding="utf-8"))
    assert found is not None
    return found[1].split(), found[2].splitlines()


def test_pages_show_true_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The table in the README and the finding in its guide are, line for line, what is printed today."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    saved = str(tmp_path / "report.json")

    def printed(*arguments: str) -> list[str]:
        assert main(arguments) == 0
        return [line.rstrip() for line in capsys.readouterr().out.rstrip().splitlines()]

    command, lines = shown("README.md")
    assert printed(*command, "--no-save", "--quiet", "--save", saved) == lines
    command, lines = shown("docs/how-to/read-a-finding.md")
    assert printed(*command, "--from", saved) == lines
