"""Reads a Zeek log line by line, as tab-separated values or JSON, for the four sources that share its forms.

Formats: https://docs.zeek.org/en/master/log-formats.html and https://docs.zeek.org/en/master/logs/index.html

The content decides, never the file's name. A TSV log says its own separators, marks for nothing, and columns in
`#…` lines, anew wherever they change within a file; a log of the writer's `tsv` option has a bare line of names.
A JSON object tells its log by `_path`, else by its keys. Logs cut down or kept for open connections
(`conn_red`, `open_conn`, `conn_long`) have the same fields. Corelight's `_system_name` is the observer. The ends may be
called `id_orig_h` (`Log::default_scope_sep`, and where a store forbids dots) or stand in an object `id`.

The separator is taken from the `#fields` line itself, so that a reader which was not shown the `#separator`
line (the engine gives a line to one source) still splits rightly.

What it does not do: decide what becomes an event; `zeek_conn`, `zeek_http`, `zeek_ssl` and `zeek_dns` do.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from sferic.model.event import Event, Line, Reject
from sferic.model.words import counted
from sferic.sources import _wire
from sferic.sources._bulk import Lines, Rows
from sferic.sources._contract import CERTAIN, LIKELY, NO, POSSIBLE, Setup
from sferic.sources._meaning import from_json

if TYPE_CHECKING:
    from sferic.sources._zeek_bulk import Values

MARKS = (
    r"#(?:separator|set_separator|empty_field|unset_field|path|fields)\b",
    r"\bts[^a-z0-9]{1,8}uid[^a-z0-9]{1,8}id[._]orig_h[^a-z0-9]",
)
"""The lines that say how to read TSV; the second is the bare header of the `tsv` option."""
OPTIONS = {"fields": "The names of the columns, for a TSV log that reaches you without its `#fields` line."}

_KEYS = {
    "conn": (("conn_state",), ("missed_bytes",), ("orig_ip_bytes",)),
    "http": (("request_body_len",), ("response_body_len",), ("method", "uri", "host")),
    "ssl": (("established", "resumed"), ("server_name", "cipher")),
    "dns": (("qtype_name",), ("trans_id", "rejected"), ("query", "rcode_name"), ("query", "qtype")),
}
"""Kind of log → sets of fields, each of which only this kind has; Zeek's JSON leaves out what is unset."""
_QUOTED = {kind: [[f'"{key}"' for key in keys] for keys in sets] for kind, sets in _KEYS.items()}
_PATH = re.compile(r"(?:open_)?(conn|http|ssl|dns)(?:_red|_long)?")
_PATH_KEY = re.compile(r'"_path": ?"([^"\\]{1,64})"')
_COMMENT = re.compile(r"#(separator|set_separator|empty_field|unset_field|path|open|close|fields|types)(?=\W)")
_PATH_LINE = re.compile(r"#path[^A-Za-z0-9_]{1,8}(?:.{0,200}/)?([^/]{1,64})")
_FIELDS_LINE = re.compile(r"#fields(?P<sep>[^A-Za-z0-9_]{1,8})(?P<names>[A-Za-z_].*)")
_BARE_LINE = re.compile(r"(?P<names>ts(?P<sep>[^A-Za-z0-9_.]{1,8})uid(?P=sep)id[._]orig_h(?P=sep).*)")
_ROW = {
    kind: re.compile(r"\d{9,10}\.\d{6}\tC[0-9A-Za-z]{8,24}(?:\t[0-9A-Fa-f:.]{2,45}\t\d{1,5}){2}\t" + rest)
    for kind, rest in {
        "conn": r"[a-z]{3,20}\t(?:-|[a-z][^\t]{0,80})\t(?:-|\d{1,9}\.\d{6})\t",
        "http": r"\d{1,9}\t(?:-|[A-Z]{1,20})\t",
        "ssl": r"(?:-|D?TLSv\d{2}|SSLv\d)\t",
        "dns": r"[a-z]{3,20}\t\d{1,5}\t(?:-|\d{1,9}\.\d{6})\t",
    }.items()
}
"""How a row of the standard columns begins: claimed without a header only to say what is amiss."""
_ESCAPED = re.compile(r"\\x([0-9A-Fa-f]{2})|\\\\")
_DEFAULTS = {"separator": "\t", "set_separator": ",", "empty_field": "(empty)", "unset_field": "-"}
_LISTS = frozenset({"answers", "proxied", "resp_mime_types"})
"""Fields of a set or vector type."""
_ENDS = ('"id.orig_h"', '"id_orig_h"', '"orig_h"')
"""How an object names the client: as Zeek does, without dots, or nested."""
_OTHER = "other"
"""A Zeek log of none of the four kinds."""


class Record(msgspec.Struct, gc=False):
    """What every log of connections has; a source's record adds its own fields, under Zeek's names."""

    ts: Any = None
    uid: Any = None
    orig_h: Any = msgspec.field(default=None, name="id.orig_h")
    orig_p: Any = msgspec.field(default=None, name="id.orig_p")
    resp_h: Any = msgspec.field(default=None, name="id.resp_h")
    resp_p: Any = msgspec.field(default=None, name="id.resp_p")
    system_name: Any = msgspec.field(default=None, name="_system_name")


