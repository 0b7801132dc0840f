"""Remembers which own domains lead to a platform, as the same input shows, and identifies hosts by them.

`api.shop.example` in a proxy's log names no platform; the answer that made it an alias of
`d-….execute-api.us-east-1.amazonaws.com` does, and so does an audit log that shows how the domain was set up.
What names say of themselves comes first, a user's domains included.

What it does not do: follow a chain over several lines; each line must hold the platform's name itself.
"""

from collections.abc import Container, Mapping, Sequence

import msgspec

from sferic.catalog.place import custom_place
from sferic.catalog.platforms import Catalogue, Place
from sferic.catalog.suffixes import as_expressions
from sferic.model.event import DNS, Event

MAX_DOMAINS = 5_000
_REVERSE = ".arpa"
_SECOND_LEVELS = frozenset("ac co com edu gob gouv gov go gv mil ne net or org".split())
"""What registries of countries put before the names that can be registered."""


class Aliases:
    """The catalogue, and the own domains learned in this run."""

    def __init__(self, catalogue: Catalogue, wanted: Container[str]) -> None:
        """Take the ids of the platforms whose own domains are wanted."""
        self._catalogue = catalogue
        self._wanted = wanted
        self._places: dict[str, Place] = {}
        self.full = False
        """Whether more domains led to a platform than are remembered."""

    def __len__(self) -> int:
        return len(self._places)

    def learn(self, event: Event) -> None:
        """Remember the name that was asked for, if what DNS answered is a platform's name."""
        host, answers = event.dst_host, event.answers
        if event.table != DNS or host is None or answers is None or host in self._places:
            return
        if "." not in host or host.endswith(_REVERSE):
            return
        self._remember(host, self._catalogue.unmask(host, answers, self._wanted))

    def lead(self, host: str, targets: Sequence[str], platform: str) -> None:
        """Remember a domain that leads to one of these names, else to that platform, as an audit log shows."""
        if host in self._places or "." not in host or self._catalogue.identify(host) is not None:
            return
        place = self._catalogue.unmask(host, targets, self._wanted)
        if place is None and platform in self._wanted:
            place = custom_place(self._catalogue.platforms[platform], host, host)
        self._remember(host, msgspec.structs.replace(place, cname=None) if place else None)

    def _remember(self, host: str, place: Place | None) -> None:
        if place is None:
            return
        if len(self._places) >= MAX_DOMAINS:
            self.full = True
            return
        self._places[host] = place

    def recall(self, earlier: Mapping[str, Place]) -> None:
        """Note what an earlier run learned."""
        for host, place in earlier.items():
            if place.platform in self._wanted and len(self._places) < MAX_DOMAINS:
                self._places[host] = place

    def learned(self) -> Mapping[str, Place]:
        """Return the own domains and where they lead."""
        return self._places

    def identify(self, host: str, path: str | None = None) -> Place | None:
        """Return where a normalised host leads to, by its own name or as an own domain; None if nowhere known."""
        place = self._catalogue.identify(host, path)
        if place is not None or (own := self._places.get(host)) is None:
            return place
        return self._catalogue.below(own, path)

    def same_owner(self, one: str, other: str) -> bool:
        """Say whether two hosts are of one owner: one tenant of a platform, or else one registered domain.

        No list of public suffixes is asked: below one of the usual second levels (`co.uk`) three labels count.
        """
        places = self.identify(one), self.identify(other)
        if places[0] is not None and places[1] is not None:
            return places[0].owner == places[1].owner
        return _registered(one) == _registered(other)

    def expressions(self) -> list[str]:
        """Return what selects the lines that name one of the domains."""
        return as_expressions(self._places, self._places)


def _registered(host: str) -> str:
    labels = host.split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS
    return ".".join(labels[-3 if deep else -2 :])
