"""Opens a stream as uncompressed UTF-8, whatever its name says: plain, gzip, zstd, bzip2 or xz, told by magic bytes.

UTF-16 is told by its byte-order mark; marks are taken off, and exported Windows events become one a line.

Guards against bombs: reads are bounded, and a ratio or size beyond the limits stops the file.
Knows the usual binaries that end up in log folders, so that the refusal can say what to do instead.
"""

import codecs
import sys
import zipfile
from collections.abc import Callable, Iterator
from itertools import chain
from typing import IO

import msgspec

from sferic.engine.documents import are_joined, is_document, is_spread
from sferic.engine.glancing import Glance
from sferic.engine.inputs import Input
from sferic.engine.unpacking import DAMAGE, DECOMPRESSORS, unpack
from sferic.engine.windows_events import EVTX, from_evtx, is_xml, one_a_line
from sferic.model.errors import BinaryInput, DamagedInput, EmptyInput, LimitExceeded, UnreadableInput
from sferic.model.settings import Limits
from sferic.model.words import counted

READ_BYTES = 1 << 20
SNIFF_BYTES = 4096
"""What a stream is told by."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How such a text begins."""
_MAGICS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", EVTX: "evtx"}
_CAPTURE = "a packet capture; run Zeek or Suricata over it and give me their logs"
_BINARIES = {
    b"\xd4\xc3\xb2\xa1": _CAPTURE,
    b"\xa1\xb2\xc3\xd4": _CAPTURE,
    b"\x4d\x3c\xb2\xa1": _CAPTURE,
    b"\xa1\xb2\x3c\x4d": _CAPTURE,
    b"\x0a\x0d\x0d\x0a": "a packet capture (pcapng); run Zeek or Suricata over it and give me their logs",
    b"PAR1": "a Parquet file inside another stream; give it as a file of its own",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"\x7fELF": "a program",
    b"MZ\x90\x00": "a Windows program",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"PK\x03\x04": "a zip archive inside another stream; unpack it first",
    b"PK\x05\x06": "a zip archive without a file",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"\x04\x22\x4d\x18": "an LZ4 file; unpack it first",
    b"\x1f\x9d": "a file packed with compress (.Z); unpack it first",
}
_DAMAGE: tuple[type[Exception], ...] = (*DAMAGE, zipfile.BadZipFile)


class Opened(msgspec.Struct, frozen=True):
    """A stream's codec and its uncompressed chunks."""

    codec: str
    chunks: Iterator[bytes]
    taken: Callable[[], int]
    """How many bytes have been taken from the disk so far, before unpacking."""


def _raw(item: Input) -> "_Counted":
    try:
        return _Counted(item.open())
    except OSError as error:
        raise UnreadableInput(f"cannot be opened: {error.strerror}", where=item.label) from error


def _head(item: Input, raw: "_Counted") -> bytes:
    try:
        return raw.peek(SNIFF_BYTES)
    except _DAMAGE as error:
        raw.close()
        raise _damaged(item, 0, error) from error


def open_chunks(item: Input, limits: Limits, glance: Glance | None = None) -> Opened:
    """Open an input; raises EmptyInput or BinaryInput at once, DamagedInput or LimitExceeded while reading.

    Of a binary log only what the glance wants is unpacked; of the rest there are empty lines.
    """
    raw = _raw(item)
    head = _head(item, raw)
    if not head:
        raw.close()
        raise EmptyInput("is empty", where=item.label, expected="at least one log line")
    codec = next((name for magic, name in _MAGICS.items() if head.startswith(magic)), "plain")
    text = _sniffed(_guarded(raw, codec, item, limits), item.label, limits.line_bytes, glance)
    return Opened("xml" if is_xml(head) else codec, text, lambda: raw.taken)


def unpacked(item: Input, limits: Limits) -> Iterator[bytes]:
    """Yield what a packed file holds, byte for byte; nothing for a plain one. Raises what `open_chunks` raises."""
    raw = _raw(item)
    head = _head(item, raw)
    codec = next((name for magic, name in _MAGICS.items() if head.startswith(magic) and name in DECOMPRESSORS), "")
    if codec:
        yield from _guarded(raw, codec, item, limits)
    raw.close()


def open_span(item: Input, start: int, stop: int | None, chunk_bytes: int | None = None) -> Opened:
    """Open the lines of a plain file that begin in [start, stop); stop None reads on to the end of the file.

    Chunks hold `READ_BYTES`, or so many bytes. A part of a file is not asked whether it is text.
    """
    raw = _raw(item)
    span = _span(raw, start, stop, item, chunk_bytes or READ_BYTES)
    return Opened("plain", span if start else as_utf8(span), lambda: raw.taken)


def _span(raw: "_Counted", start: int, stop: int | None, item: Input, chunk_bytes: int) -> Iterator[bytes]:
    """Yield chunks of the lines that begin in [start, stop), and no byte of any other."""
    try:
        at = raw.border(start, stop)
        if stop is not None and at >= stop:
            return  # all of it belongs to a line that begins before, and is not looked through
        end = sys.maxsize if stop is None else raw.border(stop)
        raw.seek(at)
        while at < end and (data := raw.read(min(chunk_bytes, end - at))):
            at += len(data)
            yield data
    except OSError as error:
        raise _damaged(item, raw.taken, error) from error
    finally:
        raw.close()


