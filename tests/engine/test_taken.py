"""What an earlier run took of a file is told by its content: nothing, all, or all but the end; names may change."""

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from sferic.engine.inputs import Input, expand
from sferic.engine.taken import BLOCK, Known, Step, marked
from sferic.model.history import Mark
from sferic.model.report import FileAccount
from sferic.model.settings import Limits
from sferic.pipeline import normalize

GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "sources").glob("*/*/raw.log"))
LEAN_ON_EARLIER_LINES = {"crowdstrike_fdr/feed", "suricata_eve/flows"}
"""A program's path stands at its start, a client's side in the connection's other records: what came before is gone."""
LINES = b"".join(b"%06d a line of a log\n" % number for number in range(2000))


def inputs(*paths: Path) -> list[Input]:
    """List what there is to read."""
    return [item for item in expand([str(p) for p in paths]) if isinstance(item, Input)]


def take(path: Path, codec: str = "plain") -> list[Mark]:
    """Mark all of a path as read."""
    found = []
    for item in inputs(path):
        step = Known([], Limits()).step(item)
        with step.item.open() as stream:
            lines = stream.read().count(b"\n")
        found.append(marked(step, FileAccount(path=item.label, codec=codec, lines=lines)))
    return [mark for mark in found if mark]


def again(path: Path, marks: list[Mark]) -> Step:
    """Ask what to do about a path."""
    return Known(marks, Limits()).step(inputs(path)[0])


def content(step: Step) -> bytes:
    """Read what a step says to read."""
    with step.item.open() as stream:
        return stream.read()


def test_an_unknown_file_is_read_as_long_as_it_is_now(tmp_path: Path) -> None:
    """What is written after the look belongs to the next run."""
    path = tmp_path / "a.log"
    path.write_bytes(LINES)
    step = again(path, [])
    with path.open("ab") as stream:
        stream.write(b"later\n")
    assert (step.change, step.item.size, content(step)) == ("new", len(LINES), LINES)


def test_a_file_that_was_taken_is_not_read_again_under_any_name(tmp_path: Path) -> None:
    """The same content is known, also when the file has been renamed."""
    path = tmp_path / "a.log"
    path.write_bytes(LINES)
    marks = take(path)
    assert again(path, marks).change == "same"
    step = again(path.rename(tmp_path / "a.log.1"), marks)
    assert step.known
    assert (step.change, step.known.label) == ("same", str(path))


@pytest.mark.parametrize("size", [40, BLOCK - 1, BLOCK + 1, 3 * BLOCK])
def test_what_was_added_is_read_alone_and_numbered_on(tmp_path: Path, size: int) -> None:
    """Only whole new lines arrive, behind an empty one where the log has no header."""
    path = tmp_path / "a.log"
    old = LINES[: LINES.index(b"\n", size) + 1]
    path.write_bytes(old)
    marks = take(path)
    path.write_bytes(old + b"new one\nnew two\n")
    step = again(path, marks)
    assert (step.change, content(step)) == ("grown", b"\nnew one\nnew two\n")
    assert step.lines_before == old.count(b"\n") - 1


def test_the_header_of_a_log_comes_along(tmp_path: Path) -> None:
    """Comments at the beginning name the fields, and the rest cannot be read without them."""
    path = tmp_path / "conn.log"
    path.write_bytes(b"#fields\tts\tuid\n#types\ttime\tstring\n1\ta\n")
    marks = take(path)
    with path.open("ab") as stream:
        stream.write(b"2\tb\n")
    step = again(path, marks)
    assert content(step) == b"#fields\tts\tuid\n#types\ttime\tstring\n2\tb\n"
    assert step.lines_before + 3 == 4


