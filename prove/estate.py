"""A simulated estate as events, with what really happened in it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sferic.lab.truth import ANSWERS
from sferic.model.event import Event
from sferic.model.settings import Settings
from sferic.pipeline.normalizing import normalize

CHALLENGE = 407
"""A proxy's question for a name is no request of its own."""
PER_PAIR = 20
"""Enough for what counts twelve in a day."""
Pair = tuple[str, str]
"""A client's address and the host it called."""


class Channel(NamedTuple):
    """One implant of the estate."""

    name: str
    pairs: frozenset[Pair]

    def found(self, alerts: Iterable[Pair]) -> bool:
        """Say whether any alert is about it."""
        return not self.pairs.isdisjoint(alerts)


class Estate(NamedTuple):
    """What was logged, and the implants among it."""

    events: list[Event]
    implants: list[Channel]


def read(folder: Path, only: str = "*.log.gz") -> Estate:
    """Read the logs of an estate (or some of its files) and the implants that those files show."""
    files = sorted(folder.glob(only))
    events = list(normalize([str(file) for file in files], Settings()))
    names = {file.name for file in files}
    truth = json.loads((folder / ANSWERS).read_bytes())
    return Estate(events, [_channel(one) for one in truth if one["label"] == "c2" and names & set(one["files"])])


def first(events: Iterable[Event]) -> Iterator[Event]:
    """Keep the first events of each client and host, for engines whose time grows with the square of them."""
    seen: Counter[tuple[str | None, str | None]] = Counter()
    for event in events:
        if event.status != CHALLENGE:
            seen[event.src_ip, event.dst_host] += 1
            if seen[event.src_ip, event.dst_host] <= PER_PAIR:
                yield event


def _channel(one: dict[str, list[str]]) -> Channel:
    pairs = frozenset((address, host) for address in one["src_ips"] for host in one["hosts"])
    return Channel(str(one["channel"]), pairs)
