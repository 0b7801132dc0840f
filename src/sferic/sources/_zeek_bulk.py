"""Reads Zeek logs many lines at once: brings JSON and TSV into the same typed columns, which a source then reads.

Left to the reader: values of unexpected type, escapes, times in other forms than Zeek's own, rows of another length.

What it does not do: know what the columns of one log mean; its source does.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from sferic.sources import _columns, _wire
from sferic.sources._bulk import Bare, Lines, Rows
from sferic.sources._clock import Clock
from sferic.sources._columns import Mask

_LISTS = frozenset({"proxied", "resp_mime_types"})
_KINDS: Mapping[str, Any] = (
    dict.fromkeys(("ts", "duration"), float)
    | dict.fromkeys(("established", "resumed"), bool)
    | dict.fromkeys(_LISTS, list[str])
    | dict.fromkeys(
        "orig_p resp_p orig_bytes resp_bytes orig_ip_bytes resp_ip_bytes request_body_len response_body_len"
        " status_code".split(),
        int,
    )
)
"""Attribute → the type that it has in Zeek's JSON; the others are texts."""
_ARROW = {float: pa.float64(), bool: pa.bool_(), list[str]: pa.list_(pa.string()), int: pa.int64()}
_PASSED: Mapping[str, Any] = dict.fromkeys(("local_orig", "local_resp"), bool) | dict.fromkeys(
    ("missed_bytes", "orig_pkts", "resp_pkts"), int
)
"""Keys of every connection that nobody asks for: an unknown key is compared with all known ones, which takes longer."""
_RARELY_EQUAL = frozenset({"uid", "uri"})
_ONE_NOTHING = pa.scalar([""], pa.list_(pa.string()))
_PLAIN = {int: "^[0-9]{1,18}$", float: r"^[0-9]{1,11}\.[0-9]{1,6}$"}
"""How Zeek writes numbers."""
_LATEST_S = 10**10
"""Seconds since 1970 lie below this number in all years that are believed."""
_LONGEST_S = 10**11
_STAMP, _DOT = 17, 10
"""Characters of `1772445600.123456`, and where its point stands."""
_WRITTEN = 27
"""Characters of `2026-03-02T10:00:00.123456Z`."""
_DIGITS = 18
_ZERO = pa.scalar(0, pa.int32())
_PATH = attrgetter("path")


class Tsv(msgspec.Struct, frozen=True):
    """How the rows below a header are read."""

    separator: str
    set_separator: str
    unset: str
    nothing: Collection[str]
    width: int
    picks: Mapping[str, int]
    """Attribute → its column."""


