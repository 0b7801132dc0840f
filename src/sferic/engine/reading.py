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
from sferic.engine.routing import Router, decode
from sferic.engine.scan import Scanned, Scanner
from sferic.model.errors import InputError, UnknownLog
from sferic.model.event import Event
from sferic.model.report import FileAccount
from sferic.model.settings import Settings
from sferic.sources._clock import Clock, zone
from sferic.sources._contract import Reader, Setup, Source
from sferic.sources._envelope import SplunkCsv, is_splunk_csv

SNIFF_LINES = 60
SNIFF_BLOCKS = 64
TOO_LONG = "the line is longer than the cap"


class Reading(msgspec.Struct, frozen=True):
    """What every file of a run is read with."""

    sources: Mapping[str, Source]
    settings: Settings
    ledger: Ledger
    on_bytes: Callable[[str, int], None]
    on_marks: Callable[[str, frozenset[int]], None]


def read_input(item: Input, scanner: Scanner, reading: Reading) -> Iterator[Event]:
    """Yield the events of one input; its account is appended to the ledger at once and filled on the way."""
    account = FileAccount(path=item.label)
    reading.ledger.files.append(account)
    try:
        opened = open_chunks(item, reading.settings.limits)
        account.codec = opened.codec
        cut = blocks(opened.chunks, reading.settings.limits.line_bytes)
        router = Router(_readers(item, reading), account, reading.ledger)
        yield from _read_blocks(cut, scanner, router, account, reading)
        if not account.sources and not account.rejected:
            _refuse(account)
    except InputError as error:
        note(account, error)


def note(account: FileAccount, error: InputError) -> None:
    """Write a problem with a whole file into its account."""
    account.problem, account.exit_code = str(error), error.exit_code


def _refuse(account: FileAccount) -> None:
    raise UnknownLog(
        "no source recognises a line of it", where=account.path,
        expected="a log that `sferic sources` lists",
        hint="`sferic sources` lists what can be read; `--source ID` insists on one",
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


def _read_blocks(
    cut: Iterator[Block], scanner: Scanner, router: Router, account: FileAccount, reading: Reading
) -> Iterator[Event]:
    first = next(cut, None)
    if first is None:
        return
    head = decode(first.data.partition(b"\n")[0].rstrip(b"\r"))
    if is_splunk_csv(head):
        yield from _read_csv(head, chain([first], cut), router, account, reading)
        return
    router.recognise(first.data.split(b"\n", SNIFF_LINES)[:SNIFF_LINES])
    for seen, scanned in enumerate(scanner.scan(chain([first], cut))):
        if 0 < seen <= SNIFF_BLOCKS:
            router.recognise([scanned.block.data.partition(b"\n")[0]])
        yield from _read_scanned(scanned, router, account, reading)


def _read_scanned(scanned: Scanned, router: Router, account: FileAccount, reading: Reading) -> Iterator[Event]:
    block, found = scanned.block, scanned.candidates
    before = account.lines
    account.lines += found.count
    account.bytes += len(block.data)
    account.selected += len(found.numbers)
    reading.on_bytes(account.path, len(block.data))
    if found.marks:
        reading.on_marks(account.path, found.marks)
    for index in block.long_lines:
        reading.ledger.reject(account, "", before + index + 1, TOO_LONG, "")
    for index, raw in zip(found.numbers, found.lines, strict=True):
        event = router.read(raw, before + index + 1)
        if event is not None:
            yield event


def _read_csv(
    head: str, cut: Iterator[Block], router: Router, account: FileAccount, reading: Reading
) -> Iterator[Event]:
    """Read a Splunk CSV export record by record: a record may span lines, so no line is left out."""
    export = SplunkCsv(head)
    rows = csv.reader(_lines(cut, account, reading), strict=False)
    csv.field_size_limit(reading.settings.limits.line_bytes)
    next(rows, None)
    while True:
        try:
            record = next(rows, None)
            if record is None:
                return
            account.selected += 1
            event = router.read_envelope(export.envelope(record), rows.line_num) if record else None
        except (csv.Error, ValueError) as error:
            reading.ledger.reject(account, "", rows.line_num, f"the CSV record cannot be read: {error}"[:120], "")
            continue
        if event is not None:
            yield event


def _lines(cut: Iterator[Block], account: FileAccount, reading: Reading) -> Iterator[str]:
    for block in cut:
        account.bytes += len(block.data)
        reading.on_bytes(account.path, len(block.data))
        for line in io.StringIO(decode(block.data), newline=""):
            account.lines += 1
            yield line
