"""Brings Windows' own forms of an event log to one event a line: exported XML, and the binary .evtx.

Exported XML has all events in one line, or an event over many; each becomes one line, and a line's number is then that
of the event. An .evtx file becomes the JSON that `evtx_dump` writes; its chunks stand alone, so they are taken as they
come, out of any compression and in bounded memory.

Format: https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema and
https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc

What it does not do: say what an event means.
"""

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module

from sferic.model.errors import DamagedInput

EVTX = b"ElfFile\x00"
_HEADER_BYTES, _CHUNK_BYTES = 4096, 65536
_CHUNK, _UNUSED = b"ElfChnk\x00", bytes(8)
_HEADER = EVTX + struct.pack("<QQQIHHHH", 0, 0, 1, 128, 1, 3, _HEADER_BYTES, 1).ljust(_HEADER_BYTES - len(EVTX), b"\0")
"""A file header for one chunk: what a damaged one says is not needed."""
_TABLES = 128
"""Where in a chunk 64 chains of names and 32 of templates begin; the first four bytes of each say where the next is."""
_FIRST, _ENDS = 512, 48
"""Where in a chunk the first record is, and where it says where the last one ends, and their checksum; that of the
head stands before the tables."""
_RECORD, _LEAST_BYTES = b"**\0\0", 28
_MOST_BROKEN = 1000
"""A chunk has fewer records; who finds more errors in it turns in circles."""
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,99}<(?:\?xml |Events?[ >])")
_BEGIN, _END = re.compile(rb"<Event[ >]"), b"</Event>"


def is_xml(head: bytes) -> bool:
    """Say whether an input begins as exported events do."""
    return _XML.match(head) is not None


def one_a_line(chunks: Iterator[bytes], line_bytes: int) -> Iterator[bytes]:
    """Yield the same text with a line feed after each event and none inside; what is longer than a line may be stays.

    A log that has one event a line already is not changed.
    """
    rest, closed = b"", False
    for chunk in chunks:
        data = rest + chunk
        if closed and data in {b"", b"\r"}:
            rest = data
            continue
        if closed:
            data = _without_feed(data)
        end = data.rfind(_END) + len(_END)
        closed = end >= len(_END)
        if closed:
            yield _lines(data[:end])
            rest = data[end:]
        elif len(data) > line_bytes:
            yield data
            rest = b""
        else:
            rest = data
    yield _without_feed(rest) if closed else rest


def _lines(data: bytes) -> bytes:
    """Break whole events, of which the last ends with the data."""
    pieces = data.split(_END)
    pieces.pop()
    return b"".join(
        _joined(_without_feed(piece) if place else piece) + _END + b"\n" for place, piece in enumerate(pieces)
    )


def _joined(piece: bytes) -> bytes:
    """Take the line ends out of an event, and leave those before it."""
    begun = _BEGIN.search(piece)
    if begun is None or b"\n" not in piece:
        return piece
    inside = piece[begun.start() :].replace(b"\r\n", b" ").replace(b"\n", b" ")
    return piece[: begun.start()] + inside


def _without_feed(data: bytes) -> bytes:
    return data[2:] if data[:2] == b"\r\n" else data.removeprefix(b"\n")


class Hollow(bytes):
    """Empty lines for the records of a chunk in which nothing is wanted."""

    stood_for = 0
    """Bytes of these records."""


def from_evtx(chunks: Iterator[bytes], label: str, wanted: Callable[[bytes], bool] | None = None) -> Iterator[bytes]:
    """Yield the records of a binary log as JSON lines; after the last one DamagedInput tells what could not be read.

    A chunk that is not wanted and not damaged is not unpacked.
    """
    parser = import_module("evtx").PyEvtxParser  # no other input needs it
    whole, damaged = False, 0
    for piece in _cut(chunks):
        if not whole:
            whole = len(piece) == _HEADER_BYTES
        elif piece.startswith(_CHUNK) and not (wanted is None or wanted(piece)) and (hollow := _hollow(piece)):
            yield hollow
        elif piece.startswith(_CHUNK):
            records = parser(io.BytesIO(_HEADER + _safe(piece.ljust(_CHUNK_BYTES, b"\0"))), 1).records_json()
            texts, broken = _read(records)
            damaged += broken + (len(piece) < _CHUNK_BYTES)
            yield _one_a_line(texts)
        else:
            damaged += not piece.startswith(_UNUSED)
    if damaged or not whole:
        raise DamagedInput(
            f"is damaged: {damaged:,} of its records or chunks cannot be read" if whole else "ends within its header",
            where=label, hint="the others were read",
        )  # fmt: skip


def _hollow(chunk: bytes) -> Hollow | None:
    """Return as many empty lines as a chunk has records; None if it is damaged or still open."""
    if len(chunk) < _CHUNK_BYTES:
        return None
    end, checksum = struct.unpack_from("<II", chunk, _ENDS)
    (own,) = struct.unpack_from("<I", chunk, _TABLES - 4)
    view = memoryview(chunk)
    if zlib.crc32(view[_TABLES:_FIRST], zlib.crc32(view[: _TABLES - 8])) != own:
        return None
    if not _FIRST <= end <= _CHUNK_BYTES or zlib.crc32(view[_FIRST:end]) != checksum:
        return None
    at, records = _FIRST, 0
    while at + _LEAST_BYTES <= end:
        magic, size = struct.unpack_from("<4sI", chunk, at)
        if magic != _RECORD or size < _LEAST_BYTES:
            return None
        at, records = at + size, records + 1
    hollow = Hollow(b"\n" * records)
    hollow.stood_for = end - _FIRST
    return hollow if at == end else None


def _safe(chunk: bytes) -> bytes:
    """Return the chunk, without its tables of names and templates where one of their chains never ends.

    The tables only say early what the records point to anyway; following a ring of them the parser would not come back.
    """
    seen: set[int] = set()
    for first in struct.unpack_from("<96I", chunk, _TABLES):
        at = first
        while at and at <= _CHUNK_BYTES - 4:
            if at in seen:
                return chunk[:_TABLES] + bytes(4 * 96) + chunk[_TABLES + 4 * 96 :]
            seen.add(at)
            (at,) = struct.unpack_from("<I", chunk, at)
    return chunk


def _cut(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the header, then chunk after chunk; the last may be short."""
    rest, size = b"", _HEADER_BYTES
    for data in chunks:
        rest += data
        at = 0
        while len(rest) - at >= size:
            yield rest[at : at + size]
            at, size = at + size, _CHUNK_BYTES
        rest = rest[at:]
    if rest:
        yield rest


def _read(records: Iterator[dict[str, str]]) -> tuple[list[str], int]:
    """Return the records, a broken one as an empty text so that the numbers of the others stay, and how many are."""
    texts: list[str] = []
    broken = 0
    while broken < _MOST_BROKEN:
        try:
            texts.extend(record["data"] for record in records)
        except RuntimeError:
            broken += 1
            texts.append("")
            continue
        break
    return texts, broken


def _one_a_line(texts: list[str]) -> bytes:
    """Return the records as lines; encoding all at once takes half the time of one after the other."""
    whole = "\n".join([*texts, ""])
    if whole.count("\n") > len(texts):
        whole = "\n".join([*(text.replace("\n", " ") for text in texts), ""])
    return whole.encode("utf-8", "replace")
