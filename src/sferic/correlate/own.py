"""Lists the functions of one's own that audit logs show, with their host names, so that traffic to them is recognised.

A function is known by what was done to it: names come from the answers of operations, or are made of its own name
where a platform makes them so. A Worker's name needs its account's label in workers.dev, which the log shows only when
it is set; a list of deployers may give it. The names of what stands in front of a function (a gateway, a distribution)
are the function's, too. What nobody touched or set up within the log is not known.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from sferic.catalog.deployers import Deployers
from sferic.model.deed import Deed

Where = tuple[str, str, str]
MOST_HOSTS = 50
"""Host names of one function that are remembered."""
MOST_FRONTS = 2
"""How many may stand in front of a function, one before the other."""
_CLOUDFLARE = "Cloudflare"


class OwnFunction(msgspec.Struct):
    """A function of one's own, as far as the log shows it."""

    provider: str
    account: str
    function: str
    hosts: tuple[str, ...] = ()
    created: int | None = None
    """When it was made, epoch microseconds; None if that was before the log."""
    created_by: str = ""
    changed: int | None = None
    changed_by: str = ""
    operation: str = ""
    """The last operation that changed it."""

    @property
    def where(self) -> Where:
        """Return its full name."""
        return (self.provider, self.account, self.function)

    def note(self, deed: Deed, hosts: Iterable[str]) -> None:
        """Take in one operation on it, the next in order of time."""
        if len(self.hosts) < MOST_HOSTS:
            self.hosts = tuple(dict.fromkeys((*self.hosts, *hosts)))[:MOST_HOSTS]
        if deed.kind == "create":
            self.created, self.created_by = deed.time, deed.actor
        if deed.is_write:
            self.changed, self.changed_by, self.operation = deed.time, deed.actor, deed.operation


class Inventory:
    """All functions of one's own."""

    def __init__(self, deeds: Iterable[Deed], deployers: Deployers) -> None:
        done = [deed for deed in deeds if not deed.failed]
        labels = dict(deployers.workers) | {deed.account: deed.label for deed in done if deed.label}
        found: dict[Where, OwnFunction] = {}
        for deed in done:
            if deed.function and (deed.is_write or deed.hosts) and not deed.label:
                own = found.setdefault(deed.where, OwnFunction(*deed.where))
                own.note(deed, (*deed.hosts, *_workers_dev(deed, labels.get(deed.account))))
        _pass_on([deed for deed in done if deed.leads and deed.where in found], found)
        self.functions = tuple(found.values())
        self._by_host: dict[str, list[OwnFunction]] = defaultdict(list)
        for own in self.functions:
            for host in own.hosts:
                self._by_host[host].append(own)

    def behind(self, hosts: Iterable[str]) -> list[OwnFunction]:
        """Return the functions, and what stands in front of them, behind the first of these hosts that is known."""
        return next((self._by_host[host] for host in hosts if host in self._by_host), [])

    def domains(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Yield each host name, all names of what is behind it, and the provider."""
        for host, owns in self._by_host.items():
            yield host, tuple(dict.fromkeys(name for own in owns for name in own.hosts)), owns[0].provider


def _pass_on(fronts: Sequence[Deed], found: Mapping[Where, OwnFunction]) -> None:
    """Give the names of what stands in front (a gateway, a distribution) to the function that it sends requests to."""
    for _step in range(MOST_FRONTS):
        by_host = {host: own for own in found.values() for host in own.hosts}
        for deed in fronts:
            front = found[deed.where]
            for lead in deed.leads:
                own = by_host.get(lead.lower()) or found.get((deed.provider, deed.account, lead))
                if own is not None and own is not front:
                    own.hosts = tuple(dict.fromkeys((*own.hosts, *front.hosts)))[:MOST_HOSTS]


def _workers_dev(deed: Deed, label: str | None) -> Iterator[str]:
    if deed.provider == _CLOUDFLARE and label and "/" not in deed.function and "." not in deed.function:
        yield f"{deed.function}.{label}.workers.dev".lower()
