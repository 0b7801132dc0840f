"""Sorts rows into kinds: what can be told apart by who calls whom, with what.

Why: there are many rows of a kind, and most of what is counted over rows needs one row of each kind only.
"""

import msgspec
import numpy as np

from sferic.model.grouping import joint, opens, rising
from sferic.model.traffic import CHALLENGE, LOOKUP, SUMMARY, Ints, Traffic


class Kinds(msgspec.Struct, frozen=True):
    """The kinds, ascending by the columns in the order in which they stand here: one value of each column a kind."""

    traffic: Traffic
    owners: list[str]
    channels: list[str]
    owner_of: Ints
    """The owner of each place, and so the next one."""
    channel_of: Ints
    order: Ints
    """All rows, kind by kind, by time."""
    sizes: Ints
    first: Ints
    """The first row of each kind."""
    stream: Ints
    """The source, apart for DNS questions, which are no calls, and for what sums up an hour, which is none in time."""
    client: Ints
    user: Ints
    agent: Ints
    image: Ints
    channel: Ints
    owner: Ints
    source: Ints
    challenge: Ints
    """1 where the proxy only asked for credentials."""

    def __len__(self) -> int:
        """Return the number of kinds."""
        return len(self.first)


def kinds_of(traffic: Traffic) -> Kinds:
    """Sort the rows of traffic, which stand by time."""
    owners, owner_of = _numbered([place.owner for place in traffic.places])
    channels, channel_of = _numbered([place.channel for place in traffic.places])
    stream = _stream(traffic, slice(None))
    challenge = (traffic.flags & CHALLENGE) != 0
    lane_of = joint(channel_of, owner_of)
    code = joint(stream, traffic.client, traffic.user, traffic.agent, traffic.image, lane_of[traffic.place], challenge)
    order = rising(code)
    at = opens(code[order])
    first = order[at]
    place = traffic.place[first]
    return Kinds(
        traffic=traffic, owners=owners, channels=channels, owner_of=owner_of, channel_of=channel_of,
        order=order, sizes=np.diff(at, append=len(order)), first=first, stream=_stream(traffic, first),
        channel=channel_of[place], owner=owner_of[place], challenge=challenge[first].astype(np.int64),
        **{n: getattr(traffic, n)[first].astype(np.int64) for n in ("client", "user", "agent", "image", "source")},
    )  # fmt: skip


def _stream(traffic: Traffic, rows: Ints | slice) -> Ints:
    source, flags = traffic.source[rows].astype(np.int64), traffic.flags[rows]
    stream: Ints = source * 4 + ((flags & LOOKUP) != 0) + 2 * ((flags & SUMMARY) != 0)
    return stream


def _numbered(names: list[str]) -> tuple[list[str], Ints]:
    """Return the distinct names in order of first sight, and each name's number among them."""
    numbers: dict[str, int] = {}
    of = np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)
    return list(numbers), of
