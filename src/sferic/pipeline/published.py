"""Reads logs for the published search: every line that holds one of its name fragments, platform or not.

It reads on its own because the search sees other lines than a hunt does, and host names in the case they were
written in. What the search does with them is in `sferic.correlate.published`.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from sferic.catalog.published_search import published_facts
from sferic.correlate.activity import Activity
from sferic.correlate.published import Extraction, PublishedSearch
from sferic.engine.altering import altered
from sferic.engine.inputs import Input
from sferic.engine.ledger import Ledger
from sferic.engine.period import Period
from sferic.engine.progress import Meter, Watcher
from sferic.engine.reading import Reading, read_input
from sferic.engine.scan import Scanner
from sferic.engine.selector import Selector
from sferic.engine.spool import Spool
from sferic.model.event import Event, Line
from sferic.model.report import Account
from sferic.model.settings import Settings
from sferic.model.words import counted
from sferic.sources._clock import zone
from sferic.sources._contract import Source


class Published(msgspec.Struct, frozen=True):
    """What the search returned, and the account of what it read."""

    activity: Activity
    account: Account


def as_published(
    paths: Sequence[str], sources: dict[str, Source], settings: Settings, watch: Watcher | None,
    spool: Spool | None = None,
) -> Published:  # fmt: skip
    """Run the published search over logs; hours are clock hours of `settings.timezone`, as in the searcher's Splunk.

    With a spool, pipes are kept for whoever reads them next.
    """
    facts = published_facts()
    search = PublishedSearch(facts, settings.activity, zone(settings.timezone))
    lines = _Lines(sources, settings, watch)
    inputs = [spool.take(item, watch) if spool else item for item in lines.inputs(paths)]
    events = lines.events(inputs, facts.expressions())
    Extraction(facts, assume_fields=settings.assume_fields).feed(events, search)
    account = lines.account()
    account.judged, account.estate = search.groups, search.addresses
    found = search.result()
    return Published(msgspec.structs.replace(found, notes=(*found.notes, *lines.notes())), account)


class _Lines:
    """One run's reading, with its account."""

    def __init__(self, sources: dict[str, Source], settings: Settings, watch: Watcher | None) -> None:
        self._ledger = Ledger()
        self._settings = settings
        self._sources = sources
        self._nameless: set[str] = set()
        self._period = Period(settings)
        meter = Meter(watch, None, "published search")
        self._reading = Reading(altered(sources, _as_written), settings, self._ledger, meter, self._on_marks)

    def inputs(self, paths: Sequence[str]) -> list[Input]:
        """Return what can be read; what cannot stands in the account."""
        return list(self._ledger.inputs(paths))

    def events(self, inputs: Sequence[Input], expressions: list[str]) -> Iterator[Event]:
        """Yield the events of every selected line inside the window of time."""
        marks = [m for s in self._sources.values() for m in s.marks]
        nameless = [m for s in self._sources.values() for m in s.nameless_marks]
        selector = Selector([*expressions, *marks], nameless)
        with Scanner(selector, self._settings, inputs) as scanner:
            for item in inputs:
                yield from filter(self._period.holds, read_input(item, scanner, self._reading))

    def account(self) -> Account:
        """Return the account; complete once all events are read."""
        account = self._ledger.account(strict=self._settings.strict)
        self._period.tell(account)
        return account

    def notes(self) -> list[str]:
        """Say what the search cannot see however its fields are filled."""
        count = len(self._nameless)
        if not count:
            return []
        which = counted(count, "file holds", "files hold")
        return [f"{which} connections without a host name: the search matches names, so it can never find them."]

    def _on_marks(self, path: str, _marks: frozenset[int]) -> None:
        self._nameless.add(path)


def _as_written(event: Event, line: Line) -> None:
    """Leave the host's name in the case of the log line, which the search distinguishes."""
    if event.dst_host:
        written = re.search(re.escape(event.dst_host), line.text, re.IGNORECASE)
        event.dst_host = written[0] if written else event.dst_host
