"""Reads one input from its first byte to its events: opens it, selects lines, routes them, keeps the account.

Problems with the file as a whole are noted in its account and end that file, not the run.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from sferic.engine.inputs import Input
from sferic.engine.ledger import Ledger
from sferic.engine.routing import Router, as_text
from sferic.engine.scan import Scanner
from sferic.engine.search import HEAD_LINES, Scanned, Text
from sferic.model.errors import BinaryInput, InputError, UnknownLog
from sferic.model.event import Event
from sferic.model.report import FileAccount
from sferic.model.settings import Settings
from sferic.sources._batches import messages
from sferic.sources._clock import Clock, zone
from sferic.sources._contract import Reader, Setup, Source
from sferic.sources._envelope import Envelope, SplunkCsv

if TYPE_CHECKING:
    from sferic.engine.parquet_reading import Found

T = TypeVar("T")
SNIFF_BYTES = 64 << 20
"""So far into a file the first line of each block is looked at, as well as the first lines of all."""
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


class File(msgspec.Struct, frozen=True):
    """One file being read."""

    account: FileAccount
    router: Router
    quiet: Router
    """Shares the readers of `router`; for lines that were counted before but may tell what others mean."""
    scanner: Scanner
    reading: Reading


def read_input(item: Input, scanner: Scanner, reading: Reading) -> Iterator[Event]:
    """Yield the events of one input; its account is appended to the ledger at once and filled on the way."""
    return read_with(_read, item, scanner, reading)


def read_with(
    read: Callable[[Input, File], Iterator[T]], item: Input, scanner: Scanner, reading: Reading
) -> Iterator[T]:
    """Yield what `read` makes of one input, and keep the account of what goes wrong with the whole of it."""
    account = FileAccount(path=item.label)
    reading.ledger.files.append(account)
    readers = readers_of(item, reading)
    router = Router(readers, account, reading.ledger)
    quiet = Router(readers, FileAccount(path=item.label), Ledger())
    try:
        yield from read(item, File(account, router, quiet, scanner, reading))
        if not account.sources:
            _refuse(account, reading)
    except InputError as error:
        reading.ledger.refuse(account, error, named=item.named)


def _refuse(account: FileAccount, reading: Reading) -> None:
    if account.rejected:
        _refuse_broken(account.path, reading.ledger)
    if asked := reading.settings.only_sources:
        raise UnknownLog(
            f"no line of it is one of {', '.join(asked)}", where=account.path,
            hint="without `--source` every source is asked",
        )  # fmt: skip
    if "file" in reading.settings.source_options.get("user_mapping", {}):
        raise UnknownLog(
            "no source recognises a line of it, and your mapping does not fit it", where=account.path,
            expected="the names of the mapping's time and destination, in a header row or in JSON objects",
        )  # fmt: skip
    raise UnknownLog(
        "no source recognises a line of it", where=account.path,
        expected="a log that `sferic sources` lists",
        hint="JSON and tables of any kind are read with a mapping: `sferic sources user_mapping`",
    )  # fmt: skip


def _refuse_broken(path: str, ledger: Ledger) -> None:
    (name, reason), _ = ledger.reasons.most_common(1)[0]
    raise UnknownLog(
        f"no line of it could be read as {name or 'a log'}: {reason}", where=path, expected="the whole log",
        hint=f"`sferic sources {name}` says what is read" if name else "`sferic sources` lists what is read",
    )


def refuse_unreadable(head: Sequence[bytes | Envelope], item: Input, file: File) -> None:
    """Refuse a file without an event that looks like a log, but of whose first lines not one can be read.

    A hunt reads no line that cannot matter to it, so without this a log without its header would count as clean.
    """
    if file.account.events or file.reading.counted is not None:
        return
    account, ledger = FileAccount(path=item.label), Ledger()
    trial = Router(readers_of(item, file.reading), account, ledger)
    for number, raw in enumerate(head):
        if isinstance(raw, Envelope):
            trial.read_envelope(raw, number)
        else:
            for message in messages(raw):
                trial.read(message, number)
    if account.rejected and not account.sources:
        file.account.sources.clear()
        _refuse_broken(item.label, ledger)


def readers_of(item: Input, reading: Reading) -> dict[str, Reader]:
    """Begin one reader of each source for an input."""
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


def _read(item: Input, file: File) -> Iterator[Event]:
    if item.parquet:
        yield from _read_parquet(item.parquet, item, file)
        return
    batches = file.scanner.ahead(item)
    if batches is None:
        text = file.scanner.open(item)
        file.account.codec = text.codec
        if text.is_table:
            head_of_table: list[Envelope] = []
            yield from _read_csv(text, file, head_of_table)
            refuse_unreadable(head_of_table, item, file)
            return
        batches = file.scanner.search(text)
    head: Sequence[bytes] = ()
    for batch in batches:
        if not file.account.lines:
            head, file.account.codec = batch.head, batch.codec
            file.router.recognise(chain.from_iterable(map(messages, head)))
        events = [event for scanned in batch.blocks for event in _read_scanned(scanned, file)]
        file.reading.on_bytes(file.account.path, batch.taken)
        yield from events
    refuse_unreadable(head, item, file)


def _read_scanned(scanned: Scanned, file: File) -> Iterator[Event]:
    before = file.account.lines
    if before > 0 and file.account.bytes < SNIFF_BYTES:
        file.router.recognise(messages(scanned.first))
    count(scanned.candidates.count, scanned.size, scanned.long_lines, file)
    if scanned.candidates.marks:
        file.reading.on_marks(file.account.path, scanned.candidates.marks)
    counted = file.reading.counted
    for index, raw in zip(scanned.candidates.numbers, scanned.candidates.lines, strict=True):
        if counted is not None and counted(raw):
            for message in messages(raw):
                file.quiet.read(message, before + index + 1)
            continue
        file.account.selected += 1
        for message in messages(raw):
            event = file.router.read(message, before + index + 1)
            if event is not None:
                yield event


def count(lines: int, size: int, long_lines: tuple[int, ...], file: File) -> None:
    """Note that so many lines are about to be read, of which those of these indexes were too long."""
    account, reading = file.account, file.reading
    if reading.counted is None:
        for index in long_lines:
            reading.ledger.reject(account, "", account.lines + index + 1, TOO_LONG, "")
    account.lines += lines
    account.bytes += size


def _read_parquet(path: Path, item: Input, file: File) -> Iterator[Event]:
    opened = import_module("sferic.engine.parquet_reading").Parquet(path, file.account.path)
    file.account.codec = "parquet"
    size = path.stat().st_size
    head: tuple[bytes, ...] = ()
    for found in opened.search(file.scanner.look):
        before = file.account.lines
        count(found.rows, int(size * found.done) - file.account.bytes, (), file)
        head = head or found.head
        file.router.recognise(found.head)
        file.router.meet(found.sources)
        if not opened.is_ours and not file.account.sources:
            raise BinaryInput(
                "is a Parquet file whose columns no source knows", where=file.account.path,
                hint="say what they mean: `--set user_mapping.file=my-mapping.toml`",
            )  # fmt: skip
        if found.nameless:
            file.reading.on_marks(file.account.path, frozenset())
        yield from _read_found(found, before, file)
        file.reading.on_bytes(file.account.path, file.account.bytes)
    refuse_unreadable(head, item, file)


def _read_found(found: "Found", before: int, file: File) -> Iterator[Event]:
    counted = file.reading.counted
    for place, (index, line) in enumerate(zip(found.numbers, found.lines, strict=True)):
        if counted is not None and counted(line):
            continue
        file.account.selected += 1
        number = before + index + 1
        event = file.router.adopt(found.events[place], number) if found.events else file.router.read(line, number)
        if event is not None:
            yield event


def _read_csv(text: Text, file: File, head: list[Envelope]) -> Iterator[Event]:
    """Read a Splunk CSV export record by record, and collect its first ones: a record may span lines."""
    usual = csv.field_size_limit(file.reading.settings.limits.line_bytes)
    try:
        yield from _read_records(text, file, head)
    finally:
        csv.field_size_limit(usual)


def _read_records(text: Text, file: File, head: list[Envelope]) -> Iterator[Event]:
    rows = csv.reader(_lines(text, file), strict=False)
    export = SplunkCsv(as_text(text.head[0]))
    next(rows, None)
    while True:
        number = rows.line_num + 1
        try:
            record = next(rows, None)
            if record is None:
                return
            envelope = export.envelope(record) if record else Envelope("")
            if len(head) < HEAD_LINES:
                head.append(envelope)
            event = _read_record(envelope, number, file) if record else None
        except (csv.Error, ValueError) as error:
            if file.reading.counted is None:
                reason = f"the CSV record cannot be read: {error}"[:120]
                file.reading.ledger.reject(file.account, "", number, reason, "")
            continue
        if event is not None:
            yield event


def _read_record(envelope: Envelope, number: int, file: File) -> Event | None:
    data = envelope.text.encode("utf-8", "replace")
    found = file.scanner.look(data)
    if found.marks:
        file.reading.on_marks(file.account.path, found.marks)
    if not found.numbers:
        if number <= HEAD_LINES:
            file.router.recognise_envelope(envelope)
        return None
    if file.reading.counted is not None and file.reading.counted(data):
        file.quiet.read_envelope(envelope, number)
        return None
    file.account.selected += 1
    return file.router.read_envelope(envelope, number)


def _lines(text: Text, file: File) -> Iterator[str]:
    for block in text.blocks:
        lines = io.BytesIO(block.data).readlines()
        count(len(lines), block.size, block.long_lines, file)
        file.reading.on_bytes(file.account.path, text.taken())
        for line in lines:
            yield as_text(line)
