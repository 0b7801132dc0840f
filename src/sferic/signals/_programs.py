"""Which process stands for a segment, and how surely: the signals about programs share this."""

from collections.abc import Callable

import numpy as np
from msgspec.structs import replace

from sferic.model.process import Process
from sferic.model.traffic import PROCESS_GUESSED, UNKNOWN, Bools, Floats, Ints
from sferic.model.window import Window
from sferic.signals._memo import once_a_window
from sferic.signals._per_segment import segment_of, tallies, totals

MAIN_SHARE = 0.9
"""A program stands for a segment if it made so many of the calls whose program is known …"""
KNOWN_SHARE = 0.5
"""… and of so many of all calls it is known."""


@once_a_window
def main_images(window: Window) -> Ints:
    """Return the number of the program that stands for each segment: UNKNOWN if none does, or several do."""
    if not window.traffic.images:
        return np.full(len(window), UNKNOWN)
    sizes = np.diff(window.rows_at)
    images = tallies(window.traffic.image[window.rows], window.rows_at)
    ran = images.member != UNKNOWN
    known = np.bincount(images.segment[ran], images.count[ran], minlength=len(window))
    main = ran & (images.count >= MAIN_SHARE * known[images.segment])
    main &= known[images.segment] >= KNOWN_SHARE * sizes[images.segment]
    image = np.full(len(window), UNKNOWN)
    image[images.segment[main]] = images.member[main]
    return image


def main_processes(window: Window) -> Ints:
    """Return the number of the process that stands for each segment, UNKNOWN where no program does.

    Of several runs of the program it is the one of which most is known, then the one that called most.
    """
    traffic, image = window.traffic, main_images(window)
    found = np.full(len(window), UNKNOWN)
    if not traffic.images:
        return found
    is_main = traffic.image[window.rows] == image[segment_of(window.rows_at)]
    own = np.where(is_main, traffic.process[window.rows], UNKNOWN)
    runs = tallies(own, window.rows_at)
    told = [n != UNKNOWN and traffic.processes[n].is_detailed for n in runs.member.tolist()]
    order = np.lexsort((-runs.member, runs.count, told, runs.member != UNKNOWN, runs.segment))
    found[runs.segment[order]] = runs.member[order]  # the last one of a segment stays
    return np.where(image == UNKNOWN, UNKNOWN, found)


def guessed(window: Window) -> Bools:
    """Mark the segments whose process was mostly guessed from the time of the calls."""
    flags = (window.traffic.flags[window.rows] & PROCESS_GUESSED) != 0
    return np.asarray(totals(flags, window.rows_at) > KNOWN_SHARE * np.diff(window.rows_at))


def of_main_process(window: Window, value: Callable[[Process], float]) -> Floats:
    """Return a property of each segment's process; NaN where none stands for it."""
    return np.append(_per_process(window, value), np.nan)[main_processes(window)]


def main_process(window: Window, i: int) -> Process:
    """Return the process that stands for one segment, which must have one."""
    found: Process = window.traffic.processes[main_processes(alone(window, i))[0]]
    return found


def alone(window: Window, i: int) -> Window:
    """Return one segment as a window of its own, as far as this module looks at it."""
    rows = window.row_numbers(i)
    return replace(window, client=window.client[i : i + 1], rows=rows, rows_at=np.array([0, len(rows)]))


def file_name(process: Process) -> str:
    """Return the program's name without its folders."""
    return (process.path or "").replace("\\", "/").rstrip("/").rpartition("/")[2] or "unknown"


def _per_process(window: Window, value: Callable[[Process], float]) -> Floats:
    return np.array([value(process) for process in window.traffic.processes], float)
