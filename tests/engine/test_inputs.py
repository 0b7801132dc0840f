"""Paths become inputs in a stable order; what cannot be used is said, and never ends the others."""

import gzip
import io
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sferic.engine.codecs import open_chunks
from sferic.engine.inputs import Hidden, Input, Met, Refused, expand, from_anywhere
from sferic.model.errors import DamagedInput, InputError, NothingToRead, UnreadableInput
from sferic.model.settings import Limits


def labels(*paths: object) -> list[str]:
    """Give the labels of all inputs, relative to nothing; hidden files have none."""
    met = [item for item in expand([str(p) for p in paths]) if not isinstance(item, Hidden)]
    return [item.label if isinstance(item, Input) else f"!{item.path}" for item in met]


def hidden(*paths: object) -> list[str]:
    """Give the hidden files and folders that were met."""
    return [item.path for item in expand([str(p) for p in paths]) if isinstance(item, Hidden)]


def refusal(*paths: object) -> Refused:
    """Give the only item, which must be a refusal."""
    (item,) = expand([str(p) for p in paths])
    assert isinstance(item, Refused)
    return item


def read(item: Met) -> bytes:
    """Read an input to its end."""
    assert isinstance(item, Input)
    with item.open() as stream:
        return b"".join(iter(lambda: stream.read(1 << 20), b""))


def fill(folder: Path, *names: str) -> None:
    """Make files that hold their own name."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def archive(path: Path, *names: str, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Make a zip whose members hold their own name many times."""
    with zipfile.ZipFile(path, "w", method) as made:
        for name in names:
            made.writestr(name, f"{name}\n" * 2000)
    return path


def test_a_file(tmp_path: Path) -> None:
    """A named file is one input with its size and date."""
    fill(tmp_path, "a.log")
    os.utime(tmp_path / "a.log", (1000, 1000))
    (item,) = expand([str(tmp_path / "a.log")])
    assert isinstance(item, Input)
    assert (item.label, item.size, item.modified, item.named) == (str(tmp_path / "a.log"), 5, 1000.0, True)
    assert read(item) == b"a.log"


def test_a_folder_is_sorted_and_hidden_files_are_skipped(tmp_path: Path) -> None:
    """All files below a folder come in order of their names; hidden files and folders stay out."""
    fill(tmp_path, "b.log", "a/z.log", "a/.hidden", ".git/x", "c/deep/er.log")
    items = [item for item in expand([str(tmp_path)]) if isinstance(item, Input)]
    assert labels(tmp_path) == [str(tmp_path / n) for n in ("a/z.log", "b.log", "c/deep/er.log")]
    assert not any(item.named for item in items)


def test_hidden_files_are_told_once(tmp_path: Path) -> None:
    """A hidden file or folder is met once, however often its folder is named; where nothing else is, that is an error."""
    fill(tmp_path, "a/b.log", "a/.hidden", "a/.git/x", "c/.only")
    assert hidden(tmp_path / "a", tmp_path / "a") == [f"{tmp_path}/a/.git", f"{tmp_path}/a/.hidden"]
    *met, last = expand([str(tmp_path / "c")])
    assert met == [Hidden(f"{tmp_path}/c/.only")]
    assert isinstance(last, Refused)
    assert isinstance(last.error, NothingToRead)


def test_links_make_no_loop(tmp_path: Path) -> None:
    """A link to a file is followed; one to a folder, to nothing or to itself is not, and none is left out unsaid."""
    fill(tmp_path, "a/x.log")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "file").symlink_to(tmp_path / "a" / "x.log")
    (tmp_path / "a" / "dead").symlink_to(tmp_path / "gone")
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a" / "self")
    refused = [item for item in expand([str(tmp_path)]) if isinstance(item, Refused)]
    assert labels(tmp_path) == [f"{mark}{tmp_path}/a/{name}" for mark, name in
                                (("!", "dead"), ("", "file"), ("!", "loop"), ("!", "self"), ("", "x.log"))]  # fmt: skip
    assert all(item.error.exit_code == 9 and not item.named for item in refused)
    assert "link to a folder" in str(refused[1].error)
    assert isinstance(refusal(tmp_path / "a" / "self").error, UnreadableInput)


def test_a_pattern(tmp_path: Path) -> None:
    """A pattern gives its files in order; they are not named, the pattern is."""
    fill(tmp_path, "b.log", "a.log", "c.txt", "d/e.log")
    assert labels(tmp_path / "*.log") == [str(tmp_path / "a.log"), str(tmp_path / "b.log")]
    assert labels(f"{tmp_path}/**/*.log") == [str(tmp_path / n) for n in ("a.log", "b.log", "d/e.log")]
    nothing = refusal(tmp_path / "*.nothing")
    assert (type(nothing.error), nothing.named) == (NothingToRead, True)


