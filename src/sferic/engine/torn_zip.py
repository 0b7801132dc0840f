"""Finds the files in a zip archive that was cut off, by the header that stands before each of them.

An archive's directory is its end; a transfer that broke off lost it, but not the files before the break. Only stored
and deflated files without a password are found. Whole archives are the business of the standard library.

Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, section 4.3.7.
"""

import mmap
import struct
from collections.abc import Callable, Iterator
from io import RawIOBase
from pathlib import Path
from typing import IO, cast

import msgspec

from sferic.engine.unpacking import deflate, unpack

MAGIC = b"PK\x03\x04"
_HEADER = struct.Struct("<4s5H3I2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1
_PIECE = 1 << 20


class Remains(msgspec.Struct, frozen=True):
    """One file found: its name, the packed bytes that are left of it, and how to open it."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def remains(path: Path) -> Iterator[Remains]:
    """Yield the files of a torn archive in the order in which they lie there."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(MAGIC)
        while 0 <= start <= len(data) - _HEADER.size:
            _, _, flags, method, _, _, _, size, _, name_length, extra_length = _HEADER.unpack_from(data, start)
            begin = start + _HEADER.size + name_length + extra_length
            start = data.find(MAGIC, begin + size)
            stop = len(data) if start < 0 else start
            if method in {_STORED, _DEFLATED} and not flags & _ENCRYPTED and begin < stop:
                name = data[begin - extra_length - name_length : begin - extra_length].decode("utf-8", "replace")
                length = min(size, stop - begin) if size else stop - begin
                yield Remains(name, length, _opener(path, begin, length, whole=method == _STORED))


def _opener(path: Path, begin: int, length: int, *, whole: bool) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        part = _Part(path, begin, length)
        return cast("IO[bytes]", part if whole else _Inflated(part))

    return opened


class _Part(RawIOBase):
    """A stretch of a file."""

    def __init__(self, path: Path, begin: int, length: int) -> None:
        self._stream = path.open("rb")
        self._stream.seek(begin)
        self._left = length

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Inflated(RawIOBase):
    """A deflated stretch of a file, inflated; a cut raises EOFError after what came before it."""

    def __init__(self, part: _Part) -> None:
        self._part = part
        self._pieces = unpack(part.read, deflate, _PIECE, members=False)

    def read(self, _size: int = -1) -> bytes:
        return next(self._pieces, b"")

    def close(self) -> None:
        self._part.close()
        super().close()
