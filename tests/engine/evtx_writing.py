"""Writes small Windows event logs (.evtx), so that tests need no log of anybody's machine.

Format: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc
Elements stand in full in every record, or in a template, as Windows itself writes: the first record of a kind in a chunk
holds what is the same in all of them, and each its own values. There are no chains of names.
In full, signs that XML reserves may be references to their names, as in records that were made of XML.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from uuid import UUID

HEADER_BYTES, CHUNK_BYTES = 4096, 65536
_RECORD_BYTES = 24
_FULL = 65_000
_FRAGMENT = b"\x0f\x01\x01\0"

_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_TYPES: dict[type, int] = {str: 1, bytes: 2, int: 8, UUID: 15}
Value = str | bytes | int | UUID
"""A text in UTF-16 or in one byte a character, a number, a GUID; in a record without a template only the first."""
Element = tuple[str, dict[str, str], Sequence["Element | Value"]]
"""Tag, attributes, and what is inside."""


def sysmon(number: int, **data: Value) -> Element:
    """Return an event of Sysmon."""
    system: list[Element | Value] = [
        ("Provider", {"Name": "Microsoft-Windows-Sysmon"}, []),
        ("EventID", {}, [str(number)]),
        ("Computer", {}, ["ws-1.corp.example"]),
    ]
    pairs: list[Element | Value] = [("Data", {"Name": name}, [value]) for name, value in data.items()]
    return ("Event", {}, [("System", {}, system), ("EventData", {}, pairs)])


def evtx(
    events: Sequence[Element], *, templates: bool = False, references: bool = False, chunk_bytes: int = _FULL
) -> bytes:
    """Return a file with these events; a chunk is closed with more than so many bytes."""
    chunks, chunk = [], _Chunk(1, references=references)
    for number, event in enumerate(events, 1):
        if len(chunk.body) > chunk_bytes:
            chunks.append(chunk.closed(number - 1))
            chunk = _Chunk(number, references=references)
        chunk.add(number, event, in_template=templates)
    chunks.append(chunk.closed(len(events)))
    head = struct.pack("<8sQQQIHHHH", b"ElfFile\0", 0, len(chunks) - 1, len(events) + 1, 128, 1, 3, 4096, len(chunks))
    head = head.ljust(120, b"\0")
    return (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(HEADER_BYTES, b"\0") + b"".join(chunks)


class _Chunk:
    """Records behind each other; a name is written where it is first used."""

    def __init__(self, first: int, *, references: bool) -> None:
        self._references = references
        self.body = bytearray(512)
        self._first = first
        self._last_at = 0
        self._names: dict[str, int] = {}
        self._templates: dict[str, int] = {}

    def add(self, number: int, event: Element, *, in_template: bool) -> None:
        """Write a record, with a second for each number."""
        self._last_at = len(self.body)
        self.body += bytes(_RECORD_BYTES) + _FRAGMENT
        if in_template:
            self._instance(event)
        else:
            self._element(event)
        self.body += b"\0"
        size = len(self.body) + 4 - self._last_at
        stamp = 134_169_192_000_000_000 + number * 10_000_000
        struct.pack_into("<4sIQQ", self.body, self._last_at, b"**\0\0", size, number, stamp)
        self.body += struct.pack("<I", size)

    def closed(self, last: int) -> bytes:
        """Return the chunk with its header and checksums."""
        used = len(self.body)
        head = struct.pack("<8sQQQQIII", b"ElfChnk\0", self._first, last, self._first, last, 128, self._last_at, used)
        head = (head + struct.pack("<I", zlib.crc32(self.body[512:]))).ljust(120, b"\0")
        head += struct.pack("<II", 0, zlib.crc32(head + bytes(384)))
        return (head.ljust(512, b"\0") + self.body[512:]).ljust(CHUNK_BYTES, b"\0")

    def _instance(self, event: Element) -> None:
        """Write a template, unless it stands in the chunk already, and the event's values."""
        values = list(_values(event))
        kind = repr([_shape(event), *map(type, values)])
        known = self._templates.get(kind)
        self.body += b"\x0c\x01" + struct.pack("<II", len(self._templates), known or len(self.body) + 10)
        if known is None:
            self._templates[kind] = len(self.body)
            self.body += bytes(4) + UUID(int=len(self._templates)).bytes_le
            size_at = self._space()
            self.body += _FRAGMENT
            self._element(event, iter(range(len(values))))
            self.body += b"\0"
            self._fill(size_at)
        written = [_bytes(value) for value in values]
        self.body += struct.pack("<I", len(values))
        for value, data in zip(values, written, strict=True):
            self.body += struct.pack("<HH", len(data), _TYPES[type(value)])
        self.body += b"".join(written)

    def _element(self, element: Element, places: Iterator[int] | None = None) -> None:
        """Write an element in full, or for a template with places for its values."""
        tag, attributes, inside = element
        self.body += (b"\x41" if attributes else b"\x01") + (b"\xff\xff" if places else b"")
        size_at = self._space()
        self._name(tag)
        if attributes:
            list_at = self._space()
            for left, (name, value) in zip(reversed(range(len(attributes))), attributes.items(), strict=True):
                self.body += b"\x46" if left else b"\x06"
                self._name(name)
                self._text(value)
            self._fill(list_at)
        self.body += b"\x02" if inside else b"\x03"
        for part in inside:
            if isinstance(part, tuple):
                self._element(part, places)
            elif places:
                self.body += struct.pack("<BHB", 0x0D, next(places), _TYPES[type(part)])
            elif self._references:
                self._with_references(str(part))
            else:
                self._text(str(part))
        self.body += b"\x04" if inside else b""
        self._fill(size_at)

    def _name(self, name: str) -> None:
        known = self._names.get(name)
        self.body += struct.pack("<I", known or len(self.body) + 4)
        if known is None:
            self._names[name] = len(self.body)
            self.body += struct.pack("<IHH", 0, 0, len(name)) + name.encode("utf-16-le") + b"\0\0"

    def _text(self, value: str) -> None:
        data = value.encode("utf-16-le")
        self.body += b"\x05\x01" + struct.pack("<H", len(data) // 2) + data

    def _with_references(self, value: str) -> None:
        pieces = [piece for piece in re.split(r"([&<>\"'])", value) if piece]
        for left, piece in zip(reversed(range(len(pieces))), pieces, strict=True):
            at = len(self.body)
            if piece in _ENTITIES:
                self.body += b"\x09"
                self._name(_ENTITIES[piece])
            else:
                self._text(piece)
            self.body[at] |= 0x40 if left else 0

    def _space(self) -> int:
        self.body += bytes(4)
        return len(self.body) - 4

    def _fill(self, at: int) -> None:
        struct.pack_into("<I", self.body, at, len(self.body) - at - 4)


def _values(element: Element) -> Iterator[Value]:
    for part in element[2]:
        if isinstance(part, tuple):
            yield from _values(part)
        else:
            yield part


def _shape(element: Element) -> list[object]:
    tag, attributes, inside = element
    return [tag, attributes, *(_shape(part) for part in inside if isinstance(part, tuple))]


def _bytes(value: Value) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-16-le")
    if isinstance(value, int):
        return struct.pack("<I", value)
    return value.bytes_le if isinstance(value, UUID) else value