@pytest.mark.parametrize("log", GOLDEN, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_no_event_of_a_log_is_lost_or_doubled_as_it_grows(tmp_path: Path, log: Path) -> None:
    """Of every source's log: what is added later is read as if all had been there at once, line numbers and all."""
    lines = log.read_bytes().splitlines(keepends=True)
    path = tmp_path / "a.log"
    half = len(lines) // 2
    path.write_bytes(b"".join(lines[:half]))
    marks = take(path)
    path.write_bytes(b"".join(lines))
    whole, step = list(normalize([str(path)])), again(path, marks)
    path.write_bytes(content(step))
    added = [replace(event, line=event.line + step.lines_before) for event in normalize([str(path)])]
    before = half if step.change == "grown" else 0
    rest = [event for event in whole if event.line > before]
    if "/".join(log.parts[-3:-1]) in LEAN_ON_EARLIER_LINES:
        assert [(event.line, event.time) for event in added] == [(event.line, event.time) for event in rest]
    else:
        assert added == rest


@pytest.mark.parametrize(("first", "is_alone"), [
    ("Timestamp,DeviceName,ActionType", False), ('\ufeff"Timestamp","Device ID"', False), ("\ufeff#a b c", True), ("@timestamp;source.ip;dst", False),
    ("version account-id interface-id srcaddr", False), ("_time\tsrc\tdest", False),
    ("date=2026-03-02 devname=fgt user=ann", True), ('{"a": b, "c": d}', True), ("<14>Mar fw one, two, three", True),
    ("Mon Mar  2 09:15:00 2026,ann,GET", True), ("one two", True),
])  # fmt: skip
def test_a_table_that_grows_is_read_anew(tmp_path: Path, first: str, is_alone: bool) -> None:
    """Rows tell nothing without the header row, which is told by its words: each begins as a name does."""
    path = tmp_path / "a.log"
    old = f"{first}\na,b,c\n".encode()
    path.write_bytes(old)
    marks = take(path)
    path.write_bytes(old + b"d,e,f\n")
    assert again(path, marks).change == ("grown" if is_alone else "rewritten")


def test_a_span_can_be_read_from_anywhere(tmp_path: Path) -> None:
    """Parts of large files are read by several processes, which go to their beginnings."""
    path = tmp_path / "a.log"
    path.write_bytes(LINES)
    marks = take(path)
    path.write_bytes(LINES + b"new one\nnew two\n")
    with again(path, marks).item.open() as stream:
        assert [stream.seek(0, 2), stream.seek(9), stream.read(3), stream.tell()] == [17, 9, b"new", 12]


def test_a_last_line_that_was_not_whole_makes_the_file_read_anew(tmp_path: Path) -> None:
    """Half a line was read as what it was; the whole one replaces it."""
    path = tmp_path / "a.log"
    path.write_bytes(LINES + b"half")
    marks = take(path)
    path.write_bytes(LINES + b"half and whole\n")
    step = again(path, marks)
    assert (step.change, content(step)) == ("rewritten", LINES + b"half and whole\n")


def test_a_packed_file_that_grew_is_read_anew(tmp_path: Path) -> None:
    """The end of a compressed file cannot be read alone."""
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(LINES, mtime=0))
    marks = take(path, "gzip")
    path.write_bytes(path.read_bytes() + gzip.compress(b"more\n"))
    assert again(path, marks).change == "rewritten"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize(
    ("now", "change"),
    [(LINES, "packed"), (LINES + b"more\n", "rewritten"), (LINES[:-20], "new"), (b"0\n" + LINES, "new"), (b"", "new")],
)
def test_a_log_that_was_packed_is_known(
    tmp_path: Path, pack: Callable[[bytes], bytes], now: bytes, change: str
) -> None:
    """By what it holds, whatever it is packed with; if more was added before, it is read anew in place of the log."""
    path, packed = tmp_path / "a.log", tmp_path / "a.log.1.packed"
    path.write_bytes(LINES)
    marks = take(path)
    packed.write_bytes(pack(now))
    step = again(packed, marks)
    assert step.change == change
    assert (step.known in marks) is (change != "new")


def test_a_short_log_that_was_packed_is_known(tmp_path: Path) -> None:
    """Of several that begin alike the longest is meant."""
    path, packed = tmp_path / "a.log", tmp_path / "a.log.gz"
    path.write_bytes(LINES[:100])
    marks = take(path)
    path.write_bytes(LINES[:200])
    marks += take(path)
    packed.write_bytes(gzip.compress(LINES[:200]))
    step = again(packed, marks)
    assert (step.change, step.known) == ("packed", marks[1])


def test_a_packed_log_that_is_damaged_is_read(tmp_path: Path) -> None:
    """Reading it says what is wrong."""
    path, packed = tmp_path / "a.log", tmp_path / "a.log.gz"
    path.write_bytes(LINES)
    packed.write_bytes(gzip.compress(LINES)[:-9])
    assert again(packed, take(path)).change == "new"


@pytest.mark.parametrize("now", [b"0\n" + LINES, LINES[:-20], b"", LINES[:-5] + b"LINE\nmore\n"])
def test_other_content_under_a_known_name_is_noticed(tmp_path: Path, now: bytes) -> None:
    """Rotated, truncated or written over: it is read from its beginning, and the run says so."""
    path = tmp_path / "a.log"
    path.write_bytes(LINES)
    marks = take(path)
    path.write_bytes(now)
    step = again(path, marks)
    assert (step.change, content(step)) == ("replaced", now)


def test_members_of_an_archive_are_known_apart(tmp_path: Path) -> None:
    """Two members share the archive's bytes, and are not taken for each other."""
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.log", LINES)
        archive.writestr("b.log", LINES[:100])
    first, second = inputs(path)
    mark = marked(Known([], Limits()).step(first), FileAccount(path=first.label))
    assert mark
    assert [Known([mark], Limits()).step(item).change for item in (first, second)] == ["same", "new"]


def test_what_is_no_file_is_always_read() -> None:
    """Standard input has no place on the disk."""
    step = Known([], Limits()).step(inputs(Path("-"))[0])
    assert (step.change, marked(step, FileAccount(path="-"))) == ("new", None)
