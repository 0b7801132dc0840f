"""What a source may offer beside its reader: to read many lines at once, as columns.

Reading line by line costs microseconds a line, most of them for calls. A `Reader` may therefore have a method

    def bulk(self, lines: Sequence[bytes]) -> list[Rows] | None

which reads those lines that are as plain as they come, and leaves all others to `read`; None leaves them all. It gets
lines of ASCII without line ends that are not empty, and sees no line that begins with `#`. JSON that a collector may
have wrapped is left (`Bare`). What it
takes it must claim as `LIKELY` at least and read exactly as `read` does, without a change of state; a test holds it
to that. A reader whose reading depends on lines before (a header) says on what by `state`, which can be compared.

What it does not do: build tables; the engine does, from these columns.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import compress
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from sferic.sources._contract import Reader

T = TypeVar("T")
MOST = 10**18
_FAILURES = (msgspec.MsgspecError, ValueError, RecursionError)


class Bare(msgspec.Struct, gc=False):
    """An object that no collector can have wrapped: a key of which an envelope needs one is a failure here."""

    raw: None = msgspec.field(default=None, name="_raw")
    result: None = None
    lastrow: None = None
    event: None = None
    stamp: None = msgspec.field(default=None, name="@timestamp")
    document: None = msgspec.field(default=None, name="_source")
    payload: None = None
    row: None = msgspec.field(default=None, name="@message")
    message: None = None
    log: None = None


class Coded(msgspec.Struct, frozen=True):
    """A column in which values repeat: the distinct ones, and for each row the index of its own."""

    words: list[Any]
    codes: list[int]


class Scaled(msgspec.Struct, frozen=True):
    """A column of seconds; times `factor`, and rounded as Python rounds, they are the event's whole numbers."""

    seconds: Sequence[float | None]
    factor: int


Column = Sequence[Any] | Coded | Scaled | str
"""Values by row; a text stands for itself in every row."""


class Rows(msgspec.Struct, frozen=True):
    """Events as columns by field; a field that is not there is unknown."""

    lines: Sequence[int]
    """Which of the given lines the rows are, ascending."""
    columns: dict[str, Column]


@runtime_checkable
class BulkReader(Reader, Protocol):
    """A reader with the method."""

    @property
    def state(self) -> Hashable:
        """What its reading depends on; None if each line stands alone."""

    def bulk(self, lines: Sequence[bytes]) -> list[Rows] | None:
        """Read the plain ones of these lines."""


class _Vocabulary(dict[Any, int]):
    def __missing__(self, value: object) -> int:
        number = self[value] = len(self)
        return number


def coded(values: Iterable[Any], read: Callable[[Any], Any]) -> Coded:
    """Read each distinct value once; None stays None. The values must not be equal across types, as 1 and True are."""
    found = _Vocabulary()
    codes = list(map(found.__getitem__, values))
    return Coded([None if value is None else read(value) for value in found], codes)


def where(column: Coded, word: str) -> Coded:
    """Give `word` in the rows where the column has a value."""
    return Coded([None if value is None else word for value in column.words], column.codes)


def decoded(lines: Sequence[bytes], decode: Callable[[bytes], T]) -> tuple[list[int], list[T]]:
    """Decode each line; return which could be, and what they hold."""
    found: list[T] = []
    failed: list[int] = []
    rest = iter(lines)
    while True:
        try:
            found.extend(map(decode, rest))  # keeps what came before a failure
        except _FAILURES:
            failed.append(len(found) + len(failed))
        else:
            break
    if not failed:
        return list(range(len(lines))), found
    bad = set(failed)
    return [number for number in range(len(lines)) if number not in bad], found


def kept(values: Sequence[T], keep: Sequence[bool]) -> Sequence[T]:
    """Drop what is not kept; nothing is copied where all is."""
    return values if all(keep) else list(compress(values, keep))


def only(rows: Rows, keep: Sequence[bool]) -> Rows:
    """Drop rows."""
    if all(keep):
        return rows
    return Rows(kept(rows.lines, keep), {name: _only(column, keep) for name, column in rows.columns.items()})


def _only(column: Column, keep: Sequence[bool]) -> Column:
    match column:
        case str():
            return column
        case Coded():
            return Coded(column.words, list(compress(column.codes, keep)))
        case Scaled():
            return Scaled(list(compress(column.seconds, keep)), column.factor)
        case _:
            return list(compress(column, keep))


def counts(values: Sequence[int | None]) -> Sequence[int | None]:
    """Return whole numbers of at most 18 digits, not below 0; any other is unknown."""
    return _between(values, 0, MOST)


def ports(values: Sequence[int | None]) -> Sequence[int | None]:
    """Return numbers of ports; any other is unknown."""
    return _between(values, 1, 65_536)


def _between(values: Sequence[int | None], least: int, limit: int) -> Sequence[int | None]:
    present = [value for value in values if value is not None]
    if not present or (min(present) >= least and max(present) < limit):
        return values
    return [value if value is not None and least <= value < limit else None for value in values]
