"""Writes small Windows event logs (.evtx), so that tests need no log of anybody's machine.

Format: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc
Elements stand in full in every record, without the templates and chains of names by which Windows saves space.
"""

import struct
import zlib
from collections.abc import Sequence

HEADER_BYTES, CHUNK_BYTES = 4096, 65536
_RECORD_BYTES = 24
_FULL = 65_000

Element = tuple[str, dict[str, str], Sequence["Element | str"]]
"""Tag, attributes, and what is inside."""


def sysmon(number: int, **data: str) -> Element:
    """Return an event of Sysmon."""
    system: list[Element | str] = [
        ("Provider", {"Name": "Microsoft-Windows-Sysmon"}, []),
        ("EventID", {}, [str(number)]),
        ("Computer", {}, ["ws-1.corp.example"]),
    ]
    pairs: list[Element | str] = [("Data", {"Name": name}, [value]) for name, value in data.items()]
    return ("Event", {}, [("System", {}, system), ("EventData", {}, pairs)])


def evtx(events: Sequence[Element]) -> bytes:
    """Return a file with these events."""
    chunks, chunk = [], _Chunk(1)
    for number, event in enumerate(events, 1):
        if len(chunk.body) > _FULL:
            chunks.append(chunk.closed(number - 1))
            chunk = _Chunk(number)
        chunk.add(number, event)
    chunks.append(chunk.closed(len(events)))
    head = struct.pack("<8sQQQIHHHH", b"ElfFile\0", 0, len(chunks) - 1, len(events) + 1, 128, 1, 3, 4096, len(chunks))
    head = head.ljust(120, b"\0")
    return (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(HEADER_BYTES, b"\0") + b"".join(chunks)


class _Chunk:
    """Records behind each other; a name is written where it is first used."""

    def __init__(self, first: int) -> None:
        self.body = bytearray(512)
        self._first = first
        self._last_at = 0
        self._names: dict[str, int] = {}

    def add(self, number: int, event: Element) -> None:
        """Write a record, with a second for each number."""
        self._last_at = len(self.body)
        self.body += bytes(_RECORD_BYTES) + b"\x0f\x01\x01\0"
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

    def _element(self, element: Element) -> None:
        tag, attributes, inside = element
        self.body += b"\x41" if attributes else b"\x01"
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
            if isinstance(part, str):
                self._text(part)
            else:
                self._element(part)
        self.body += b"\x04" if inside else b""
        self._fill(size_at)

    def _name(self, name: str) -> None:
        known = self._names.get(name)
        self.body += struct.pack("<I", known or len(self.body) + 4)
        if known is None:
            self._names[name] = len(self.body)
            self.body += struct.pack("<IHH", 0, 0, len(name)) + name.encode("utf-16-le") + b"\0\0"

    def _text(self, value: str) -> None:
        self.body += b"\x05\x01" + struct.pack("<H", len(value)) + value.encode("utf-16-le")

    def _space(self) -> int:
        self.body += bytes(4)
        return len(self.body) - 4

    def _fill(self, at: int) -> None:
        struct.pack_into("<I", self.body, at, len(self.body) - at - 4)
