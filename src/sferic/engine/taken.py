"""Tells what of a file an earlier run has taken: nothing, all of it, or all but what was added since.

A file is known by its content, not by its name, because logs are renamed when they are rotated: by its first bytes,
and by the last ones that were taken. What lies between is not compared.
"""

import io
import os
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import IO, Any, Literal, Self, cast

import msgspec

from sferic.engine.codecs import needs_its_beginning, unpacked
from sferic.engine.inputs import INSIDE, Input
from sferic.model.errors import InputError
from sferic.model.history import Mark
from sferic.model.report import FileAccount
from sferic.model.settings import Limits
from sferic.sources._envelope import is_splunk_csv
from sferic.sources._table import may_be_header

BLOCK = 4096
"""Bytes at the beginning and at the end that are compared."""
_HEAD_BYTES = 1 << 16

Change = Literal["new", "same", "packed", "grown", "rewritten", "replaced"]
"""`packed`: the same content, packed since. `rewritten`: it grew where a part cannot be read alone. `replaced`: other
content under a known name."""


class Step(msgspec.Struct, frozen=True):
    """What to do about one input."""

    item: Input
    """What to read: the file as long as it is now, or what was added to it."""
    change: Change
    stop: int
    """Where on the disk it ends: what is written meanwhile belongs to the next run."""
    known: Mark | None = None
    """What an earlier run took of it; for `replaced`, of the file that had its name."""
    added_lines: int = 0
    """Lines at the beginning of `item` that stand for the file's header and were read before."""

    @property
    def lines_before(self) -> int:
        """Return how much is to be added to the number of a line of `item`."""
        return self.known.lines - self.added_lines if self.known and self.change == "grown" else 0


class Known:
    """The marks of earlier runs."""

    def __init__(self, marks: Iterable[Mark], limits: Limits) -> None:
        self._limits = limits
        self._by_head: dict[tuple[int, str], list[Mark]] = defaultdict(list)
        self._by_label: dict[str, Mark] = {}
        for mark in marks:
            self._by_head[min(mark.size, BLOCK), mark.head].append(mark)
            self._by_label[mark.label] = mark
        self._lengths = sorted({length for length, _ in self._by_head})

    def step(self, item: Input) -> Step:
        """Say what to do about an input; what cannot be looked into is read, which will say what is wrong with it."""
        if item.size is None:
            return Step(item, "new", 0)
        try:
            with _Disk(item) as disk:
                return self._step(_as_it_is(item, disk.size), disk)
        except OSError:
            return Step(item, "new", item.size)

    def _step(self, item: Input, disk: "_Disk") -> Step:
        heads = [(length, disk.head(length)) for length in self._lengths if length <= disk.size]
        alike = [m for key in heads for m in self._by_head[key] if m.size <= disk.size and m.tail == disk.tail(m.size)]
        if not alike:
            if found := self._unpacked(item):
                mark, size = found
                return Step(item, "packed" if mark.size == size else "rewritten", disk.size, mark)
            before = self._by_label.get(item.label)
            return Step(item, "replaced" if before else "new", disk.size, before)
        mark = max(alike, key=lambda m: (m.size, m.label == item.label))
        if mark.size == disk.size:
            return Step(item, "same", disk.size, mark)
        if not mark.grows:
            return Step(item, "rewritten", disk.size, mark)
        header = disk.header(mark.size)
        return Step(_span(item, mark.size, disk.size, header), "grown", disk.size, mark, header.count(b"\n"))


    def _unpacked(self, item: Input) -> tuple[Mark, int] | None:
        """Return the longest known file whose bytes a packed one begins with, and how many bytes that one holds.

        Where it begins like none no more than its beginning is unpacked. One that is damaged is read, which says so.
        """
        if item.packed is not None or item.parquet or not self._lengths:
            return None
        try:
            return self._beginning(unpacked(item, self._limits))
        except InputError:
            return None

    def _beginning(self, chunks: Iterator[bytes]) -> tuple[Mark, int] | None:
        head = b""
        while len(head) < BLOCK and (more := next(chunks, b"")):
            head += more
        keys = [(length, _digest(head[:length])) for length in self._lengths if length <= len(head)]
        known = [mark for key in keys for mark in self._by_head[key]]
        found, last, at = [], b"", 0
        for chunk in chain([head], chunks if known else ()):
            whole, begin = last + chunk, at - len(last)
            at += len(chunk)
            for mark in known:
                stop = mark.size - begin
                if len(last) < stop <= len(whole) and mark.tail == _digest(whole[max(0, stop - BLOCK) : stop]):
                    found.append(mark)
            last = whole[-BLOCK:]
        return (max(found, key=lambda mark: mark.size), at) if found else None


