"""Arrow columns for sources that read in bulk: each distinct text is read once, everything else goes by whole columns.

Imported where it is needed only: a hunt starts without Arrow.

What it does not do: know any log; the `_…_bulk` modules do.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sferic.model.hosts import MAX_HOST
from sferic.sources import _wire
from sferic.sources._bulk import Lines, Rows
from sferic.sources._clock import Clock
from sferic.sources._syslog import iso_time

T = TypeVar("T")
Mask = NDArray[np.bool_]
MOST = 10**18
_FAILURES = (msgspec.MsgspecError, ValueError, RecursionError)
_CODES, _TEXT = pa.int32(), pa.string()
CODED = pa.dictionary(_CODES, _TEXT)
"""A column of texts of which many are equal."""
_NUMBERS = {pa.int64(): np.dtype(np.int64), pa.float64(): np.dtype(np.float64)}
"""Types of numbers, for which numpy is the quicker way where none is unknown."""
_FALSE, _NOTHING, _ZERO_LONG = pa.scalar(value=False), pa.scalar(None), pa.scalar(0, pa.int32())
"""Arrow takes a tenth of a millisecond to find out a value's type, each time."""
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = rf"^(?:{_BYTE}\.){{3}}{_BYTE}$"
NAME = r"^[a-z0-9_][a-z0-9_-]*(?:\.[a-z0-9_-]+)*\.[a-z]+$"
_LONGEST_HOST = pa.scalar(MAX_HOST, pa.int32())
_SECONDS, _POINT, _MICROS = slice(17, 19), 19, slice(20, 26)
"""Where these stand in `2026-03-02T10:00:00.400000Z`."""
_ZERO, _NINE, _END = ord("0"), ord("9"), ord("\n")
_PIECE = 1 << 17


class Objects(msgspec.Struct, Generic[T], frozen=True):
    """What could be decoded of lines that hold an object each, from their first character on."""

    lines: NDArray[np.int64]
    found: list[T]
    text: bytes
    starts: NDArray[np.int64]
    """Where every line begins."""

    def line(self, row: int) -> bytes:
        """Return the line of one of the objects."""
        start = self.starts[self.lines[row]]
        return self.text[start : self.text.index(b"\n", start)]


def places_of(laid: NDArray[np.uint8], is_one: Callable[[NDArray[np.uint8]], Mask]) -> NDArray[np.int64]:
    """Find bytes, in pieces that stay in the processor's cache and in memory that is used again."""
    found = [np.flatnonzero(is_one(laid[at : at + _PIECE])) + at for at in range(0, len(laid), _PIECE)]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _is_end(laid: NDArray[np.uint8]) -> Mask:
    """Say which bytes end a line."""
    found: Mask = laid == _END
    return found


def lines_of(text: bytes) -> Lines:
    """Find the lines of a text that ends with one."""
    return Lines(text, places_of(np.frombuffer(text, np.uint8), _is_end))


def whole_lines(lines: Lines) -> pa.Array:
    """Return each line with its end as a text, without a copy."""
    starts = np.append(0, lines.ends + 1).astype(np.int32)
    return pa.StringArray.from_buffers(len(lines.ends), pa.py_buffer(starts), pa.py_buffer(lines.text))


def decoded(lines: Lines, decoder: msgspec.json.Decoder[T]) -> Objects[T]:
    """Decode each line that begins with an object; those that cannot be are left out."""
    text, ends = lines.text, lines.ends
    laid = np.frombuffer(text, np.uint8)
    starts = np.append(0, ends[:-1] + 1)
    begun = (laid[starts] == ord("{")) & (laid[np.minimum(starts + 1, len(laid) - 1)] == ord('"'))
    if begun.all() and (laid[ends - 1] == ord("}")).all():
        # After a brace within a value no other can open, so no value reaches over a line's end.
        try:
            found = decoder.decode_lines(text)
        except _FAILURES:
            found = []
        if len(found) == len(starts):
            return Objects(np.arange(len(starts)), found, text, starts)
    return _one_by_one(text, decoder, starts, begun)


