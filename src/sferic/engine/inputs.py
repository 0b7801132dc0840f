"""Turns the paths a user gives (files, folders, globs, `-`) into a list of streams to read.

A path that was named must be readable; what merely lies in a folder may be skipped, and the account says so.
"""

import glob
import stat
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from sferic.model.errors import DamagedInput, InputError, NothingToRead, UnreadableInput

STDIN = "-"
_ZIP = b"PK\x03\x04"


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


class Refused(msgspec.Struct, frozen=True):
    """A path that cannot be used, and why."""

    path: str
    error: InputError


def expand(paths: Sequence[str]) -> Iterator[Input | Refused]:
    """Yield every input in a stable order; a path that cannot be used is yielded with its error."""
    for path in paths:
        try:
            yield from _expand_one(path)
        except InputError as error:
            yield Refused(path, error)


def _expand_one(text: str) -> Iterator[Input | Refused]:
    path = Path(text)
    if text == STDIN:
        yield Input(STDIN, None, None, named=True, open=lambda: sys.stdin.buffer)
    elif path.is_dir():
        yield from _folder(text, sorted(_walk(path)))
    elif path.exists():
        yield from _file(path, named=True)
    elif glob.has_magic(text):
        found = (Path(p) for p in glob.glob(text, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        yield from _folder(text, sorted(p for p in found if p.is_file()))
    else:
        raise UnreadableInput("there is no such file or folder", where=text, hint=_nearby(path))


def _walk(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)
        elif entry.is_file():
            yield entry


def _folder(text: str, files: list[Path]) -> Iterator[Input | Refused]:
    if not files:
        raise NothingToRead("holds no file", where=text, expected="log files", hint="hidden files are not read")
    for file in files:
        try:
            yield from _file(file, named=False)
        except InputError as error:
            yield Refused(str(file), error)


def _file(path: Path, *, named: bool) -> Iterator[Input]:
    try:
        facts = path.stat()
        regular = stat.S_ISREG(facts.st_mode)
        with path.open("rb", buffering=0) as stream:
            magic = stream.read(len(_ZIP)) if regular else b""
    except OSError as error:
        raise UnreadableInput(f"cannot be opened: {error.strerror}", where=str(path)) from error
    if magic == _ZIP:
        yield from _zip(path, facts.st_mtime, named=named)
    else:
        size = facts.st_size if regular else None
        yield Input(str(path), size, facts.st_mtime, named=named, open=lambda: path.open("rb", buffering=0))


def _zip(path: Path, modified: float, *, named: bool) -> Iterator[Input]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise DamagedInput(f"is not a whole zip archive: {error}", where=str(path)) from error
    if not members:
        raise NothingToRead("is a zip archive without a file", where=str(path))
    for member in members:
        label = f"{path}!{member.filename}"
        yield Input(label, member.compress_size, modified, named=named, open=_member(path, member))


def _member(path: Path, member: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        archive = zipfile.ZipFile(path)
        try:
            return archive.open(member)
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
            archive.close()
            raise DamagedInput(f"cannot be unpacked: {error}", where=f"{path}!{member.filename}") from error

    return opened


def _nearby(path: Path) -> str:
    parent = path.parent
    return (
        f"the folder {parent} exists; look there" if parent.is_dir() else f"the folder {parent} does not exist either"
    )
