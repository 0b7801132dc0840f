"""Brings collected columns into order: no row twice, one row a connection, the owner where a row hides it.

Pure functions over a dictionary of arrays of equal length; see `sferic.engine.columns` for what they hold.
"""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from sferic.catalog.platforms import Place
from sferic.model.grouping import Table, in_time, joint, opens, taken, where
from sferic.model.traffic import INTERVAL, IS_TUNNEL, JOINED, LINKED, OPENING, UNKNOWN, Bools, Ints, Small

LEG_S = 10.0
"""A redirect is followed within this time."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
MIN_FORWARDED = 5
"""So many clients an address must have named before it is taken for a proxy's."""
MIN_OWNERS = 3
"""And so many owners must be called in their names: an implant that invents names calls its own."""
_INTERVALS_S = (60.0, 600.0)
"""What Amazon's flow logs offer; a record that is longer than the first is of the second."""
_AMOUNTS = ("up", "down", "total", "duration_ms")


def by_time(columns: Table) -> Table:
    """Sort by time."""
    order = in_time(columns["time_s"])
    return columns if order is None else taken(columns, order)


def without_openings(columns: Table, closing: Collection[int]) -> Table:
    """Leave out the rows that only announce a connection, in sources that log its end too: those in `closing`.

    An announcement that bears the connection's name has met its end in `one_row_a_connection`. If it is still here,
    the connection is open, or its end is lost: it stays.
    """
    opening = (columns["flags"] & OPENING) != 0
    if not opening.any():
        return columns
    return where(columns, ~(opening & (columns["link"] == 0) & np.isin(columns["source"], list(closing))))


def one_row_a_connection(columns: Table) -> Table:
    """Merge the rows that got one connection's name (Zeek conn and ssl, Suricata tls and flow, ASA built and teardown).

    Requests stay, each its own row, and take the place of the connection's other rows; without requests one row
    stays, the one that names the host, from the connection's beginning, and its end rather than its announcement.
    What stays alone gets the largest amounts. A CONNECT, or a row that stays for the connection, gets the name by
    which another row of it calls the server, if that is another. A row that got its name from the connection points to
    the line that has it.
    """
    linked = np.flatnonzero(columns["link"] != 0)
    if not len(linked):
        return columns
    asks = columns["method"][linked] != UNKNOWN
    guessed = (columns["flags"][linked] & JOINED) != 0
    opening = (columns["flags"][linked] & OPENING) != 0
    client, link = columns["client"][linked], columns["link"][linked]
    order = linked[np.lexsort((columns["time_s"][linked], opening, guessed, ~asks, client, link))]
    heads = np.flatnonzero(_begins(columns, order))
    sizes = np.diff(np.append(heads, len(order)))
    requests = np.add.reduceat((columns["method"][order] != UNKNOWN).astype(int), heads)
    stay = np.arange(len(order)) - np.repeat(heads, sizes) < np.repeat(np.maximum(requests, 1), sizes)
    alone = order[heads[requests <= 1]]
    columns = {name: column.copy() for name, column in columns.items()}
    for name in _AMOUNTS:
        columns[name][alone] = np.maximum.reduceat(columns[name][order], heads)[requests <= 1]
    columns["other_host"] = _with_other_names(columns, order, heads, stay)
    quiet = requests == 0
    columns["time_s"][order[heads[quiet]]] = np.minimum.reduceat(columns["time_s"][order], heads)[quiet]
    _point_to_names(columns, order, heads)
    keep = np.ones(len(columns["time_s"]), bool)
    keep[order[~stay]] = False
    return where(columns, keep)


def _point_to_names(columns: Table, order: Any, heads: Any) -> None:
    """Give the rows whose line has no name the place of the connection's first row that has it."""
    group = np.repeat(np.arange(len(heads)), np.diff(np.append(heads, len(order))))
    flags = columns["flags"][order]
    lacks, tells = (flags & LINKED) != 0, (flags & (LINKED | JOINED)) == 0
    first = np.full(len(heads), UNKNOWN, np.int64)
    first[group[tells][::-1]] = order[tells][::-1]
    moved = np.flatnonzero(lacks & (first[group] != UNKNOWN))
    for name in ("file", "line"):
        columns[name][order[moved]] = columns[name][first[group[moved]]]
    columns["flags"][order[moved]] &= np.uint16(0xFFFF ^ LINKED)


