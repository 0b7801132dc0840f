"""What is read of one input for one step of a run, in a form that travels from machine to machine and can be added up.

Records only; `sferic.engine.gather` makes and adopts them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from sferic.catalog.platforms import Place
from sferic.engine.identity import Identities
from sferic.engine.inputs import Input, Met
from sferic.engine.ledger import Ledger
from sferic.engine.parts import Parts
from sferic.engine.period import Period
from sferic.engine.processes import Processes
from sferic.engine.progress import Watcher
from sferic.engine.settling import Settler, Traits
from sferic.model.event import Event
from sferic.model.grouping import Table
from sferic.model.traffic import Collected, Seen

READING, JOINING, CARRIERS, STARTS = "reading", "joining names", "joining proxies", "reading processes"


class Selection(msgspec.Struct, frozen=True):
    """What selects lines."""

    named: tuple[str, ...] = ()
    """Expressions of what a line says: hosts, addresses, processes."""
    formed: tuple[str, ...] = ()
    """Expressions of how a line of text is made: headers, and records whose kind is told by their form."""
    marks: tuple[str, ...] = ()
    """What only tells that something occurs."""
    within: tuple[str, ...] = ()
    """Of which a selected line of JSON or XML holds one, too; where there are none, any line will do."""


class Step(msgspec.Struct, frozen=True):
    """One reading of the inputs: what is looked for, and what is done with it."""

    name: str
    """READING, JOINING, CARRIERS or STARTS."""
    selection: Selection
    before: tuple[Selection, ...] = ()
    """What earlier steps selected: these lines are counted."""
    stage: str = READING


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

    def add(self, other: "Tally") -> None:
        """Add another one's counts."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Left(msgspec.Struct, frozen=True):
    """What is told of rows that stay where they were read."""

    rows: int
    traits: Traits


class Numbered(msgspec.Struct, frozen=True):
    """What the rows of a part that stay where they were read must know to join the others."""

    start: int
    """How many rows came before them."""
    rows: int
    processes: list[int]
    """The number that each of their processes has among all."""


class Told(msgspec.Struct, frozen=True):
    """All that this machine knows of rows that stay where they were read, part by part as they were adopted."""

    texts: Collected
    """All texts, by the numbers that all share; no rows."""
    numbered: Sequence[Numbered]
    own: Table
    """The rows that this machine has read itself; `order` says how many came before each."""


class Part(msgspec.Struct, frozen=True):
    """What one input held."""

    ledger: Ledger
    collected: Collected
    identities: Identities
    processes: Processes
    names: list[tuple[str, Seen]]
    domains: dict[str, Place]
    unplaced: list[Event]
    flows: list[Event]
    linked: dict[str, str]
    proxies: set[str]
    nameless: set[str]
    audits: list[Event]
    period: Period
    audited: Period
    tally: Tally
    names_full: bool
    names_forgotten: int
    domains_full: bool
    left: Left | None = None
    """Set where the rows stay behind, and `collected` has none."""


class Cluster(Protocol):
    """Whoever reads inputs on other machines."""

    def listed(self, url: str) -> Iterator[Met]:
        """Yield what is at an address in an object store."""

    def find(self, label: str) -> Input | None:
        """Return an input that this machine can read once more, by its label."""

    def parts(
        self, step: Step, inputs: Sequence[Input], domains: Mapping[str, Place], watch: Watcher | None
    ) -> Iterator[Part]:
        """Read inputs for a step and yield their parts in order; `domains` are the own ones that are known.

        The rows may stay where they are, and then `rows` and `scattered` reach them.
        """

    def rows(self, told: Told, names: Sequence[str]) -> Table:
        """Return some columns of the rows that stayed behind."""

    def scattered(self, told: Told, settler: Settler) -> Parts:
        """Return all traffic, to be settled and weighed where its rows are."""
