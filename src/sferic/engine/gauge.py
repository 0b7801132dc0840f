"""Looks at how much memory a run takes, all of its processes together, pages that they share counted once.

Why: what the system says afterwards counts shared pages in each process, and knows no sum. So a small process looks
several times a second; what comes and goes between two looks it does not see. Linux only.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from sferic.engine.crew import bind, can_copy

_LOOK_S = 0.1


class Gauge:
    """Looks at this process and its children, itself among them, as long as a block lasts."""

    def __init__(self, *, wanted: bool = True) -> None:
        """Look, if that is wanted; where processes cannot be copied nobody does."""
        self._wanted = wanted and can_copy()

    def __enter__(self) -> Self:
        """Begin."""
        if self._wanted:
            fork = get_context("fork")
            self._asked, theirs = fork.Pipe()
            self._process = fork.Process(target=_look, args=(os.getpid(), theirs), daemon=True)
            self._process.start()
            theirs.close()
        return self

    def __exit__(self, *_exception: object) -> None:
        """End, even while a copy of this process goes on, which holds the pipe's end open."""
        if self._wanted:
            self._process.terminate()
            self._process.join()
            self._asked.close()

    def peak_bytes(self) -> int | None:
        """Return the most that was seen so far; None where nobody looked, or nothing could be seen."""
        if not self._wanted:
            return None
        try:
            self._asked.send(None)
            peak: int = self._asked.recv()
        except (EOFError, OSError):
            return None
        return peak or None


def _look(pid: int, asked: Connection) -> None:
    """Look until nobody is there who could ask."""
    bind(pid)
    gc.freeze()  # else it would soon have a copy of its own of all that it never uses
    peak = 0
    with suppress(EOFError, OSError):
        while True:
            is_asked = asked.poll(_LOOK_S)
            peak = max(peak, sum(map(_bytes, _family(pid))))
            if is_asked:
                asked.recv()
                asked.send(peak)


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return
    for one in children:
        yield from _family(int(one))


def _bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:")), 0)
