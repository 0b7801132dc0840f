"""Reads inputs on the workers of an Apache Spark cluster, file by file, with the sources and steps of every hunt.

A worker reads one file for one step and returns its part: compact columns of what reached a platform, names,
processes, and the account. Parts are adopted on this machine in the order of the inputs, so that what is found is
what one machine would have found. The rows of a file must fit into a worker's memory.

Objects in a store are dealt out by Spark itself (`sferic.engine.objects`), and rows stay on the workers, where they
are weighed (`sferic.engine.scattered`). What it does not do: split a file.
"""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from operator import itemgetter
from typing import Any, Self, TypeVar

import msgspec

from sferic import __version__
from sferic.catalog.platforms import Catalogue, Domain, Place, Platform, load_catalogue
from sferic.engine.gather import Gatherer
from sferic.engine.inputs import Input, Met
from sferic.engine.objects import Objects
from sferic.engine.part import Part, Step, Told
from sferic.engine.parts import Parts
from sferic.engine.progress import Progress, Watcher
from sferic.engine.quoting import input_of
from sferic.engine.scattered import LeftBehind
from sferic.engine.settling import Settler
from sferic.engine.spark_session import begun, pyspark, reason, running
from sferic.model.errors import ClusterError, UnreadableInput
from sferic.model.grouping import Table
from sferic.model.settings import Settings
from sferic.sources._contract import chosen_sources

T = TypeVar("T")
WAIT_S = 120.0
"""A worker must have begun within this time."""
POLL_S = 0.25
TASKS_A_CORE = 8
"""Files are dealt out in so many tasks a core, or one a file: a lost worker costs little, and so does starting."""
LEAST_TASKS = 64


class Order(msgspec.Struct, frozen=True):
    """What a worker needs beside the file."""

    version: str
    settings: Settings
    platforms: tuple[Platform, ...]
    domains: tuple[Domain, ...]
    step: Step
    learned: dict[str, Place]


class Wanted(msgspec.Struct, frozen=True):
    """One input, as this machine sees it."""

    label: str
    size: int
    named: bool
    modified: float | None = None
    is_remote: bool = False


def wanted_of(item: Input) -> Wanted:
    """Return what a worker is told of an input."""
    return Wanted(item.label, item.size or 0, item.named, item.modified, item.is_remote)


def read_part(order: Order, wanted: Wanted, data: bytes | None = None) -> Part:
    """Read one input for one step; what runs on a worker. An object's bytes come with it."""
    settings, catalogue = order.settings, Catalogue(order.platforms, order.domains)
    chosen = chosen_sources(settings.only_sources)
    gatherer = Gatherer(catalogue, chosen, settings)
    gatherer.aliases.recall(order.learned)
    return gatherer.part(order.step, partial(_seen_here, order, wanted, data), wanted.label)


def _seen_here(order: Order, wanted: Wanted, data: bytes | None) -> Input:
    """Find the input on this worker; raises UnreadableInput if it is not the same as where the hunt was asked for."""
    here = socket.gethostname()
    if order.version != __version__:
        reason = f"is not read: Sferic is {__version__} on the worker {here} and {order.version} where the hunt began"
        raise UnreadableInput(reason, where=wanted.label)
    found = input_of(wanted.label) if data is None else _given(wanted, data)
    hint = "all workers need the same files under the same paths, by NFS for example"
    if found is None:
        raise UnreadableInput(f"the worker {here} sees no such file", where=wanted.label, hint=hint)
    if (found.size or 0) < wanted.size:
        reason = f"the worker {here} sees another file there, of {found.size:,} bytes rather than {wanted.size:,}"
        raise UnreadableInput(reason, where=wanted.label, hint=hint)
    return msgspec.structs.replace(found, named=wanted.named)


def _given(wanted: Wanted, data: bytes) -> Input:
    return Input(wanted.label, len(data), wanted.modified, named=wanted.named, open=partial(io.BytesIO, data))


def _read_file(order: Order, numbered: tuple[int, Wanted]) -> tuple[int, Part]:
    number, wanted = numbered
    return number, read_part(order, wanted)


def _read_object(order: Order, numbered: Mapping[str, tuple[int, Wanted]], row: tuple[str, bytes]) -> tuple[int, Part]:
    number, wanted = numbered[row[0]]
    return number, read_part(order, wanted, bytes(row[1]))


def _task_of(tasks: int, total: int, number: int) -> int:
    return number * tasks // total


def _in_order(parts: Iterator[tuple[int, Part]]) -> Iterator[tuple[int, Part]]:
    return iter(sorted(parts, key=itemgetter(0)))


