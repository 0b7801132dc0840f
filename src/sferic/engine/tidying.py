"""Brings collected columns into order: no row twice, one row a connection, the owner where a row hides it.

Pure functions over a dictionary of arrays of equal length; see `sferic.engine.columns` for what they hold.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from sferic.catalog.platforms import Place
from sferic.model.traffic import IS_TUNNEL, JOINED, OPENING, UNKNOWN, Bools, Small

Columns = dict[str, Any]
LEG_S = 10.0
"""A redirect is followed within this time."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_AMOUNTS = ("up", "down", "total", "duration_ms")


def _take(columns: Columns, rows: Any) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


def one_name_a_machine(clients: Small, names: Mapping[str, int], devices: Mapping[str, set[int]]) -> Small:
    """Give the rows of logs that know only an address the device's name, where the two belong to each other alone.

    An address with several devices (a NAT), and those of a device that moves (DHCP, roaming), stay addresses.
    """
    renamed = np.arange(len(names) + 1, dtype=np.int32)
    renamed[-1] = UNKNOWN
    moves = Counter(device for seen in devices.values() for device in seen)
    for address, seen in devices.items():
        device = next(iter(seen))
        if len(seen) == 1 and moves[device] == 1 and address in names:
            renamed[names[address]] = device
    return renamed[clients]


def by_time(columns: Columns) -> Columns:
    """Sort by time."""
    return _take(columns, np.argsort(columns["time_s"], kind="stable"))


def without_openings(columns: Columns) -> Columns:
    """Leave out the rows that only announce a connection, in sources that log its end too.

    An announcement that bears the connection's name has met its end in `one_row_a_connection`. If it is still here,
    the connection is open, or its end is lost: it stays.
    """
    opening = (columns["flags"] & OPENING) != 0
    flow = (columns["flags"] & IS_TUNNEL) != 0
    closing = np.unique(columns["source"][flow & ~opening])
    return _take(columns, ~(opening & (columns["link"] == 0) & np.isin(columns["source"], closing)))


def one_row_a_connection(columns: Columns) -> Columns:
    """Merge the rows that got one connection's name (Zeek conn and ssl, Suricata tls and flow, ASA built and teardown).

    Requests stay, each its own row, and take the place of the connection's other rows; without requests one row
    stays, the one that names the host, from the connection's beginning, and its end rather than its announcement.
    What stays alone gets the largest amounts.
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
    quiet = requests == 0
    columns["time_s"][order[heads[quiet]]] = np.minimum.reduceat(columns["time_s"][order], heads)[quiet]
    keep = np.ones(len(columns["time_s"]), bool)
    keep[order[~stay]] = False
    return _take(columns, keep)


def _begins(columns: Columns, order: Any) -> Bools:
    begins = np.ones(len(order), bool)
    link, client = columns["link"][order], columns["client"][order]
    begins[1:] = (np.diff(link) != 0) | (np.diff(client) != 0)
    return begins


_IDENTITY = ("source", "client", "user", "host", "up", "down", "total", "duration_ms", "path", "method")


def first_copies(columns: Columns) -> Columns:
    """Keep, of rows alike in all but their place, those of the first file (overlapping copies).

    Alike rows within one file stay: with stamps of whole seconds they may be two requests.
    """
    count = len(columns["time_s"])
    keep = np.ones(count, bool)
    if count < 2 or columns["file"].min() == columns["file"].max():
        return columns
    code = columns["time_s"].view(np.uint64).copy()
    for name in _IDENTITY:
        code = code * _MIX + columns[name].astype(np.int64).view(np.uint64)
        code ^= code >> np.uint64(29)
    order = np.lexsort((columns["file"], code))
    fresh = np.ones(count, bool)
    fresh[1:] = np.diff(code[order]) != 0
    first_file = columns["file"][order][np.maximum.accumulate(np.where(fresh, np.arange(count), 0))]
    keep[order] = columns["file"][order] == first_file
    return _take(columns, keep)


def shown(columns: Columns, places: list[Place]) -> Small:
    """Give rows that show only the platform the owner that the same client called there within seconds.

    Apps Script answers on a second host whose path does not name the script; an inspecting proxy logs a CONNECT
    without a path before the request that has one.
    """
    hidden = np.array([p.owner == p.platform for p in places] + [False])
    codes: dict[str, int] = {}
    platform = np.array([codes.setdefault(p.platform, len(codes)) for p in places] + [0])
    place: Small = columns["place"].copy()
    key = columns["client"].astype(np.int64) * (len(codes) + 1) + platform[place]
    wanting = np.flatnonzero(hidden[place])
    affected = np.isin(key, np.unique(key[wanting])) & ~hidden[place]
    for code in np.unique(key[affected]):
        told = np.flatnonzero((key == code) & affected)
        asks = wanting[key[wanting] == code]
        after = np.searchsorted(told, asks).clip(1, max(len(told) - 1, 1))
        near = np.stack([told[after - 1], told[np.minimum(after, len(told) - 1)]])
        gap = np.abs(columns["time_s"][near] - columns["time_s"][asks])
        best = np.argmin(gap, axis=0)
        close = gap[best, np.arange(len(asks))] <= LEG_S
        place[asks[close]] = place[near[best, np.arange(len(asks))][close]]
    return place