class Values:
    """Columns by attribute: numbers are numbers, null where unset; texts are as written, and read by `coded`."""

    def __init__(
        self, lines: NDArray[np.int64], keep: Mask, column: Callable[[str], pa.Array | None], form: Tsv | None = None
    ) -> None:
        self._lines = lines
        self._column = column
        self._columns: dict[str, pa.Array] = {}
        self._form = form
        self.keep = keep
        """Rows that are not left to the reader."""
        self.is_json = form is None
        """Whether whose a row is was not said by a header above it, but is to be seen from its own keys."""

    def __getitem__(self, name: str) -> pa.Array:
        """Return a column; nothing is set in one that the log has not."""
        found = self._columns.get(name)
        if found is None:
            found = self._column(name)
            self._columns[name] = found = pa.nulls(len(self._lines), _kind(name)) if found is None else found
        return found

    def has(self, *names: str) -> Mask:
        """Say which rows have a value in each of these columns."""
        found: Mask = np.logical_and.reduce([_columns.is_set(self[name]) for name in names])
        return found

    def has_any(self, first: str, second: str) -> Mask:
        """Say which rows have a value in one of two columns."""
        found = self.has(first)
        return found if found.all() else found | self.has(second)

    def coded(self, name: str, read: Callable[[Any], Any]) -> pa.Array:
        """Read each distinct text once; what says nothing is unknown."""
        return _columns.coded(self[name], read)

    def named(self, name: str, read: Callable[[Any], Any], origin: str) -> dict[str, pa.Array]:
        """Read host names, with the word for where they stand."""
        found = _columns.hosts(self[name], read)
        return {"dst_host": found, "host_source": _columns.where(found, origin)}

    def texts(self, name: str) -> pa.Array:
        """Return texts as they are."""
        return _columns.texts(self[name])

    def counts(self, *names: str) -> pa.Array:
        """Return whole numbers, from the first of the columns that has one."""
        found = _columns.counts(self[names[0]])
        return pc.coalesce(found, self.counts(*names[1:])) if found.null_count and names[1:] else found

    def milliseconds(self, name: str) -> pa.Array:
        """Turn durations into milliseconds; what lasts for ever is unknown."""
        return _columns.scaled(self[name], 1000, _LONGEST_S)

    def first(self, name: str) -> pa.Array:
        """Read the first member of each list."""
        form = self._form
        if form is not None:
            return self.coded(name, lambda cell: next(iter(_members(cell, form)), None))
        lists = self[name]
        if lists.null_count == len(lists):
            return pa.nulls(len(lists), pa.string())
        some = pc.greater(pc.list_value_length(lists), _ZERO)
        return _columns.coded(pc.list_element(pc.if_else(some, lists, _ONE_NOTHING), 0), _wire.word)

    def local(self, target: pa.Array) -> Mask:
        """Say which targets of requests name no server."""
        return _columns.is_local(target)

    def is_a(self, name: str, word: str) -> Mask:
        """Say in which rows a text is this word, in lower case or not."""
        return _columns.is_word(self[name], lambda text: text.lower() == word)

    def rows(self, columns: Mapping[str, Any], portless: Mask | None = None) -> list[Rows]:
        """Add what every record has; a row without a time or without an end is left."""
        source_port, port = (_columns.ports(self[name]) for name in ("orig_p", "resp_p"))
        if portless is not None and portless.any():
            source_port, port = (
                pc.if_else(pa.array(portless), pa.nulls(1, pa.int64())[0], numbers) for numbers in (source_port, port)
            )
        client, server = _columns.places(self["orig_h"]), _columns.places(self["resp_h"])
        time = self["ts"]
        keep = self.keep & _columns.is_set(time) & (_columns.is_set(client) | _columns.is_set(server))
        whole = {
            "time": time,
            "src_ip": client, "src_port": source_port,
            "dst_ip": server, "dst_port": port,
            "connection_id": self.texts("uid"), **columns,
        }  # fmt: skip
        if self["system_name"].null_count < len(keep):
            whole["observer"] = self.coded("system_name", _wire.word)
        return [_columns.only(Rows(self._lines, whole), keep)]


def _kind(name: str) -> pa.DataType:
    kind = _ARROW.get(_KINDS.get(name, str), _columns.CODED)
    return pa.string() if name in _RARELY_EQUAL else kind


def _cell_kind(name: str) -> pa.DataType:
    """Say as what cells are cut out: numbers and times as texts, to see how they are written."""
    plain = name in _RARELY_EQUAL or _KINDS.get(name) in _PLAIN
    return pa.string() if plain else _columns.CODED


def strict(record: type[msgspec.Struct], extra: Sequence[str] = ()) -> msgspec.json.Decoder[Any]:
    """Decode into a record's twin, whose fields have the types of Zeek's JSON: any other type is a failure."""
    fields = [(f.name, f.encode_name) for f in msgspec.structs.fields(record)] + [(name, name) for name in extra]
    kinds: dict[str, Any] = {**_KINDS, "ts": float | str}
    typed = [(name, named, kinds.get(name, str) | None) for name, named in fields] + [("path", "_path", Any)]
    typed += [(f"passed_{name}", name, kind | None) for name, kind in _PASSED.items()]
    twin = msgspec.defstruct(
        f"Strict{record.__name__}",
        [(name, kind, msgspec.field(default=None, name=named)) for name, named, kind in typed],
        bases=(Bare,),
        gc=False,
    )
    return msgspec.json.Decoder(twin)


def from_json(lines: Lines, decoder: msgspec.json.Decoder[Any], is_mine: Callable[[str], bool], clock: Clock) -> Values:
    """Decode objects. `is_mine` is asked where the keys are not sure to say whose they are: with `_path` or escapes."""
    objects = _columns.decoded(lines, decoder)
    keep = np.ones(len(objects.found), np.bool_)
    escaped = b"\\" in lines.text
    if escaped or any(map(_PATH, objects.found)):
        for row, path in enumerate(map(_PATH, objects.found)):
            if path or (escaped and b"\\" in objects.line(row)):
                keep[row] = is_mine(objects.line(row).decode())

    def column(name: str) -> pa.Array:
        return _times(objects.found, clock) if name == "ts" else _columns.column(objects.found, name, _kind(name))

    return Values(objects.lines, keep, column)


