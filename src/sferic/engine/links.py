"""Remembers what one row of a connection tells of its others, which a sensor gave the same id: the name of the host.

A request to a proxy names a host and its connection leads to the proxy; how much was sent stands in a row of that
connection, which names nobody. What proxies are called by others says nothing of it.
"""

from collections.abc import Iterable, Mapping

from sferic.model.event import Event
from sferic.sources._fields import is_inside

MAX_PROXIES = 1000
MAX_OTHERS = 200_000
"""Connections to hosts of no platform that are remembered, so that no other's name is given to them."""


class Links:
    """Connection's id → host, and the proxies behind which connections end."""

    def __init__(self) -> None:
        self.hosts: dict[str, str] = {}
        self.proxies: set[str] = set()
        """Of the own network only: a caller can send what looks like a request to a proxy to any server."""
        self._others = 0

    def learn(self, event: Event, host: str) -> None:
        """Note a row that names a platform's host."""
        if not event.connection_id:
            return
        self.hosts[event.connection_id] = host
        proxy = event.proxy_ip
        if proxy and is_inside(proxy) and len(self.proxies) < MAX_PROXIES:
            self.proxies.add(proxy)

    def learn_other(self, event: Event) -> None:
        """Note a row that names another host, at an address that platforms have."""
        if event.connection_id and event.dst_host and self._others < MAX_OTHERS:
            self._others += 1
            self.hosts.setdefault(event.connection_id, event.dst_host)

    def adopt(self, hosts: Mapping[str, str], proxies: Iterable[str]) -> None:
        """Note what others know; a host that is known already stays, for a platform's comes first."""
        self.hosts = {**hosts, **self.hosts}
        self.proxies.update(proxies)

    def host(self, event: Event) -> str | None:
        """Return the host that another row of the connection names."""
        return self.hosts.get(event.connection_id) if event.connection_id else None

    def is_anothers(self, event: Event) -> bool:
        """Say whether a row without a name is of a connection to a proxy for which nobody asked for a known host."""
        return event.dst_ip in self.proxies and event.connection_id not in self.hosts
