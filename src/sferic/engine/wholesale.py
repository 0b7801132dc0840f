"""Reads whole logs as tables: plain lines by columns, in several processes; all others one by one, here, in order.

A source's `bulk` (`sferic.sources._bulk`) reads runs of lines between header lines. What it leaves, and every run of
which the router would not have said the same, goes through the router line by line: the events, the rejects and the
account are those of reading every line by itself, and a test holds them to that.
"""

import gc
import re
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Self

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sferic.engine.blocks import Block
from sferic.engine.codecs import READ_BYTES
from sferic.engine.crew import Crew
from sferic.engine.inputs import Input
from sferic.engine.ledger import Ledger
from sferic.engine.reading import File, Reading, count, read_input, read_with, readers_of, refuse_unreadable
from sferic.engine.routing import FIRST_US, LAST_US, Router
from sferic.engine.scan import Scanner
from sferic.engine.search import HEAD_LINES, Part, open_text
from sferic.engine.selector import Selector
from sferic.engine.tables import by_line, flat, from_rows, packed, placed, unpacked
from sferic.model.errors import InputError
from sferic.model.event import Event
from sferic.model.report import FileAccount
from sferic.sources._batches import messages
from sferic.sources._bulk import Lines
from sferic.sources._columns import lines_of

LEAST_BYTES = 1 << 20
"""Smaller inputs are read line by line, which takes no time either."""
RUN_BYTES = 4 << 20
"""Lines that are read together: values that repeat within them are read once. A part of a file for a process is as
large, because what a process has found waits in its pipe until all before it is used."""
TOGETHER = 20_000
"""Events that are brought into columns at a time."""
_HEADERS = re.compile(rb"(?m)^(?:#.*\n?)+")


class Left(msgspec.Struct, frozen=True, gc=False):
    """A line that was left to its reader."""

    index: int
    """Within the run."""
    raw: bytes
    following: bytes
    """The next line, if that was read in bulk; else empty."""


class Run(msgspec.Struct, frozen=True):
    """Some lines in a row: read by columns, or as they are."""

    part: tuple[int, int | None]
    """From where to where the part of the input reaches."""
    lines: int
    size: int
    taken: int = 0
    """Bytes taken from the disk so far."""
    long_lines: tuple[int, ...] = ()
    raw: tuple[bytes, ...] = ()
    """The lines, if they are as they are."""
    source: str = ""
    """Who read them by columns, with what in mind, and the first line that was read so."""
    state: Hashable = None
    first: bytes = b""
    table: bytes = b""
    """The columns, as `tables.packed` gives them, with each line's index in the run."""
    left: tuple[Left, ...] = ()


