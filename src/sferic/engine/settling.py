"""Settles collected rows into Traffic: one name a machine, no row twice, one row a connection, owners shown.

It looks at all rows of a client together, so it is asked anew when rows have been added. What it needs of everybody
(texts, identities, traits of the sources) it is given.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from sferic.catalog.programs import program_of, spelt
from sferic.engine.attribution import attributed
from sferic.engine.identity import Identities, accounts, one_person
from sferic.engine.tidying import (
    behind_proxies,
    by_time,
    first_copies,
    of_other_owners,
    one_row_a_connection,
    one_row_while_open,
    shown,
    without_openings,
)
from sferic.model.grouping import Table, one_after_the_other, where
from sferic.model.hosts import in_networks, is_address
from sferic.model.process import Process
from sferic.model.traffic import COLUMNS, FINE, IS_TUNNEL, JOINED, OPENING, UNKNOWN, Bools, Collected, Traffic


class Dropped(msgspec.Struct, frozen=True):
    """How many rows were left out."""

    duplicates: int = 0
    """The same line in a second file."""
    announced: int = 0
    """Rows named by address: connections whose end is a row of its own."""
    openings: int = 0
    """Announcements without a connection's name, left out where ends are logged."""

    def __add__(self, other: "Dropped") -> "Dropped":
        """Return the sum."""
        return Dropped(*(getattr(self, n) + getattr(other, n) for n in self.__struct_fields__))


class Settled(msgspec.Struct, frozen=True):
    """The traffic, and how many rows it left out."""

    traffic: Traffic
    dropped: Dropped


class Vocabulary(dict[str, int]):
    """Text → number, in order of first sight; asking for a new text gives it the next one."""

    def __missing__(self, text: str) -> int:
        """Give a new text the next number."""
        number = self[text] = len(self)
        return number


class Traits(msgspec.Struct):
    """What all rows together, as they were collected, say of their sources."""

    fine: set[int] = set()
    """Sources whose stamps are finer than whole seconds."""
    closing: set[int] = set()
    """Sources that log the ends of connections."""
    forwards: bool = False
    """Whether any row names a client behind a proxy."""

    def note(self, columns: Table) -> None:
        """Look at some of the rows."""
        source, flags = columns["source"], columns["flags"]
        called = columns["place"] != UNKNOWN
        self.fine.update(np.unique(source[(flags & FINE) != 0]).tolist())
        self.closing.update(np.unique(source[called & ((flags & IS_TUNNEL) != 0) & ((flags & OPENING) == 0)]).tolist())
        self.forwards = self.forwards or bool((columns["forwarded"] != UNKNOWN).any())


    def add(self, others: "Traits", numbers: Sequence[int]) -> None:
        """Add what other rows say; `numbers` are those that their sources have here."""
        self.fine.update(numbers[source] for source in others.fine)
        self.closing.update(numbers[source] for source in others.closing)
        self.forwards = self.forwards or others.forwards


