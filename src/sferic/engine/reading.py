"""Reads one input from its first byte to its events: opens it, selects lines, routes them, keeps the account.

Problems with the file as a whole are noted in its account and end that file, not the run.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain

import msgspec

from sferic.engine.blocks import Block, blocks
from sferic.engine.codecs import open_chunks
from sferic.engine.inputs import Input
from sferic.engine.ledger import Ledger
from sferic.engine.routing import Router, as_text, decode
from sferic.engine.scan import Scanned, Scanner
from sferic.model.errors import InputError, UnknownLog
from sferic.model.event import Event
from sferic.model.report import FileAccount
from sferic.model.settings import Settings
from sferic.sources._clock import Clock, zone
from sferic.sources._contract import Reader, Setup, Source
from sferic.sources._envelope import Envelope, SplunkCsv, is_splunk_csv

SNIFF_LINES = 60
SNIFF_BYTES = 64 << 20
"""So far into a file the first line of each block is looked at, as well as the first lines of all."""
TOGETHER_BLOCKS = 16
TOGETHER_LINES = 1000
"""Blocks that are searched before their lines are read, and read before their events are used: doing one thing for
longer at a time saves a sixth of the time, because code and data stay in the processor's caches."""
TOO_LONG = "the line is longer than the cap"


class Reading(msgspec.Struct, frozen=True):
    """What every file of a run is read with."""

    sources: Mapping[str, Source]
    settings: Settings
    ledger: Ledger
    on_bytes: Callable[[str, int], None]
    """Told a file's path and how many of its bytes have been taken from the disk."""
    on_marks: Callable[[str, frozenset[int]], None]
    counted: Callable[[bytes], bool] | None = None
    """In a second reading: whether the first one has read this line."""


class _File(msgspec.Struct, frozen=True):
    """One file being read."""

    account: FileAccount
    router: Router
    quiet: Router
    """Shares the readers of `router`; for lines that were counted before but may tell what others mean."""
    scanner: Scanner
    reading: Reading
    taken: Callable[[], int]


def read_input(item: Input, scanner: Scanner, reading: Reading) -> Iterator[Event]:
    """Yield the events of one input; its account is appended to the ledger at once and filled on the way."""
    account = FileAccount(path=item.label)
    reading.ledger.files.append(account)
    try:
        opened = open_chunks(item, reading.settings.limits)
        account.codec = opened.codec
        cut = blocks(opened.chunks, reading.settings.limits.line_bytes)
        readers = _readers(item, reading)
        router = Router(readers, account, reading.ledger)
        quiet = Router(readers, FileAccount(path=item.label), Ledger())
        yield from _read_blocks(cut, _File(account, router, quiet, scanner, reading, opened.taken))
        if not account.sources and not account.rejected:
            _refuse(account)
    except InputError as error:
        reading.ledger.refuse(account, error, named=item.named)


def _refuse(account: FileAccount) -> None:
    raise UnknownLog(
        "no source recognises a line of it", where=account.path,
        expected="a log that `sferic sources` lists",
        hint="JSON and tables of any kind are read with a mapping: `sferic sources user_mapping`",
    )  # fmt: skip


def _readers(item: Input, reading: Reading) -> dict[str, Reader]:
    settings = reading.settings
    written = datetime.fromtimestamp(item.modified, UTC) if item.modified else None
    if settings.until is not None:
        written = datetime.fromtimestamp(settings.until / 1e6, UTC)
    made = {}
    for name, source in reading.sources.items():
        options = dict(settings.source_options.get(name, {}))
        clock = Clock(zone(options.pop("timezone", settings.timezone)), written)
        made[name] = source.reader(Setup(clock, options))
    return made


def _read_blocks(cut: Iterator[Block], file: _File) -> Iterator[Event]:
    first = next(cut, None)
    if first is None:
        return
    head = decode(first.data.partition(b"\n")[0].rstrip(b"\r"))
    if is_splunk_csv(head):
        yield from _read_csv(head, chain([first], cut), file)
        return
    file.router.recognise(first.data.split(b"\n", SNIFF_LINES)[:SNIFF_LINES])
    for some in _together(file.scanner.scan(chain([first], cut))):
        events = [event for scanned in some for event in _read_scanned(scanned, file)]
        yield from events


def _together(scans: Iterator[Scanned]) -> Iterator[list[Scanned]]:
    """Collect blocks; those before a damage are given before it is raised."""
    some: list[Scanned] = []
    lines = 0
    try:
        for scanned in scans:
            some.append(scanned)
            lines += len(scanned.candidates.numbers)
            if len(some) == TOGETHER_BLOCKS or lines >= TOGETHER_LINES:
                yield some
                some, lines = [], 0
    except InputError:
        yield some
        raise
    yield some


def _read_scanned(scanned: Scanned, file: _File) -> Iterator[Event]:
    before = file.account.lines
    if before > 0 and file.account.bytes < SNIFF_BYTES:
        file.router.recognise([scanned.block.data.partition(b"\n")[0]])
    _count(scanned.block, scanned.candidates.count, file)
    if scanned.candidates.marks:
        file.reading.on_marks(file.account.path, scanned.candidates.marks)
    counted = file.reading.counted
    for index, raw in zip(scanned.candidates.numbers, scanned.candidates.lines, strict=True):
        if counted is not None and counted(raw):
            file.quiet.read(raw, before + index + 1)
            continue
        file.account.selected += 1
        event = file.router.read(raw, before + index + 1)
        if event is not None:
            yield event


def _count(block: Block, lines: int, file: _File) -> None:
    account, reading = file.account, file.reading
    if reading.counted is None:
        for index in block.long_lines:
            reading.ledger.reject(account, "", account.lines + index + 1, TOO_LONG, "")
    account.lines += lines
    account.bytes += block.size
    reading.on_bytes(account.path, file.taken())


def _read_csv(head: str, cut: Iterator[Block], file: _File) -> Iterator[Event]:
    """Read a Splunk CSV export record by record: a record may span lines."""
    usual = csv.field_size_limit(file.reading.settings.limits.line_bytes)
    try:
        yield from _read_records(head, cut, file)
    finally:
        csv.field_size_limit(usual)


def _read_records(head: str, cut: Iterator[Block], file: _File) -> Iterator[Event]:
    rows = csv.reader(_lines(cut, file), strict=False)
    export = SplunkCsv(head)
    next(rows, None)
    while True:
        number = rows.line_num + 1
        try:
            record = next(rows, None)
            if record is None:
                return
            event = _read_record(export.envelope(record), number, file) if record else None
        except (csv.Error, ValueError) as error:
            if file.reading.counted is None:
                reason = f"the CSV record cannot be read: {error}"[:120]
                file.reading.ledger.reject(file.account, "", number, reason, "")
            continue
        if event is not None:
            yield event


def _read_record(envelope: Envelope, number: int, file: _File) -> Event | None:
    data = envelope.text.encode("utf-8", "replace")
    found = file.scanner.look(data)
    if found.marks:
        file.reading.on_marks(file.account.path, found.marks)
    if not found.numbers:
        if number <= SNIFF_LINES:
            file.router.recognise_envelope(envelope)
        return None
    if file.reading.counted is not None and file.reading.counted(data):
        file.quiet.read_envelope(envelope, number)
        return None
    file.account.selected += 1
    return file.router.read_envelope(envelope, number)


def _lines(cut: Iterator[Block], file: _File) -> Iterator[str]:
    for block in cut:
        lines = io.BytesIO(block.data).readlines()
        _count(block, len(lines), file)
        for line in lines:
            yield as_text(line)
