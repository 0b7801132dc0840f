"""Reads all inputs of a hunt into one Traffic: once for lines that name a platform, and again for what these taught.

The second pass happens only if it can find something: logs without names (firewall flows), once something taught us
which addresses the platforms had; own domains that DNS answers showed to be aliases of a platform. It re-reads the
files with those addresses and domains as the selection.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache

from sferic.catalog.assets import Asset
from sferic.catalog.platforms import DEFAULT_TIERS, Catalogue
from sferic.engine.aliases import Aliases
from sferic.engine.columns import Columns, client_of
from sferic.engine.gathered import Gathered
from sferic.engine.glancing import Glance
from sferic.engine.identity import Identities
from sferic.engine.inputs import Input
from sferic.engine.ledger import Ledger
from sferic.engine.links import Links
from sferic.engine.listener import Listener, is_listened_to
from sferic.engine.memory import Room
from sferic.engine.names import OUTER_NAMES, Names
from sferic.engine.part import CARRIERS, JOINING, READING, STARTS, Cluster, Part, Selection, Step, Tally
from sferic.engine.parts import Parts
from sferic.engine.period import Period
from sferic.engine.processes import ANCESTORS
from sferic.engine.progress import Meter, Watcher
from sferic.engine.reading import Reading, read_input
from sferic.engine.scan import Scanner
from sferic.engine.selector import Selector, as_word
from sferic.engine.spool import Spool
from sferic.model.errors import InputError
from sferic.model.event import API, PROCESS, Event
from sferic.model.hosts import spellings
from sferic.model.report import FileAccount
from sferic.model.settings import Settings
from sferic.model.traffic import Collected
from sferic.sources._contract import Source

MAX_UNPLACED = 50_000
"""Events of hosts of no platform that wait until all own domains are known."""


class Gatherer:
    """One run's reading: `gather` for all at once, or `read` and `collected` by turns."""

    def __init__(
        self, catalogue: Catalogue, sources: dict[str, Source], settings: Settings, assets: Sequence[Asset] = (),
        audit: Listener | None = None, room: Room | None = None, cluster: Cluster | None = None,
        spool: Spool | None = None,
    ) -> None:
        self._sources = sources
        self._room = None if cluster else room
        self._audit = audit
        self._cluster = cluster
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
        named += audit.named if audit else []
        formed = (*_marks(sources), *(audit.marks if audit else ()))
        self._first = Step(READING, Selection(tuple(named), formed, tuple(_nameless_marks(sources))))
        self._takers: dict[str, Callable[[Event], None]] = {
            READING: self._take, JOINING: self._take_again, STARTS: self._learn_start
        }  # fmt: skip
        self._spool = spool or Spool()
        self._waited = False
        self._unplaced: deque[Event] = deque(maxlen=MAX_UNPLACED)
        self._flows: list[Event] = []
        self._links = Links()
        self._assets = assets
        self._columns = self._empty()
        self._nameless: set[str] = set()
        self._before = [self._first.selection]
        """What has selected lines so far: they are counted."""

    def gather(self, paths: Sequence[str], watch: Watcher | None = None) -> Gathered:
        """Read every input and return the columns with the account."""
        listed = self._cluster.listed if self._cluster else None
        self.read(list(self.ledger.inputs(paths, listed)), watch)
        return self.gathered(self._columns.parts(self.aliases.same_owner, self._cluster))

    def read(self, inputs: Sequence[Input], watch: Watcher | None = None) -> None:
        """Read inputs into the columns; what names they taught is known to the inputs of the next call, too."""
        inputs = [self._spool.take(item, watch) for item in inputs]
        total = sum(i.size for i in inputs if i.size) if all(i.size is not None for i in inputs) else None
        self._run(self._first, inputs, watch, total)
        for host, targets, platform in self._audit.domains() if self._audit else ():
            self.aliases.lead(host, targets, platform)
        self._waited = self._waited or len(self._unplaced) == MAX_UNPLACED
        self._place_the_rest()
        is_nameless = any(item.label in self._nameless for item in inputs)
        addresses = sorted({*self.names.addresses(), *self._links.proxies}) if is_nameless else []
        if addresses or len(self.aliases):
            self._second_pass(inputs, addresses, watch, total)
        self._join()
        self._read_carriers(inputs, watch, total)
        self._read_starts(inputs, watch, total)
        if self._audit:
            self._audit.know(lambda event: self._columns.processes.tree(event, client_of(event)))

    def gathered(self, parts: Parts) -> Gathered:
        """Return traffic with the account of what was read."""
        return Gathered(
            parts, self.ledger, self._period, self._audited, self._tally, names_full=self.names.full,
            names_forgotten=self.names.forgotten,
            processes_full=self._columns.processes.full,
            domains_full=self.aliases.full or (self._waited and bool(len(self.aliases))),
        )  # fmt: skip

    def collected(self) -> Iterator[Collected]:
        """Take the rows read so far out of the columns, some at a time; all have the same texts."""
        columns, self._columns = self._columns, self._empty()
        self._columns.identities = columns.identities
        return columns.blocks()

    def _empty(self) -> Columns:
        sources = self._sources
        return Columns(
            lambda name: sources[name].stamp == "end", self._settings.proxy_addresses, self._assets, self._room
        )  # fmt: skip

    @property
    def identities(self) -> Identities:
        """Return what is known of machines and their addresses."""
        return self._columns.identities

    def _run(self, step: Step, inputs: Sequence[Input], watch: Watcher | None, total: int | None) -> None:
        """Read inputs for a step; a cluster reads those that it can read, too."""
        if self._cluster and (shared := [item for item in inputs if item.is_everywhere]):
            for part in self._cluster.parts(step, shared, self.aliases.learned(), watch):
                self._adopt(step, part)
            inputs = [item for item in inputs if not item.is_everywhere]
        if inputs:
            self._read(step, inputs, watch, total)

    def _read(self, step: Step, inputs: Sequence[Input], watch: Watcher | None, total: int | None) -> None:
        """Read inputs here; lines that an earlier step selected are in the account already."""
        ledger, before = Ledger() if step.before else self.ledger, [_selector(one) for one in step.before]

        def counted(line: bytes) -> bool:
            return any(one.holds(line + b"\n") for one in before)  # a mark may ask for the line's end

        def on_marks(path: str, _marks: frozenset[int]) -> None:
            self._nameless.add(path)

        meter, take = Meter(watch, total, step.stage), self._takers[step.name]
        glance = Glance(step.selection.named, step.selection.marks)
        with Scanner(_selector(step.selection), self._settings, inputs, glance=glance) as scanner:
            reading = Reading(self._sources, self._settings, ledger, meter, on_marks, counted if before else None)
            for item in inputs:
                for event in read_input(item, scanner, reading):
                    take(event)
        if step.before:
            self.ledger.adopt(ledger)

    def part(self, step: Step, find: Callable[[], Input], label: str) -> Part:
        """Read the input that `find` gives for one step, on behalf of a gatherer elsewhere that adopts the part."""
        audits: list[Event] = []
        if step.before:
            self.ledger.files.append(FileAccount(path=label))
        self._takers[READING] = lambda event: audits.append(event) if is_listened_to(event) else self._take(event)
        try:
            item = find()
        except InputError as error:
            self._refuse(step, label, error)
        else:
            self._read(step, [item], None, item.size)
        return Part(
            self.ledger, self._columns.collected(), self._columns.identities, self._columns.processes,
            list(self.names.fresh()), dict(self.aliases.learned()), list(self._unplaced), self._flows,
            self._links.hosts, self._links.proxies, self._nameless, audits, self._period, self._audited, self._tally,
            self.names.full, self.names.forgotten, self.aliases.full,
        )  # fmt: skip

    def _refuse(self, step: Step, label: str, error: InputError) -> None:
        """Note that an input cannot be read; a later step has nothing to add to what the first has said of it."""
        if not step.before:
            account = FileAccount(path=label)
            self.ledger.refuse(account, error, named=True)
            self.ledger.files.append(account)

    def _adopt(self, step: Step, part: Part) -> None:
        """Take in what a gatherer elsewhere has read, as if it had been read here."""
        if step.before:
            self.ledger.adopt(part.ledger)
        else:
            self.ledger.extend(part.ledger)
        self._columns.adopt(part.collected, self._columns.processes.adopt(part.processes), part.left)
        self._columns.identities.adopt(part.identities)
        self.names.adopt(part.names)
        self.names.full |= part.names_full
        self.names.forgotten += part.names_forgotten
        self.aliases.recall(part.domains)
        self.aliases.full |= part.domains_full
        self._unplaced.extend(part.unplaced)
        self._flows.extend(part.flows)
        self._links.adopt(part.linked, part.proxies)
        self._nameless.update(part.nameless)
        self._period.adopt(part.period)
        self._tally.add(part.tally)
        for event in part.audits:
            self._take(event)

    def _take(self, event: Event) -> None:
        if event.table == API:
            if self._audit and self._audited.holds(event):
                self._audit.take(event)
            return
        self._meet(event)
        if event.table == PROCESS:
            self._learn_start(event)
            self._take_deploying(event)
            return
        if _is_nameless(event):
            self._take_flow(event)
            return
        self.names.learn(event, client_of(event))
        self.aliases.learn(event)
        if self._period.holds(event) and not self._placed(event):
            self._tally.not_serverless += 1
            self._unplaced.append(event)

    def _take_deploying(self, event: Event) -> None:
        if self._audit and is_listened_to(event) and self._audited.holds(event):
            self._columns.processes.ask(event, client_of(event))
            self._audit.take(event)

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
            self._links.learn(event, host)
        return place is not None

    def _place_the_rest(self) -> None:
        """Look again at what came before the answer that made its host an own domain of a platform."""
        if len(self.aliases):
            self._tally.not_serverless -= sum(map(self._placed, self._unplaced))
        self._unplaced.clear()

    def _take_flow(self, event: Event) -> None:
        if event.dst_ip is not None and self._period.holds(event) and not self._links.is_anothers(event):
            self._flows.append(event)

    def _second_pass(
        self, inputs: Sequence[Input], addresses: Sequence[str], watch: Watcher | None, total: int | None
    ) -> None:
        """Read the lines that hold a known address or own domain; the first pass has counted those that it read."""
        named = [*(as_word(one) for known in addresses for one in spellings(known)), *self.aliases.expressions()]
        self._run(self._again(JOINING, named), inputs, watch, total)

    def _take_again(self, event: Event) -> None:
        if event.table == API:
            return
        self._meet(event)
        if event.table == PROCESS:
            self._learn_start(event)
        elif _is_nameless(event):
            self._take_flow(event)
        else:
            self.names.learn(event, client_of(event))
            self._links.learn_other(event)
            self._take_own_domain(event)

    def _learn_start(self, event: Event) -> None:
        if event.table == PROCESS:
            self._columns.processes.learn(event, client_of(event))

    def _read_carriers(self, inputs: Sequence[Input], watch: Watcher | None, total: int | None) -> None:
        """Read connections to proxies in endpoints' logs, beside calls that have no process."""
        inputs = self._of_sources(inputs, {n for n, s in self._sources.items() if "process_path" in s.fields})
        calls = self._columns.calls(self._cluster) if inputs else ()
        if not calls:
            return

        def take(event: Event) -> None:
            if calls.may_be_carried_by(event):
                self._columns.carry(event)

        self._takers[CARRIERS] = take
        step = self._again(CARRIERS, calls.expressions(), CARRIERS)
        self._read(step, inputs, watch, total)  # here: it asks all calls

    def _of_sources(self, inputs: Sequence[Input], names: Collection[str]) -> list[Input]:
        """Return the inputs that hold lines of some of these sources."""
        fit = {file.path for file in self.ledger.files if not file.sources.keys().isdisjoint(names)}
        return [item for item in inputs if item.label in fit]

    def _read_starts(self, inputs: Sequence[Input], watch: Watcher | None, total: int | None) -> None:
        """Read how the processes that called were started, then how their parents were, and who is above commands."""
        known, groups = self._columns.processes, self._with_starts(inputs)
        above = [("reading their ancestors", known.wanted_above)] * (ANCESTORS - 2)
        for stage, asks in (("reading processes", known.wanted), ("reading their parents", known.wanted), *above):
            wanted = asks() if groups else []
            for some, within in groups if wanted else ():
                self._run(self._again(STARTS, wanted, stage, within), some, watch, total)

    def _with_starts(self, inputs: Sequence[Input]) -> list[tuple[list[Input], tuple[str, ...]]]:
        """Return the inputs that may tell of starts, with what each start in JSON or XML holds, if that is known."""
        marks = {name: s.start_marks for name, s in self._sources.items() if PROCESS in s.tables}
        inputs = self._of_sources(inputs, marks.keys())
        whole = self._of_sources(inputs, {name for name, some in marks.items() if not some})
        rest = [item for item in inputs if item not in whole]
        within = tuple(dict.fromkeys(mark for some in marks.values() for mark in some))
        return [group for group in ((whole, ()), (rest, within)) if group[0]]

    def _again(self, name: str, named: Sequence[str], stage: str = JOINING, within: tuple[str, ...] = ()) -> Step:
        """Return a step for other lines than those selected before, and note that it will have selected its own."""
        selection = Selection(tuple(named), tuple(_marks(self._sources)), within=within)
        step = Step(name, selection, tuple(self._before), stage)
        self._before.append(step.selection)
        return step

    def _take_own_domain(self, event: Event) -> None:
        names = (event.dst_host, event.tls_name)
        if any(name and self.aliases.identify(name) for name in names) and self._period.holds(event):
            self._placed(event)

    def _join(self) -> None:
        device_at = self.identities.sole_devices() if self._flows else {}
        for event in self._flows:
            started = event.time / 1e6
            host = linked = self._links.host(event)
            if host is None and not self._links.is_anothers(event):
                address = event.src_ip or ""
                also = [name for name in (address, device_at.get(address)) if name]
                host = self.names.name(event.dst_ip or "", client_of(event), started, also)
            place = self.aliases.identify(host) if host else None
            if place is None:
                self._tally.nameless += host is None
            elif place.platform in self._hunted:
                self._tally.linked += linked is not None
                self._tally.joined += linked is None
                self._columns.add(event, place, host or "", joined=linked is None, linked=linked is not None)
        self._flows.clear()


def _is_nameless(event: Event) -> bool:
    """Say whether nobody knows what was asked for.

    A reverse look-up names whose machine it is, not what it served, and an outer name (ECH) whose network.
    """
    return event.dst_host is None or event.host_source == "reverse" or event.dst_host in OUTER_NAMES


def _marks(sources: dict[str, Source]) -> list[str]:
    return [m for s in sources.values() for m in s.marks]


def _nameless_marks(sources: dict[str, Source]) -> list[str]:
    return [m for s in sources.values() for m in s.nameless_marks]


@lru_cache(maxsize=8)
def _selector(selection: Selection) -> Selector:
    """Compile once what a worker needs for one file after another."""
    return Selector([*selection.named, *selection.formed], selection.marks, selection.within)
