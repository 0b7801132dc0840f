"""Events as Arrow tables: flat under the event's own names, or nested under OCSF's, as Parquet files hold them.

Attributes: https://schema.ocsf.io/ (HTTP Activity 4002, Network Activity 4001, DNS Activity 4003, Process Activity
1007, API Activity 6003). Where OCSF has no attribute, the event's own name stands at the top.
`time` is a timestamp in microseconds UTC, where OCSF counts milliseconds: nothing of the log's stamp is lost.

What it does not do: touch files; `parquet_writing` and `parquet_reading` do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from sferic.engine.period import Period
from sferic.model.event import DNS, TABLES, Event
from sferic.sources._bulk import Rows
from sferic.sources._columns import constant

SCHEMA = "sferic.events/1"
"""A change of names or types changes it; a column more does not."""
SCHEMA_KEY, TABLE_KEY, VERSION_KEY = "sferic.schema", "sferic.table", "sferic.version"
"""Keys of every file's metadata: the schema, the table whose rows it holds, and Sferic's version."""
CLASS_UIDS = dict(zip(TABLES, (4002, 4001, 4003, 1007, 6003), strict=True))
_OCSF = {
    "src_ip": "src_endpoint.ip", "src_port": "src_endpoint.port", "device": "src_endpoint.hostname",
    "proxy_ip": "proxy_endpoint.ip",
    "dst_ip": "dst_endpoint.ip", "dst_port": "dst_endpoint.port", "dst_host": "dst_endpoint.hostname",
    "user": "actor.user.name", "actor": "actor.user.uid",
    "process_path": "actor.process.file.path", "process_id": "actor.process.pid",
    "process_guid": "actor.process.uid", "command_line": "actor.process.cmd_line",
    "parent_path": "actor.process.parent_process.file.path", "parent_id": "actor.process.parent_process.pid",
    "parent_guid": "actor.process.parent_process.uid",
    "observer": "device.hostname",
    "connection_id": "connection_info.uid", "protocol": "connection_info.protocol_name",
    "bytes_up": "traffic.bytes_out", "bytes_down": "traffic.bytes_in", "bytes_total": "traffic.bytes",
    "duration_ms": "duration",
    "method": "http_request.http_method", "path": "http_request.url.path",
    "user_agent": "http_request.user_agent", "referer": "http_request.referrer",
    "status": "http_response.code", "content_type": "http_response.content_type",
    "app": "app_name", "provider": "cloud.provider", "cloud_account": "cloud.account.uid",
    "operation": "api.operation", "raw": "raw_data",
}  # fmt: skip
"""Event field → attribute; a field that is not here has none of the same meaning."""
PATHS = {name: _OCSF.get(name, name) for name in Event.__struct_fields__ if name != "table"}
"""Event field → attribute or its own name. The URL's path includes the query; `answers` is a list of `{rdata}`."""
ASKED = "query.hostname"
"""Where `dst_host` stands in `dns_activity`: it is the name asked for, not a server's."""

_TEXT, _COUNT, _LIST = pa.string(), pa.int64(), pa.list_(pa.string())
_KINDS = {int: _COUNT, int | None: _COUNT, tuple[str, ...] | None: _LIST}
FLAT = pa.schema([(f.name, _KINDS.get(f.type, _TEXT)) for f in msgspec.structs.fields(Event)])
"""The flat columns: the event's fields, with `time` as epoch microseconds."""
_RARELY_EQUAL = frozenset("connection_id path referer command_line raw process_guid parent_guid session".split())
_CODED = pa.dictionary(pa.int32(), _TEXT)
COMPACT = pa.schema([(f.name, _CODED if f.type == _TEXT and f.name not in _RARELY_EQUAL else f.type) for f in FLAT])
"""The same, with each distinct text of a column once: how events wait to be written."""
_STAMP = pa.timestamp("us", tz="UTC")
_FIELDS = FLAT.names
_NEEDED: Mapping[str, Any] = {"time": 0, "source": "", "file": "", "line": 0}
"""What every row must have, and what stands for it where a hostile file leaves it out: no event has it."""


def flat(events: Iterable[Event]) -> pa.Table:
    """Bring events into compact columns."""
    rows = [msgspec.structs.astuple(event) for event in events]
    columns = zip(*rows, strict=True) if rows else ((),) * len(_FIELDS)
    return pa.table([_array(values, kind) for values, kind in zip(columns, COMPACT.types, strict=True)], COMPACT)


def from_rows(rows: Sequence[Rows], years: tuple[int, int]) -> pa.Table | None:
    """Bring what was read in bulk into compact columns, by line; rows outside these years are left out.

    `line` is the index of the row's line among those that were given to read.
    """
    tables = [table for part in rows if len(part.lines) and len(table := _table(part, years))]
    if not tables:
        return None
    whole = pa.concat_tables(tables, promote_options="default")
    return (whole.sort_by("line") if len(tables) > 1 else whole).combine_chunks()


def _table(rows: Rows, years: tuple[int, int]) -> pa.Table:
    first, last = years
    columns = {
        name: constant(column, len(rows.lines)) if isinstance(column, str) else column.cast(COMPACT.field(name).type)
        for name, column in rows.columns.items()
    }
    columns["line"] = pa.array(rows.lines, _COUNT)
    span = pc.min_max(columns["time"]).as_py()
    table = pa.table(columns)
    if first <= span["min"] and span["max"] < last:
        return table
    return table.filter(pc.and_(pc.greater_equal(table["time"], first), pc.less(table["time"], last)))


