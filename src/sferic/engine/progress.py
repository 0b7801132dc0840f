"""Tells whoever watches a run how far it is."""

from collections.abc import Callable

import msgspec


class Progress(msgspec.Struct, frozen=True):
    """How far a run is; bytes as they lie on the disk."""

    bytes_done: int
    bytes_total: int | None
    file: str
    stage: str


Watcher = Callable[[Progress], None]


class Meter:
    """Adds up the bytes taken from one file after another, for a watcher."""

    def __init__(self, watch: Watcher | None, total: int | None, stage: str) -> None:
        self._watch = watch
        self._total = total
        self._stage = stage
        self._path = ""
        self._before = 0
        self._taken = 0

    def __call__(self, path: str, taken: int) -> None:
        """Note how many bytes of a file have been taken so far."""
        if self._watch is None:
            return
        if path != self._path:
            self._path, self._before = path, self._before + self._taken
        self._taken = taken
        self._watch(Progress(self._before + taken, self._total, path, self._stage))