def _one_by_one(text: bytes, decoder: msgspec.json.Decoder[T], starts: NDArray[np.int64], begun: Mask) -> Objects[T]:
    numbers = np.flatnonzero(begun)
    lines = text.split(b"\n")
    found: list[T] = []
    failed: list[int] = []
    rest = map(lines.__getitem__, numbers.tolist())
    while True:
        try:
            found.extend(map(decoder.decode, rest))  # keeps what came before a failure
        except _FAILURES:
            failed.append(len(found) + len(failed))
        else:
            return Objects(np.delete(numbers, failed), found, text, starts)


def column(records: Sequence[Any], name: str, kind: pa.DataType) -> pa.Array:
    """Return what records have under this name; a number that no column can hold is unknown."""
    get = attrgetter(name)
    if kind in _NUMBERS:
        try:
            return pa.array(np.fromiter(map(get, records), _NUMBERS[kind], len(records)))
        except (TypeError, OverflowError):
            pass  # unknown, or too large, in some
    values = list(map(get, records))
    try:
        return pa.array(values, kind)
    except OverflowError:
        return pa.array([value if value is None or abs(value) < MOST else None for value in values], kind)


def coded(values: pa.Array, read: Callable[[Any], Any], nothing: Sequence[Any] = ("",), plain: str = "") -> pa.Array:
    """Read each distinct value once; what is `nothing` stays unknown. Texts stay coded, anything else does not.

    Texts that the pattern `plain` matches are known to be read as they are.
    """
    raw = values.dictionary_encode()
    known = _matched(raw.dictionary, plain)
    if known.all() and plain:
        return raw
    words = raw.dictionary.to_pylist()
    found = [
        word if is_known else None if word in nothing else read(word)
        for word, is_known in zip(words, known, strict=True)
    ]
    if found == words and (not words or isinstance(words[0], str)):
        return raw
    numbers = {word: code for code, word in enumerate(dict.fromkeys(word for word in found if word is not None))}
    codes = pa.array([numbers.get(word) for word in found], _CODES).take(raw.indices)
    if any(isinstance(word, int) for word in numbers):
        return pa.array(list(numbers), pa.int64()).take(codes)
    return pa.DictionaryArray.from_arrays(codes, pa.array(list(numbers), _TEXT))


def _matched(words: pa.Array, plain: str) -> Mask:
    if not plain:
        return np.zeros(len(words), np.bool_)
    return flags(pc.match_substring_regex(words, plain)) & (
        flags(pc.less_equal(pc.binary_length(words), _LONGEST_HOST))
    )


def places(values: pa.Array) -> pa.Array:
    """Read addresses; nearly all are written in their canonical form."""
    return coded(values, _wire.place, plain=IPV4)


def hosts(values: pa.Array, read: Callable[[Any], Any]) -> pa.Array:
    """Read host names; nearly all are written in their canonical form."""
    return coded(values, read, plain=NAME)


def where(values: pa.Array, word: str) -> pa.Array:
    """Give `word` in the rows that have a value."""
    zeros = pa.array(np.zeros(len(values), np.int32), mask=~is_set(values))
    return pa.DictionaryArray.from_arrays(zeros, pa.array([word], _TEXT))


