"""Reads log files into the rows that a search runs over: all lines, or those that can matter to it."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from sferic.engine.altering import altered
from sferic.engine.ledger import Ledger
from sferic.engine.period import Period
from sferic.engine.progress import Meter, Watcher
from sferic.engine.reading import Reading, read_input
from sferic.engine.scan import Scanner
from sferic.engine.selector import Selector
from sferic.model.errors import LimitExceeded
from sferic.model.event import Event, Line
from sferic.model.report import Account
from sferic.model.settings import Settings
from sferic.sources._contract import chosen_sources
from sferic.spl.asking import fields_asked, literals
from sferic.spl.fields import Fields
from sferic.spl.parsing import Search

MAX_EVENTS = 3_000_000
"""Events that a search may run over; they are held in memory."""


class Events(msgspec.Struct, frozen=True):
    """The rows of a search, and the account of what was read for them."""

    rows: Sequence[dict[str, object]]
    account: Account


def read_events(paths: Sequence[str], search: Search, settings: Settings, watch: Watcher | None = None) -> Events:
    """Read the events of logs for a search; raises LimitExceeded if there are too many to hold."""
    began = time.perf_counter()
    ledger = Ledger()
    chosen = chosen_sources(settings.only_sources)
    meter = Meter(watch, None, "reading")
    reading = Reading(altered(chosen, _with_raw), settings, ledger, meter, lambda _path, _marks: None)
    wanted = literals(search)
    selector = Selector([*wanted, *(m for s in chosen.values() for m in s.marks)], plain=not wanted)
    inputs = list(ledger.inputs(paths))
    period, fields = Period(settings), Fields(fields_asked(search))
    with Scanner(selector, settings, inputs, whole=not wanted) as scanner:
        events: Iterator[Event] = (event for item in inputs for event in read_input(item, scanner, reading))
        rows = list(map(fields.row, islice(filter(period.holds, events), MAX_EVENTS + 1)))
    if len(rows) > MAX_EVENTS:
        raise LimitExceeded(f"more than {MAX_EVENTS:,} events", hint="--since, --until, or fewer files")
    account = ledger.account(strict=settings.strict)
    account.wall_s = time.perf_counter() - began
    period.tell(account)
    return Events(rows, account)


def _with_raw(event: Event, line: Line) -> None:
    if event.raw is None:
        event.raw = line.text
