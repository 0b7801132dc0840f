"""Remembers which name an address had, for whom and when, so that logs without names can be read.

Firewall flows carry addresses only. DNS answers, TLS names and proxy rows in the same input say what they meant.
An address of a content network has many names: a name that several sources disagree on is not used.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

import numpy as np

from sferic.model.event import Event
from sferic.model.hosts import address
from sferic.model.traffic import Seen

KEEP_S = 86_400
"""A name learned longer ago than a day is not believed: addresses behind functions move."""
LATE_S = 2.0
"""DNS and flow logs of one machine may disagree by this much about what came first."""
OUTER_NAMES = frozenset({"cloudflare-ech.com"})
"""What a client says in the clear where it encrypts its hello (ECH): the name of the network, of no server."""
REPEAT_S = 300.0
"""The same name for the same address within this time is not noted again."""
MAX_ADDRESSES = 20_000
MAX_SEEN = 20_000
"""Observations of one address; when half of them are there, the same name counts as a repetition for half a day."""


_ASKED = 256
"""So many observations of others before a flow are looked at, where its own client made none."""


class _Ordered:
    """What an address was called, by everybody in order of time, and by each client."""

    __slots__ = ("hosts", "own", "own_hosts", "own_times", "times")

    def __init__(self, heard: "_Heard") -> None:
        times, clients, hosts = (np.array(column) for column in (heard.times, heard.clients, heard.hosts))
        order = np.argsort(times, kind="stable")
        self.times, self.hosts = array("d", times[order]), array("i", hosts[order])
        order = np.lexsort((times, clients))
        self.own_times, self.own_hosts = array("d", times[order]), array("i", hosts[order])
        who, begins = np.unique(clients[order], return_index=True)
        ends = [*begins[1:].tolist(), len(order)]
        self.own: dict[int, tuple[int, int]] = dict(
            zip(who.tolist(), zip(begins.tolist(), ends, strict=True), strict=True)
        )
        """Client → from where to where its own observations stand."""


class _Heard:
    """What one address was called: moment, client and host of each observation, the last two by number."""

    __slots__ = ("clients", "hosts", "latest", "ordered", "times", "told")

    def __init__(self) -> None:
        self.times, self.clients, self.hosts = array("d"), array("i"), array("i")
        self.latest: dict[int, int] = {}
        """Client → its latest observation."""
        self.told = 0
        """How many of the observations `Names.fresh` has given away."""
        self.ordered: _Ordered | None = None
        """The same in order, once it was asked for."""

    def in_order(self) -> _Ordered:
        if self.ordered is None:
            self.ordered = _Ordered(self)
        return self.ordered


class Names:
    """Address → what it was called, by whom, when: 16 bytes an observation, for there may be millions."""

    def __init__(self) -> None:
        self._heard: dict[str, _Heard] = {}
        self._numbers: dict[str, int] = {}
        """Number of each text, client's or host's."""
        self._texts: list[str] = []
        self.full = False
        """Whether more addresses appeared than are remembered."""
        self.forgotten = 0
        """Observations of addresses that had as many as are remembered."""

    def __len__(self) -> int:
        return len(self._heard)

    def addresses(self) -> list[str]:
        """Return the addresses that have a name, sorted."""
        return sorted(self._heard)

    def learn(self, event: Event, client: str) -> None:
        """Remember what an event with a host name says about addresses."""
        if event.dst_host is None or event.dst_host in OUTER_NAMES:
            return
        told = event.answers or ()
        found = [a for a in (address(t) for t in told) if a] if event.table == "dns_activity" else [event.dst_ip]
        for one in found:
            if one is not None:
                self._remember(one, event.time / 1e6, client, event.dst_host)

    def recall(self, earlier: Iterable[tuple[str, Seen]]) -> None:
        """Note what an earlier run observed."""
        self.adopt(earlier)
        for heard in self._heard.values():
            heard.told = len(heard.times)

    def adopt(self, others: Iterable[tuple[str, Seen]]) -> None:
        """Note what somebody else observed."""
        for where, seen in others:
            self._remember(where, seen.time_s, seen.client, seen.host)

    def fresh(self) -> Iterator[tuple[str, Seen]]:
        """Yield what was noted since this was asked last, address by address."""
        for where, heard in self._heard.items():
            for n in range(heard.told, len(heard.times)):
                client, host = self._texts[heard.clients[n]], self._texts[heard.hosts[n]]
                yield where, Seen(heard.times[n], client, host)
            heard.told = len(heard.times)

    def _remember(self, where: str, time_s: float, client: str, host: str) -> None:
        """Keep an observation unless it repeats what the client was told shortly before, or there are too many."""
        heard = self._heard.get(where)
        if heard is None:
            if len(self._heard) >= MAX_ADDRESSES:
                self.full = True
                return
            heard = self._heard[where] = _Heard()
        who, what = self._number(client), self._number(host)
        last = heard.latest.get(who)
        shortly_s = REPEAT_S if len(heard.times) < MAX_SEEN // 2 else KEEP_S / 2
        if last is not None and heard.hosts[last] == what and abs(time_s - heard.times[last]) < shortly_s:
            return
        if len(heard.times) >= MAX_SEEN:
            self.forgotten += 1
            return
        heard.latest[who] = len(heard.times)
        heard.times.append(time_s)
        heard.clients.append(who)
        heard.hosts.append(what)
        heard.ordered = None

    def _number(self, text: str) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return number

    def name(self, where: str, client: str, time_s: float, also: Iterable[str] = ()) -> str | None:
        """Return the name an address had for a client at a time; None if nobody knows or they disagree.

        `also` is what other logs may call the client.
        """
        heard = self._heard.get(where)
        if heard is None:
            return None
        known, latest_s = heard.in_order(), time_s + LATE_S
        for who in (client, *also):
            begin, end = known.own.get(self._numbers.get(who, -1), (0, 0))
            n = bisect_right(known.own_times, latest_s, begin, end) - 1
            if n >= begin and time_s - known.own_times[n] <= KEEP_S:
                return self._texts[known.own_hosts[n]]
        end = bisect_right(known.times, latest_s)
        begin = max(bisect_left(known.times, time_s - KEEP_S, 0, end), end - _ASKED)
        recent = set(known.hosts[begin:end])
        return self._texts[recent.pop()] if len(recent) == 1 else None