class Settler:
    """Settles rows, all at once or some clients at a time: `named`, then `merged`, then `traffic`."""

    def __init__(
        self, collected: Collected, traits: Traits, identities: Identities, proxies: Sequence[str],
        same_owner: Callable[[str, str], bool],
    ) -> None:
        """Take all texts and what all rows say; `proxies` are networks, `same_owner` says it of two hosts."""
        words = collected.words
        clients = Vocabulary({name: number for number, name in enumerate(words["client"])})
        spellings = identities.spellings(clients)
        identities = identities.united(spellings)
        self._machine = np.array([*(clients[spellings.get(n, n)] for n in words["client"]), UNKNOWN], np.int32)
        self._known = identities.known(clients)
        self.renames = bool(self._known or spellings)
        """Whether a row may get another client than the log gave it."""
        self.forwards = traits.forwards
        self._identities, self._clients, self._same_owner = identities, clients, same_owner
        self._collected, self._traits = collected, traits
        self._accounts = accounts(words["user"])
        self._devices = np.array([*(not is_address(name) for name in clients), False])
        addresses = identities.addresses(clients)
        self._listed = _listed(list(clients), addresses, proxies)
        images, owners = Vocabulary(), Vocabulary()
        self._image_of = images_of(collected.processes, images)
        self._usual = _usual(collected.processes)
        self._owner_of = np.array([owners[place.owner] for place in collected.places], np.int64)
        self._vocabularies: dict[str, Any] = {
            **{f"{name}s": texts for name, texts in words.items()}, "clients": list(clients), "images": list(images),
            "processes": collected.processes, "places": collected.places, "addresses": addresses,
            "subsecond": [number in traits.fine for number in range(len(words["source"]))],
        }  # fmt: skip

    def named(self, columns: Table) -> Table:
        """Give each row the client and the user under the one name that stands for them."""
        found = dict(columns)
        for name in ("client", "forwarded"):
            machines = self._machine[columns[name]]
            found[name] = self._identities.renamed(machines, columns["time_s"], self._known, self._clients)
        found["user"] = self._accounts[columns["user"]]
        return found

    def merged(self, columns: Table) -> tuple[Table, Dropped]:
        """Return named rows by time without copies and announcements.

        It must see all rows of a client. Where a proxy is believed the client is another one afterwards.
        """
        users = one_person(columns["client"], columns["user"], self._collected.words["user"], self._devices)
        columns = columns | {"user": users}
        carriers = where(columns, columns["place"] == UNKNOWN)
        columns = where(columns, columns["place"] != UNKNOWN)
        before = len(columns["time_s"])
        unique = first_copies(columns)
        merged = one_row_while_open(one_row_a_connection(unique))
        left = by_time(without_openings(merged, self._traits.closing))
        dropped = Dropped(
            duplicates=before - len(unique["time_s"]), announced=_announced(unique) - _announced(left),
            openings=len(merged["time_s"]) - len(left["time_s"]),
        )  # fmt: skip
        found = behind_proxies(left, self._collected.places, self._listed)
        carriers["via"] = np.full(len(carriers["time_s"]), UNKNOWN, np.int32)
        return one_after_the_other([found, carriers]), dropped

    def traffic(self, columns: Table) -> Traffic:
        """Return merged rows, by time, as traffic. It must see all rows of a client."""
        words, places = self._collected.words, self._collected.places
        carriers = by_time(where(columns, columns["place"] == UNKNOWN))
        columns = dict(where(columns, columns["place"] != UNKNOWN))
        columns["other_host"] = of_other_owners(columns, words["host"], self._same_owner)
        columns["place"] = shown(columns, places)
        columns = attributed(columns, self._image_of, self._owner_of, carriers, self._usual)
        columns["image"] = self._image_of[columns["process"]].astype(np.int32)
        return Traffic(**{name: columns[name] for name in COLUMNS}, **self._vocabularies)

    def saved(self, columns: Table) -> Traffic:
        """Return what were the columns of `traffic` as traffic."""
        return Traffic(**columns, **self._vocabularies)

    def settled(self, columns: Table) -> Traffic:
        """Return rows that were settled once, and kept by the names that they got, as traffic."""
        none = np.broadcast_to(np.int32(UNKNOWN), len(columns["time_s"]))
        known = columns | {"via": none, "image": self._image_of[columns["process"]].astype(np.int32)}
        return self.saved({name: known[name] for name in COLUMNS})


def settle(
    collected: Collected, identities: Identities, proxies: Sequence[str], same_owner: Callable[[str, str], bool]
) -> Settled:
    """Return the rows as traffic, sorted by time; `proxies` are networks, `same_owner` says it of two hosts."""
    traits = Traits()
    traits.note(collected.columns)
    settler = Settler(collected, traits, identities, proxies, same_owner)
    columns, dropped = settler.merged(settler.named(collected.columns))
    return Settled(settler.traffic(columns), dropped)


def images_of(processes: Sequence[Process], images: dict[str, int]) -> Any:
    """Return the program of each process, by its number in `images`; the last place is UNKNOWN's."""
    return np.array([images[spelt(p.path)] if p.path else UNKNOWN for p in processes] + [UNKNOWN], np.int64)


def _usual(processes: Sequence[Process]) -> Bools:
    """Mark the processes that connect all day, whatever else happens; the last place is UNKNOWN's."""
    return np.array([*(bool(program_of(p.path or "", p.company).kinds & {"browser", "app"}) for p in processes), False])


def recognise(columns: Table, names: Sequence[str], identities: Identities) -> None:
    """Teach identities what collected rows, whose clients have these names, say of devices and their addresses."""
    known = np.flatnonzero(columns["address"] != UNKNOWN)
    pair = columns["address"][known].astype(np.int64) << 32 | columns["client"][known].astype(np.int64)
    order = known[np.lexsort((columns["time_s"][known], pair))]
    pairs, first = np.unique(np.sort(pair), return_index=True)
    last = np.append(first[1:], len(order))[: len(first)] - 1
    for code, at in zip(np.repeat(pairs, 2).tolist(), np.stack([first, last], axis=1).ravel().tolist(), strict=True):
        identities.learn(names[code >> 32], names[code & 0xFFFFFFFF], float(columns["time_s"][order[at]]))


def _listed(clients: Sequence[str], addresses: Mapping[int, str], proxies: Sequence[str]) -> Bools:
    """Mark the clients whose address lies in the networks of known proxies; the last place is UNKNOWN's."""
    known = (n if is_address(n) else addresses.get(i) for i, n in enumerate(clients))
    return np.array([*in_networks(known, proxies), False])


def _announced(columns: Table) -> int:
    return int(np.count_nonzero((columns["flags"] & OPENING != 0) & (columns["flags"] & JOINED != 0)))