class Spark:
    """A session on a cluster; use as a context manager, and give it to a Gatherer."""

    def __init__(self, master: str | None, settings: Settings) -> None:
        """Connect. Raises UsageError without pyspark or Java, ClusterError if no master answers."""
        self._settings = msgspec.structs.replace(settings, workers=1)
        self._catalogue = load_catalogue(settings.platform_files)
        self._master = master or "the cluster"
        there = running()
        self._is_mine = there is None
        self._level = pyspark().StorageLevel.DISK_ONLY
        self._context = begun(master) if there is None else there
        self._objects = Objects(self._context, reason)
        self._left = LeftBehind(self._context, self._level, lambda rows: self._run(rows.collect))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._left.forget()
        if self._is_mine:
            self._context.stop()

    def listed(self, url: str) -> Iterator[Met]:
        """Yield what is at an address in an object store."""
        return self._objects.listed(url)

    def find(self, label: str) -> Input | None:
        """Return an input that this machine can read once more, by its label."""
        return self._objects.find(label) or input_of(label)

    def parts(
        self, step: Step, inputs: Sequence[Input], domains: Mapping[str, Place], watch: Watcher | None
    ) -> Iterator[Part]:
        """Read inputs on the workers and yield their parts in order."""
        platforms = tuple(self._catalogue.platforms.values())
        order = Order(__version__, self._settings, platforms, self._catalogue.domains, step, dict(domains))
        if not step.before:  # another hunt
            self._left.forget()
        wanted = [wanted_of(item) for item in inputs]
        read = self._read(order, wanted).persist(self._level)
        self._run(read.count, step.stage, sum(one.size for one in wanted), watch)
        try:
            yield from self._left.add(read, len(wanted)).toLocalIterator()
        except Exception as error:
            raise self._failure(error) from error

    def rows(self, told: Told, names: Sequence[str]) -> Table:
        """Return some columns of the rows that stayed behind."""
        return self._left.rows(told, names)

    def scattered(self, told: Told, settler: Settler) -> Parts:
        """Return all traffic, to be settled and weighed where its rows are."""
        return self._left.scattered(told, settler)

    def _read(self, order: Order, wanted: Sequence[Wanted]) -> Any:
        """Return the numbered parts, which are not yet read, in order."""
        files = [(number, one) for number, one in enumerate(wanted) if not one.is_remote]
        objects = {one.label: (number, one) for number, one in enumerate(wanted) if one.is_remote}
        tasks = min(len(wanted), max(LEAST_TASKS, TASKS_A_CORE * self._context.defaultParallelism))
        read = self._context.parallelize(files, tasks).map(partial(_read_file, order))
        if not objects:
            return read
        session = import_module("pyspark.sql").SparkSession.builder.getOrCreate()
        rows = session.read.format("binaryFile").load(list(objects)).select("path", "content").rdd
        both = read.union(rows.map(partial(_read_object, order, objects)))
        return both.partitionBy(tasks, partial(_task_of, tasks, len(wanted))).mapPartitions(_in_order)

    def _run(self, job: Callable[[], T], stage: str = "", total: int = 0, watch: Watcher | None = None) -> T:
        """Do a job, and tell how far it is; raises ClusterError."""
        results: list[T] = []
        failed: list[BaseException] = []
        thread = threading.Thread(target=_do, args=(job, results, failed), daemon=True)
        thread.start()
        began, has_begun = time.monotonic(), False
        while thread.is_alive():
            thread.join(POLL_S)
            done, running, tasks = self._tasks()
            has_begun = has_begun or bool(done or running)
            if not has_begun and time.monotonic() - began > WAIT_S:
                self._context.cancelAllJobs()
                raise ClusterError(
                    f"no worker has begun within {WAIT_S:.0f} s", where=self._master,
                    hint="are there workers with free cores and memory, and can they reach this machine? "
                    "SPARK_LOCAL_IP names the address that they are told",
                )  # fmt: skip
            if watch and tasks:
                watch(Progress(total * done // tasks, total, self._master, stage))
        if failed:
            raise self._failure(failed[0]) from failed[0]
        return results[0]

    def _failure(self, error: BaseException) -> ClusterError:
        return ClusterError(f"the job failed: {reason(error)}", where=self._master)

    def _tasks(self) -> tuple[int, int, int]:
        """Return how many tasks are done, are running, and are there at all."""
        tracker = self._context.statusTracker()
        found = [tracker.getStageInfo(number) for number in tracker.getActiveStageIds()]
        stages = [stage for stage in found if stage]
        return (
            sum(s.numCompletedTasks for s in stages), sum(s.numActiveTasks for s in stages),
            sum(s.numTasks for s in stages),
        )  # fmt: skip


def _do(job: Callable[[], T], results: list[T], failed: list[BaseException]) -> None:
    try:
        results.append(job())
    except Exception as error:
        failed.append(error)
