"""Reads all inputs of a hunt into one Traffic: once for lines that name a platform, and again for what these taught.

The second pass happens only if it can find something: logs without names (firewall flows), once something taught us
which addresses the platforms had; own domains that DNS answers showed to be aliases of a platform. It re-reads the
files with those addresses and domains as the selection.
"""

import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from sferic.catalog.assets import Asset
from sferic.catalog.platforms import DEFAULT_TIERS, Catalogue
from sferic.engine.aliases import Aliases
from sferic.engine.columns import Columns, client_of
from sferic.engine.identity import Identities
from sferic.engine.inputs import Input
from sferic.engine.ledger import Ledger
from sferic.engine.names import Names
from sferic.engine.parts import Parts
from sferic.engine.period import Period
from sferic.engine.reading import Reading, read_input
from sferic.engine.scan import Scanner
from sferic.engine.selector import Selector
from sferic.model.event import API, PROCESS, Event
from sferic.model.settings import Settings
from sferic.model.traffic import Collected, Traffic
from sferic.sources._contract import Source

MAX_UNPLACED = 50_000
"""Events of hosts of no platform that wait until all own domains are known."""


class Progress(msgspec.Struct, frozen=True):
    """How far a run is; bytes as they lie on the disk."""

    bytes_done: int
    bytes_total: int | None
    file: str
    stage: str


Watcher = Callable[[Progress], None]


class Meter:
    """Adds up the bytes taken from one file after another, for a watcher."""

    def __init__(self, watch: Watcher | None, total: int | None, stage: str) -> None:
        self._watch = watch
        self._total = total
        self._stage = stage
        self._path = ""
        self._before = 0
        self._taken = 0

    def __call__(self, path: str, taken: int) -> None:
        """Note how many bytes of a file have been taken so far."""
        if self._watch is None:
            return
        if path != self._path:
            self._path, self._before = path, self._before + self._taken
        self._taken = taken
        self._watch(Progress(self._before + taken, self._total, path, self._stage))


class Tally(msgspec.Struct):
    """What happened to events on their way into the columns."""

    not_serverless: int = 0
    nameless: int = 0
    """Flows whose address nobody had named."""
    linked: int = 0
    """Flows named by another row of their connection, which a sensor gave an id."""
    joined: int = 0
    """Flows named by their address."""
    duplicates: int = 0
    openings: int = 0
    """Announcements of connections, left out where their ends are logged."""


class Listener(Protocol):
    """Whoever wants the events of clouds' audit logs."""

    @property
    def marks(self) -> Sequence[str]:
        """Return expressions that select their lines, beside those of the sources."""

    def take(self, event: Event) -> None:
        """Look at one event within the period."""

    def domains(self) -> Iterable[tuple[str, Sequence[str], str]]:
        """Return host names of one's own functions, what each may lead to, and the platform if that is not known."""


class Gathered(msgspec.Struct, frozen=True):
    """Everything read, ready to be weighed."""

    parts: Parts
    ledger: Ledger
    period: Period
    audited: Period
    """The same of clouds' audit logs, which may reach much further back than the traffic."""
    tally: Tally
    once: frozenset[str]
    """Pipes in which a second reading would have looked for flows without names, or for own domains."""
    names_full: bool = False
    """Whether more addresses had names than are remembered."""
    names_forgotten: int = 0
    """How often an address was called something that was not remembered any more."""
    processes_full: bool = False
    """Whether more processes called, or had to be looked for, than are remembered."""
    domains_full: bool = False
    """Whether more own domains led to a platform, or more events waited for these, than are remembered."""

    @property
    def traffic(self) -> Traffic:
        """Return all traffic, where it was to be held in memory."""
        return self.parts.load(0)


