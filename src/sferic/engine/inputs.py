"""Turns the paths a user gives (files, folders, globs, `-`) into a list of streams to read.

A path that was named must be readable; what merely lies in a folder may be skipped, and the account says so.
"""

import glob
import os
import stat
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from sferic.model.errors import DamagedInput, InputError, NothingToRead, UnreadableInput

STDIN = "-"


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
    open: Callable[[], BinaryIO]


def expand(paths: Sequence[str]) -> Iterator[Input | tuple[str, InputError]]:
    """Yield every input in a stable order; a path that cannot be used is yielded with its error."""
    for path in paths:
        try:
            yield from _expand_one(path)
        except InputError as error:
            yield path, error


def _expand_one(path: str) -> Iterator[Input | tuple[str, InputError]]:
    if path == STDIN:
        yield Input(STDIN, None, None, named=True, open=lambda: sys.stdin.buffer)
    elif os.path.isdir(path):
        yield from _folder(path, sorted(_walk(path)))
    elif os.path.exists(path):
        yield from _file(path, named=True)
    elif glob.has_magic(path):
        yield from _folder(path, sorted(p for p in glob.glob(path, recursive=True) if os.path.isfile(p)))
    else:
        raise UnreadableInput("there is no such file or folder", where=path, hint=_nearby(path))


def _walk(folder: str) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        yield from (os.path.join(root, f) for f in files if not f.startswith("."))


def _folder(path: str, files: list[str]) -> Iterator[Input | tuple[str, InputError]]:
    if not files:
        raise NothingToRead("holds no file", where=path, expected="log files", hint="hidden files are not read")
    for file in files:
        try:
            yield from _file(file, named=False)
        except InputError as error:
            yield file, error


def _file(path: str, *, named: bool) -> Iterator[Input]:
    try:
        facts = os.stat(path)
        with open(path, "rb", buffering=0) as stream:
            magic = b"" if stat.S_ISFIFO(facts.st_mode) else stream.read(4)
    except OSError as error:
        raise UnreadableInput(f"cannot be opened: {error.strerror}", where=path) from error
    if magic == b"PK\x03\x04":
        yield from _zip(path, facts.st_mtime, named=named)
    else:
        size = facts.st_size if stat.S_ISREG(facts.st_mode) else None
        yield Input(path, size, facts.st_mtime, named=named, open=lambda: open(path, "rb", buffering=0))


def _zip(path: str, modified: float, *, named: bool) -> Iterator[Input]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise DamagedInput(f"is not a whole zip archive: {error}", where=path) from error
    for member in members:
        yield Input(f"{path}!{member.filename}", member.compress_size, modified, named=named, open=_member(path, member))


def _member(path: str, member: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        archive = zipfile.ZipFile(path)
        try:
            return archive.open(member)  # type: ignore[return-value]  # IO[bytes] is what BinaryIO asks for
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
            archive.close()
            raise DamagedInput(f"cannot be unpacked: {error}", where=f"{path}!{member.filename}") from error

    return opened


def _nearby(path: str) -> str:
    parent = Path(path).parent
    if not parent.is_dir():
        return f"the folder {parent} does not exist either"
    return f"the folder {parent} exists; look there with ls"