def _times(records: Sequence[Any], clock: Clock) -> pa.Array:
    """Read seconds, or ISO 8601 as Zeek can write it too, as microseconds; unknown in any other form."""
    values = list(map(attrgetter("ts"), records))
    try:
        return _columns.scaled(pa.array(values, pa.float64()), 1_000_000, _LATEST_S)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        pass  # texts among them
    numbers = pa.array([None if isinstance(value, str) else value for value in values], pa.float64())
    texts = pa.array([value if isinstance(value, str) else None for value in values], pa.string())
    found, sure = _columns.Moments(clock).read(texts, _WRITTEN)
    return pc.coalesce(_columns.scaled(numbers, 1_000_000, _LATEST_S), pa.array(found, mask=~sure))


def from_tsv(lines: Lines, form: Tsv) -> Values | None:
    """Split rows into columns; a row is left where a number is not written as Zeek writes it. None where all are."""
    text, numbers = lines.text, np.arange(len(lines.ends))
    if b"\\" in text or b'{"' in text:
        every = text.split(b"\n")[:-1]
        odd = [number for number, line in enumerate(every) if b"\\" in line or b'{"' in line]
        numbers = np.delete(numbers, odd)
        text = b"".join(every[number] + b"\n" for number in numbers)
    if not text:
        return None
    torn: list[int] = []

    def skip(row: csv.InvalidRow) -> str:
        torn.append(row.number - 1)
        return "skip"

    whole = csv.read_csv(
        pa.BufferReader(text),
        csv.ReadOptions(
            use_threads=False, block_size=len(text) + 1, column_names=[str(index) for index in range(form.width)]
        ),
        csv.ParseOptions(delimiter=form.separator, quote_char=False, double_quote=False, invalid_row_handler=skip),
        csv.ConvertOptions(
            check_utf8=False, strings_can_be_null=True, null_values=sorted(form.nothing),
            column_types={str(index): _cell_kind(name) for name, index in form.picks.items()},
            include_columns=[str(index) for index in form.picks.values()],
        ),
    ).combine_chunks()  # fmt: skip
    cells = {name: _only_chunk(whole.column(str(index))) for name, index in form.picks.items()}
    keep = np.ones(len(whole), np.bool_)
    columns = {}
    for name, column in cells.items():
        columns[name], sure = _stamps(column) if name == "ts" else _typed(column, _KINDS.get(name, str))
        if sure is not None:
            keep &= sure
    return Values(np.delete(numbers, torn), keep, columns.get, form)


def _only_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.array([], column.type)


def _typed(cells: pa.Array, kind: Any) -> tuple[pa.Array, Mask | None]:
    """Read numbers, and say which rows can be used, if not all."""
    if kind not in _PLAIN:
        return cells, None
    try:
        if _looks_right(cells, kind):
            return cells.cast(_ARROW[kind]), None
    except pa.ArrowInvalid:
        pass
    plain = pc.or_kleene(pc.match_substring_regex(cells, _PLAIN[kind]), cells.is_null())
    return pc.if_else(plain, cells, None).cast(_ARROW[kind]), _columns.flags(plain)


def _looks_right(cells: pa.Array, kind: Any) -> bool:
    """Say whether all of it is digits, apart from one point each where there are points."""
    data = np.frombuffer(cells.buffers()[2] or b"", np.uint8)
    strange = np.count_nonzero((data < ord("0")) | (data > ord("9")))
    points = np.count_nonzero(data == ord(".")) if strange else 0
    expected = len(cells) - cells.null_count if kind is float else 0
    longest = pc.max(pc.binary_length(cells)).as_py() or 0
    return strange == points == expected and longest <= _DIGITS


def _members(cell: str, form: Tsv) -> list[str]:
    return [item for item in cell.split(form.set_separator) if item and item != form.unset]


def _stamps(cells: pa.Array) -> tuple[pa.Array, Mask]:
    """Read `1772445600.123456` as microseconds, exactly."""
    laid, fits = _columns.characters(cells, _STAMP)
    micros, sure = _columns.digits(np.delete(laid, _DOT, axis=1))
    return pa.array(micros), fits & sure & (laid[:, _DOT] == ord("."))
