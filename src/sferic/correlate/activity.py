"""Counts steady small traffic to serverless functions: the published search, repaired, as a baseline.

It keeps the search's idea and thresholds (enough calls, in enough hours, often enough, small) and repairs what it
looks at: real platform names, one channel at a time, names joined from other logs, medians, hours that do not move
with a time zone. It stays an activity counter: it knows no rhythm and is blind to slow beacons, which is what the
beacon analytic is for. `sferic.correlate.published` runs the search as it was published.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec
import numpy as np

from sferic.model.finding import ActivityRow
from sferic.model.hosts import is_address
from sferic.model.settings import ActivityThresholds
from sferic.model.traffic import CHALLENGE, IS_TUNNEL, UNKNOWN, Bools, Ints, Small, Traffic
from sferic.model.words import counted

HOUR_S = 3600
MAX_DESTINATIONS = 1000
"""A row lists no more; hosts under an attacker's own account are free."""
STAMP = "%Y-%m-%d %H:%M:%S"
_RULES = (
    "Times and hours are UTC. Averages are over connections of known size; sizes are judged by their median, a side "
    "that the log does not show is not judged, and a total without direction is judged against both limits together."
)


class Activity(msgspec.Struct, frozen=True):
    """The rows, most connections first, and what was left out of them, in words."""

    rows: tuple[ActivityRow, ...]
    notes: tuple[str, ...]


class Counted(msgspec.Struct, frozen=True):
    """The rows of some clients, each with what orders it, and numbers for the notes."""

    rows: tuple[tuple[tuple[int, ...], ActivityRow], ...] = ()
    slow: int = 0
    """Channels with too few connections an hour."""
    large: int = 0
    """Channels that moved too much."""
    unsized: int = 0
    """Rows whose channel has no known size."""
    of_rows: int = 0
    """Rows of the traffic, and how many of these are connections."""
    connections: int = 0


class _Channel(msgspec.Struct, frozen=True):
    """One machine and user calling one owner, as one log saw it."""

    key: tuple[int, int, int]
    """Client, user, owner."""
    rows: Ints
    hours: int
    sized: int
    """Connections of which any size is known."""


def activity(found: Iterable[Counted], limits: ActivityThresholds) -> Activity:
    """Return the channels of all parts that are busy, steady and small by the published thresholds."""
    parts = list(found)
    slow, large, unsized, of_rows, connections = (
        sum(getattr(part, name) for part in parts) for name in ("slow", "large", "unsized", "of_rows", "connections")
    )
    notes = _notes(
        (slow, f"made fewer than {limits.per_hour:g} connections per active hour"),
        (large, "moved more per connection than the limits"),
    )
    if connections < of_rows:
        rows = f"{of_rows - connections:,} of {counted(of_rows, 'row')}"
        notes.append(f"{rows} are no connections and were not counted: name look-ups, or calls for credentials.")
    if unsized:
        rows = f"{counted(unsized, 'channel')} in the rows without any known size"
        notes.append(f"{rows}: the size test could not be made.")
    ordered = sorted((row for part in parts for row in part.rows), key=lambda row: row[0])
    return Activity(tuple(row for _, row in ordered), (*notes, _RULES))


def count(traffic: Traffic, limits: ActivityThresholds) -> Counted:
    """Count the connections of some clients, of whom these are all rows."""
    real = np.flatnonzero(_is_connection(traffic))
    told = _told_once(c for c in _channels(traffic, real, limits.connections) if c.hours >= limits.hours)
    brisk = [c for c in told if len(c.rows) >= limits.per_hour * c.hours]
    small = [c for c in brisk if _is_small(traffic, c.rows, limits)]
    return Counted(
        rows=tuple(((-len(c.rows), *c.key), _row(traffic, c)) for c in small),
        slow=len(told) - len(brisk), large=len(brisk) - len(small), unsized=sum(not c.sized for c in small),
        of_rows=len(traffic), connections=len(real),
    )  # fmt: skip


