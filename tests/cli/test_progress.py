"""The bar on a terminal: one line, however narrow that is, and nothing elsewhere."""

import io
import sys

import pytest

from sferic.cli._progress import progress
from sferic.engine.progress import Progress

STEPS = [
    Progress(n * 9_000_000_000, 900_000_000_000, f"/var/log/squid/access-{n}.log", "reading processes") for n in range(99)
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_bar_is_one_line(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """While it moves the cursor never goes up, as it has to where a line was broken."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(quiet=False) as move:
        assert move
        for step in STEPS:
            move(step)
        drawn = stream.getvalue()
    assert "reading processes" in drawn
    assert ("access-" in drawn) == (width >= 80)
    assert "\x1b[1A" not in drawn
    assert "\n" not in drawn


def test_there_is_none_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Into a file, or with `--quiet`, nobody is told."""
    for stream, quiet in ((io.StringIO(), False), (Terminal(), True)):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress(quiet=quiet) as move:
            assert move is None
        assert stream.getvalue() == ""
