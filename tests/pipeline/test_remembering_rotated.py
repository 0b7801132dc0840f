"""A store follows what logrotate does: a log is renamed, then packed, and what is kept of it goes by its new names."""

import gzip
import os
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from sferic.model.finding import Finding
from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from sferic.pipeline.remembering import hunt_on
from sferic.store.history import History


def but_samples(report: Report) -> list[Finding]:
    """Return the findings without sample lines, some of which are not looked up again, and what only a store knows."""
    return [msgspec.structs.replace(f, samples=(), news=None, known_since=None) for f in report.findings]


def write(lines: ModuleType, count: int) -> list[bytes]:
    """Write a beacon and the calls of three other machines, a part after another."""
    rows = [(120 * n + n * n * 7919 % 25, lines.HOST, "10.1.0.5") for n in range(1440)]
    for client in range(3):
        rows += [(n * 700 + n * n * 104_729 % 600, "app.vercel.app", f"10.1.0.{20 + client}") for n in range(240)]
    whole = lines.log(*(lines.squid(*row) for row in sorted(rows))).splitlines(keepends=True)
    return [b"".join(whole[n * len(whole) // count : (n + 1) * len(whole) // count]) for n in range(count)]


@pytest.mark.parametrize("added", [0, 100])
def test_what_logrotate_does_is_followed(tmp_path: Path, lines: ModuleType, added: int) -> None:
    """A log is renamed, then packed, perhaps with lines that no run has seen: nothing counts twice, all is found again."""
    store, folder = tmp_path / "history.db", tmp_path / "rotated"
    folder.mkdir()
    before, after = write(lines, 2)
    log, first, second = folder / "access.log", folder / "access.log.1", folder / "access.log.2.gz"
    rows = before.splitlines(keepends=True)
    log.write_bytes(b"".join(rows[: len(rows) - added]))
    hunt_on([str(folder)], store, Settings(min_score=0))
    log.rename(first)
    report = hunt_on([str(folder)], store, Settings(min_score=0))
    assert (report.account.kept, report.account.lines) == (1, 0)
    assert {s.place.rpartition(":")[0] for f in report.findings for s in f.samples} == {str(first)}
    first.unlink()
    second.write_bytes(gzip.compress(before))
    log.write_bytes(after)
    report = hunt_on([str(folder)], store, Settings(min_score=0))
    assert report.account.kept == (not added)
    assert but_samples(report) == but_samples(hunt([str(folder)], Settings(min_score=0)))
    held = {str(second): rows, str(log): log.read_bytes().splitlines(keepends=True)}
    quoted = [sample for finding in report.findings for sample in finding.samples if sample.text]
    for sample in quoted:
        label, _, number = sample.place.rpartition(":")
        assert sample.text == held[label][int(number) - 1].decode().rstrip()
    assert {sample.place.rpartition(":")[0] for sample in quoted} == set(held)
    again = hunt_on([str(folder)], store, Settings(min_score=0))
    assert (again.account.kept, again.account.lines) == (2, 0)
    with History(store, read_only=True) as history:
        assert history.contents().rows == (before + after).count(b"\n")


def test_a_name_in_another_encoding_is_kept(tmp_path: Path, lines: ModuleType) -> None:
    """A log whose name is no UTF-8 is taken once, and known when it is renamed."""
    (before,) = write(lines, 1)
    log = tmp_path / os.fsdecode(b"f\xfcr.log")
    log.write_bytes(before)
    store = tmp_path / "history.db"
    first = hunt_on([str(log)], store, Settings(min_score=0))
    for name in (b"f\xfcr.log", b"f\xfcr.log.1"):
        log = log.rename(tmp_path / os.fsdecode(name))
        report = hunt_on([str(log)], store, Settings(min_score=0))
        assert (report.account.kept, report.account.lines) == (1, 0)
        assert len(report.findings) == len(first.findings) > 0
