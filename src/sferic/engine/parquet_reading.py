"""Reads Parquet: the events of `parquet_writing` as they were, any other file's rows as JSON records.

A row is searched as a log's line is: its texts are joined to one, and the selector looks through them.

What it does not do: keep an account; `reading` does.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sferic.engine.search import HEAD_LINES
from sferic.engine.selector import Candidates
from sferic.engine.tables import SCHEMA, SCHEMA_KEY, TABLE_KEY, events, unnested
from sferic.model.errors import BinaryInput, DamagedInput, UnreadableInput
from sferic.model.event import TABLES, Event

BATCH_ROWS = 10_000
"""Rows held at a time."""
_SEARCHED = (
    "tls_name", "referer", "user_agent", "user", "device", "connection_id", "src_ip", "dst_ip", "dst_port",
    "process_guid", "command_line", "raw",
)  # fmt: skip
"""Beside host, path and answers: what a hunt looks for, hosts, addresses, ports of proxies, processes, commands …"""
_LOSSES = (pa.ArrowInvalid, pa.ArrowTypeError, OSError, UnicodeDecodeError)
Look = Callable[[bytes], Candidates]


class Found(msgspec.Struct, frozen=True):
    """What was selected of some rows in a row."""

    rows: int
    """How many were looked at."""
    numbers: list[int]
    """0-based indexes of the selected ones, ascending."""
    lines: list[bytes]
    """What each was searched as; of a foreign file, the record as JSON."""
    events: list[Event]
    """One for each, of our own files."""
    nameless: bool
    """Whether one of the rows has an address and no name, or holds the mark of such."""
    done: float
    """Which share of the file has been read."""
    sources: tuple[str, ...] = ()
    """Of our own files, who read the rows, selected or not."""
    head: tuple[bytes, ...] = ()
    """Of a foreign file, the first records."""


class Parquet:
    """An opened file. Raises the InputErrors of `codecs`."""

    def __init__(self, path: Path, label: str) -> None:
        self._label = label
        try:
            self._file = pq.ParquetFile(path)
        except PermissionError as error:
            raise UnreadableInput(f"cannot be opened: {error.strerror}", where=label) from error
        except _LOSSES as error:
            raise self._damaged(error) from error
        said = self._file.metadata.metadata or {}
        self._table = said.get(TABLE_KEY.encode(), b"").decode("utf-8", "replace")
        schema = said.get(SCHEMA_KEY.encode(), b"").decode("utf-8", "replace")
        self.is_ours = schema == SCHEMA and self._table in TABLES
        if schema and not self.is_ours:
            raise BinaryInput(f"holds events of the schema {schema[:40]!r}", where=label, expected=SCHEMA,
                              hint="normalize the logs again with this version")  # fmt: skip

    def search(self, look: Look) -> Iterator[Found]:
        """Yield what a selector finds, some rows at a time; what came before a damage is given before it raises."""
        total = max(self._file.metadata.num_rows, 1)
        seen = 0
        try:
            for batch in self._file.iter_batches(BATCH_ROWS):
                seen += len(batch)
                rows = pa.Table.from_batches([batch])
                yield (self._ours if self.is_ours else _foreign)(rows, look, seen / total)
        except (*_LOSSES, KeyError, ValueError) as error:
            raise self._damaged(error) from error
        finally:
            self._file.close()

    def _ours(self, rows: pa.Table, look: Look, done: float) -> Found:
        table = unnested(rows, self._table)
        found = look(_joined(table))
        nameless = pc.and_(pc.is_null(table.column("dst_host")), pc.is_valid(table.column("dst_ip")))
        chosen = table if len(found.numbers) == len(table) else table.take(pa.array(found.numbers, pa.int64()))
        return Found(
            len(table), found.numbers, found.lines, list(events(chosen)), pc.any(nameless).as_py() or False, done,
            sources=tuple(pc.unique(table.column("source")).to_pylist()),
        )  # fmt: skip

    def _damaged(self, error: Exception) -> DamagedInput:
        reason = str(error).partition("\n")[0][:200]
        return DamagedInput(f"is a damaged Parquet file: {reason}", where=self._label,
                            hint="what came before the damage was read")  # fmt: skip


def _joined(table: pa.Table) -> bytes:
    """Write the texts of each row as a line: host and path as in a URL, then the others."""
    answers = table.column("answers").combine_chunks()
    told = pc.binary_join(pc.if_else(answers.is_valid(), answers, pa.scalar([], answers.type)), ",")
    host, path = (pc.fill_null(table.column(name), "") for name in ("dst_host", "path"))
    others = [pc.fill_null(table.column(name).cast(pa.string()), "") for name in _SEARCHED]
    lines = pc.binary_join_element_wise(pc.binary_join_element_wise(host, path, ""), told, *others, " ")
    return b"".join(f"{line}\n".encode() for line in pc.replace_substring_regex(lines, r"[\r\n]", " ").to_pylist())


def _foreign(rows: pa.Table, look: Look, done: float) -> Found:
    records = _whole_microseconds(rows).to_pylist()
    lines = b"".join(msgspec.json.encode(record, enc_hook=str) + b"\n" for record in records)
    found = look(lines)
    head = tuple(lines.split(b"\n", HEAD_LINES)[:HEAD_LINES])
    return Found(len(rows), found.numbers, found.lines, [], nameless=bool(found.marks), done=done, head=head)


def _whole_microseconds(rows: pa.Table) -> pa.Table:
    """Cut timestamps of nanoseconds, which Python's have no room for."""
    kinds: list[Any] = [
        pa.timestamp("us", tz=kind.tz) if pa.types.is_timestamp(kind) and kind.unit == "ns" else kind
        for kind in rows.schema.types
    ]
    return rows.cast(pa.schema(list(zip(rows.schema.names, kinds, strict=True))), safe=False)