def test_a_name_that_looks_like_a_pattern(tmp_path: Path) -> None:
    """A file whose name holds brackets is that file."""
    fill(tmp_path, "a[1].log")
    assert labels(tmp_path / "a[1].log") == [str(tmp_path / "a[1].log")]


def test_twice_named_is_read_once(tmp_path: Path) -> None:
    """A file that is named beside its folder, or twice, is one input: its requests happened once."""
    fill(tmp_path, "a.log", "b.log")
    assert labels(tmp_path / "b.log", tmp_path, f"{tmp_path}/./b.log") == [
        str(tmp_path / n) for n in ("b.log", "a.log")
    ]


@pytest.mark.parametrize("name", ["gone.log", "gone/gone.log", "x" * 300, "nul\0nul"])
def test_no_such_path(tmp_path: Path, name: str) -> None:
    """A path that does not exist, or cannot, is refused with exit code 4; the next one is read."""
    fill(tmp_path, "a.log")
    first, second = expand([f"{tmp_path}/{name}", str(tmp_path / "a.log")])
    assert isinstance(first, Refused)
    assert (first.error.exit_code, first.named) == (4, True)
    assert read(second) == b"a.log"


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    """A link to nothing, or to itself, is no misspelling."""
    (tmp_path / "gone.log").symlink_to(tmp_path / "no.log")
    (tmp_path / "loop.log").symlink_to(tmp_path / "loop.log")
    for name in ("gone.log", "loop.log"):
        found = refusal(tmp_path / name)
        assert (found.error.exit_code, found.error.message) == (4, "is a link that leads to no file")


def test_a_misspelt_path_is_told_its_neighbour(tmp_path: Path) -> None:
    """Where a file of nearly that name lies beside, the refusal names it."""
    fill(tmp_path, "access.log")
    (tmp_path / "mix").mkdir()
    for wrong, right in (("acess.log", "access.log"), ("mxi", "mix")):
        assert f"did you mean {tmp_path}/{right}?" in str(refusal(tmp_path / wrong).error)
    for far in ("zeek.log", "axe.log", "-x"):
        assert "has a name like it" in str(refusal(tmp_path / far).error)


def test_an_empty_folder(tmp_path: Path) -> None:
    """A folder without a file has nothing to read, exit code 9; so has one with hidden files only."""
    fill(tmp_path, ".hidden")
    *_, last = expand([str(tmp_path)])
    assert isinstance(last, Refused)
    assert last.error.exit_code == 9


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    """A file or folder without permission is refused by its name; the others are read."""
    fill(tmp_path, "a.log", "b/c.log", "d.log")
    (tmp_path / "a.log").chmod(0)
    (tmp_path / "b").chmod(0)
    try:
        assert labels(tmp_path) == [f"!{tmp_path / 'a.log'}", f"!{tmp_path / 'b'}", str(tmp_path / "d.log")]
    finally:
        (tmp_path / "b").chmod(0o700)


def test_no_permission_even_for_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder or file that the system refuses is said, found in a folder or named, and the others are read."""
    fill(tmp_path, "a.log", "b/c.log", "d.log")
    iterdir: Any = Path.iterdir
    opened: Any = Path.open

    def deny(path: Path, *rest: Any, **more: Any) -> Any:
        if path.name in {"b", "a.log"}:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *rest, **more) if rest else iterdir(path)

    monkeypatch.setattr(Path, "iterdir", deny)
    monkeypatch.setattr(Path, "open", deny)
    assert labels(tmp_path) == [f"!{tmp_path / 'a.log'}", f"!{tmp_path / 'b'}", str(tmp_path / "d.log")]
    assert "Permission denied" in str(refusal(tmp_path / "a.log").error)


def test_a_pipe_is_not_looked_into(tmp_path: Path) -> None:
    """A named pipe is opened when its turn comes, once: opening it earlier would hang or lose what it holds."""
    os.mkfifo(tmp_path / "pipe")
    (item,) = expand([str(tmp_path / "pipe")])
    assert isinstance(item, Input)
    assert not item.can_be_read_again


def test_standard_input_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is standard input; closing the input leaves the process its own."""
    (tmp_path / "in").write_bytes(b"from a pipe\n")
    with (tmp_path / "in").open("rb") as stream:
        text = io.TextIOWrapper(stream)
        monkeypatch.setattr(sys, "stdin", text)
        (item,) = expand(["-"])
        assert read(item) == b"from a pipe\n"
        assert not stream.closed
        assert isinstance(item, Input)
        assert (item.named, item.can_be_read_again) == (True, False)
        text.detach()


