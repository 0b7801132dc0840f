"""Lists the functions of one's own that audit logs show, with their host names, so that traffic to them is recognised.

A function is known by what was done to it: names come from the answers of operations, or are made of its own name
where a platform makes them so. A Worker's name needs its account's label in workers.dev, which the log shows only when
it is set; a list of deployers may give it. Functions nobody touched within the log are not known.
"""

from collections.abc import Iterable, Iterator

import msgspec

from sferic.catalog.deployers import Deployers
from sferic.model.deed import Deed

Where = tuple[str, str, str]
MOST_HOSTS = 50
"""Host names of one function that are remembered."""
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
        self.functions = tuple(found.values())
        self._by_host = {host: own for own in self.functions for host in own.hosts}

    def find(self, hosts: Iterable[str]) -> OwnFunction | None:
        """Return the function behind the first of these host names that is one's own."""
        return next((self._by_host[host] for host in hosts if host in self._by_host), None)


def _workers_dev(deed: Deed, label: str | None) -> Iterator[str]:
    if deed.provider == _CLOUDFLARE and label and "/" not in deed.function and "." not in deed.function:
        yield f"{deed.function}.{label}.workers.dev".lower()
