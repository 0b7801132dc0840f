"""Chooses the log lines that a finding points to: those that say themselves what they are quoted for.

A flow whose host another log named, or whose process an endpoint knows, shows neither in its own line. So calls are
shown by lines that hold the name, also of another log of the channel, and programs by the line of their start.
"""

import numpy as np

from sferic.model.traffic import JOINED, LINKED, UNKNOWN, Ints
from sferic.model.window import Window
from sferic.signals._programs import alone, main_images, main_processes


def call_lines(window: Window, i: int) -> tuple[str, ...]:
    """Return the places of the first, middle and last call of a segment whose lines hold the name.

    Where none does, one line of the channel in another log says the name, and the first and last call stand beside it.
    """
    rows = window.row_numbers(i)
    named = _named(window, rows)
    picked = _spread(named) if len(named) else [*_named(window, _elsewhere(window, i, rows))[:1], *rows[[0, -1]]]
    return tuple(dict.fromkeys(window.traffic.locate(int(row)) for row in picked))


def program_lines(window: Window, i: int) -> tuple[str, ...]:
    """Return the place where a log tells of a segment's process, of its start if there is one."""
    number = int(main_processes(alone(window, i))[0])
    place = window.traffic.processes[number].place if number != UNKNOWN else None
    return (place,) if place else ()


def _spread(rows: Ints) -> Ints:
    return np.asarray(rows[np.unique([0, len(rows) // 2, len(rows) - 1])])


def _named(window: Window, rows: Ints) -> Ints:
    return np.asarray(rows[(window.traffic.flags[rows] & (JOINED | LINKED)) == 0])


def _elsewhere(window: Window, i: int, rows: Ints) -> Ints:
    """Return the channel's rows in all logs: the same client, user, place and program, as far as they are known."""
    traffic = window.traffic
    same = np.flatnonzero((window.client == window.client[i]) & (window.owner == window.owner[i]))
    others = np.unique(np.concatenate([window.row_numbers(int(j)) for j in same]))
    others = others[np.isin(traffic.place[others], traffic.place[rows])]
    user, image = window.user[i], main_images(alone(window, i))[0]
    for mine, column in ((user, traffic.user), (image, traffic.image)):
        if mine != UNKNOWN:
            others = others[np.isin(column[others], (UNKNOWN, mine))]
    return np.asarray(others)
