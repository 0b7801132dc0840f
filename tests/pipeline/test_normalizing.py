"""A normalization gives every event, lazily, in the order of the input, and an account afterwards."""

import errno
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from sferic.engine.parquet_writing import Archive
from sferic.model.errors import DiskFull
from sferic.model.settings import Settings
from sferic.pipeline import normalize
from sferic.pipeline.archiving import archive


def test_order_is_that_of_the_input(tmp_path: Path, lines: ModuleType) -> None:
    """Files come in the order in which they were given, lines in that of their file, whatever their time."""
    (tmp_path / "b.log").write_bytes(lines.log(lines.squid(9), lines.asa(1)))
    (tmp_path / "a.log").write_bytes(lines.log(lines.pan_url(5), lines.squid(2, "www.example.com")))
    found = normalize([str(tmp_path / "b.log"), str(tmp_path / "a.log")])
    events = [(Path(e.file).name, e.line, e.source) for e in found]
    assert events == [
        ("b.log", 1, "squid_access"), ("b.log", 2, "cisco_asa"), ("a.log", 1, "panos_threat"), ("a.log", 2, "squid_access"),
    ]  # fmt: skip
    assert (found.account.events, found.account.lines, found.account.selected) == (4, 4, 4)


def test_it_is_lazy(tmp_path: Path, beacon: bytes) -> None:
    """The first events come before the last lines are read."""
    path = tmp_path / "x.log"
    path.write_bytes(beacon * 20)
    found = normalize([str(path)])
    assert len(list(islice(found, 3))) == 3
    assert found.account.lines < 20 * 2720


def test_problems_are_in_the_account(tmp_path: Path, lines: ModuleType) -> None:
    """A path that is not there, lost lines under strict, and the window are all told there."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(lines.squid(1), "noise", lines.squid(2)))
    settings = Settings(strict=True, until=(lines.START_S + 2) * 1_000_000)
    found = normalize([str(tmp_path / "gone"), str(path)], settings)
    assert [e.line for e in found] == [1]
    assert [f.exit_code for f in found.account.files] == [4, 2]
    assert found.account.out_of_window == 1
    assert found.account.first_time == found.account.last_time == (lines.START_S + 1) * 1_000_000 + 250_000


def test_a_full_disk_under_parquet_is_said(tmp_path: Path, beacon: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that finds no room is named, and is not left half written."""

    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "Error writing bytes to file")

    (tmp_path / "x.log").write_bytes(beacon)
    monkeypatch.setattr(Archive, "add", full)
    with pytest.raises(DiskFull, match="out: no space left on the disk"):
        archive([str(tmp_path / "x.log")], tmp_path / "out")
    assert not (tmp_path / "out").exists()