class Gatherer:
    """One run's reading: `gather` for all at once, or `read` and `collected` by turns."""

    def __init__(
        self, catalogue: Catalogue, sources: dict[str, Source], settings: Settings, assets: Sequence[Asset] = (),
        audit: Listener | None = None, room_rows: int | None = None,
    ) -> None:
        self._sources = sources
        self._room_rows = room_rows
        self._audit = audit
        self._settings = settings
        self._tiers = frozenset(settings.tiers) or DEFAULT_TIERS
        self._hunted = {p.id for p in catalogue.platforms.values() if p.is_selected(self._tiers)}
        self.ledger = Ledger()
        self._period = Period(settings)
        self._audited = Period(settings)
        self._tally = Tally()
        self.names = Names()
        self.aliases = Aliases(catalogue, self._hunted)
        named = [*catalogue.expressions(self._tiers), *catalogue.alias_expressions(self._tiers)]
        self._selector = Selector([*named, *_marks(sources), *(audit.marks if audit else ())], _nameless_marks(sources))
        self._once: set[str] = set()
        self._waited = False
        self._unplaced: deque[Event] = deque(maxlen=MAX_UNPLACED)
        self._flows: list[Event] = []
        self._linked: dict[str, str] = {}
        """Sensor's name of a connection → host that another of its rows names."""
        self._assets = assets
        self._columns = self._empty()
        self._nameless: set[str] = set()
        self._read_before = [self._selector]
        """What has selected lines so far: they are counted."""

    def gather(self, paths: Sequence[str], watch: Watcher | None = None) -> Gathered:
        """Read every input and return the columns with the account."""
        self.read(list(self.ledger.inputs(paths)), watch)
        return self.gathered(self._columns.parts(self.aliases.same_owner))

    def read(self, inputs: Sequence[Input], watch: Watcher | None = None) -> None:
        """Read inputs into the columns; what names they taught is known to the inputs of the next call, too."""
        total = sum(i.size for i in inputs if i.size) if all(i.size is not None for i in inputs) else None
        self._first_pass(inputs, watch, total)
        for host, targets, platform in self._audit.domains() if self._audit else ():
            self.aliases.lead(host, targets, platform)
        self._waited = self._waited or len(self._unplaced) == MAX_UNPLACED
        self._place_the_rest()
        nameless = [i for i in inputs if i.label in self._nameless and len(self.names)]
        promising = inputs if len(self.aliases) else nameless
        if any(i.can_be_read_again for i in promising):
            addresses = self.names.addresses() if nameless else []
            self._second_pass([i for i in inputs if i.can_be_read_again], addresses, watch, total)
        self._once.update(item.label for item in promising if not item.can_be_read_again)
        self._join()
        self._read_carriers(inputs, watch, total)
        self._read_starts(inputs, watch, total)

    def gathered(self, parts: Parts) -> Gathered:
        """Return traffic with the account of what was read."""
        return Gathered(
            parts, self.ledger, self._period, self._audited, self._tally, once=frozenset(self._once),
            names_full=self.names.full, names_forgotten=self.names.forgotten,
            processes_full=self._columns.processes.full,
            domains_full=self.aliases.full or (self._waited and bool(len(self.aliases))),
        )  # fmt: skip

    def collected(self) -> Collected:
        """Take the rows read so far out of the columns."""
        columns, self._columns = self._columns, self._empty()
        self._columns.identities = columns.identities
        return columns.collected()

    def _empty(self) -> Columns:
        sources = self._sources
        return Columns(
            lambda name: sources[name].stamp == "end", self._settings.proxy_addresses, self._assets, self._room_rows
        )  # fmt: skip

    @property
    def identities(self) -> Identities:
        """Return what is known of machines and their addresses."""
        return self._columns.identities

    def _first_pass(self, inputs: Sequence[Input], watch: Watcher | None, total: int | None) -> None:
        with Scanner(self._selector, self._settings, inputs) as scanner:
            reading = self._reading(self.ledger, watch, total, "reading")
            for item in inputs:
                for event in read_input(item, scanner, reading):
                    self._take(event)

    def _take(self, event: Event) -> None:
        if event.table == API:
            if self._audit and self._audited.holds(event):
                self._audit.take(event)
            return
        self._meet(event)
        if event.table == PROCESS:
            self._columns.processes.learn(event, client_of(event))
            return
        if _is_nameless(event):
            self._take_flow(event)
            return
        self.names.learn(event, client_of(event))
        self.aliases.learn(event)
        if self._period.holds(event) and not self._placed(event):
            self._tally.not_serverless += 1
            self._unplaced.append(event)

    def _meet(self, event: Event) -> None:
        """Note which machine an address is, whatever the event is about."""
        if event.device and event.src_ip:
            self._columns.identities.learn(event.src_ip, event.device, event.time / 1e6)

    def _placed(self, event: Event) -> bool:
        """Say whether the host leads to a platform; if that is hunted the event becomes traffic.

        Where the connection was opened for another name, the request's own comes first.
        """
        host, other = event.dst_host or "", event.tls_name
        place = self.aliases.identify(host, event.path)
        if other is not None and (place is None or place.platform not in self._hunted):
            outside = self.aliases.identify(other)
            if outside is not None:
                place, host, other = outside, other, host
        if place is not None and place.platform in self._hunted:
            self._columns.add(event, place, host, other=other)
            if event.connection_id:
                self._linked[event.connection_id] = host
        return place is not None

    def _place_the_rest(self) -> None:
        """Look again at what came before the answer that made its host an own domain of a platform."""
        if len(self.aliases):
            self._tally.not_serverless -= sum(map(self._placed, self._unplaced))
        self._unplaced.clear()

    def _take_flow(self, event: Event) -> None:
        if event.dst_ip is not None and self._period.holds(event):
            self._flows.append(event)

    def _second_pass(
        self, inputs: Sequence[Input], addresses: Sequence[str], watch: Watcher | None, total: int | None
    ) -> None:
        """Read the lines that hold a known address or own domain; the first pass has counted those that it read."""
        expressions = [*map(_as_expression, addresses), *self.aliases.expressions(), *_marks(self._sources)]
        for event in self._again(inputs, expressions, watch, total, "joining names"):
            self._meet(event)
            if event.table == PROCESS:
                self._columns.processes.learn(event, client_of(event))
            elif event.table == API:
                continue
            elif _is_nameless(event):
                self._take_flow(event)
            else:
                self.names.learn(event, client_of(event))
                self._take_own_domain(event)

    def _read_carriers(self, inputs: Sequence[Input], watch: Watcher | None, total: int | None) -> None:
        """Read connections to proxies in endpoints' logs, beside calls that have no process."""
        inputs = self._of_sources(inputs, {n for n, s in self._sources.items() if "process_path" in s.fields})
        calls = self._columns.calls() if inputs else ()
        if not calls:
            return
        expressions = [*calls.expressions(), *_marks(self._sources)]
        for event in self._again(inputs, expressions, watch, total, "joining proxies"):
            if calls.may_be_carried_by(event):
                self._columns.carry(event)

    def _of_sources(self, inputs: Sequence[Input], names: Collection[str]) -> list[Input]:
        """Return the inputs that can be read again and hold lines of some of these sources."""
        fit = {file.path for file in self.ledger.files if not file.sources.keys().isdisjoint(names)}
        return [item for item in inputs if item.label in fit and item.can_be_read_again]

    def _read_starts(self, inputs: Sequence[Input], watch: Watcher | None, total: int | None) -> None:
        """Read how the processes that called were started, then how their parents were."""
        inputs = self._of_sources(inputs, {name for name, s in self._sources.items() if PROCESS in s.tables})
        for stage in ("reading processes", "reading their parents"):
            wanted = self._columns.processes.wanted() if inputs else []
            if wanted:
                for event in self._again(inputs, [*wanted, *_marks(self._sources)], watch, total, stage):
                    if event.table == PROCESS:
                        self._columns.processes.learn(event, client_of(event))

    def _again(
        self, inputs: Sequence[Input], expressions: Sequence[str], watch: Watcher | None, total: int | None, stage: str
    ) -> Iterator[Event]:
        """Read inputs once more for other lines; those that were selected before are counted already."""
        later, selector, before = Ledger(), Selector(expressions), tuple(self._read_before)
        self._read_before.append(selector)

        def counted(line: bytes) -> bool:
            return any(one.holds(line) for one in before)

        with Scanner(selector, self._settings, inputs) as scanner:
            reading = self._reading(later, watch, total, stage, counted)
            for item in inputs:
                yield from read_input(item, scanner, reading)
        self.ledger.adopt(later)

    def _take_own_domain(self, event: Event) -> None:
        names = (event.dst_host, event.tls_name)
        if any(name and self.aliases.identify(name) for name in names) and self._period.holds(event):
            self._placed(event)

    def _join(self) -> None:
        for event in self._flows:
            started = event.time / 1e6
            linked = self._linked.get(event.connection_id) if event.connection_id else None
            host = linked or self.names.name(event.dst_ip or "", client_of(event), started)
            place = self.aliases.identify(host) if host else None
            if place is None:
                self._tally.nameless += host is None
            elif place.platform in self._hunted:
                self._tally.linked += linked is not None
                self._tally.joined += linked is None
                self._columns.add(event, place, host or "", joined=linked is None)
        self._flows.clear()

    def _reading(
        self,
        ledger: Ledger,
        watch: Watcher | None,
        total: int | None,
        stage: str,
        counted: Callable[[bytes], bool] | None = None,
    ) -> Reading:
        def on_marks(path: str, _marks: frozenset[int]) -> None:
            self._nameless.add(path)

        return Reading(self._sources, self._settings, ledger, Meter(watch, total, stage), on_marks, counted)


def _is_nameless(event: Event) -> bool:
    """Say whether nobody knows what was asked for: a reverse look-up names whose machine it is, not what it served."""
    return event.dst_host is None or event.host_source == "reverse"


def _as_expression(address: str) -> str:
    """Return what finds an address in a line, not as part of a longer one."""
    return rf"\b{re.escape(address)}" + (r"\b" if address[-1].isalnum() else "")


def _marks(sources: dict[str, Source]) -> list[str]:
    return [m for s in sources.values() for m in s.marks]


def _nameless_marks(sources: dict[str, Source]) -> list[str]:
    return [m for s in sources.values() for m in s.nameless_marks]