def one_row_while_open(columns: Table) -> Table:
    """Merge the records that a connection leaves in intervals that follow each other, where a source does so.

    What stays is from the beginning, lasts to the end and has the sums of the amounts. An interval without a record is
    a pause: then the next record is a row of its own, so that a slower rhythm within one connection shows.
    """
    rows = np.flatnonzero((columns["flags"] & INTERVAL) != 0)
    if not len(rows):
        return columns
    code = joint(*(columns[name][rows] for name in ("source", "client", "host", "port")))
    order = np.lexsort((columns["time_s"][rows], code))
    rows, code = rows[order], code[order]
    began_s, lasted_s = columns["time_s"][rows], np.maximum(columns["duration_ms"][rows], 0) / 1e3
    ended_s = began_s + lasted_s
    ends = opens(code)
    is_long = np.repeat(np.maximum.reduceat(lasted_s, ends) > _INTERVALS_S[0] + 1, np.diff(ends, append=len(rows)))
    opened = np.ones(len(rows), bool)
    opened[1:] = (np.diff(code) != 0) | (began_s[1:] - ended_s[:-1] >= np.where(is_long, *_INTERVALS_S[::-1])[1:])
    heads = np.flatnonzero(opened)
    several = np.diff(heads, append=len(rows)) > 1
    columns = dict(columns)
    for name in ("up", "down", "total"):
        values = columns[name][rows].astype(np.int64)
        known = np.maximum.reduceat(values, heads) >= 0
        sums = np.where(known, np.add.reduceat(np.maximum(values, 0), heads), UNKNOWN)
        columns[name] = _with(columns[name], rows[heads[several]], sums[several])
    whole_ms = np.round((np.maximum.reduceat(ended_s, heads) - began_s[heads]) * 1e3).astype(np.int64)
    columns["duration_ms"] = _with(columns["duration_ms"], rows[heads[several]], whole_ms[several])
    keep = np.ones(len(columns["time_s"]), bool)
    keep[rows[~opened]] = False
    return where(columns, keep)


def _with(column: Any, rows: Any, values: Any) -> Ints:
    """Return a column of amounts with other values in some rows."""
    changed = column.astype(np.int64)
    changed[rows] = values
    return np.asarray(changed)


def _begins(columns: Table, order: Any) -> Bools:
    begins = np.ones(len(order), bool)
    link, client = columns["link"][order], columns["client"][order]
    begins[1:] = (np.diff(link) != 0) | (np.diff(client) != 0)
    return begins


def _with_other_names(columns: Table, order: Any, heads: Any, stay: Bools) -> Small:
    """Return `other_host`, filled in from the rows that go; names that were joined say nothing."""
    group = np.repeat(np.arange(len(heads)), np.diff(np.append(heads, len(order))))
    host, flags = columns["host"][order], columns["flags"][order]
    tells = ~stay & ((flags & JOINED) == 0) & (host != host[heads][group])
    told = np.full(len(heads), UNKNOWN, np.int32)
    told[group[tells]] = host[tells]
    other: Small = columns["other_host"].copy()
    takes = stay & ((flags & IS_TUNNEL) != 0) & (other[order] == UNKNOWN) & (told[group] != host)
    other[order[takes]] = told[group[takes]]
    return other


def of_other_owners(columns: Table, hosts: list[str], same_owner: Callable[[str, str], bool]) -> Small:
    """Return `other_host` only where it is another owner's than `host`."""
    host, other = columns["host"].astype(np.int64), columns["other_host"]
    rows = np.flatnonzero(other != UNKNOWN)
    pairs, pair = np.unique(host[rows] << 32 | other[rows].astype(np.int64), return_inverse=True)
    alike = np.array([same_owner(hosts[code >> 32], hosts[code & 0xFFFFFFFF]) for code in pairs.tolist()], bool)
    found: Small = np.full(len(other), UNKNOWN, np.int32)
    found[rows] = np.where(alike[pair], UNKNOWN, other[rows])
    return found


