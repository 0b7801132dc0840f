"""Writes events as Parquet, a folder for each table and day, so that no reader ever sees half of anything.

Parts are written in a hidden folder beside their place and moved there at the end; what fails leaves nothing behind.
Memory holds no more than `MOST_ROWS` rows, however many days the input spans. The layout is that of Hive, which
DuckDB, Spark and their kin read as it is: `table=http_activity/day=2026-11-20/part-….parquet`.
"""

import secrets
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sferic import __version__
from sferic.engine.inputs import MANIFEST
from sferic.engine.tables import SCHEMA, SCHEMA_KEY, TABLE_KEY, VERSION_KEY, nested
from sferic.model.errors import UsageError
from sferic.model.report import FileAccount

GROUP_ROWS = 120_000
"""Rows written at a time: a row group."""
MOST_ROWS = 1_000_000
"""Rows that wait to be written, of all tables and days together."""
MOST_OPEN = 50
"""Parts open at a time; of the tables and days beyond, the one that waits longest gets a part to itself."""
DAY_US = 86_400_000_000
_COUNTED = {"time", "line", "duration", "src_endpoint.port", "dst_endpoint.port"} | {
    f"traffic.{name}" for name in ("bytes_out", "bytes_in", "bytes")
}
"""Columns of numbers written as differences, which is less work than a dictionary, and smaller."""
_PLAIN = _COUNTED | {"connection_info.uid", "http_request.url.path"}
"""Columns with hardly two equal values, for which a dictionary is wasted work."""
_BOUNDED = ("time", "line")
"""Columns whose least and greatest value each row group says: those by which rows lie in order. For all others that
tells a reader nothing, and costs two fifths of the writing."""
Place = tuple[str, int]
"""A table, and a day since the epoch."""


class Known(msgspec.Struct, frozen=True):
    """An input whose events a folder holds."""

    path: str
    lines: int
    events: int


class Manifest(msgspec.Struct, frozen=True):
    """What a folder says about itself."""

    schema: str
    inputs: tuple[Known, ...] = ()


