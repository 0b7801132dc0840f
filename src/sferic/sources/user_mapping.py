"""Any JSON lines or table (CSV and its kin), read by a mapping that you write in a small TOML file.

Format: https://toml.io/ for the mapping, given with `--set user_mapping.file=my-mapping.toml`:

    time_format = "epoch_ms"            # optional: epoch_s, epoch_ms, epoch_us, epoch_ns, iso, or %Y-%m-%d and so on
    table = "http_activity"             # optional: else what the fields say
    format = "csv"                      # optional: json or csv; else what the line looks like
    delimiter = ";"                     # optional, for csv
    columns = ["ts", "client", "cs-host"]   # optional, for csv without a header row
    [fields]
    time = "ts"                         # needed
    src_ip = "client"
    dst_host = ["cs-host", "sni"]       # the first with a value counts
    bytes_up = "request.bytes"          # dots lead into nested objects
    time_of_day = "clock"               # optional, if `time` is a date only
    [constants]
    observer = "proxy-1"

Left of the equals sign stand the event's own fields, or `url`, `http_host`, `sni`, `query_name` (the name a DNS query
asks for), `query`, `duration_s`, `duration_us`, `duration_ns`. Names on the right are the log's, in their own case.
Lines that a source for their product knows for certain are left to it; `--source user_mapping` insists on the mapping.

Cannot show: more than the mapping names; records that span lines; rows of a table whose header row the log has lost
(give `columns`).
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sferic.catalog.toml_file import read_toml
from sferic.model.errors import SettingsError
from sferic.model.event import DNS, HTTP, NETWORK, PROCESS, Event, Line, Reject
from sferic.sources._contract import LIKELY, NO, Setup
from sferic.sources._meaning import MEANINGS, Names, Record, flat, formatted, from_json, moment, read
from sferic.sources._syslog import iso_time
from sferic.sources._table import DELIMITERS, Table

TABLES = (HTTP, NETWORK, DNS, PROCESS)
FIELDS = (MEANINGS | {"host_source"}) - set(
    "time url http_host sni query_name query duration_s duration_us duration_ns".split()
)
STAMP = "end"
MARKS = (r"^\"?[a-z_@][\w .@()/-]*\"?(?:[,;|\t]\"?[a-z_@][\w .@()/-]*\"?){2,}\r?\n",)
"""A first line in which each of three cells or more begins with a letter: a header row."""
OPTIONS = {"file": "Your mapping: a TOML file that says which of the log's names carry which field."}

_CLOCK = "time_of_day"
_DESTINATIONS = ("url", "http_host", "sni", "dst_host", "dst_ip", "query_name")
_STARTED = ("process_path", "process_guid")
_CONSTANTS = frozenset({"observer", "device", "app", "protocol"})
_UNITS_US = {"epoch_s": Decimal(10**6), "epoch_ms": Decimal(1000), "epoch_us": Decimal(1), "epoch_ns": Decimal("0.001")}
_NUMBER = re.compile(r"[0-9]{1,19}(?:\.[0-9]{1,9})?")
_MOST_US = 10**17
_KEYS: Mapping[str, str] = {
    "fields": 'a table [fields] of field = "name" or a list of names',
    "constants": 'a table [constants] of field = "text"',
    "time_format": "a text",
    "table": "http_activity, network_activity, dns_activity or process_activity",
    "format": "json or csv",
    "delimiter": "one character: a comma, semicolon, tab or pipe",
    "columns": "a list of two names or more",
}
"""What may stand in a mapping's file, and how."""
Column = Annotated[str, Meta(min_length=1, max_length=200)]


class Mapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mapping file's schema."""

    fields: dict[str, Column | Annotated[list[Column], Meta(min_length=1, max_length=20)]]
    constants: dict[str, Column] = {}
    time_format: str | None = None
    table: Literal["http_activity", "network_activity", "dns_activity", "process_activity"] | None = None
    format: Literal["json", "csv"] | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    columns: Annotated[list[Column], Meta(min_length=2, max_length=1000)] | None = None


