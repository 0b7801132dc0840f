"""Other processes search ahead; what is read does not depend on them."""

import bz2
import gzip
import io
import os
import signal
import sys
import threading
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.engine import codecs, crew, scan
from sferic.engine.codecs import open_span
from sferic.engine.inputs import Input
from sferic.engine.scan import Scanner
from sferic.engine.selector import Selector
from sferic.model.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can copy a process")
TEXT = st.lists(st.sampled_from([b"a", b"bb", b"\n", b"\n", b"\r\n", b"ccccccc"]), max_size=40).map(b"".join)


@pytest.fixture
def _eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Search the smallest input ahead, in small parts."""
    monkeypatch.setattr(crew, "LEAST_BYTES", 1)
    monkeypatch.setattr(crew, "PART_BYTES", 40_000)
    yield
    assert not [t for t in threading.enumerate() if t is not threading.main_thread()]


def in_memory(data: bytes) -> Input:
    """Give an input that reads these bytes."""
    return Input("x", len(data), None, named=True, open=lambda: io.BytesIO(data))


def estate(lines: ModuleType, folder: Path) -> None:
    """Write logs of every kind of container, some with problems."""
    text = "".join(f"{lines.squid(second)}\nnoise {second}\n" for second in range(3_000)).encode()
    (folder / "a.log").write_bytes(text)
    (folder / "b.log.gz").write_bytes(gzip.compress(text.replace(b"10.", b"11."), mtime=0))
    (folder / "c.log.gz").write_bytes(gzip.compress(text.replace(b"10.", b"12."), mtime=0)[:-2_000])
    (folder / "d.log.bz2").write_bytes(bz2.compress(text.replace(b"10.", b"13.")))
    (folder / "e.log").write_bytes(b"")
    (folder / "f.log").write_bytes(text.decode().replace("10.", "14.").encode("utf-16"))
    (folder / "g.bin").write_bytes(b"\x7fELF" + bytes(50_000))
    (folder / "h.csv").write_bytes(
        b'"_time","sourcetype","_raw"\n'
        + b"".join(b'"1","squid:access","%s"\n' % line for line in text.replace(b"10.", b"15.").split(b"\n")[:400:2])
    )
    with zipfile.ZipFile(folder / "i.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.log", text.replace(b"10.", b"2%d." % number))
    (folder / "j.log").write_bytes(b"x" * 3_000_000 + b"\n" + text.replace(b"10.", b"16."))


@pytest.mark.usefixtures("_eager")
@pytest.mark.parametrize("workers", [2, 5])
def test_an_estate_reads_the_same(gather: Any, lines: ModuleType, tmp_path: Path, workers: int) -> None:
    """Events, their order, their places, and the account of every file are those of a reading in one process."""
    estate(lines, tmp_path)
    alone, together = gather(tmp_path, workers=1), gather(tmp_path, workers=workers)
    assert len(alone.traffic) > 20_000
    assert together.ledger.account() == alone.ledger.account()
    for column in ("time_s", "client", "host", "file", "line"):
        assert getattr(together.traffic, column).tolist() == getattr(alone.traffic, column).tolist()
    assert together.traffic.clients == alone.traffic.clients


@given(TEXT, st.lists(st.integers(1, 60), max_size=6, unique=True).map(sorted))
def test_parts_hold_every_line_once(data: bytes, cuts: list[int]) -> None:
    """However a file is divided, its parts are its lines, each whole and once, in order."""
    edges = [0, *cuts, None]
    with pytest.MonkeyPatch.context() as small:
        small.setattr(codecs, "READ_BYTES", 7)
        small.setattr(codecs, "SNIFF_BYTES", 3)
        parts = [b"".join(open_span(in_memory(data), start or 0, stop).chunks) for start, stop in pairwise(edges)]
    assert b"".join(parts) == data
    for part in parts[:-1]:
        assert not part or part.endswith(b"\n") or b"".join(parts).endswith(part)


def test_a_line_over_many_parts_is_looked_through_once() -> None:
    """Parts that lie within a very long line do not seek its end, each anew."""
    read: list[int] = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            read.append(len(found))
            return found

    data = b"a\n" + b"x" * 1_000_000 + b"\nb\n"
    item = Input("x", len(data), None, named=True, open=lambda: Counting(data))
    with pytest.MonkeyPatch.context() as small:
        small.setattr(codecs, "READ_BYTES", 5_000)
        edges = [*range(0, len(data), 10_000), None]
        parts = [b"".join(open_span(item, start or 0, stop).chunks) for start, stop in pairwise(edges)]
    assert b"".join(parts) == data
    assert sum(read) < 4 * len(data)


@pytest.mark.usefixtures("_eager")
def test_a_process_that_dies_is_told(gather: Any, lines: ModuleType, tmp_path: Path, monkeypatch: Any) -> None:
    """What it had not told is lost, so the file has a problem, and the rest is read."""
    estate(lines, tmp_path)
    monkeypatch.setattr(scan, "_search_part", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    files = gather(tmp_path, workers=2).ledger.files
    problems = [file for file in files if "ended early" in file.problem]
    assert problems
    assert all(file.exit_code == 4 and "--workers 1" in file.problem for file in problems)


@pytest.mark.usefixtures("_eager")
def test_nobody_is_left_behind(tmp_path: Path, lines: ModuleType) -> None:
    """Processes end with the scanner, also when nobody asked for what they found."""
    estate(lines, tmp_path)
    item = in_memory((tmp_path / "a.log").read_bytes())
    with Scanner(Selector(["workers"]), Settings(workers=2), [item]) as scanner:
        members = [member._process for member in scanner._crew._members] if scanner._crew else []
        assert len(members) == 2
        assert scanner.ahead(item) is not None
    assert not any(member.is_alive() for member in members)


def test_little_work_needs_nobody() -> None:
    """A small log is searched where it is read."""
    item = in_memory(b"line\n")
    with Scanner(Selector(["workers"]), Settings(workers=2), [item]) as scanner:
        assert scanner.ahead(item) is None


def test_a_process_with_threads_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread may hold a lock that its copy would wait for."""
    assert crew.can_copy()
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert not crew.can_copy()
