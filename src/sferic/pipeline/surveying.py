"""Looks at every line of logs without hunting: what each log holds, and what a hunt could make of it."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from sferic.correlate.missing import Filled, left_out, missing
from sferic.engine.progress import Watcher
from sferic.model.event import API, HTTP, NETWORK, Event
from sferic.model.report import Account
from sferic.model.settings import Settings
from sferic.pipeline.hunting import without_names
from sferic.pipeline.normalizing import normalize
from sferic.sources._contract import source

_ITS_OWN = {"table", "time", "source", "file", "line", "raw"}
_ASKED = tuple(name for name in Event.__struct_fields__ if name not in _ITS_OWN)


class Holding(msgspec.Struct):
    """What the events of one log source hold."""

    tables: Counter[str]
    """Table → events in it."""
    fields: Counter[str]
    """Field → events that hold it."""

    @property
    def events(self) -> int:
        """Return the number of events."""
        return self.tables.total()

    @property
    def analytics(self) -> tuple[str, ...]:
        """Return the analytics that have something to look at here."""
        allowed = {
            "beacon": self.events > self.tables[API], "long_connection": self._calls and self.fields["duration_ms"],
            "process": self.names_programs, "cloud_change": self.tables[API],
        }  # fmt: skip
        return tuple(name for name, is_allowed in allowed.items() if is_allowed)

    @property
    def names_programs(self) -> bool:
        """Say whether there are calls, and names of programs."""
        return bool(self._calls and self.fields["process_path"])

    @property
    def _calls(self) -> int:
        return self.tables[HTTP] + self.tables[NETWORK]


class Survey(msgspec.Struct, frozen=True):
    """The account of a reading, and per source what its events hold."""

    account: Account
    holdings: Mapping[str, Holding]


def survey(paths: Sequence[str], settings: Settings, watch: Watcher | None = None) -> Survey:
    """Read every line of all inputs; the account says what these logs together cannot tell."""
    found = normalize(paths, settings, watch)
    filled, holdings = Filled(), dict[str, Holding]()
    for event in found:
        holding = holdings.setdefault(event.source, Holding(Counter(), Counter()))
        holding.tables[event.table] += 1
        holding.fields.update([name for name in _ASKED if getattr(event, name) is not None])
        if event.table != API:
            filled.note(event)
    account = found.account
    thinned = {n: source(n).leaves_out for n, one in sorted(holdings.items()) if one.names_programs}
    account.missing = missing(filled, without_names(holdings)) + left_out({n: w for n, w in thinned.items() if w})
    return Survey(account, holdings)
