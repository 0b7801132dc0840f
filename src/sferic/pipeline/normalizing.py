"""Every event of every line, by the contract of `sferic.model.event`; nothing is filtered by platform."""

import time
from collections.abc import Iterator, Sequence
from functools import cached_property

from sferic.engine.inputs import Input
from sferic.engine.ledger import Ledger
from sferic.engine.period import Period
from sferic.engine.progress import Meter, Watcher
from sferic.engine.reading import Reading, read_input
from sferic.engine.scan import Scanner
from sferic.engine.selector import Selector
from sferic.model.event import Event
from sferic.model.report import Account
from sferic.model.settings import Settings
from sferic.pipeline.checking import check
from sferic.sources._contract import chosen_sources


class Normalization:
    """Iterate over it for the events; afterwards `account` tells what became of every line."""

    def __init__(self, paths: Sequence[str], settings: Settings, watch: Watcher | None) -> None:
        self._paths = paths
        self._settings = settings
        self._watch = watch
        self._ledger = Ledger()
        self._wall_s = 0.0
        self._period = Period(settings)

    @cached_property
    def inputs(self) -> list[Input]:
        """The inputs that can be read; what cannot stands in the account from then on."""
        return list(self._ledger.inputs(self._paths))

    def __iter__(self) -> Iterator[Event]:
        began = time.perf_counter()
        settings = self._settings
        chosen = chosen_sources(settings.only_sources)
        meter = Meter(self._watch, None, "reading")
        reading = Reading(chosen, settings, self._ledger, meter, lambda _path, _marks: None)
        with Scanner(Selector([], plain=True), settings, whole=True) as scanner:
            for item in self.inputs:
                yield from filter(self._period.holds, read_input(item, scanner, reading))
        self._wall_s = time.perf_counter() - began

    @property
    def account(self) -> Account:
        """Return the account; complete once the iteration is over."""
        account = self._ledger.account(strict=self._settings.strict)
        account.wall_s = self._wall_s
        self._period.tell(account)
        return account


def normalize(paths: Sequence[str], settings: Settings | None = None, watch: Watcher | None = None) -> Normalization:
    """Return the events of all lines of all inputs, lazily, in the order of the input; wrong settings raise at once."""
    settings = settings or Settings()
    check(settings)
    return Normalization(paths, settings, watch)