class _Counted:
    """Counts the bytes taken from a stream, and can look ahead once."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._ahead = b""
        self.taken = 0

    def peek(self, size: int) -> bytes:
        while len(self._ahead) < size and (more := self._stream.read(size - len(self._ahead))):
            self._ahead += more
        return self._ahead

    def read(self, size: int) -> bytes:
        data, self._ahead = (self._ahead, b"") if self._ahead else (self._stream.read(size) or b"", b"")
        self.taken += len(data)
        return data

    def seek(self, place: int) -> None:
        self._stream.seek(place)

    def border(self, place: int, stop: int | None = None) -> int:
        """Find where the first line begins that does not begin before `place`; `stop` or more if none does before that.

        What is looked at is not counted as taken.
        """
        if not place:
            return 0
        at, size = place - 1, SNIFF_BYTES
        self._stream.seek(at)
        while (stop is None or at < stop) and (piece := self._stream.read(size)):
            if end := piece.find(b"\n") + 1:
                return at + end
            at, size = at + len(piece), READ_BYTES
        return at

    def pieces(self) -> Iterator[bytes]:
        while data := self.read(READ_BYTES):
            yield data

    def close(self) -> None:
        self._stream.close()


def _guarded(raw: _Counted, codec: str, item: Input, limits: Limits) -> Iterator[bytes]:
    total = 0
    begin = DECOMPRESSORS.get(codec)
    try:
        for chunk in unpack(raw.read, begin, READ_BYTES) if begin else raw.pieces():
            total += len(chunk)
            if begin or item.packed is not None:
                _check_size(total, raw.taken if item.packed is None else item.packed, item.label, limits)
            yield chunk
    except _DAMAGE as error:
        raise _damaged(item, total, error) from error
    finally:
        raw.close()


def _damaged(item: Input, total: int, error: Exception) -> DamagedInput:
    reason = f"is damaged after {counted(total, 'uncompressed byte')}: {error}"
    return DamagedInput(reason, where=item.label, hint="what came before the damage was read")


def _check_size(total: int, packed: int, label: str, limits: Limits) -> None:
    if total > limits.ratio_free_bytes and total > limits.ratio * max(packed, 1):
        raise LimitExceeded(
            f"unpacks to more than {limits.ratio} times its size",
            where=label, expected="a log file, not a decompression bomb", hint="raise limits.ratio if you trust it",
        )  # fmt: skip
    if total > limits.file_bytes:
        raise LimitExceeded(f"unpacks to more than {limits.file_bytes:,} bytes", where=label)


def _sniffed(chunks: Iterator[bytes], label: str, line_bytes: int, glance: Glance | None) -> Iterator[bytes]:
    first = next(chunks, b"")
    if not first:
        raise EmptyInput("is empty inside its compression", where=label, expected="at least one log line")
    whole = chain([first], chunks)
    if first.startswith(EVTX):
        yield from from_evtx(whole, label, glance.begin() if glance else None)
        return
    kind = binary_kind(first[:SNIFF_BYTES])
    if kind:
        what, _, hint = kind.partition("; ")
        raise BinaryInput(f"is {what}, not a text log", where=label, hint=hint)
    text = as_utf8(whole)
    begin = next(text, b"")
    whole = chain([begin], text)
    yield from one_a_line(whole, line_bytes) if is_xml(begin) else whole


def as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decode UTF-16 and take off a byte-order mark; half a character is replaced."""
    first = next(chunks, b"")
    if first.startswith(UTF_16):
        decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        yield decoder.decode(first).encode()
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
        return
    yield first[3:] if first.startswith(codecs.BOM_UTF8) else first
    yield from chunks


def may_be_log(head: bytes) -> bool:
    """Say whether what begins so is packed or text, rather than what `open_chunks` refuses at once."""
    return any(head.startswith(magic) for magic in _MAGICS) or binary_kind(head[:SNIFF_BYTES]) is None


def needs_its_beginning(head: bytes) -> bool:
    """Say whether a part of a plain file cannot be understood without the file's first bytes, which these are."""
    return head.startswith(UTF_16) or is_document(head) or are_joined(head) or is_spread(head)


def binary_kind(head: bytes) -> str | None:
    """Say what a binary head is, or None for text (UTF-16 with a byte-order mark is text)."""
    for magic, kind in _BINARIES.items():
        if head.startswith(magic):
            return kind
    if head[8:12] == b"DUCK":
        return "a DuckDB database; if it is a store of earlier hunts, give it with `--store`, or to `sferic store`"
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it first, with `tar xf`"
    if head.startswith(UTF_16):
        return None
    return _odd_text(head)


def _odd_text(head: bytes) -> str | None:
    """Say what a head is whose control characters are too many for text; a single one may be a separator."""
    control = [b for b in head if b < 9 or 13 < b < 27 or 27 < b < 32]
    if len(control) * 50 <= len(head) or (len(set(control)) == 1 and control[0]):
        return None
    every_other = max(head[0::2].count(0), head[1::2].count(0))
    if every_other * 10 > len(head) * 4 and every_other == len([b for b in control if not b]):
        return "UTF-16 without a byte-order mark; convert it to UTF-8"
    return "unknown binary data"