class _Layout(msgspec.Struct, frozen=True, gc=False):
    """The columns of a TSV log and which of them a record takes."""

    separator: str
    names: tuple[str, ...]
    picks: tuple[tuple[str, int], ...]
    mine: bool
    """Whether it is the reader's own kind of log."""

    @property
    def is_plain(self) -> bool:
        """Whether each column has a name of its own, and every row a time and two ends."""
        picked = {name for name, _ in self.picks}
        return len(self.separator) == 1 and len(picked) == len(self.picks) and {"ts", "orig_h", "resp_h"} <= picked


class Reader(ABC):
    """Reads the lines of one file; remembers the last header. A source names its `kind`, `record` and `event`."""

    kind: str
    record: type[Record]
    takes_the_rest = False
    """Whether the logs that none of the four sources reads are this one's, as lines without an event."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._decoder = msgspec.json.Decoder(self.record)
        self._fields = {f.encode_name: f.name for f in msgspec.structs.fields(self.record)}
        self._path: str | None = None
        self._said = dict(_DEFAULTS)
        given = setup.options.get("fields", "").replace(",", " ").removeprefix("#fields").split()
        self._layout = self._lay_out("\t", given, mine=True) if given else None

    @abstractmethod
    def event(self, record: Any, line: Line) -> Event:
        """Turn one record of the reader's kind into an event."""

    def claims(self, line: Line) -> int:
        """Be certain of this kind's objects and headers, and of rows below such a header."""
        text = line.text
        if _is_header(text):
            return self._claim_header(text)
        if (found := _wire.object_text(text)) is not None:
            mine = self._is_my_object(found) or (self.takes_the_rest and _json_kind(found) == _OTHER)
            return CERTAIN if mine else NO
        if self._layout is None:
            return POSSIBLE if _ROW[self.kind].match(text) else NO
        if " " in text.partition(self._layout.separator)[0]:  # a syslog header before the first cell
            return NO
        separators = text.count(self._layout.separator)
        if separators == len(self._layout.names) - 1:
            return CERTAIN
        return LIKELY if separators else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Read a JSON object, or a row below a header; None for a header, and for a log of another kind."""
        text = line.text
        if _is_header(text):
            self._learn(text)
            return None
        found = _wire.object_text(text)
        record = self._from_json(found) if found is not None else self._from_row(text)
        if not isinstance(record, Record):
            return record
        event = self.event(record, line)
        return event if event.src_ip or event.dst_ip else Reject("neither client nor server")

    def base(self, table: str, record: Record, line: Line) -> Event:
        """Start an event with what every record has; `ts` is when the connection, request or query began."""
        time = line.sent_at if record.ts is None else _wire.moment(record.ts, self._clock)
        if time is None:
            raise ValueError("no time")
        return Event(
            table=table,
            time=time,
            src_ip=_wire.place(record.orig_h),
            src_port=_port(record.orig_p),
            dst_ip=_wire.place(record.resp_h),
            dst_port=_port(record.resp_p),
            observer=_wire.word(record.system_name) or line.sender,
            connection_id=_wire.word(record.uid),
        )

    def _is_mine(self, kind: str) -> bool:
        return kind == self.kind or (kind == _OTHER and self.takes_the_rest)

    def _is_my_object(self, text: str) -> bool:
        """Ask for this kind only, which is cheaper than to tell the kind."""
        path = _json_path(text)
        if path in _KEYS:
            return path == self.kind
        return _has_ends(text) and _holds(text, self.kind)

    def _claim_header(self, text: str) -> int:
        if match := _PATH_LINE.match(text):
            return CERTAIN if self._is_mine(_path_kind(match[1])) else NO
        if match := _columns(text):
            return CERTAIN if self._is_mine(self._columns_kind(match)) else NO
        return CERTAIN

    def _columns_kind(self, columns: re.Match[str]) -> str:
        if self._path in _KEYS:
            return self._path
        names = frozenset(columns["names"].split(columns["sep"]))
        return next((kind for kind, sets in _KEYS.items() if any(map(names.issuperset, sets))), _OTHER)

    def _learn(self, text: str) -> None:
        """Take in a header line; `#separator` begins a new header."""
        if match := _PATH_LINE.match(text):
            self._path = _path_kind(match[1])
        elif match := _columns(text):
            mine = self._columns_kind(match) == self.kind
            self._layout = self._lay_out(match["sep"], match["names"].split(match["sep"]), mine=mine)
            self._path = None
        elif (match := _COMMENT.match(text)) and match[1] in _DEFAULTS:
            if match[1] == "separator":
                self._said = dict(_DEFAULTS)
            value = text[match.end() :].removeprefix(" " if match[1] == "separator" else self._said["separator"])
            self._said[match[1]] = _plain(value)

    def _lay_out(self, separator: str, names: Iterable[str], *, mine: bool) -> _Layout:
        columns = tuple("id." + name[3:] if name.startswith("id_") else name for name in names)
        picks = tuple((self._fields[name], i) for i, name in enumerate(columns) if name in self._fields)
        return _Layout(separator, columns, picks, mine)

    def _from_json(self, text: str) -> Record | Reject | None:
        if not self._is_my_object(text):
            return None if text.rstrip().endswith("}") else Reject("not a JSON object")
        try:
            if _ENDS[0] not in text and _has_ends(text):
                return msgspec.convert(_with_dots(from_json(text)), self.record)
            return self._decoder.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            return Reject("not a JSON object")

    def _from_row(self, text: str) -> Record | Reject | None:
        layout = self._layout
        if layout is None:
            return Reject("no #fields line before it")
        if not layout.mine:
            return None
        cells = text.split(layout.separator)
        if len(cells) != len(layout.names):
            return Reject(f"{counted(len(cells), 'field')}, expected {len(layout.names)}")
        nothing = ("", self._said["empty_field"], self._said["unset_field"])
        return self.record(**{
            name: self._list(cells[i]) if name in _LISTS else _plain(cells[i])
            for name, i in layout.picks
            if cells[i] not in nothing
        })  # fmt: skip

    def _list(self, cell: str) -> list[str]:
        unset = self._said["unset_field"]
        return [_plain(item) for item in cell.split(self._said["set_separator"] or ",") if item and item != unset]


class BulkReader(Reader):
    """A reader that also reads in bulk. A source says in `rows` what the columns mean."""

    keys: tuple[str, ...] = ()
    """Fields beyond the record's that say whose an object is."""
    _strict: Any = None

    @property
    def state(self) -> Hashable:
        """What the last header said."""
        return self._layout, *self._said.values()

    def bulk(self, lines: Lines) -> list[Rows] | None:
        """Read plain objects, or plain rows below a header of this kind, by columns."""
        bulk = import_module("sferic.sources._zeek_bulk")  # hunts do without it
        layout, said = self._layout, self._said
        if lines.text.startswith(b"{"):
            self._strict = self._strict or bulk.strict(self.record, self.keys)
            values: Values | None = bulk.from_json(lines, self._strict, self._is_my_object, self._clock)
        elif layout is not None and layout.mine and layout.is_plain:
            nothing = {"", said["empty_field"], said["unset_field"]}
            form = bulk.Tsv(
                layout.separator, said["set_separator"] or ",", said["unset_field"], nothing, len(layout.names),
                dict(layout.picks),
            )  # fmt: skip
            values = bulk.from_tsv(lines, form)
        else:
            return None
        return self.rows(values) if values else None

    @abstractmethod
    def rows(self, values: "Values") -> list[Rows]:
        """Turn columns of this kind into events."""


