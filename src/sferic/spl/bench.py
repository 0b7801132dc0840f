"""Holds one run of a search: the database, the SELECTs so far, the clock, and what lookups and macros are known."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import tzinfo
from types import NoneType, TracebackType
from typing import Any, Self

import duckdb
import msgspec
import pyarrow as pa

from sferic.spl import clock, texts
from sferic.spl.relation import Kind, Relation, Sql, quote

Row = Mapping[str, object]
MAX_CELL = 100_000
"""Characters of a value that a search sees."""
_LOOKAROUND = re.compile(r"\(\?(?:[=!]|<[=!]|>)")
_GROUP = re.compile(r"\(\?<(?=[A-Za-z_])")
_SETUP = (
    "SET enable_external_access = false",
    "SET memory_limit = '2GB'",
    "SET threads = 2",
    r"""CREATE MACRO spl_number(x) AS CASE WHEN regexp_full_match(x, '\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?\s*')
        THEN TRY_CAST(trim(x) AS DOUBLE) END""",
    """CREATE MACRO spl_text(x) AS CASE WHEN isfinite(x) THEN format('{:.16g}', x) END""",
    "SET lock_configuration = true",
)


class Lookup(msgspec.Struct, frozen=True):
    """A table that searches may look values up in."""

    rows: Sequence[Mapping[str, str]]
    match: Mapping[str, str] = {}
    """Field -> `WILDCARD` or `CIDR`, as in transforms.conf; the others match exactly."""
    case_sensitive: bool = True
    max_matches: int = 1
    default: str | None = None


class Bench:
    """One run; use as a context manager."""

    def __init__(self, zone: tzinfo, now: float, lookups: Mapping[str, Lookup]) -> None:
        self.zone, self.now, self.lookups = zone, now, lookups
        self.notes: list[str] = []
        self._stages: list[str] = []
        self._numbered = 0
        self._events: Relation | None = None
        self._database = duckdb.connect()
        for statement in _SETUP:
            self._database.execute(statement)
        for name, function, arguments, result in (*clock.functions(zone), *texts.FUNCTIONS):
            self._add(name, _unless_null(function, len(arguments)), arguments, result)

    def _add(self, name: str, function: Callable[..., object], arguments: Sequence[str], result: str) -> None:
        database: Any = self._database  # the names of types and ways are texts in every version, whatever it declares
        database.create_function(name, function, list(arguments), result, null_handling="special")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self._database.close()

    @property
    def events(self) -> Relation:
        """The events that every search of this run begins with."""
        if self._events is None:
            raise ValueError("no events have been set out")
        return self._events

    def set_out(self, rows: Iterable[Row]) -> None:
        """Take the events; the newest come first, as in Splunk."""
        events = self.table(rows)
        if "_time" in events.fields:
            events = self.ordered(events, f"{events.fields['_time'].text} DESC NULLS LAST, {events.order}")
        self._events = events

    def note(self, text: str) -> None:
        """Remember something the user should know about this run."""
        if text not in self.notes:
            self.notes.append(text)

    def fresh(self, prefix: str = "c") -> str:
        """Make up a name."""
        self._numbered += 1
        return f"{prefix}{self._numbered}"

    def stage(self, select: str, fields: Mapping[str, Sql], order: str) -> Relation:
        """Add a SELECT and return its rows."""
        name = self.fresh("s")
        self._stages.append(f"{name} AS NOT MATERIALIZED ({select})")
        return Relation(name, dict(fields), order)

    def kept(self, rows: Relation) -> Relation:
        """Compute rows now and once, because what follows reads them more than once."""
        name = self.fresh("t")
        columns = ", ".join(dict.fromkeys([*(value.text for value in rows.fields.values()), rows.order]))
        self.query(f"SELECT {columns} FROM {rows.name}", f"CREATE TEMP TABLE {name} AS ")
        return self.stage(f"SELECT * FROM {name}", rows.fields, rows.order)

    def extend(self, rows: Relation, new: Mapping[str, Sql], where: str = "") -> Relation:
        """Compute fields for every row, all from the fields as they were before."""
        names = {field: self.fresh() for field in new}
        columns = "".join(f", {value.text} AS {names[field]}" for field, value in new.items())
        fields = dict(rows.fields) | {field: Sql(names[field], value.kind) for field, value in new.items()}
        tail = f" {where}" if where else ""
        return self.stage(f"SELECT *{columns} FROM {rows.name}{tail}", fields, rows.order)

    def filtered(self, rows: Relation, condition: str) -> Relation:
        """Keep the rows for which a condition is true."""
        return self.stage(f"SELECT * FROM {rows.name} WHERE {condition}", rows.fields, rows.order)

    def ordered(self, rows: Relation, by: str) -> Relation:
        """Put rows into an order."""
        name = self.fresh()
        select = f"SELECT *, row_number() OVER (ORDER BY {by}) AS {name} FROM {rows.name}"
        return self.stage(select, rows.fields, name)

    def query(self, select: str, into: str = "") -> list[tuple[Any, ...]]:
        """Run a SELECT over the stages; `into` says where its rows go, if not back."""
        stages = f"WITH {', '.join(self._stages)} " if self._stages else ""
        found: list[tuple[Any, ...]] = self._database.execute(f"{into}{stages}{select}").fetchall()
        return found

    def rows(self, rows: Relation) -> list[dict[str, object]]:
        """Run the search up to these rows."""
        fields = list(rows.fields.items())
        if not fields:
            return []
        columns = ", ".join(value.text for _, value in fields)
        found = self.query(f"SELECT {columns} FROM {rows.name} ORDER BY {rows.order}")
        return [{field: _whole(cell) for (field, _), cell in zip(fields, row, strict=True)} for row in found]

    def table(self, rows: Iterable[Row], numbers: frozenset[str] = frozenset({"_time"})) -> Relation:
        """Make rows of Python's: fields in `numbers` are numbers, lists are several values, the rest is text."""
        held = list(rows)
        names = dict.fromkeys(name for row in held for name in row)
        columns: dict[str, pa.Array] = {}
        fields: dict[str, Sql] = {}
        for name in names:
            values = [row.get(name) for row in held]
            kind = _kind(values, number=name in numbers)
            column = self.fresh()
            columns[column] = _column(values, kind)
            fields[name] = Sql(column, kind)
        order, place = self.fresh(), self.fresh("t")
        columns[order] = pa.array(range(len(held)), pa.int64())
        self._database.register(place, pa.table(columns))
        return self.stage(f"SELECT * FROM {place}", fields, order)

    def regex(self, pattern: str) -> str:
        """Return a regular expression as the database wants it; raises ValueError with the reason if it cannot be."""
        if _LOOKAROUND.search(pattern):
            raise ValueError("look-around and atomic groups are not supported: matching takes linear time here")
        ours = _GROUP.sub("(?P<", pattern)
        try:
            self._database.execute("SELECT regexp_matches('', " + quote(ours) + ")").fetchall()
        except duckdb.Error as error:
            reason = str(error).rsplit("Error: ", 1)[-1]
            raise ValueError(f"the regular expression cannot be read: {reason}") from error
        return ours


