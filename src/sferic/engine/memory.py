"""How much of a hunt fits into its memory: how many rows are held at once, and by how many processes.

The sizes are estimates from the columns and their copies, not measured on large input: a hunt aims at its budget and
says what it took. What a log's texts take is not known before.
"""

import os
from pathlib import Path

import msgspec

from sferic.engine.crew import processes
from sferic.model.settings import Settings

START_BYTES = 160 << 20
"""What a process takes before the first row: Python, its libraries, the selection, the catalogue."""
LEAST_BYTES = START_BYTES * 5 // 4
"""Whoever asks for less asks for what cannot be."""
TEXT_SHARE = 0.25
"""Of the rest, what names, addresses, paths and findings may take."""
ROW_BYTES = 700
"""What a row takes while it is settled, cut and weighed, all copies of it together."""
OF_MACHINE = 4
"""Where nothing is asked for, a hunt takes this part of the machine's memory."""
_CGROUP = Path("/sys/fs/cgroup/memory.max")


class Room(msgspec.Struct, frozen=True):
    """How much may be held at once."""

    rows: int
    processes: int


def room_of(settings: Settings) -> Room:
    """Return the room that the settings leave."""
    budget = settings.memory_bytes or machine_bytes() // OF_MACHINE
    hands = processes(settings.workers)
    while hands > 1 and budget < (hands + 1) * START_BYTES:
        hands -= 1
    left = max(0, budget - hands * START_BYTES) * (1 - TEXT_SHARE)
    return Room(max(1, int(left / hands / ROW_BYTES)), hands)


def machine_bytes() -> int:
    """Return the memory of the machine, or of the container that this runs in."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        allowed = _CGROUP.read_text(encoding="ascii").strip()
    except OSError:
        return whole
    return min(whole, int(allowed)) if allowed.isdigit() else whole
