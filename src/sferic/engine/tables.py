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

from sferic.model.event import DNS, TABLES, Event

SCHEMA = "sferic.events/1"
"""A change of names or types changes it; a column more does not."""
SCHEMA_KEY, TABLE_KEY, VERSION_KEY = "sferic.schema", "sferic.table", "sferic.version"
"""Keys of every file's metadata: the schema, the table whose rows it holds, and Sferic's version."""
CLASS_UIDS = dict(zip(TABLES, (4002, 4001, 4003, 1007, 6003), strict=True))
_OCSF = {
    "src_ip": "src_endpoint.ip", "src_port": "src_endpoint.port", "device": "src_endpoint.hostname",
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
_STAMP = pa.timestamp("us", tz="UTC")
_FIELDS = FLAT.names
_NEEDED: Mapping[str, Any] = {"time": 0, "source": "", "file": "", "line": 0}
"""What every row must have, and what stands for it where a hostile file leaves it out: no event has it."""


def flat(events: Iterable[Event]) -> pa.Table:
    """Bring events into columns."""
    rows = [msgspec.structs.astuple(event) for event in events]
    columns = zip(*rows, strict=True) if rows else ((),) * len(_FIELDS)
    return pa.table([_array(values, kind) for values, kind in zip(columns, FLAT.types, strict=True)], FLAT)


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
    """Bring the flat columns of one event table under OCSF's names."""
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
