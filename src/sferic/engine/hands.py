"""Does something with every part of the rows, in processes that are copied from this one."""

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar, cast

from sferic.engine.crew import bind, can_copy
from sferic.model.errors import LimitExceeded

T = TypeVar("T")
_tasks: list[Callable[[int], object]] = []
"""What a copied process does with parts; it comes along when the process is copied."""


def each(task: Callable[[int], T], parts: int, hands: int) -> Iterator[T]:
    """Yield what the task makes of every part, in order; in several processes where there are several parts."""
    if parts == 1 or hands == 1 or not can_copy():
        yield from map(task, range(parts))
        return
    pool = ProcessPoolExecutor(hands, get_context("fork"), _begin, (os.getpid(), task))
    try:
        asked = deque(pool.submit(_do, part) for part in range(parts))
        while asked:
            yield cast("T", asked.popleft().result())
    except BrokenProcessPool as error:
        raise LimitExceeded("a process that weighed a part of the events was ended, for want of memory as a rule",
                            hint="allow less with `--memory`, or give `--workers 1`") from error  # fmt: skip
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(parent: int, task: Callable[[int], object]) -> None:
    bind(parent)
    gc.freeze()  # looking for garbage among what was copied along would make it this process's own
    _tasks.append(task)


def _do(part: int) -> object:
    return _tasks[-1](part)