def _unless_null(function: Callable[..., object], arguments: int) -> Callable[..., object]:
    """Give null for null; the database must hear that, or it takes no null for an answer."""
    if arguments == 1:
        return lambda value: None if value is None else function(value)
    return lambda value, other: None if value is None or other is None else function(value, other)


def _whole(cell: object) -> object:
    """Give a number without a fraction as one, and none that is not finite."""
    if not isinstance(cell, float):
        return cell
    if not math.isfinite(cell):
        return None
    return int(cell) if cell.is_integer() and abs(cell) < 1e15 else cell


def _kind(values: Sequence[object], *, number: bool) -> Kind:
    types = set(map(type, values))
    if types & {list, tuple}:
        return Kind.MANY
    if number and all(value is None or _float(value) is not None for value in values):
        return Kind.NUMBER
    return Kind.TEXT


def _column(values: Sequence[object], kind: Kind) -> pa.Array:
    """Make a column; plain texts, which most are, go in as they are."""
    if kind is Kind.TEXT and set(map(type, values)) <= {str, NoneType}:
        longest = max((len(value) for value in values if isinstance(value, str)), default=0)
        with suppress(UnicodeEncodeError):
            if longest <= MAX_CELL:
                return pa.array(values, _ARROW[kind])
    return pa.array([_cell(value, kind) for value in values], _ARROW[kind])


_ARROW = {Kind.NUMBER: pa.float64(), Kind.TEXT: pa.string(), Kind.MANY: pa.list_(pa.string())}


def _cell(value: object, kind: Kind) -> object:
    if value is None:
        return None
    if kind is Kind.NUMBER:
        return _float(value)
    if kind is Kind.MANY:
        many = value if isinstance(value, list | tuple) else [value]
        return [_text(one) for one in many]
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, str) and value.isascii() and len(value) <= MAX_CELL:
        return value
    if isinstance(value, float):
        text = f"{value:.16g}"
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = str(value)
    return text[:MAX_CELL].encode("utf-8", "replace").decode()


def _float(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None