_IDENTITY = ("source", "client", "forwarded", "user", "host", "up", "down", "total", "duration_ms", "path", "method")


def first_copies(columns: Table) -> Table:
    """Keep, of rows alike in all but their place, those of the first file (overlapping copies).

    Alike rows within one file stay: with stamps of whole seconds they may be two requests.
    """
    if len(columns["time_s"]) < 2 or columns["file"].min() == columns["file"].max():
        return columns
    code = _identities(columns)
    ordered = np.sort(code)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return columns
    alike = np.flatnonzero(np.isin(code, twice))
    order = alike[np.lexsort((columns["file"][alike], code[alike]))]
    fresh = np.append(True, np.diff(code[order]) != 0)
    first_file = columns["file"][order][np.maximum.accumulate(np.where(fresh, np.arange(len(order)), 0))]
    keep = np.ones(len(code), bool)
    keep[order] = columns["file"][order] == first_file
    return where(columns, keep)


def _identities(columns: Table) -> Ints:
    """Return a number for each row, equal where rows are alike in all but their place."""
    code = columns["time_s"].view(np.uint64).copy()
    for name in _IDENTITY:
        column = columns[name]
        if column.min() != column.max():
            code *= _MIX
            code += column.astype(np.int64).view(np.uint64)
            code ^= code >> np.uint64(29)
    found: Ints = code.view(np.int64)
    return found


def behind_proxies(columns: Table, places: list[Place], listed: Bools) -> Table:
    """Take the client of a proxy's rows from what the proxy forwarded; `via` keeps the proxy.

    A caller can write the header itself. So an address is believed only if it is `listed` (per client, and one place
    for UNKNOWN), or names many clients that call many owners.
    """
    client, forwarded = columns["client"], columns["forwarded"]
    told = (forwarded != UNKNOWN) & (client != UNKNOWN)
    if not told.any():
        return columns | {"via": np.broadcast_to(np.int32(UNKNOWN), len(client))}
    owners: dict[str, int] = {}
    owner = np.array([owners.setdefault(p.owner, len(owners)) for p in places] + [0])
    named = _distinct(client[told], forwarded[told], len(listed))
    called = _distinct(client[told], owner[columns["place"][told]], len(listed))
    believed = told & (listed | ((named >= MIN_FORWARDED) & (called >= MIN_OWNERS)))[client]
    return columns | {
        "via": np.asarray(np.where(believed, client, UNKNOWN), np.int32),
        "client": np.asarray(np.where(believed, forwarded, client), np.int32),
    }


def _distinct(group: Any, member: Any, groups: int) -> Any:
    """Return how many distinct members each group has."""
    pairs: Any = np.unique(group.astype(np.int64) << 32 | member.astype(np.int64))
    return np.bincount(pairs >> 32, minlength=groups)


def shown(columns: Table, places: list[Place]) -> Small:
    """Give rows that show only the platform the owner that the same client called there within seconds.

    Apps Script answers on a second host whose path does not name the script; an inspecting proxy logs a CONNECT
    without a path before the request that has one.
    """
    hidden = np.array([p.owner == p.platform for p in places] + [False])
    codes: dict[str, int] = {}
    platform = np.array([codes.setdefault(p.platform, len(codes)) for p in places] + [0])
    place: Small = columns["place"].copy()
    key = columns["client"].astype(np.int64) * (len(codes) + 1) + platform[place]
    asks = np.flatnonzero(hidden[place])
    keys = np.unique(key[asks])
    tells = np.flatnonzero(~hidden[place] & np.isin(key, keys))
    if not len(tells):
        return place
    of_asks, of_tells = (np.searchsorted(keys, key[rows]) * len(key) + rows for rows in (asks, tells))
    order = np.argsort(of_tells)
    after = np.searchsorted(of_tells, of_asks, sorter=order)
    near = tells[order[np.stack([after - 1, after]).clip(0, len(tells) - 1)]]
    gap = np.where(key[near] == key[asks], np.abs(columns["time_s"][near] - columns["time_s"][asks]), np.inf)
    best = np.argmin(gap, axis=0), np.arange(len(asks))
    close = gap[best] <= LEG_S
    place[asks[close]] = place[near[best][close]]
    return place
