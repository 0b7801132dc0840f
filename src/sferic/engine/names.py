"""Remembers which name an address had, for whom and when, so that logs without names can be read.

Firewall flows carry addresses only. DNS answers, TLS names and proxy rows in the same input say what they meant.
An address of a content network has many names: a name that several sources disagree on is not used.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable

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


class Names:
    """Address → what it was called, by whom, when."""

    def __init__(self) -> None:
        self._seen: dict[str, list[Seen]] = defaultdict(list)
        self._latest: dict[tuple[str, str], Seen] = {}
        self._sorted = False
        self.fresh: list[tuple[str, Seen]] = []
        """What was noted since this list was emptied last: address and observation."""
        self.full = False
        """Whether more addresses appeared than are remembered."""
        self.forgotten = 0
        """Observations of addresses that had as many as are remembered."""

    def __len__(self) -> int:
        return len(self._seen)

    def addresses(self) -> list[str]:
        """Return the addresses that have a name, sorted."""
        return sorted(self._seen)

    def learn(self, event: Event, client: str) -> None:
        """Remember what an event with a host name says about addresses."""
        if event.dst_host is None:
            return
        told = event.answers or ()
        found = [a for a in (address(t) for t in told) if a] if event.table == "dns_activity" else [event.dst_ip]
        for one in found:
            if one is None or (one not in self._seen and len(self._seen) >= MAX_ADDRESSES):
                self.full = self.full or one is not None
                continue
            self._remember(one, Seen(event.time / 1e6, client, event.dst_host))

    def recall(self, earlier: Iterable[tuple[str, Seen]]) -> None:
        """Note what an earlier run observed."""
        self.adopt(earlier)
        self.fresh.clear()

    def adopt(self, others: Iterable[tuple[str, Seen]]) -> None:
        """Note what somebody else observed."""
        for where, seen in others:
            if where in self._seen or len(self._seen) < MAX_ADDRESSES:
                self._remember(where, seen)
            else:
                self.full = True

    def _remember(self, where: str, seen: Seen) -> None:
        """Keep an observation unless it repeats what the client was told shortly before, or there are too many."""
        last, history = self._latest.get((where, seen.client)), self._seen[where]
        shortly_s = REPEAT_S if len(history) < MAX_SEEN // 2 else KEEP_S / 2
        if last is not None and last.host == seen.host and abs(seen.time_s - last.time_s) < shortly_s:
            return
        if len(history) >= MAX_SEEN:
            self.forgotten += 1
            return
        self._latest[where, seen.client] = seen
        history.append(seen)
        self.fresh.append((where, seen))
        self._sorted = False

    def name(self, where: str, client: str, time_s: float) -> str | None:
        """Return the name an address had for a client at a time; None if nobody knows or they disagree."""
        if not self._sorted:
            for history in self._seen.values():
                history.sort(key=lambda s: s.time_s)
            self._sorted = True
        known = self._seen.get(where, [])
        end = bisect_right(known, time_s + LATE_S, key=lambda s: s.time_s)
        recent = []
        for seen in reversed(known[max(0, end - 256) : end]):
            if time_s - seen.time_s > KEEP_S:
                break
            if seen.client == client:
                return seen.host
            recent.append(seen.host)
        return recent[0] if recent and len(set(recent)) == 1 else None
