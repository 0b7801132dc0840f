"""Blocks are read several at a time; how many come together changes nothing that is read."""

import gzip
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sferic.engine import search


def big_log(lines: ModuleType, count: int) -> bytes:
    """Give about a megabyte for every 8,000 lines, each of which names a function."""
    return "".join(f"{lines.squid(second)}\n" for second in range(count)).encode()


@pytest.mark.parametrize("together", [1, 10_000_000])
def test_blocks_before_a_damage_are_read(
    gather: Any, lines: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """Of a file that is cut off after several blocks all lines before the cut are events, whatever waited for it."""
    monkeypatch.setattr(search, "TOGETHER_LINES", together)
    path = tmp_path / "x.log.gz"
    path.write_bytes(gzip.compress(big_log(lines, 30_000), 1, mtime=0)[:-4_000])
    found = gather(path)
    file = found.ledger.files[0]
    assert "damaged" in file.problem
    assert 25_000 < file.events <= file.lines < 30_000
    assert file.lines - file.events <= 1, "only the line that was cut through is no event"
    assert len(found.traffic) == file.events


def test_lines_keep_their_numbers(
    gather: Any, lines: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows point at the lines they come from, in blocks read alone and together."""
    path = tmp_path / "x.log"
    path.write_bytes(b"noise\n" * 300_000 + big_log(lines, 20_000))
    together = gather(path).traffic
    monkeypatch.setattr(search, "TOGETHER_BLOCKS", 1)
    alone = gather(path).traffic
    assert together.line.tolist() == alone.line.tolist() == list(range(300_001, 320_001))