def _is_header(text: str) -> bool:
    pattern = _COMMENT if text.startswith("#") else _BARE_LINE
    return pattern.match(text) is not None


def _columns(text: str) -> re.Match[str] | None:
    return (_FIELDS_LINE if text.startswith("#") else _BARE_LINE).match(text)


def _path_kind(path: str) -> str:
    """Tell the kind of log by its path; a path that users chose says nothing."""
    match = _PATH.fullmatch(path.lower())
    return match[1] if match else _OTHER


def _json_kind(text: str) -> str | None:
    """Tell the kind of log by `_path`, else by the keys that only it has; None for what is not Zeek's."""
    path = _json_path(text)
    if path in _KEYS:
        return path
    if not _has_ends(text):
        return path if '"ts"' in text else None
    return next((kind for kind in _KEYS if _holds(text, kind)), _OTHER)


def _has_ends(text: str) -> bool:
    return _ENDS[0] in text or _ENDS[1] in text or _ENDS[2] in text


def _with_dots(record: dict[str, Any]) -> dict[str, Any]:
    """Give the ends the names that Zeek gives them."""
    ends = record.get("id")
    nested = {f"id.{name}": value for name, value in ends.items()} if isinstance(ends, dict) else {}
    return {"id." + name[3:] if name.startswith("id_") else name: value for name, value in record.items()} | nested


def _json_path(text: str) -> str | None:
    match = _PATH_KEY.match(text, text.find('"_path"')) if '"_path"' in text else None
    return _path_kind(match[1]) if match else None


def _holds(text: str, kind: str) -> bool:
    return any(all(key in text for key in keys) for keys in _QUOTED[kind])


def _plain(cell: str) -> str:
    """Undo the escapes of Zeek's TSV writer, which also writes bytes outside ASCII so."""
    if "\\" not in cell:
        return cell
    data = _ESCAPED.sub(lambda m: chr(int(m[1], 16)) if m[1] else "\\", cell)
    try:
        return data.encode("latin-1").decode()
    except UnicodeError:
        return data


def _port(value: Any) -> int | None:
    found = _wire.count(value)
    return found if found and found < 65536 else None