def _is_connection(traffic: Traffic) -> Bools:
    """Leave out a proxy's call for credentials, and DNS rows: they have neither a method nor a path nor are flows."""
    shown = (traffic.method != UNKNOWN) | (traffic.path != UNKNOWN) | ((traffic.flags & IS_TUNNEL) != 0)
    real: Bools = shown & ((traffic.flags & CHALLENGE) == 0)
    return real


def _channels(traffic: Traffic, real: Ints, least: int) -> Iterator[_Channel]:
    """Yield every channel with enough connections, log by log."""
    owners: dict[str, int] = {}
    owner_of = np.array([owners.setdefault(p.owner, len(owners)) for p in traffic.places], np.int64)
    client, owner = traffic.client[real].astype(np.int64), owner_of[traffic.place[real]]
    user = _users(_code(client, owner), traffic.user[real].astype(np.int64))
    code = _code(client, user, owner, traffic.source[real])
    order = np.argsort(code, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(code[order])) + 1):
        if len(rows) >= least:
            one, first = real[rows], rows[0]
            known = (traffic.up[one] >= 0) | (traffic.down[one] >= 0) | (traffic.total[one] >= 0)
            hours = len(np.unique(traffic.time_s[one] // HOUR_S))
            yield _Channel((int(client[first]), int(user[first]), int(owner[first])), one, hours, int(known.sum()))


def _users(pair: Ints, user: Ints) -> Ints:
    """Give calls without a user the only user who is known to call that owner from that machine."""
    low = np.full(int(pair.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    high = np.full(len(low), UNKNOWN)
    known = user != UNKNOWN
    np.minimum.at(low, pair[known], user[known])
    np.maximum.at(high, pair[known], user[known])
    return np.where(low[pair] == high[pair], high[pair], user)


def _code(*columns: Ints | Small) -> Ints:
    """Number the distinct combinations of the columns' values."""
    code = np.zeros(len(columns[0]), np.int64)
    for values in columns:
        width = int(values.max(initial=UNKNOWN)) + 2
        code = np.unique(code * width + values + 1, return_inverse=True)[1].astype(np.int64)
    return code


def _told_once(channels: Iterable[_Channel]) -> list[_Channel]:
    """Keep each channel as one log tells it, the one that knows the most sizes: counts of two logs are no sum."""
    best: dict[tuple[int, int, int], _Channel] = {}
    for channel in channels:
        other = best.get(channel.key)
        if other is None or (channel.sized, len(channel.rows)) > (other.sized, len(other.rows)):
            best[channel.key] = channel
    return list(best.values())


def _is_small(traffic: Traffic, rows: Ints, limits: ActivityThresholds) -> bool:
    tests = (
        (traffic.up, limits.bytes_up),
        (traffic.down, limits.bytes_down),
        (traffic.total, limits.bytes_up + limits.bytes_down),
    )
    known = ((values[rows][values[rows] >= 0], limit) for values, limit in tests)
    return all(not len(values) or np.median(values) < limit for values, limit in known)


def _row(traffic: Traffic, channel: _Channel) -> ActivityRow:
    rows, (client, user, _) = channel.rows, channel.key
    name = traffic.clients[client] if client != UNKNOWN else ""
    hosts = sorted({traffic.hosts[h] for h in np.unique(traffic.host[rows])})
    return ActivityRow(
        first_seen=_stamp(traffic.time_s[rows].min()),
        last_seen=_stamp(traffic.time_s[rows].max()),
        src_ip=name if is_address(name) else traffic.addresses.get(client, name),
        cs_username=traffic.users[user] if user != UNKNOWN else "",
        destinations=tuple(hosts[:MAX_DESTINATIONS]),
        connection_count=len(rows),
        hourly_buckets=channel.hours,
        avg_connections_per_hour=round(len(rows) / channel.hours, 1),
        avg_bytes_sent_per_conn=_average(traffic.up[rows]),
        avg_bytes_recv_per_conn=_average(traffic.down[rows]),
        beaconing_likely=1,
    )


def _stamp(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime(STAMP)


def _average(values: Ints) -> int | None:
    known = values[values >= 0]
    return round(float(known.mean())) if len(known) else None


def _notes(*dropped: tuple[int, str]) -> list[str]:
    return [f"{counted(count, 'channel')} busy in enough hours left out: {why}." for count, why in dropped if count]