class Reader:
    """Reads the lines of one file; of a table it remembers the header. Without a mapping it claims nothing."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._mapped = load(Path(setup.options["file"])) if "file" in setup.options else None
        self._table: Table | None = None
        if self._mapped is None:
            return
        self._names: Names = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in self._mapped.fields.items()}
        self._timed = [f'"{part}"' for name in self._names["time"] for part in {name, name.partition(".")[0]}]
        if self._mapped.columns:
            self._table = Table(self._mapped.columns, self._mapped.delimiter or ",")

    def claims(self, line: Line) -> int:
        """Claim objects with the time's name, the table's header row, and rows with enough cells."""
        if self._mapped is None:
            return NO
        if line.text.startswith("{") and self._mapped.format != "csv":
            return LIKELY if any(name in line.text for name in self._timed) else NO
        if self._mapped.format == "json":
            return NO
        if self._table is None:
            return LIKELY if self._header(line.text) else NO
        return self._table.claim(line.text, LIKELY)

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a line into an event as the mapping says; None where it has no destination."""
        mapped = self._mapped
        if mapped is None:
            return None
        if line.text.startswith("{") and mapped.format != "csv":
            return self._event(flat(from_json(line.text)), mapped, line)
        if self._table is None:
            self._table = self._header(line.text)
            return None if self._table else Reject("no header row before it, and the mapping gives no columns")
        row = self._table.row(line.text)
        return None if row is None else self._event(row, mapped, line)

    def _event(self, values: Mapping[str, Any], mapped: Mapped, line: Line) -> Event | Reject | None:
        record = Record(values, self._names)
        event = read(record, 0, mapped.table)
        if not isinstance(event, Event):
            return event
        stamped = " ".join(filter(None, (record.text("time"), record.text(_CLOCK)))) or None
        time = line.sent_at if stamped is None else self._time(stamped, mapped.time_format)
        if time is None:
            return Reject("no time")
        event.time = time
        for name, value in mapped.constants.items():
            setattr(event, name, value)
        event.observer = event.observer or line.sender
        return event

    def _time(self, written: str, form: str | None) -> int:
        if form is None:
            return moment(written, self._clock)
        if form == "iso":
            return iso_time(written, self._clock)
        if form not in _UNITS_US:
            return formatted(written, form, self._clock)
        if not _NUMBER.fullmatch(written):
            raise ValueError("time is not a number")
        if (time := int(Decimal(written) * _UNITS_US[form])) > _MOST_US:
            raise ValueError("time is beyond all calendars in the unit given")
        return time

    def _header(self, text: str) -> Table | None:
        """Read a line as the header row if it has the columns for the time and for a destination."""
        if not any(name in text for name in self._names["time"]):
            return None
        table = Table.from_header(text, self._mapped.delimiter if self._mapped else None)
        has = set(table.columns)
        named = any(has.intersection(self._names.get(meaning, ())) for meaning in (*_DESTINATIONS, *_STARTED))
        return table if named and has.intersection(self._names["time"]) else None


def load(path: Path) -> Mapped:
    """Read a mapping file; whatever is wrong with it is a SettingsError that names file and key."""
    mapped = _converted(path, read_toml(path))
    _check_keys(path, "fields", mapped.fields, MEANINGS | {_CLOCK})
    _check_keys(path, "constants", mapped.constants, _CONSTANTS)
    if "time" not in mapped.fields:
        raise _wrong(path, "fields.time", "is missing", "the name of the field that holds the time")
    what, needed = ("process", _STARTED) if mapped.table == PROCESS else ("destination", _DESTINATIONS)
    if not mapped.fields.keys() & set(needed):
        raise _wrong(path, "fields", f"names no {what}", f"one of {', '.join(needed)}")
    if mapped.delimiter and mapped.delimiter not in DELIMITERS:
        raise _wrong(path, "delimiter", f"{mapped.delimiter!r} is none", "a comma, semicolon, tab or pipe")
    if (form := mapped.time_format) and form not in {"iso", *_UNITS_US} and not ("%Y" in form or "%y" in form):
        forms = f"iso, {', '.join(_UNITS_US)}, or strptime's letters with a year"
        raise _wrong(path, "time_format", f"{form!r} is none", forms)
    return mapped


def _converted(path: Path, data: dict[str, Any]) -> Mapped:
    """Check one key after the other, so that an error can name it."""
    _check_keys(path, "", data, frozenset(_KEYS))
    if "fields" not in data:
        raise _wrong(path, "fields", "is missing", _KEYS["fields"])
    given = [(key, {key: value}) for key, value in data.items() if not isinstance(value, dict)]
    given += [
        (f"{table}.{key}", {table: {key: value}})
        for table in ("fields", "constants") if isinstance(found := data.get(table), dict)
        for key, value in found.items()
    ]  # fmt: skip
    for key, one in given:
        try:
            msgspec.convert({"fields": {}} | one, Mapped)
        except msgspec.ValidationError as error:
            expected = {"fields": "a name or a list of names", "constants": "a text"}.get(key.partition(".")[0], "")
            raise _wrong(path, key, "does not fit", expected if "." in key else _KEYS[key]) from error
    return msgspec.convert(data, Mapped)


def _check_keys(path: Path, where: str, keys: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in keys:
        if key not in known:
            what = "field" if where else "key of a mapping"
            raise _wrong(path, f"{where}.{key}".strip("."), f"is no {what}", f"one of {', '.join(sorted(known))}")


def _wrong(path: Path, key: str, problem: str, expected: str = "") -> SettingsError:
    return SettingsError(problem, where=f"{path}: {key}" if key else str(path), expected=expected)
