"""Settles collected rows into Traffic: one name a machine, no row twice, one row a connection, owners shown.

It looks at all rows together, so it is asked anew when rows have been added.
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
    shown,
    without_openings,
)
from sferic.model.hosts import in_networks, is_address
from sferic.model.process import Process
from sferic.model.traffic import FINE, JOINED, OPENING, UNKNOWN, Bools, Collected, Traffic

Table = dict[str, Any]


class Settled(msgspec.Struct, frozen=True):
    """The traffic, and how many rows it left out."""

    traffic: Traffic
    duplicates: int
    """The same line in a second file."""
    announced: int
    """Rows named by address: connections whose end is a row of its own."""
    openings: int
    """Announcements without a connection's name, left out where ends are logged."""


class Vocabulary(dict[str, int]):
    """Text → number, in order of first sight; asking for a new text gives it the next one."""

    def __missing__(self, text: str) -> int:
        """Give a new text the next number."""
        number = self[text] = len(self)
        return number


def settle(
    collected: Collected, identities: Identities, proxies: Sequence[str], same_owner: Callable[[str, str], bool]
) -> Settled:
    """Return the rows as traffic, sorted by time; `proxies` are networks, `same_owner` says it of two hosts."""
    words, places = collected.words, collected.places
    clients = Vocabulary({name: number for number, name in enumerate(words["client"])})
    columns = dict(collected.columns)
    spellings = identities.spellings(clients)
    identities = identities.united(spellings)
    machine = np.array([*(clients[spellings.get(n, n)] for n in words["client"]), UNKNOWN], np.int32)
    for name in ("client", "forwarded"):
        columns[name] = identities.renamed(machine[columns[name]], columns["time_s"], clients)
    devices = np.array([*(not is_address(name) for name in clients), False])
    columns["user"] = one_person(columns["client"], accounts(words["user"])[columns["user"]], words["user"], devices)
    addresses = identities.addresses(clients)
    carriers = by_time(_some(columns, columns["place"] == UNKNOWN))
    columns = _some(columns, columns["place"] != UNKNOWN)
    before = len(columns["time_s"])
    columns = first_copies(columns)
    duplicates = before - len(columns["time_s"])
    announced = _announced(columns)
    merged = one_row_a_connection(columns)
    columns = by_time(without_openings(merged))
    openings = len(merged["time_s"]) - len(columns["time_s"])
    announced -= _announced(columns)
    columns = behind_proxies(columns, places, _listed(list(clients), addresses, proxies))
    columns["other_host"] = of_other_owners(columns, words["host"], same_owner)
    columns["place"] = shown(columns, places)
    images, owners = Vocabulary(), Vocabulary()
    image_of = images_of(collected.processes, images)
    owner_of = np.array([owners[place.owner] for place in places], np.int64)
    columns = attributed(columns, image_of, owner_of, carriers, _usual(collected.processes))
    columns["image"] = image_of[columns["process"]].astype(np.int32)
    for name in ("address", "link", "forwarded", "port"):
        del columns[name]
    named: dict[str, Any] = {f"{name}s": texts for name, texts in words.items()} | {"clients": list(clients)}
    traffic = Traffic(
        **columns, **named, processes=collected.processes, images=list(images), places=places,
        subsecond=_subsecond(collected), addresses=addresses,
    )  # fmt: skip
    return Settled(traffic, duplicates, announced, openings)


def images_of(processes: Sequence[Process], images: dict[str, int]) -> Any:
    """Return the program of each process, by its number in `images`; the last place is UNKNOWN's."""
    return np.array([images[spelt(p.path)] if p.path else UNKNOWN for p in processes] + [UNKNOWN], np.int64)


def _usual(processes: Sequence[Process]) -> Bools:
    """Mark the processes that connect all day, whatever else happens; the last place is UNKNOWN's."""
    return np.array([*(bool(program_of(p.path or "", p.company).kinds & {"browser", "app"}) for p in processes), False])


def _some(columns: Table, wanted: Bools) -> Table:
    return {name: column[wanted] for name, column in columns.items()}


def recognise(collected: Collected, identities: Identities) -> None:
    """Teach identities what collected rows say of devices and their addresses."""
    columns, names = collected.columns, collected.words["client"]
    known = np.flatnonzero(columns["address"] != UNKNOWN)
    pair = columns["address"][known].astype(np.int64) << 32 | columns["client"][known].astype(np.int64)
    order = known[np.lexsort((columns["time_s"][known], pair))]
    pairs, first = np.unique(np.sort(pair), return_index=True)
    last = np.append(first[1:], len(order))[: len(first)] - 1
    for code, at in zip(np.repeat(pairs, 2).tolist(), np.stack([first, last], axis=1).ravel().tolist(), strict=True):
        identities.learn(names[code >> 32], names[code & 0xFFFFFFFF], float(columns["time_s"][order[at]]))


def _subsecond(collected: Collected) -> list[bool]:
    fine = set(collected.columns["source"][(collected.columns["flags"] & FINE) != 0].tolist())
    return [number in fine for number in range(len(collected.words["source"]))]


def _listed(clients: Sequence[str], addresses: Mapping[int, str], proxies: Sequence[str]) -> Bools:
    """Mark the clients whose address lies in the networks of known proxies; the last place is UNKNOWN's."""
    known = (n if is_address(n) else addresses.get(i) for i, n in enumerate(clients))
    return np.array([*in_networks(known, proxies), False])


def _announced(columns: Table) -> int:
    return int(np.count_nonzero((columns["flags"] & OPENING != 0) & (columns["flags"] & JOINED != 0)))