def test_standard_input_has_the_date_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`< access.log` dates lines without a year as naming the file does; a closed one is refused when it is read."""
    (tmp_path / "in").write_bytes(b"x\n")
    os.utime(tmp_path / "in", (86_400, 86_400))
    with (tmp_path / "in").open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        (item,) = expand(["-"])
        assert isinstance(item, Input)
        assert item.modified == 86_400
    (closed,) = expand(["-"])
    assert isinstance(closed, Input)
    assert closed.modified is None
    with pytest.raises(OSError, match="it is closed"):
        closed.open()


def test_zip_members(tmp_path: Path) -> None:
    """Each file in a zip is an input, in the archive's order; folders, hidden files and macOS shadows are none."""
    path = archive(tmp_path / "x.zip", "b.log", "a/", "a/c.log", ".hidden", "__MACOSX/._b.log", "a/.x/y")
    assert labels(path) == [f"{path}!b.log", f"{path}!a/c.log"]
    found = [read(item) for item in expand([str(path)]) if isinstance(item, Input)]
    assert found == [b"b.log\n" * 2000, b"a/c.log\n" * 2000]
    assert hidden(path) == [f"{path}!{name}" for name in (".hidden", "__MACOSX/._b.log", "a/.x/y")]


def test_a_zip_is_told_by_its_content(tmp_path: Path) -> None:
    """A zip with another name is a zip; a text called .zip is a text."""
    path = archive(tmp_path / "x.log", "b.log")
    (tmp_path / "y.zip").write_text("text\n")
    assert labels(path, tmp_path / "y.zip") == [f"{path}!b.log", str(tmp_path / "y.zip")]


def test_a_zip_without_a_file(tmp_path: Path) -> None:
    """A zip that holds only folders has nothing to read."""
    assert isinstance(refusal(archive(tmp_path / "x.zip", "a/")).error, NothingToRead)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_a_torn_zip_gives_what_is_left(tmp_path: Path, method: int, keep: float) -> None:
    """A zip that was cut off is refused as damaged, exit code 6, and its files before the cut are read."""
    path = archive(tmp_path / "x.zip", "a.log", "b.log", "c.log", method=method)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    first, *rest = expand([str(path)])
    assert isinstance(first, Refused)
    assert isinstance(first.error, DamagedInput)
    assert read(rest[0]) == b"a.log\n" * 2000
    assert next(item.label for item in rest if isinstance(item, Input)) == f"{path}!a.log"


def test_a_bomb_in_a_zip_that_lies_about_its_size(tmp_path: Path) -> None:
    """What the directory says of a packed size is believed up to the archive's size: a lie does not loosen the ratio."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.log", b"a line of a log\n" * 1_000_000)
    data = bytearray(path.read_bytes())
    size = data.index(b"PK\x01\x02") + 20
    data[size : size + 4] = (1 << 30).to_bytes(4, "little")
    path.write_bytes(data)
    (item,) = expand([str(path)])
    assert isinstance(item, Input)
    assert (item.packed, item.size) == (len(data), len(data))
    got: list[bytes] = []
    with pytest.raises(InputError):  # the bomb is stopped; newer Pythons see the lie and refuse to open it
        got.extend(open_chunks(item, Limits(ratio=20, ratio_free_bytes=1 << 20)).chunks)
    assert sum(map(len, got)) <= 2 << 20


def test_a_locked_zip(tmp_path: Path) -> None:
    """A member with a password is unreadable, exit code 4, with the advice to unpack it."""
    path = archive(tmp_path / "x.zip", "a.log")
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    path.write_bytes(data)
    (item,) = expand([str(path)])
    assert isinstance(item, Input)
    with pytest.raises(UnreadableInput, match="encrypted") as failure:
        item.open()
    assert failure.value.exit_code == 4


def test_gzip_in_zip(tmp_path: Path) -> None:
    """A compressed member keeps its own compression; it is told by its magic later."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        made.writestr("a.log.gz", gzip.compress(b"text\n"))
    (item,) = expand([str(tmp_path / "x.zip")])
    assert read(item)[:2] == b"\x1f\x8b"


@pytest.mark.parametrize("address", ["s3a://bucket/proxy", "abfs://logs@example.test/x", "file:///var/log"])
def test_an_address_needs_a_cluster(address: str) -> None:
    """Without one it is told what reads it, rather than that no such folder is there."""
    problem = str(refusal(address).error)
    assert problem.startswith(f"{address}: is an address, which only a Spark cluster reads")
    assert "`--engine spark`" in problem


def test_an_address_is_listed_by_whoever_can() -> None:
    """What is at an address stands among the files, once."""
    here, there = Path(__file__), Input("s3a://bucket/a", 1, None, named=True, open=io.BytesIO, is_remote=True)
    asked = ["s3a://bucket/a", str(here), "s3a://bucket/a"]
    assert [getattr(i, "label", "") for i in expand(asked, lambda _: iter([there]))] == ["s3a://bucket/a", str(here)]


def test_a_path_for_processes_elsewhere() -> None:
    """A path from here is made whole; standard input and addresses stay as they are."""
    assert from_anywhere("logs/*.gz") == str(Path.cwd() / "logs" / "*.gz")
    assert [from_anywhere(path) for path in ("-", "s3a://b/x", "/var/log")] == ["-", "s3a://b/x", "/var/log"]