def constant(word: str, rows: int) -> pa.Array:
    """Give `word` in every row."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([word], _TEXT))


def is_local(target: pa.Array) -> Mask:
    """Say which targets of requests name no server: they are paths, or unknown."""
    return ~is_set(target) | flags(pc.starts_with(target, "/"))


def is_word(values: pa.Array, holds: Callable[[str], bool]) -> Mask:
    """Say of each coded text whether something holds of it; of an unknown one it does not."""
    found = [holds(word) for word in values.dictionary.to_pylist()]
    if not any(found):
        return np.zeros(len(values), np.bool_)
    return flags(pa.array(found, pa.bool_()).take(values.indices))


def is_set(values: pa.Array) -> Mask:
    """Say which rows have a value."""
    return flags(values.is_valid())


def flags(values: pa.Array) -> Mask:
    """Bring truth values to numpy; what is unknown is false."""
    found: Mask = pc.fill_null(values, _FALSE).to_numpy(zero_copy_only=False)
    return found


def texts(values: pa.Array) -> pa.Array:
    """Return texts as they are; an empty one is unknown."""
    empty = pc.equal(pc.binary_length(values), _ZERO_LONG)
    return pc.if_else(empty, _NOTHING, values) if pc.any(empty).as_py() else values


def counts(values: pa.Array) -> pa.Array:
    """Return whole numbers of at most 18 digits, not below 0; any other is unknown."""
    return _between(values, 0, MOST)


def ports(values: pa.Array) -> pa.Array:
    """Return numbers of ports; any other is unknown."""
    return _between(values, 1, 65_536)


def _between(values: pa.Array, least: int, limit: int) -> pa.Array:
    span = pc.min_max(values).as_py()
    if span["min"] is None or (span["min"] >= least and span["max"] < limit):
        return values
    fits = pc.and_(pc.greater_equal(values, least), pc.less(values, limit))
    return pc.if_else(fits, values, _NOTHING)


def scaled(seconds: pa.Array, factor: int, longest_s: float) -> pa.Array:
    """Turn seconds into whole parts of one, rounded as Python rounds; what is not within the limits is unknown."""
    values = seconds.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        fits = (values >= 0) & (values < longest_s)
    return pa.array(np.rint(np.where(fits, values, 0.0) * factor).astype(np.int64), mask=~fits)


def only(rows: Rows, keep: Mask) -> Rows:
    """Drop rows."""
    if keep.all():
        return rows
    mask = pa.array(keep)
    columns = {name: c if isinstance(c, str) else c.filter(mask) for name, c in rows.columns.items()}
    return Rows(rows.lines[keep], columns)


def characters(values: pa.Array, width: int) -> tuple[NDArray[np.uint8], Mask]:
    """Lay texts out as rows of characters; a row of another length is of zeros, and not marked."""
    fits = flags(pc.equal(pc.binary_length(values), pa.scalar(width, pa.int32())))
    some = values if fits.all() else values.filter(pa.array(fits))
    offsets = np.frombuffer(some.buffers()[1], np.int32, len(some) + 1, some.offset * 4)
    start = int(offsets[0]) if len(some) else 0
    found = np.frombuffer(some.buffers()[2] or b"", np.uint8, len(some) * width, start).reshape(len(some), width)
    if fits.all():
        return found, fits
    laid = np.zeros((len(values), width), np.uint8)
    laid[fits] = found
    return laid, fits


def digits(cells: NDArray[np.uint8]) -> tuple[NDArray[np.int64], Mask]:
    """Read rows of digits as numbers; a row with anything else is not marked."""
    powers = 10 ** np.arange(cells.shape[1] - 1, -1, -1, dtype=np.int64)
    sure: Mask = np.all((cells >= _ZERO) & (cells <= _NINE), axis=1)
    return (cells.astype(np.int64) - _ZERO) @ powers, sure


class Moments(dict[bytes, int]):
    """Minute, as written with its zone → epoch microseconds; -1 where it names no real one."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock of a file."""
        super().__init__()
        self._clock = clock

    def __missing__(self, written: bytes) -> int:
        try:
            found = iso_time(f"{written[:17].decode()}00{written[17:].decode()}", self._clock)
        except ValueError:
            found = -1
        self[written] = found
        return found

    def read(self, written: pa.Array, width: int) -> tuple[NDArray[np.int64], Mask]:
        """Read ISO 8601 with microseconds and a zone, in so many characters; say which rows are of that form."""
        laid, fits = characters(written, width)
        seconds, is_second = digits(laid[:, _SECONDS])
        micros, is_micro = digits(laid[:, _MICROS])
        minutes = self._minutes(np.delete(laid, np.s_[_SECONDS.start : _MICROS.stop], axis=1))
        sure = fits & is_second & is_micro & (laid[:, _POINT] == ord(".")) & (seconds < 60) & (minutes >= 0)
        return minutes + seconds * 1_000_000 + micros, sure

    def _minutes(self, laid: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Read each run of equal minutes once."""
        begins = np.flatnonzero(np.append(True, (laid[1:] != laid[:-1]).any(axis=1))) if len(laid) else np.zeros(0, int)
        found = np.array([self[laid[row].tobytes()] for row in begins], np.int64)
        return np.repeat(found, np.diff(np.append(begins, len(laid))))