class Wholesale:
    """All inputs of a run; use as a context manager."""

    def __init__(self, reading: Reading, inputs: Sequence[Input]) -> None:
        """Begin to read ahead, in as many processes as the settings say."""
        pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own gives memory back only to ask for it again
        self._reading = reading
        self._scanner = Scanner(Selector([], plain=True), reading.settings, whole=True)
        self._fit = [item for item in inputs if _is_fit(item, reading)]
        settings = reading.settings
        self._crew = Crew(_Hand(reading), settings.limits, self._fit, settings.workers, RUN_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.dismiss()

    def tables(self, item: Input) -> Iterator[pa.Table]:
        """Yield the events of one input as flat tables, in the order of its lines."""
        if any(one is item for one in self._fit):
            yield from read_with(self._read, item, self._scanner, self._reading)
            return
        events = read_input(item, self._scanner, self._reading)
        while some := list(islice(events, TOGETHER)):
            yield flat(some)

    def _read(self, item: Input, file: File) -> Iterator[pa.Table]:
        head = open_text(Part(item), self._reading.settings.limits)
        file.account.codec = head.codec
        file.router.recognise(message for raw in head.head for message in messages(raw))
        part: tuple[int, int | None] | None = None
        read, agreed = 0, True
        for run in self._crew.found(item) or _Hand(self._reading)(Part(item)):
            if run.part != part:
                part, read, agreed = run.part, 0, True
            if not agreed:
                continue
            merged = _Merged(run, file)
            yield from merged.tables()
            read += merged.lines
            if merged.lines < run.lines:
                agreed = False
                yield from self._one_by_one(Part(item, *part), read, file)
            file.reading.on_bytes(file.account.path, run.taken)
        refuse_unreadable(head.head, item, file)

    def _one_by_one(self, part: Part, skip: int, file: File) -> Iterator[pa.Table]:
        """Read a part line by line, but for its first lines, which have been read."""
        for block in open_text(part, self._reading.settings.limits).blocks:
            lines = _lines(block.data)
            if skip < len(lines):
                late = tuple(index - skip for index in block.long_lines if index >= skip)
                run = Run((part.start, part.stop), len(lines) - skip, block.size, 0, late, tuple(lines[skip:]))
                yield from _Merged(run, file).tables()
            skip = max(0, skip - len(lines))


class _Merged:
    """Brings a run into the order of its lines, and into the account."""

    def __init__(self, run: Run, file: File) -> None:
        self._run = run
        self._file = file
        self.lines = run.lines
        """How many lines of the run are used: from there on, the router would have asked somebody else."""

    def tables(self) -> Iterator[pa.Table]:
        """Yield the run's events."""
        run, file = self._run, self._file
        if run.first and not self._is_ours(run.first):
            self.lines = 0
            return
        before = file.account.lines
        events = self._events(before)
        count(self.lines, run.size * self.lines // run.lines, run.long_lines, file)
        file.account.selected += self.lines
        some = [flat(events)] if events else []
        if run.table:
            rows = placed(unpacked(run.table), run.source, file.account.path, before, self.lines)
            file.router.tally(run.source, len(rows))
            some.append(rows)
        if some:
            yield by_line(some)

    def _events(self, before: int) -> list[Event]:
        """Read the lines that are as they are, until one makes the router turn to another source."""
        run, router = self._run, self._file.router
        found: list[Event] = []
        for line in run.left or [Left(index, raw, b"") for index, raw in enumerate(run.raw)]:
            for message in messages(line.raw):
                event = router.read(message, before + line.index + 1)
                if event is not None:
                    found.append(event)
            if line.following and not self._is_ours(line.following):
                self.lines = line.index + 1
                break
        return found

    def _is_ours(self, raw: bytes) -> bool:
        """Say whether a line that was read by columns would have been read by the same source in the same way."""
        run, router = self._run, self._file.router
        return router.leads_to(run.source, raw) and router.state(run.source) == run.state


def _is_fit(item: Input, reading: Reading) -> bool:
    """Say whether an input is worth it: large, readable in parts, and of a source that reads in bulk."""
    if (item.size or 0) < LEAST_BYTES or item.parquet:
        return False
    try:
        text = open_text(Part(item), reading.settings.limits)
    except InputError:
        return False
    router = _scratch(item, reading)
    for raw in text.head:
        router.read(raw, 0)
    return router.is_in_bulk and not text.is_table


def _scratch(item: Input, reading: Reading) -> Router:
    """Make a router whose account nobody reads."""
    return Router(readers_of(item, reading), FileAccount(path=item.label), Ledger())


class _Hand:
    """Reads parts of inputs by columns, as far as that goes."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._router: Router | None = None
        self._label = ""

    def __call__(self, part: Part) -> Iterator[Run]:
        """Read a part; what came before a damage is given before it raises."""
        text = open_text(part, self._reading.settings.limits, chunk_bytes=RUN_BYTES + READ_BYTES)
        router = self._prepared(part)
        span = part.start, part.stop
        blocks = text.blocks
        if part.start == 0:
            for first in islice(text.blocks, 1):
                head, *rest = _beheaded(first)
                blocks = chain(rest, text.blocks)
                lines = _lines(head.data)
                for raw in lines[:HEAD_LINES]:
                    router.read(raw, 0)
                yield Run(span, len(lines), head.size, text.taken(), head.long_lines, tuple(lines))
        for some in _together(blocks):
            if any(block.long_lines for block in some):
                for block in some:
                    lines = _lines(block.data)
                    yield Run(span, len(lines), block.size, text.taken(), block.long_lines, tuple(lines))
                continue
            for piece in _pieces(b"".join(block.data for block in some) if len(some) > 1 else some[0].data):
                with _no_collection():
                    run = _read(piece, router, span, text.taken())
                yield run

    def _prepared(self, part: Part) -> Router:
        """Give the router that has heard the input's head."""
        if self._router is None or self._label != part.item.label:
            self._router, self._label = _scratch(part.item, self._reading), part.item.label
            if part.start:
                for raw in open_text(Part(part.item), self._reading.settings.limits).head:
                    self._router.read(raw, 0)
        return self._router


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the collector from walking, again and again, over rows that are about to be columns."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _beheaded(block: Block) -> list[Block]:
    """Set a block's first lines apart, of which the router learns what all others may need."""
    end = 0
    for _ in range(HEAD_LINES):
        end = block.data.find(b"\n", end) + 1
        if not end or block.long_lines:
            return [block]
    return [Block(part) for part in (block.data[:end], block.data[end:]) if part]


def _together(blocks: Iterator[Block]) -> Iterator[list[Block]]:
    """Collect blocks; those before a damage come before it is raised."""
    some: list[Block] = []
    size = 0
    try:
        for block in blocks:
            some.append(block)
            size += len(block.data)
            if size > RUN_BYTES + READ_BYTES:  # more than a part of a plain file has
                yield some
                some, size = [], 0
    except InputError:
        if some:
            yield some
        raise
    if some:
        yield some


def _pieces(data: bytes) -> Iterator[bytes]:
    """Divide a run at its header lines."""
    if b"#" not in data or (not data.startswith(b"#") and b"\n#" not in data):
        yield data
        return
    start = 0
    for match in _HEADERS.finditer(data):
        if match.start() > start:
            yield data[start : match.start()]
        yield match.group()
        start = match.end()
    if start < len(data):
        yield data[start:]


def _read(piece: bytes, router: Router, span: tuple[int, int | None], taken: int) -> Run:
    if piece.startswith(b"#"):
        lines = _lines(piece)
        for raw in lines:
            router.read(raw, 0)
        return Run(span, len(lines), len(piece), taken, raw=tuple(lines))
    given = _plain(piece)
    found = router.bulk(given.lines) if given.lines.text else None
    table = from_rows(found.rows, (FIRST_US, LAST_US)) if found else None
    if found is None or table is None:
        return Run(span, given.total, len(piece), taken, raw=tuple(_lines(piece)))
    table, is_read = given.placed(table)
    return Run(
        span, given.total, len(piece), taken, source=found.source, state=found.state,
        first=given.lines.text[: given.lines.ends[0]] if is_read[0] else b"", table=packed(table),
        left=_left(piece, is_read),
    )  # fmt: skip


def _left(piece: bytes, is_read: NDArray[np.bool_]) -> tuple[Left, ...]:
    if is_read.all():
        return ()
    lines, followed = _lines(piece), [*is_read[1:], False]
    return tuple(
        Left(index, lines[index], lines[index + 1] if followed[index] else b"")
        for index in np.flatnonzero(~is_read).tolist()
    )


class _Plain(msgspec.Struct, frozen=True):
    """The lines of a piece that a source may read in bulk."""

    lines: Lines
    total: int
    """How many lines the piece has."""
    numbers: NDArray[np.int64] | None = None
    """Their indexes within the piece, if these are not all."""

    def placed(self, table: pa.Table) -> tuple[pa.Table, NDArray[np.bool_]]:
        """Give rows their lines' indexes within the piece, and say which of all lines they are."""
        index = table.column("line").to_numpy()
        if self.numbers is not None:
            index = self.numbers[index]
            table = table.set_column(table.column_names.index("line"), "line", pa.array(index))
        is_read = np.zeros(self.total, np.bool_)
        is_read[index] = True
        return table, is_read


def _plain(piece: bytes) -> _Plain:
    """Take the lines that are of ASCII, and without a return within."""
    if piece.isascii() and b"\r" not in piece:
        every = lines_of(piece if piece.endswith(b"\n") else piece + b"\n")
        return _Plain(every, len(every.ends))
    lines = _lines(piece)
    numbers = [number for number, line in enumerate(lines) if line.isascii() and b"\r" not in line]
    plain = lines_of(b"".join(lines[number] + b"\n" for number in numbers))
    return _Plain(plain, len(lines), np.array(numbers, np.int64))


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines] if b"\r" in data else lines
