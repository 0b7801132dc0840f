"""Processes that work on inputs ahead of the one that uses what they find.

Why processes: Hyperscan lets go of the interpreter lock, but handing blocks between threads cost more than it won.
Each member has a pipe and answers in the order in which it was asked. A full pipe makes it wait, so what is found and
not yet read stays bounded. Inputs are dealt out in parts: a compressed file is one, a plain file one for every
`PART_BYTES`. Only Linux can copy a process safely, and only while it has one thread: elsewhere there is no crew.
"""

import ctypes
import fcntl
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

import msgspec

from sferic.engine.codecs import needs_its_beginning
from sferic.engine.inputs import Input, forget_archives
from sferic.engine.search import Part, open_text
from sferic.model.errors import InputError, UnreadableInput
from sferic.model.settings import Limits

T = TypeVar("T")
LEAST_BYTES = 32 << 20
"""Less than this is read before processes would have paid for themselves."""
PART_BYTES = 16 << 20
AHEAD_BYTES = 1 << 20
"""What a member may find ahead of who reads it. With the few bytes that are usual, the two wait for each other by
turns, and the system puts them on one core."""
ASKED = 2
"""Parts that a member is asked for at a time: one to search, and one to begin with when that is done."""
_HEAD_BYTES = 1 << 16
_SET_DEATH_SIGNAL = 1
"""Linux's PR_SET_PDEATHSIG, see prctl(2)."""


def processes(workers: int) -> int:
    """Return how many processes `settings.workers` asks for on this machine."""
    if workers or sys.platform != "linux":
        return workers or 1
    return len(os.sched_getaffinity(0))


class _Order(msgspec.Struct, frozen=True):
    """A part of the input with this number."""

    number: int
    start: int = 0
    stop: int | None = None


class _Work(msgspec.Struct, Generic[T], frozen=True):
    """What every member needs; it comes along when the process is copied."""

    task: Callable[[Part], Iterator[T]]
    limits: Limits
    inputs: Sequence[Input]


class Crew(Generic[T]):
    """The members, and what they have been asked for."""

    def __init__(
        self,
        task: Callable[[Part], Iterator[T]],
        limits: Limits,
        inputs: Sequence[Input],
        workers: int,
        part_bytes: int | None = None,
    ) -> None:
        """Begin to work with so many processes, 0 for one a core; nobody is hired for little work."""
        self._work = _Work(task, limits, inputs)
        self._part_bytes = part_bytes or PART_BYTES
        much = sum(item.size or 0 for item in inputs) >= LEAST_BYTES
        hired = processes(workers) if much and can_copy() else 1
        self._members: list[_Member[T]] = [_Member(self._work) for _ in range(hired)] if hired > 1 else []
        self._orders = self._all_orders() if self._members else iter(())
        self._asked: deque[tuple[_Order, _Member[T]]] = deque()
        self._given_up: set[int] = set()

    def found(self, item: Input) -> Iterator[T] | None:
        """Give what is found in the input, which is asked for in the order of all; None if nobody searched it."""
        self._ask()
        if not self._asked or self._work.inputs[self._asked[0][0].number] is not item:
            return None
        return self._found(self._asked[0][0].number)

    def dismiss(self) -> None:
        """End the processes, whatever they are doing."""
        for member in self._members:
            member.dismiss()

    def _found(self, number: int) -> Iterator[T]:
        try:
            while self._asked and self._asked[0][0].number == number:
                _, member = self._asked.popleft()
                yield from member.answers(self._work.inputs[number].label)
                self._ask()
        except InputError:
            self._give_up(number)
            raise

    def _give_up(self, number: int) -> None:
        """Throw away what else is found in an input."""
        self._given_up.add(number)
        while self._asked and self._asked[0][0].number == number:
            _, member = self._asked.popleft()
            for _ in member.answers(""):
                pass

    def _ask(self) -> None:
        """Keep every member busy."""
        fit = [member for member in self._members if member.is_alive]
        while fit and (free := min(fit, key=lambda m: m.asked)).asked < ASKED:
            order = next((o for o in self._orders if o.number not in self._given_up), None)
            if order is None:
                return
            free.ask(order)
            self._asked.append((order, free))

    def _all_orders(self) -> Iterator[_Order]:
        """Divide what can be searched elsewhere; an input with a problem is left to who reads it here."""
        for number, item in enumerate(self._work.inputs):
            if item.can_be_read_again and not item.is_remote:
                try:
                    text = open_text(Part(item), self._work.limits)
                except InputError:
                    continue
                if not text.is_table:
                    yield from _divided(number, item, text.codec, self._part_bytes)


def _divided(number: int, item: Input, codec: str, part_bytes: int) -> Iterator[_Order]:
    size = item.size or 0
    if codec != "plain" or item.packed is not None or size <= part_bytes or _needs_its_beginning(item):
        yield _Order(number)
        return
    for start in range(0, size, part_bytes):
        yield _Order(number, start, start + part_bytes if start + part_bytes < size else None)


def _needs_its_beginning(item: Input) -> bool:
    """Say whether a part of the file cannot be understood without its first bytes."""
    with item.open() as stream:
        head = stream.read(_HEAD_BYTES)
    return needs_its_beginning(head)


def can_copy() -> bool:
    """Say whether this process can be copied safely."""
    alone = threading.active_count() == 1 and not multiprocessing.current_process().daemon
    return alone and sys.platform == "linux"


def bind(parent: int) -> None:
    """In a process that was copied: leave interrupts to the parent, and end when it does, even by `kill -9`.

    Its pipes do not tell: a copy holds both ends of those that were there before it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it has just ended
        os.kill(os.getpid(), signal.SIGKILL)


class _Member(Generic[T]):
    """One process, and these ends of its pipes."""

    def __init__(self, work: _Work[T]) -> None:
        orders, self._orders = multiprocessing.Pipe(duplex=False)
        self._answers, answers = multiprocessing.Pipe(duplex=False)
        with suppress(OSError):  # a system may allow less
            fcntl.fcntl(answers.fileno(), fcntl.F_SETPIPE_SZ, AHEAD_BYTES)
        fork = multiprocessing.get_context("fork")
        self._process = fork.Process(target=_serve, args=(os.getpid(), orders, answers, work), daemon=True)
        self._process.start()
        orders.close()
        answers.close()
        self.asked = 0

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def ask(self, order: _Order) -> None:
        self.asked += 1
        with suppress(OSError):  # it has just died, which who waits for the answer will say
            self._orders.send(order)

    def answers(self, label: str) -> Iterator[T]:
        """Yield what belongs to the order that was asked for first and is not yet answered."""
        self.asked -= 1
        while True:
            try:
                said = self._answers.recv()
            except (EOFError, OSError) as error:
                reason = "is read no further: the process that searched it ended early"
                raise UnreadableInput(reason, where=label, hint="`--workers 1` does without it") from error
            if said is None:
                return
            if isinstance(said, Exception):
                raise said
            yield said

    def dismiss(self) -> None:
        self._orders.close()
        self._answers.close()
        self._process.terminate()
        self._process.join()


def _serve(parent: int, orders: Connection, answers: Connection, work: _Work[T]) -> None:
    """Answer orders until the other end is gone."""
    bind(parent)
    forget_archives()
    try:
        while True:
            order = orders.recv()
            try:
                part = Part(work.inputs[order.number], order.start, order.stop)
                for found in work.task(part):
                    answers.send(found)
                answers.send(None)
            except InputError as error:
                answers.send(error)
    except (EOFError, OSError):
        return
