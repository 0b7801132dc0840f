"""Unpacks a compressed stream piece by piece, and keeps every byte that came before a damage.

The file objects of the standard library lose what they had in hand when a stream turns out to be cut off; a log that
was being written when it was copied is cut off. This module knows no magic bytes and sets no limits: see `codecs`.
"""

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol, cast

from isal import igzip_lib

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKED_BYTES = 1 << 16
"""Compressed bytes taken at once."""
_GZIP_ERROR = cast("type[Exception]", igzip_lib.IsalError)
DAMAGE: tuple[type[Exception], ...] = (EOFError, zlib.error, _GZIP_ERROR, zstd.ZstdError, lzma.LZMAError, OSError)
"""What a broken stream raises."""


class Decompressor(Protocol):
    """One member of a compressed stream, as the standard library's decompressor objects have it."""

    @property
    def eof(self) -> bool:
        """Say whether the member is complete."""

    @property
    def needs_input(self) -> bool:
        """Say whether nothing more can be had from the input so far."""

    @property
    def unused_data(self) -> bytes:
        """Return what followed the complete member."""

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """Unpack at most so many bytes."""


def gzip() -> Decompressor:
    """Begin a gzip member; its checksum is verified."""
    made: Decompressor = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    return made


def deflate() -> Decompressor:
    """Begin a bare deflate stream, as zip archives hold it."""
    made: Decompressor = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
    return made


DECOMPRESSORS: dict[str, Callable[[], Decompressor]] = {
    "gzip": gzip,
    "zstd": zstd.ZstdDecompressor,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
}


def unpack(
    read: Callable[[int], bytes], begin: Callable[[], Decompressor], most: int, *, members: bool = True
) -> Iterator[bytes]:
    """Yield the content in pieces of at most `most` bytes; raises one of `DAMAGE` after the last good piece.

    Members written one after the other, and zeros between them, are one stream, unless `members` is false.
    """
    member = begin()
    while True:
        data = b""
        if member.eof:
            data = (member.unused_data or read(PACKED_BYTES)).lstrip(b"\0") if members else b""
            if not data:
                return
            member = begin()
        elif member.needs_input:
            data = read(PACKED_BYTES)
            if not data:
                raise EOFError("it ends before its end mark")
        piece = member.decompress(data, most)
        if piece:
            yield piece
