"""How much of a hunt fits into its memory: how many rows are held at once, and by how many processes.

A hunt aims at its budget by these estimates, looks at what it takes, and says so. What a log's texts take is not known
before.
"""

import os
from pathlib import Path

import msgspec

from sferic.engine.crew import processes
from sferic.model.settings import Settings

BASE_BYTES = 64 << 20
"""What a hunt takes before the first row: Python, its libraries, the selection, the catalogue."""
HAND_BYTES = 32 << 20
"""What each process takes of its own."""
LEAST_BYTES = (BASE_BYTES + HAND_BYTES) * 5 // 4
"""Whoever asks for less asks for what cannot be."""
TEXT_SHARE = 0.25
"""Of the rest, what names, addresses, paths and findings may take."""
ROW_BYTES = 400
"""What a row takes while it is settled, cut and weighed, all copies of it together; 116 where most columns hold one
value only, 343 where all vary (`benchmarks/aggregation.py` with columns filled in)."""
PART_ROWS = 200_000
"""More rows at once only make it slower: what is worked on shall stay near the processor."""
OF_MACHINE = 4
"""Where nothing is asked for, a hunt takes this part of the machine's memory …"""
USUAL_BYTES = 512 << 20
"""… and at most so much for each process."""
_CGROUP = Path("/sys/fs/cgroup/memory.max")


class Room(msgspec.Struct, frozen=True):
    """How much may be held at once."""

    rows: int
    """By one process that holds everything."""
    processes: int

    @property
    def part_rows(self) -> int:
        """Return how many rows each process may weigh at once."""
        return max(1, min(PART_ROWS, self.rows // self.processes))


def room_of(settings: Settings) -> Room:
    """Return the room that the settings leave."""
    hands = processes(settings.workers)
    budget = budget_of(settings)
    while hands > 1 and budget < BASE_BYTES + 2 * hands * HAND_BYTES:
        hands -= 1
    left = max(0, budget - BASE_BYTES - hands * HAND_BYTES) * (1 - TEXT_SHARE)
    return Room(max(1, int(left / ROW_BYTES)), hands)


def budget_of(settings: Settings) -> int:
    """Return the bytes that a hunt aims at."""
    return settings.memory_bytes or min(machine_bytes() // OF_MACHINE, USUAL_BYTES * processes(settings.workers))


def machine_bytes() -> int:
    """Return the memory of the machine, or of the container that this runs in."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        allowed = _CGROUP.read_text(encoding="ascii").strip()
    except OSError:
        return whole
    return min(whole, int(allowed)) if allowed.isdigit() else whole
