"""Runs the selector over a file's blocks, several at a time, and hands the results back in order.

Hyperscan and NumPy let go of the interpreter lock, so scanning overlaps with parsing what was selected.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import msgspec

from sferic.engine.blocks import Block
from sferic.engine.selector import Candidates, Selector
from sferic.model.errors import InputError


class Scanned(msgspec.Struct, frozen=True):
    """A block and what was selected from it."""

    block: Block
    candidates: Candidates


class Scanner:
    """A selector with its threads; use as a context manager."""

    def __init__(self, selector: Selector, threads: int, *, whole: bool = False) -> None:
        self._selector = selector
        self._threads = threads
        self._whole = whole
        self._pool = ThreadPoolExecutor(threads, "scan") if threads > 1 and not whole else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def look(self, data: bytes) -> Candidates:
        """Select from bytes that are no block of a file, such as a cell of a table."""
        return self._selector.select(data, whole=self._whole)

    def scan(self, blocks: Iterator[Block]) -> Iterator[Scanned]:
        """Yield every block with its candidates, in order; at most a few blocks are in flight."""
        if self._pool is None:
            for block in blocks:
                yield Scanned(block, self._selector.select(block.data, whole=self._whole))
            return
        waiting: deque[tuple[Block, Future[Candidates]]] = deque()
        failure: InputError | None = None
        try:
            for block in blocks:
                waiting.append((block, self._pool.submit(self._selector.select, block.data)))
                if len(waiting) > self._threads + 2:
                    yield _done(waiting)
        except InputError as error:
            failure = error
        while waiting:
            yield _done(waiting)
        if failure:
            raise failure


def _done(waiting: deque[tuple[Block, Future[Candidates]]]) -> Scanned:
    block, future = waiting.popleft()
    return Scanned(block, future.result())