def marked(step: Step, account: FileAccount) -> Mark | None:
    """Return the mark of what was read by a step; None for what has no place on the disk."""
    if step.item.size is None:
        return None
    try:
        with _Disk(step.item) as disk:
            stop = step.stop
            grows = account.codec == "plain" and step.item.packed is None and disk.grows(stop)
            lines = account.lines + step.lines_before
            return Mark(step.item.label, stop, lines, disk.head(min(stop, BLOCK)), disk.tail(stop), grows)
    except OSError:
        return None


class _Disk:
    """The file on the disk that an input comes from."""

    def __init__(self, item: Input) -> None:
        path, sign, self._member = item.label.partition(INSIDE) if item.packed is not None else (item.label, "", "")
        if sign and not Path(path).is_file():  # the file's own name holds the sign
            path = item.label.rpartition(INSIDE)[0]
        self._stream = Path(path).open("rb", buffering=0)  # noqa: SIM115 - closed by __exit__
        self.size = os.fstat(self._stream.fileno()).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stream.close()

    def head(self, length: int) -> str:
        return _digest(self._read(0, length) + self._member.encode("utf-8", "surrogateescape"))

    def tail(self, size: int) -> str:
        return _digest(self._read(max(0, size - BLOCK), min(size, BLOCK)))

    def grows(self, size: int) -> bool:
        head = self._read(0, min(size, _HEAD_BYTES))
        first = head.removeprefix(BOM_UTF8).partition(b"\n")[0].decode("utf-8", "replace")
        names_columns = is_splunk_csv(first) or (first[:1] != "#" and may_be_header(first))
        alone = not needs_its_beginning(head) and not names_columns
        return alone and size > 0 and self._read(size - 1, 1) == b"\n"

    def header(self, size: int) -> bytes:
        """Return the comments of a log's beginning, for they may name its fields; at least an empty line."""
        lines = self._read(0, min(size, _HEAD_BYTES)).removeprefix(BOM_UTF8).splitlines(keepends=True)
        return b"".join(line for line in lines if line.startswith(b"#") and line.endswith(b"\n")) or b"\n"

    def _read(self, start: int, length: int) -> bytes:
        self._stream.seek(start)
        data = b""
        while len(data) < length and (more := self._stream.read(length - len(data))):
            data += more
        return data


class _Span(io.RawIOBase):
    """A header, and the bytes of a file from one place to another."""

    def __init__(self, path: Path, start: int, stop: int, header: bytes) -> None:
        super().__init__()
        self._stream = path.open("rb", buffering=0)
        self._start, self._header = start, header
        self._length = len(header) + stop - start
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}[whence]
        self._at = max(0, base + place)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        wanted = min(len(buffer), max(0, self._length - self._at))
        if self._at < len(self._header):
            data = self._header[self._at : self._at + wanted]
        else:
            self._stream.seek(self._start + self._at - len(self._header))
            data = self._stream.read(wanted) or b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _as_it_is(item: Input, size: int) -> Input:
    """Return the input as long as the file is now; archives and Parquet end where they say."""
    return item if item.packed is not None or item.parquet else _span(item, 0, size, b"")


def _span(item: Input, start: int, stop: int, header: bytes) -> Input:
    path = Path(item.label)
    return msgspec.structs.replace(
        item, size=len(header) + stop - start,
        open=lambda: cast("IO[bytes]", _Span(path, start, stop, header)),
    )  # fmt: skip


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
