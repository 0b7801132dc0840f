"""Reads what only a connector of Hadoop can (s3a, hdfs, abfs, gs, …), through the Java side of a Spark session.

This machine lists, and streams where a few lines are wanted. Workers are given whole objects by Spark's `binaryFile`
source, so one must fit into a worker's memory, and larger ones are refused. Credentials are in Spark's settings.
What it does not do: read Parquet and zip archives there, which need a file.
"""

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from io import RawIOBase
from typing import IO, Any, cast

from sferic.engine.inputs import Hidden, Input, Met, Refused
from sferic.model.errors import InputError, LimitExceeded, NothingToRead, UnreadableInput, UsageError

MAX_OBJECT_BYTES = 128 << 20
"""Spark's Java side and Python hold an object twice or more; a worker with 1 GB has room for that."""
_PIECE = 1 << 20
_PATTERN = frozenset("*?[]{}\\")
"""Spark takes a name with one of these for a pattern."""


class Objects:
    """The stores that a Spark session can reach; `reason` says in a sentence what went wrong on its Java side."""

    def __init__(self, context: Any, reason: Callable[[BaseException], str]) -> None:
        self._java, self._context = getattr(context, "_jvm", None), getattr(context, "_jsc", None)
        self._reason = reason
        self._found: dict[str, Input] = {}

    def __contains__(self, label: str) -> bool:
        return label in self._found

    def find(self, label: str) -> Input | None:
        """Return an object that was listed."""
        return self._found.get(label)

    def listed(self, url: str) -> Iterator[Met]:
        """Yield the objects at an address, below a folder's, or of a pattern, in the order of their names."""
        if self._java is None or self._context is None:
            raise UsageError("this Spark session cannot list object stores", where=url, hint="mount the store")
        try:
            path = self._path(url)
            system = path.getFileSystem(self._context.hadoopConfiguration())
            tops = system.globStatus(path)
            found = [fact for top in tops or () for fact in sorted(_below(system, top))]
        except import_module("py4j.protocol").Py4JError as error:
            raise self._unreachable(url, error) from error
        if tops is None:
            raise UnreadableInput("there is no such object or folder", where=url)
        if not found:
            raise NothingToRead("holds no object", where=url, expected="log files")
        named = len(tops) == 1 and not tops[0].isDirectory()
        for label, size, modified_ms, is_hidden in found:
            opened = partial(self._open, system, label)
            item = Input(label, size, modified_ms / 1e3, named=named, open=opened, is_remote=True)
            yield Hidden(label) if is_hidden else self._met(item)

    def _path(self, address: str) -> Any:
        return cast("Any", self._java).org.apache.hadoop.fs.Path(address)

    def _met(self, item: Input) -> Met:
        refusal: InputError | None = None
        if not _PATTERN.isdisjoint(item.label):
            refusal = UnreadableInput("has a name that Spark takes for a pattern", where=item.label,
                                      expected=f"a name without {' '.join(sorted(_PATTERN))}")  # fmt: skip
        elif (item.size or 0) > MAX_OBJECT_BYTES:
            reason = f"is larger than the {MAX_OBJECT_BYTES >> 20} MB that a worker is given at once"
            refusal = LimitExceeded(reason, where=item.label, hint="mount the store, or split the object")
        if refusal:
            return Refused(item.label, refusal, item.named)
        self._found[item.label] = item
        return item

    def _unreachable(self, url: str, error: BaseException) -> UnreadableInput:
        reason = self._reason(error)
        missing = "ClassNotFound" in reason or "No FileSystem for scheme" in reason
        hint = "Spark needs the connector, for example `--packages org.apache.hadoop:hadoop-aws:VERSION`, and its keys"
        return UnreadableInput(f"cannot be listed: {reason}", where=url, hint=hint if missing else "")

    def _open(self, system: Any, label: str) -> IO[bytes]:
        try:
            return cast("IO[bytes]", _Stream(system.open(self._path(label)), self._reason))
        except import_module("py4j.protocol").Py4JError as error:
            raise OSError(0, self._reason(error)) from error


def _below(system: Any, top: Any) -> Iterator[tuple[str, int, int, bool]]:
    """Yield name, size and time of everything below a folder, or of an object itself; and whether it is hidden."""
    begin = top.getPath().toString()
    if not top.isDirectory():
        yield begin, top.getLen(), top.getModificationTime(), _is_hidden(begin[begin.rindex("/") :])
        return
    files = system.listFiles(top.getPath(), True)  # with all folders below
    while files.hasNext():
        one = files.next()
        label = one.getPath().toString()
        yield label, one.getLen(), one.getModificationTime(), _is_hidden(label[len(begin) :])


def _is_hidden(path: str) -> bool:
    """Say whether an object, or a folder on the way to it, is hidden: by a dot, or by Spark's own underscore."""
    *folders, name = path.split("/")
    return name.startswith("_") or any(part.startswith(".") for part in (*folders, name))


class _Stream(RawIOBase):
    """An object's bytes, piece by piece from the Java side."""

    def __init__(self, stream: Any, reason: Callable[[BaseException], str]) -> None:
        self._stream, self._reason = stream, reason

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.readNBytes(min(len(buffer), _PIECE))
        except import_module("py4j.protocol").Py4JError as error:
            raise OSError(0, self._reason(error)) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()
