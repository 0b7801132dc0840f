"""What must hold for any line, however damaged: no error but ValueError, honest events, and time in proportion.

`hold` runs one source over a few lines and raises `Broken` where it does not. Errors that a reader must not raise come
out as they are.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from sferic.engine.ledger import Ledger
from sferic.engine.routing import Router, decode
from sferic.model.event import HOST_SOURCES, TABLES, Event, Line, Reject
from sferic.model.hosts import address, normalise_host
from sferic.model.report import FileAccount
from sferic.sources._batches import messages
from sferic.sources._contract import Reader, Setup, sources
from sferic.sources._envelope import peel_envelope

MAX_BYTES = 64 << 10
"""Longest line that is tried."""
LIMIT_S = 2.0
"""Processor time that one line may take in one reader: a hundred times what the slowest needs, a hundredth of what a
step for every pair of its characters would cost."""
LONGEST_REASON = 120
_COUNTS = ("bytes_up", "bytes_down", "bytes_total", "duration_ms", "process_id")
_RANGES = {
    **dict.fromkeys(_COUNTS, (0, 2**63 - 1)),
    **dict.fromkeys(("src_port", "dst_port"), (1, 65_535)),
    "status": (100, 599),
}


class Broken(AssertionError):
    """A source broke the contract; the text says how."""


def hold(source_id: str, setup: Setup, lines: Sequence[bytes]) -> None:
    """Read the lines with a new reader of one source, then with all sources as the engine does."""
    readers = _readers(source_id, setup)
    for raw in lines:
        for text in _texts(raw):
            _hold_line(source_id, readers, Line(text))
    ledger = Ledger()
    router = Router(_readers(source_id, setup), FileAccount(path="fuzz"), ledger)
    for number, raw in enumerate(lines, 1):
        for message in messages(raw):
            event = router.read(message, number)
            if event is not None:
                _hold_event(event.source, event)
    for name, reason in ledger.reasons:
        if reason.startswith("the reader failed"):
            raise Broken(f"{name}: {reason}")


def _readers(source_id: str, setup: Setup) -> dict[str, Reader]:
    plain = Setup(setup.clock)
    return {name: source.reader(setup if name == source_id else plain) for name, source in sources().items()}


def _texts(raw: bytes) -> Iterator[str]:
    for message in messages(raw):
        text = decode(message)
        yield text
        if (inside := peel_envelope(text).text) != text:
            yield inside


def _hold_line(source_id: str, readers: dict[str, Reader], line: Line) -> None:
    for name, reader in readers.items():
        began = time.process_time()
        with suppress(ValueError):
            reader.claims(line)
        _in_time(began, f"{name} claims")
    began = time.process_time()
    try:
        found = readers[source_id].read(line)
    except ValueError as error:
        found = Reject(str(error)[:LONGEST_REASON])
    _in_time(began, f"{source_id} reads")
    if isinstance(found, Event):
        _hold_event(source_id, found)
    elif isinstance(found, Reject) and not 0 < len(found.reason) <= LONGEST_REASON:
        raise Broken(f"{source_id}: the reason {found.reason!r} is too long to be counted, or empty")


def _in_time(began: float, what: str) -> None:
    if (took := time.process_time() - began) > LIMIT_S:
        raise Broken(f"{what} for {took:.1f} s")


def _hold_event(source_id: str, event: Event) -> None:
    if found := list(faults(event)):
        raise Broken(f"{source_id}: {'; '.join(found)} in {event}")


def faults(event: Event) -> Iterator[str]:
    """Say what in an event breaks the contract of `sferic.model.event`."""
    if event.table not in TABLES:
        yield "no such table"
    if type(event.time) is not int:
        yield "time is not a whole number"
    if event.path is not None and not event.path.startswith("/"):
        yield "path does not begin with '/'"
    yield from _number_faults(event)
    yield from _place_faults(event)
    yield from _text_faults(event)


def _number_faults(event: Event) -> Iterator[str]:
    for name, (low, high) in _RANGES.items():
        value = getattr(event, name)
        if value is not None and (type(value) is not int or not low <= value <= high):
            yield f"{name} is not a whole number from {low} to {high}"


def _place_faults(event: Event) -> Iterator[str]:
    for name in ("src_ip", "dst_ip"):
        if (text := getattr(event, name)) is not None and address(text) != text:
            yield f"{name} is not an address in its one form"
    if event.dst_host is not None and normalise_host(event.dst_host) != event.dst_host:
        yield "dst_host is not a host name in its one form"
    if event.host_source is not None and (event.host_source not in HOST_SOURCES or event.dst_host is None):
        yield "host_source is unknown, or without a host"


def _text_faults(event: Event) -> Iterator[str]:
    for name in event.__struct_fields__:
        value = getattr(event, name)
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and not text and name not in {"source", "file"}:
                yield f"{name} is an empty text, which says nothing"
    try:
        msgspec.json.encode(event)
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError) as error:
        yield f"it cannot be written ({error})"