def packed(table: pa.Table) -> bytes:
    """Return a table as an Arrow stream, for another process."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    whole: bytes = sink.getvalue().to_pybytes()
    return whole


def unpacked(stream: bytes) -> pa.Table:
    """Undo `packed`."""
    return pa.ipc.open_stream(stream).read_all()


def placed(table: pa.Table, source: str, path: str, before: int, lines: int) -> pa.Table:
    """Say of rows read in bulk who read them and where they stood. Rows beyond `lines` are dropped."""
    index = table.column("line").to_numpy()
    if len(index) and index[-1] >= lines:
        table, index = table.filter(pa.array(index < lines)), index[index < lines]
    known = dict(zip(table.column_names, table.columns, strict=True)) | {
        "source": constant(source, len(table)),
        "file": constant(path, len(table)),
        "line": pa.array(index + (before + 1)),
    }
    return pa.table(known)


def widened(table: pa.Table) -> pa.Table:
    """Add the columns that compact rows have not, as unknown."""
    has = frozenset(table.column_names)
    kinds = zip(COMPACT.names, COMPACT.types, strict=True)
    return pa.table(
        [table.column(name) if name in has else pa.nulls(len(table), kind) for name, kind in kinds], COMPACT
    )  # fmt: skip


def within(table: pa.Table, period: Period) -> pa.Table:
    """Leave out the events outside the period, and let it know of all."""
    if not len(table):
        return table
    span = pc.min_max(table.column("time")).as_py()
    bounds = period.bounds(span["min"], span["max"])
    if bounds is None:
        period.note(span["min"], span["max"], 0)
        return table
    time = table.column("time")
    inside = table.filter(pc.and_(pc.greater_equal(time, bounds[0]), pc.less(time, bounds[1])))
    period.outside += len(table) - len(inside)
    return within(inside, period)


def by_line(tables: Sequence[pa.Table]) -> pa.Table:
    """Join compact rows of one file in the order of its lines."""
    return pa.concat_tables(tables, promote_options="default").sort_by("line") if len(tables) > 1 else tables[0]


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # a lone surrogate, which UTF-8 cannot carry
        return pa.array([v and v.encode("utf-8", "backslashreplace").decode() for v in values], kind)


def events(table: pa.Table) -> Iterator[Event]:
    """Turn flat columns back into events."""
    columns = [table.column(name).to_pylist() for name in _FIELDS]
    for row in zip(*columns, strict=True):
        event = Event(**dict(zip(_FIELDS, row, strict=True)))
        if event.answers is not None:
            event.answers = tuple(event.answers)
        yield event


def nested(table: pa.Table, name: str) -> pa.Table:
    """Bring compact rows of one event table under OCSF's names."""
    table = widened(table)
    leaves = {PATHS[field]: table.column(field).combine_chunks() for field in PATHS}
    leaves["time"] = leaves["time"].cast(_STAMP)
    leaves["class_uid"] = pa.repeat(pa.scalar(CLASS_UIDS[name], pa.int32()), len(table))
    leaves[ASKED] = pa.nulls(len(table), _TEXT)
    leaves["answers"] = _boxed(leaves["answers"])
    if name == DNS:
        leaves[ASKED], leaves[PATHS["dst_host"]] = leaves[PATHS["dst_host"]], leaves[ASKED]
    branches = _grown(leaves)
    return pa.table(list(branches.values()), list(branches))


def unnested(table: pa.Table, name: str) -> pa.Table:
    """Undo `nested`; what an older file has not is unknown. Raises KeyError where it has no event's time or place."""
    leaves = {path: _leaf(table, path) for path in PATHS.values()}
    leaves["time"] = leaves["time"].cast(_COUNT)
    leaves["answers"] = _unboxed(leaves["answers"])
    if name == DNS:
        leaves[PATHS["dst_host"]] = _leaf(table, ASKED)
    columns = {field: leaves[path] for field, path in PATHS.items()}
    columns |= {field: pc.fill_null(columns[field], value) for field, value in _NEEDED.items()}
    columns["table"] = pa.repeat(name, len(table))
    return pa.table([columns[field].cast(FLAT.field(field).type) for field in _FIELDS], FLAT)


def _grown(leaves: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Put leaves whose paths begin alike into one struct."""
    grouped: dict[str, dict[str, pa.Array]] = {}
    for path, leaf in leaves.items():
        first, _, rest = path.partition(".")
        grouped.setdefault(first, {})[rest] = leaf
    return {first: _struct(rest) for first, rest in grouped.items()}


def _struct(leaves: dict[str, pa.Array]) -> pa.Array:
    if "" in leaves:
        return leaves[""]
    inner = _grown(leaves)
    return pa.StructArray.from_arrays(list(inner.values()), list(inner))


def _leaf(table: pa.Table, path: str) -> pa.ChunkedArray:
    first, *rest = path.split(".")
    if path in _NEEDED or first in table.column_names:
        column = table.column(first)
        kind = column.type
        while rest and pa.types.is_struct(kind) and kind.get_field_index(rest[0]) >= 0:
            column = pc.struct_field(column, [kind.get_field_index(rest.pop(0))])
            kind = column.type
        if not rest:
            return column
    return pa.chunked_array([pa.nulls(len(table), _LIST if path == "answers" else _TEXT)])


def _boxed(answers: pa.Array) -> pa.Array:
    values = pa.StructArray.from_arrays([answers.values], ["rdata"])
    return pa.ListArray.from_arrays(answers.offsets, values, mask=answers.is_null())


def _unboxed(answers: pa.ChunkedArray) -> pa.Array:
    whole = answers.combine_chunks()
    if not pa.types.is_struct(whole.type.value_type):
        return whole
    values = pc.struct_field(whole.values, ["rdata"])
    return pa.ListArray.from_arrays(whole.offsets, values, mask=whole.is_null())
