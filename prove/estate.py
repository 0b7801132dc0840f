"""A simulated estate as events, with what really happened in it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sferic.lab.truth import ANSWERS
from sferic.model.event import Event
from sferic.model.settings import Settings
from sferic.pipeline.normalizing import normalize

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


def _channel(one: dict[str, list[str]]) -> Channel:
    pairs = frozenset((address, host) for address in one["src_ips"] for host in one["hosts"])
    return Channel(str(one["channel"]), pairs)
