"""Opens a stream as uncompressed bytes, whatever its name says: plain, gzip, zstd, bzip2 or xz, told by magic bytes.

Guards against bombs: reads are bounded, and a ratio or size beyond the limits stops the file.
Knows the usual binaries that end up in log folders, so that the refusal can say what to do instead.
"""

import bz2
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

import msgspec
from isal import igzip

from sferic.engine.inputs import Input
from sferic.model.errors import BinaryInput, DamagedInput, EmptyInput, LimitExceeded, UnreadableInput
from sferic.model.settings import Limits

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

READ_BYTES = 1 << 20
_RATIO_FREE = 256 << 20
_SNIFF = 4096
_CODECS: dict[bytes, tuple[str, Callable[..., Any]]] = {
    b"\x1f\x8b": ("gzip", igzip.IGzipFile),
    b"\x28\xb5\x2f\xfd": ("zstd", zstd.ZstdFile),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
}
_BINARIES = {
    b"ElfFile\x00": "a Windows event log (.evtx); export it as XML or JSON first",
    b"\xd4\xc3\xb2\xa1": "a packet capture; run Zeek or Suricata over it and give me their logs",
    b"\xa1\xb2\xc3\xd4": "a packet capture; run Zeek or Suricata over it and give me their logs",
    b"\x0a\x0d\x0d\x0a": "a packet capture (pcapng); run Zeek or Suricata over it and give me their logs",
    b"PAR1": "a Parquet file; export it as JSON lines or CSV",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"\x7fELF": "a program",
    b"MZ": "a Windows program",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"PK\x03\x04": "a zip archive inside another stream; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
}
_DAMAGE = (EOFError, zlib.error, igzip.BadGzipFile, zstd.ZstdError, lzma.LZMAError, OSError)


class Opened(msgspec.Struct, frozen=True):
    """A stream's codec and its uncompressed chunks."""

    codec: str
    chunks: Iterator[bytes]


def open_chunks(item: Input, limits: Limits) -> Opened:
    """Open an input; raises EmptyInput or BinaryInput at once, DamagedInput or LimitExceeded while reading."""
    try:
        raw = _Counted(item.open())
    except OSError as error:
        raise UnreadableInput(f"cannot be opened: {error.strerror}", where=item.label) from error
    head = raw.peek(_SNIFF)
    if not head:
        raise EmptyInput("is empty", where=item.label, expected="at least one log line")
    for magic, (name, opener) in _CODECS.items():
        if head.startswith(magic):
            packed = io.BufferedReader(raw, 1 << 18)
            stream = opener(fileobj=packed, mode="rb") if name == "gzip" else opener(packed)
            return Opened(name, _sniffed(_guarded(stream, raw, item.label, limits), item.label))
    return Opened("plain", _sniffed(_guarded(raw, None, item.label, limits), item.label))


class _Counted(io.RawIOBase):
    """Counts the bytes taken from a stream, and can look ahead once."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._ahead = b""
        self.taken = 0

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        while len(self._ahead) < size and (more := self._stream.read(size - len(self._ahead))):
            self._ahead += more
        return self._ahead

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # the buffer protocol's own type
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead, b""
            if 0 <= size < len(data):
                data, self._ahead = data[:size], data[size:]
        else:
            data = self._stream.read(size) or b""
        self.taken += len(data)
        return data


def _guarded(stream: IO[bytes] | _Counted, raw: _Counted | None, label: str, limits: Limits) -> Iterator[bytes]:
    total = 0
    while True:
        try:
            chunk = stream.read(READ_BYTES)
        except _DAMAGE as error:
            reason = f"is damaged after {total:,} uncompressed bytes: {error}"
            raise DamagedInput(reason, where=label, hint="what came before the damage was read") from error
        if not chunk:
            return
        total += len(chunk)
        if raw is not None:
            _check_ratio(total, raw.taken, label, limits)
        yield chunk


def _check_ratio(total: int, taken: int, label: str, limits: Limits) -> None:
    if total > _RATIO_FREE and total > limits.ratio * max(taken, 1):
        raise LimitExceeded(
            f"unpacks to more than {limits.ratio} times its size",
            where=label, expected="a log file, not a decompression bomb", hint="raise limits.ratio if you trust it",
        )  # fmt: skip
    if total > limits.file_bytes:
        raise LimitExceeded(f"unpacks to more than {limits.file_bytes:,} bytes", where=label)


def _sniffed(chunks: Iterator[bytes], label: str) -> Iterator[bytes]:
    first = next(chunks, b"")
    if not first:
        raise EmptyInput("is empty inside its compression", where=label, expected="at least one log line")
    kind = binary_kind(first[:_SNIFF])
    if kind:
        raise BinaryInput(f"is not a text log: {kind}", where=label)
    yield first
    yield from chunks


def binary_kind(head: bytes) -> str | None:
    """Say what a binary head is, or None for text (UTF-16 with a byte-order mark is text)."""
    for magic, kind in _BINARIES.items():
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it first"
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return None
    control = sum(1 for b in head if b < 9 or 13 < b < 27 or 27 < b < 32)
    return "unknown binary data" if control * 50 > len(head) else None
