"""Finds the process behind the calls of logs that know none: proxies, firewalls, sensors.

An endpoint's log of the same machine may have seen the connection itself, by its port or at the same moment; or the
program that called or asked for the host within a minute; or one program alone that called the owner from there within
a day. The last two are guesses, and marked so. Through an explicit proxy the endpoint's log has connections to the
proxy alone ("carriers"): the one from the call's port is its own, the one opened within seconds of it a guess, and none
where it is a browser's, which connects all day. Where several programs come into question none is named.
Pure functions over the columns of `sferic.engine.columns`.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sferic.model.traffic import IS_TUNNEL, LOOKUP, PROCESS_GUESSED, UNKNOWN, Bools, Ints

Columns = dict[str, Any]
EARLY_S = 5.0
"""Clocks of an endpoint and of a network log may disagree by this much."""
KEPT_S = 900.0
"""A connection from a port carries requests for this long; later the port may be another's."""
NEAR_S = 60.0
"""A call comes so soon after its look-up, or the look-up's cached answer is used for so long."""
DAY_S = 86_400.0


def attributed(
    columns: Columns, image_of: Ints, owner_of: Ints, carriers: Columns | None = None, usual: Bools | None = None
) -> Columns:
    """Return the columns with processes filled in; `image_of` a process its program, `owner_of` a place its owner.

    `carriers` are connections to proxies, by time; `usual` marks the processes whose being there at the time says
    nothing.
    """
    calls = len(columns["time_s"])
    columns, told = _with_carriers(columns, carriers), columns
    process = columns["process"].astype(np.int64)
    is_call = np.arange(len(process)) < calls
    known, client = image_of[process] != UNKNOWN, columns["client"].astype(np.int64)
    wanting = np.flatnonzero(is_call & (process == UNKNOWN) & (client != UNKNOWN) & ((columns["flags"] & LOOKUP) == 0))
    tells = known & (client != UNKNOWN)
    if not len(wanting) or not tells.any():
        return told
    found = np.full(len(process), UNKNOWN, np.int64)
    host, owner = columns["host"].astype(np.int64), owner_of[columns["place"]].astype(np.int64)
    opened = np.flatnonzero(tells & ((columns["flags"] & IS_TUNNEL) != 0))
    _by_port(columns, found, wanting, opened[columns["port"][opened] != UNKNOWN])
    left = wanting[found[wanting] == UNKNOWN]
    _by_time(columns, found, (left, opened[is_call[opened]]), (client << 32) | host, image_of, EARLY_S)
    guessed = wanting[found[wanting] == UNKNOWN]
    for place, within_s in ((host, NEAR_S), (owner, DAY_S)):
        left = guessed[found[guessed] == UNKNOWN]
        _by_time(columns, found, (left, np.flatnonzero(tells & is_call)), (client << 32) | place, image_of, within_s)
    left = guessed[found[guessed] == UNKNOWN]
    _by_time(columns, found, (left, opened[~is_call[opened]]), client, image_of, EARLY_S)
    if usual is not None:
        found[left[usual[found[left]]]] = UNKNOWN
    flags = told["flags"].copy()
    flags[guessed[found[guessed] != UNKNOWN]] |= PROCESS_GUESSED
    filled = np.where(found != UNKNOWN, found, process)[:calls].astype(told["process"].dtype)
    return told | {"process": filled, "flags": flags}


def _with_carriers(columns: Columns, carriers: Columns | None) -> Columns:
    """Return what is asked of rows here, with the carriers behind the calls."""
    asked = ("time_s", "client", "port", "host", "place", "process", "flags")
    return {n: np.concatenate([columns[n], carriers[n]]) if carriers else columns[n] for n in asked}


def _by_port(columns: Columns, found: Ints, wanting: Ints, telling: Ints) -> None:
    """Take the process of the latest connection that the machine opened from the same port."""
    wanting = wanting[columns["port"][wanting] != UNKNOWN]
    key, time_s = columns["client"].astype(np.int64) << 32 | columns["port"], columns["time_s"]
    for asks, tells in _meeting(key, time_s, wanting, telling):
        last = np.searchsorted(time_s[tells], time_s[asks] + EARLY_S, side="right") - 1
        near = (last >= 0) & (time_s[asks] - time_s[tells[last.clip(0)]] <= KEPT_S)
        found[asks[near]] = columns["process"][tells[last[near]]]


def _by_time(
    columns: Columns, found: Ints, sides: tuple[Ints, Ints], key: Ints, image_of: Ints, within_s: float
) -> None:
    """Take the nearest process under the same key, where only one program is there within that time."""
    wanting, telling = sides
    process, time_s = columns["process"], columns["time_s"]
    for asks, tells in _meeting(key, time_s, wanting, telling):
        images, times = image_of[process[tells]], time_s[tells]
        low = np.searchsorted(times, time_s[asks] - within_s)
        high = np.searchsorted(times, time_s[asks] + within_s, side="right")
        alone = (high > low) & (_last_change(images)[(high - 1).clip(0)] <= low)
        nearest = _nearest(times, time_s[asks])
        found[asks[alone]] = process[tells[nearest[alone]]]


def _meeting(key: Ints, time_s: Any, wanting: Ints, telling: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield, key by key, the rows that want a process and those that tell one; each in the order of time."""
    wanting = wanting[np.isin(key[wanting], key[telling])]
    telling = telling[np.isin(key[telling], key[wanting])]
    if len(wanting):
        yield from zip(_parted(key, time_s, wanting), _parted(key, time_s, telling), strict=True)


def _parted(key: Ints, time_s: Any, rows: Ints) -> list[Ints]:
    ordered = rows[np.lexsort((time_s[rows], key[rows]))]
    return np.split(ordered, np.flatnonzero(np.diff(key[ordered])) + 1)


def _last_change(images: Ints) -> Ints:
    """Return for each place where its run of equal images begins."""
    begins: Bools = np.append(True, np.diff(images) != 0)
    return np.maximum.accumulate(np.where(begins, np.arange(len(images)), 0))


def _nearest(times: Any, asked: Any) -> Any:
    after = np.searchsorted(times, asked).clip(0, len(times) - 1)
    before = (after - 1).clip(0)
    return np.where(np.abs(times[after] - asked) < np.abs(times[before] - asked), after, before)