class Archive:
    """A folder being written; `finish` publishes the parts, `close` without it leaves the folder as it was."""

    def __init__(self, folder: Path) -> None:
        """Take an empty or a new folder, or one that holds events already; raises UsageError for any other."""
        self._folder = folder
        self._before = _manifest(folder)
        self._is_new = not folder.exists()
        self._run = secrets.token_hex(4)
        self._draft = folder / f".sferic-{self._run}"
        self._waiting: dict[Place, list[pa.Table]] = defaultdict(list)
        self._rows: dict[Place, int] = defaultdict(int)
        self._open: dict[Place, pq.ParquetWriter] = {}
        self._parts: list[tuple[Path, Path]] = []
        try:
            self._draft.mkdir(parents=True)
        except OSError as error:
            raise UsageError(f"cannot be written to: {error.strerror}", where=str(folder)) from error

    def expect(self, paths: Iterable[str]) -> None:
        """Refuse inputs that the folder holds already, or that lie in it."""
        held = {known.path for known in self._before.inputs} - {"-"}
        inside = self._folder.resolve()
        for path in paths:
            if path in held:
                raise UsageError(f"it holds the events of {path} already", where=str(self._folder),
                                 expected="inputs that are new to it", hint="name another folder")  # fmt: skip
            if Path(path).resolve().is_relative_to(inside):
                raise UsageError(f"{path} lies in the folder that is written", where=str(self._folder),
                                 hint="name another folder")  # fmt: skip

    def add(self, table: pa.Table) -> None:
        """Take compact rows of events; columns that they have not are unknown."""
        for place, rows in _by_place(table):
            self._waiting[place].append(rows)
            self._rows[place] += len(rows)
            if self._rows[place] >= GROUP_ROWS:
                self._write(place)
        while sum(self._rows.values()) > MOST_ROWS:
            self._write(max(self._rows, key=lambda place: self._rows[place]))

    def finish(self, files: Sequence[FileAccount]) -> int:
        """Write what waits, move every part to its place, and return how many there are."""
        for place in list(self._waiting):
            self._write(place)
        for place in list(self._open):
            self._close(place)
        for draft, final in self._parts:
            final.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(final)
        new = [Known(file.path, file.lines, file.events) for file in files if file.events]
        text = msgspec.json.encode(Manifest(SCHEMA, (*self._before.inputs, *new)))
        draft = self._draft / MANIFEST
        draft.write_bytes(msgspec.json.format(text) + b"\n")
        draft.replace(self._folder / MANIFEST)
        self._draft.rmdir()
        return len(self._parts)

    def close(self) -> None:
        """Remove what was written and not published."""
        for writer in self._open.values():
            with suppress(OSError, pa.ArrowException):
                writer.close()
        self._open.clear()
        shutil.rmtree(self._draft, ignore_errors=True)
        if self._is_new:
            with suppress(OSError):
                self._folder.rmdir()

    def _write(self, place: Place) -> None:
        table, _ = place
        if rows := self._waiting.pop(place, None):
            del self._rows[place]
            whole = nested(pa.concat_tables(rows, promote_options="default"), table)
            self._writer(place, whole.schema).write_table(whole)

    def _writer(self, place: Place, schema: pa.Schema) -> pq.ParquetWriter:
        if place not in self._open:
            if len(self._open) >= MOST_OPEN:
                self._close(next(iter(self._open)))
            name = f"part-{self._run}-{len(self._parts):04}.parquet"
            table, day = place
            stamp = date(1970, 1, 1) + timedelta(day)
            self._parts.append((self._draft / name, self._folder / f"table={table}" / f"day={stamp}" / name))
            writer = self._open[place] = pq.ParquetWriter(
                self._draft / name, schema, compression="zstd", store_schema=False,
                use_dictionary=[leaf for leaf in _leaves(schema) if leaf not in _PLAIN],
                column_encoding=dict.fromkeys(sorted(_COUNTED), "DELTA_BINARY_PACKED"), write_statistics=_BOUNDED,
            )  # fmt: skip
            writer.add_key_value_metadata({SCHEMA_KEY: SCHEMA, TABLE_KEY: table, VERSION_KEY: __version__})
        return self._open[place]

    def _close(self, place: Place) -> None:
        self._open.pop(place).close()


def _by_place(table: pa.Table) -> Iterable[tuple[Place, pa.Table]]:
    """Divide rows by table and day; most tables need no dividing."""
    if not len(table):
        return
    names = table.column("table")
    span = pc.min_max(table.column("time")).as_py()
    first, last = span["min"] // DAY_US, span["max"] // DAY_US
    kinds = pc.unique(names).to_pylist()
    if len(kinds) == 1 and first == last:
        yield (kinds[0], first), table
        return
    days = pc.divide(table.column("time"), DAY_US)
    for day in pc.unique(days).to_pylist():
        for kind in kinds:
            rows = table.filter(pc.and_(pc.equal(days, day), pc.equal(names, kind)))
            if len(rows):
                yield (kind, day), rows


def _leaves(schema: pa.Schema) -> list[str]:
    return [path for field in schema for path in _paths(field)]


def _paths(field: pa.Field) -> list[str]:
    if pa.types.is_struct(field.type):
        return [f"{field.name}.{path}" for inner in field.type for path in _paths(inner)]
    return [field.name]


def _manifest(folder: Path) -> Manifest:
    """Read what a folder says about itself; a folder that is not there or empty says nothing."""
    expected = "an empty or a new folder, or one that `sferic normalize --to` has written"
    if not folder.exists():
        return Manifest(SCHEMA)
    if not folder.is_dir():
        raise UsageError("is no folder", where=str(folder), expected=expected)
    try:
        found = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        if any(not entry.name.startswith(".sferic-") for entry in folder.iterdir()):
            raise UsageError("holds something else", where=str(folder), expected=expected) from None
        return Manifest(SCHEMA)
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"its {MANIFEST} cannot be read: {error}", where=str(folder), expected=expected) from error
    if found.schema != SCHEMA:
        raise UsageError(f"holds events of the schema {found.schema[:40]!r}", where=str(folder),
                         expected=SCHEMA, hint="name another folder")  # fmt: skip
    return found
