"""Turns the paths a user gives (files, folders, globs, `-`) into a list of streams to read.

A path that was named must be readable; what merely lies in a folder may be skipped, and the account says so.
"""

import difflib
import errno
import glob
import os
import re
import stat
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import IO

import msgspec

from sferic.engine.torn_zip import MAGIC, remains
from sferic.model.errors import DamagedInput, InputError, NothingToRead, UnreadableInput

PARQUET = b"PAR1"
STDIN = "-"
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{0,20}://", re.IGNORECASE)
NEAR = 0.8
"""How alike a name must be to be suggested, 1 for the same: a letter wrong in a short one, two in a long one."""
MANIFEST = "_sferic.json"
"""What a folder of Parquet that Sferic has written says about itself; it is no log."""
INSIDE = "!"
"""Stands between an archive and its member."""


class Input(msgspec.Struct, frozen=True):
    """One stream to read: a file, a member of a zip, or standard input."""

    label: str
    """Path as shown to the user; zip members are `archive.zip!member`."""
    size: int | None
    """Bytes on disk, None where unknown."""
    modified: float | None
    """Modification time, epoch seconds; dates lines that have no year."""
    named: bool
    """Whether the user named it, rather than a folder or a glob having held it."""
    open: Callable[[], IO[bytes]]
    packed: int | None = None
    """Compressed bytes of a member of an archive, which arrives here unpacked; None for anything else."""
    parquet: Path | None = None
    """The file, if it is Parquet, which is read in columns."""
    is_remote: bool = False
    """Whether it is an object in a store, which workers of a cluster are given, and only this process can open."""

    is_kept: bool = False
    """Whether it is what `sferic.engine.spool` has kept of a pipe, which only this process can open."""

    @property
    def can_be_read_again(self) -> bool:
        """Say whether a second reading gives the same bytes: not from standard input, a pipe or a device."""
        return self.size is not None

    @property
    def is_everywhere(self) -> bool:
        """Say whether another machine that sees the same files can read it."""
        return self.can_be_read_again and not self.is_kept


class Refused(msgspec.Struct, frozen=True):
    """A path that cannot be used, and why."""

    path: str
    error: InputError
    named: bool = True
    """Whether the user named it, rather than a folder or a glob having held it."""


class Hidden(msgspec.Struct, frozen=True):
    """A hidden file or folder that was met on the way; it is not read."""

    path: str


Met = Input | Refused | Hidden
Lister = Callable[[str], Iterator[Met]]


def expand(paths: Sequence[str], listed: Lister | None = None) -> Iterator[Met]:
    """Yield every input once, in a stable order; a path that cannot be used is yielded with its error.

    `listed` gives what is at an address in an object store, such as s3a://bucket/folder.
    """
    seen: set[str] = set()
    for path in paths:
        for item in _refusing(path, partial(_expand_one, path, listed)):
            label = item.label if isinstance(item, Input) else item.path
            if label not in seen:
                seen.add(label)
                yield item


def from_anywhere(path: str) -> str:
    """Return a path as it is understood wherever a process runs."""
    return path if path == STDIN or _ADDRESS.match(path) else str(Path(path).absolute())


def _refusing(path: str, items: Callable[[], Iterator[Met]], *, named: bool = True) -> Iterator[Met]:
    """Turn what goes wrong on the way into the last item."""
    try:
        yield from items()
    except InputError as error:
        yield Refused(path, error, named)
    except (OSError, ValueError) as error:  # no permission; a name too long or with a NUL
        reason = getattr(error, "strerror", None) or str(error)
        yield Refused(path, UnreadableInput(f"cannot be opened: {reason}", where=path), named)


