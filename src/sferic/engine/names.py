"""Remembers which name an address had, for whom and when, so that logs without names can be read.

Firewall flows carry addresses only. DNS answers, TLS names and proxy rows in the same input say what they meant.
An address of a content network has many names: a name that several sources disagree on is not used.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable

import numpy as np

from sferic.model.event import Event
from sferic.model.hosts import address
from sferic.model.traffic import Seen

KEEP_S = 86_400
"""A name learned longer ago than a day is not believed: addresses behind functions move."""
LATE_S = 2.0
"""DNS and flow logs of one machine may disagree by this much about what came first."""
REPEAT_S = 300.0
"""The same name for the same address within this time is not noted again."""
MAX_ADDRESSES = 20_000
MAX_SEEN = 20_000
"""Observations of one address; when half of them are there, the same name counts as a repetition for half a day."""


_ASKED = 256
"""So many of an address's observations before a flow are looked at."""


class _Heard:
    """What one address was called: moment, client and host of each observation, the last two by number."""

    __slots__ = ("clients", "hosts", "latest", "ordered", "times", "told")

    def __init__(self) -> None:
        self.times, self.clients, self.hosts = array("d"), array("i"), array("i")
        self.latest: dict[int, int] = {}
        """Client → its latest observation."""
        self.told = 0
        """How many of the observations `Names.fresh` has given away."""
        self.ordered: _Heard | None = None
        """The same by time, once it was asked for."""

    def by_time(self) -> "_Heard":
        if self.ordered is None:
            order = np.argsort(np.frombuffer(self.times), kind="stable").tolist()
            self.ordered = _Heard()
            for name in ("times", "clients", "hosts"):
                values = getattr(self, name)
                setattr(self.ordered, name, array(values.typecode, [values[n] for n in order]))
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
        if event.dst_host is None:
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

    def fresh(self) -> list[tuple[str, Seen]]:
        """Return what was noted since this was asked last, address by address."""
        found = []
        for where, heard in self._heard.items():
            for n in range(heard.told, len(heard.times)):
                client, host = self._texts[heard.clients[n]], self._texts[heard.hosts[n]]
                found.append((where, Seen(heard.times[n], client, host)))
            heard.told = len(heard.times)
        return found

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

    def name(self, where: str, client: str, time_s: float) -> str | None:
        """Return the name an address had for a client at a time; None if nobody knows or they disagree."""
        heard = self._heard.get(where)
        if heard is None:
            return None
        known, who = heard.by_time(), self._numbers.get(client)
        end = bisect_right(known.times, time_s + LATE_S)
        recent = []
        for n in range(end - 1, max(0, end - _ASKED) - 1, -1):
            if time_s - known.times[n] > KEEP_S:
                break
            if known.clients[n] == who:
                return self._texts[known.hosts[n]]
            recent.append(known.hosts[n])
        return self._texts[recent[0]] if recent and len(set(recent)) == 1 else None