def _expand_one(text: str, listed: Lister | None) -> Iterator[Met]:
    path = Path(text)
    if text == STDIN:
        yield Input(STDIN, None, _written(), named=True, open=_standard_input)
    elif _ADDRESS.match(text):
        if listed is None:
            raise UnreadableInput(
                "is an address, which only a Spark cluster reads", where=text, expected="a file or a folder",
                hint="`--engine spark`, or mount the store",
            )  # fmt: skip
        yield from listed(text)
    elif path.is_dir():
        yield from _found(text, _walk(path))
    elif path.exists():
        yield from _file(path, named=True)
    elif glob.has_magic(text):
        found = (Path(p) for p in glob.glob(text, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        yield from _found(text, iter(sorted(p for p in found if p.is_file())), "matches no file")
    elif path.is_symlink():
        raise UnreadableInput("is a link that leads to no file", where=text)
    else:
        raise UnreadableInput("there is no such file or folder", where=text, hint=_nearby(path))


def _standard_input() -> IO[bytes]:
    """Open standard input so that closing it leaves the process its own."""
    return os.fdopen(os.dup(_place()), "rb", buffering=0)


def _place() -> int:
    if sys.stdin is None or sys.stdin.closed:
        raise OSError(errno.EBADF, "it is closed")
    return sys.stdin.fileno()


def _written() -> float | None:
    """Return the date of the file that standard input is, if it is one (`< access.log`)."""
    try:
        facts = os.fstat(_place())
    except OSError:
        return None
    return facts.st_mtime if stat.S_ISREG(facts.st_mode) else None


def _walk(folder: Path) -> Iterator[Path | Refused | Hidden]:
    """Yield a folder's files in order of their names; what is hidden and a link that is not followed are told."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        refusal = UnreadableInput(f"cannot be opened: {error.strerror}", where=str(folder))
        yield Refused(str(folder), refusal, named=False)
        return
    for entry in entries:
        if entry.name.startswith("."):
            yield Hidden(str(entry))
        elif entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)
        elif entry.is_file():
            if entry.name != MANIFEST:
                yield entry
        elif entry.is_symlink():
            what = "a link to a folder, which is not followed" if entry.is_dir() else "a link that leads to no file"
            unread = NothingToRead(f"is {what}", where=str(entry), hint="name what it leads to")
            yield Refused(str(entry), unread, named=False)


def _found(text: str, files: Iterator[Path | Refused | Hidden], nothing: str = "holds no file") -> Iterator[Met]:
    empty = True
    for file in files:
        empty = empty and isinstance(file, Hidden)
        if isinstance(file, Refused | Hidden):
            yield file
        else:
            yield from _refusing(str(file), partial(_file, file, named=False), named=False)
    if empty:
        raise NothingToRead(nothing, where=text, expected="log files", hint="hidden files are not read")


def _file(path: Path, *, named: bool) -> Iterator[Met]:
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):  # looking into a pipe would take away what it holds
        yield Input(str(path), None, None, named=named, open=lambda: path.open("rb", buffering=0))
        return
    with path.open("rb", buffering=0) as stream:
        magic = stream.read(len(MAGIC))
    if magic == MAGIC:
        yield from _zip(path, facts, named=named)
    else:
        yield Input(
            str(path), facts.st_size, facts.st_mtime, named=named, open=lambda: path.open("rb", buffering=0),
            parquet=path if magic == PARQUET else None,
        )  # fmt: skip


def _zip(path: Path, facts: os.stat_result, *, named: bool) -> Iterator[Met]:
    """Yield an archive's files. What it says of their packed sizes is believed up to its own size on the disk."""
    try:
        with zipfile.ZipFile(path) as archive:
            listed = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as error:
        yield from _torn(path, facts.st_mtime, error, named=named)
        return
    for member in listed:
        label = f"{path}{INSIDE}{member.filename}"
        packed = min(member.compress_size, facts.st_size)
        if _is_hidden(member.filename):
            yield Hidden(label)
        else:
            yield Input(
                label, packed, facts.st_mtime, named=named, open=_member(path, member, label), packed=packed
            )  # fmt: skip
    if all(_is_hidden(member.filename) for member in listed):
        raise NothingToRead("is a zip archive without a file", where=str(path), hint="hidden files are not read")


def _torn(path: Path, modified: float, error: Exception, *, named: bool) -> Iterator[Met]:
    """Yield what is left of an archive whose directory is lost, after the error that says so."""
    hint = "what can be found of its files is read"
    yield Refused(str(path), DamagedInput(f"is not a whole zip archive: {error}", where=str(path), hint=hint), named)
    for rest in remains(path):
        label = f"{path}{INSIDE}{rest.name}"
        if _is_hidden(rest.name):
            yield Hidden(label)
        else:
            yield Input(label, rest.size, modified, named=named, open=rest.open, packed=rest.size)


def _is_hidden(member: str) -> bool:
    """Say whether a member is a hidden file, or the shadow of one that macOS writes."""
    return any(part.startswith((".", "__MACOSX")) for part in member.split("/"))


def _member(path: Path, member: zipfile.ZipInfo, label: str) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        try:
            return _archive(path, path.stat().st_mtime_ns).open(member)
        except (RuntimeError, NotImplementedError) as error:
            raise UnreadableInput(f"cannot be unpacked: {error}", where=label, hint="unpack it first") from error
        except zipfile.BadZipFile as error:
            raise DamagedInput(f"cannot be unpacked: {error}", where=label) from error

    return opened


@lru_cache(maxsize=1)
def _archive(path: Path, _modified_ns: int) -> zipfile.ZipFile:
    """Keep the archive open between its members: its directory is read once, not once for each of them."""
    return zipfile.ZipFile(path)


def forget_archives() -> None:
    """Let a copied process open archives anew: two readers of one open file would move each other's place in it."""
    _archive.cache_clear()


def _nearby(path: Path) -> str:
    parent = path.parent
    if not parent.is_dir():
        *_, first = (one for one in (parent, *parent.parents) if not one.is_dir())
        return f"{first} is a file" if first.exists() else f"there is no folder {first}"
    names = [entry.name for entry in parent.iterdir()]
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=NEAR)
    near = near or [name for name in names if sorted(name) == sorted(path.name)]  # letters exchanged
    if near:
        return f"did you mean {parent / near[0]}?"
    return f"nothing in {'the current folder' if parent == Path() else parent} has a name like it"
