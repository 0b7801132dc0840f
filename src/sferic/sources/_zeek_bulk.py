"""Reads Zeek logs many lines at once: brings JSON and TSV into the same typed columns, which a source then reads.

Left to the reader: values of unexpected type, escapes, times in other forms than Zeek's own, rows of another length.

What it does not do: know what the columns of one log mean; its source does.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from operator import attrgetter, methodcaller
from typing import Any

import msgspec

from sferic.sources import _wire, _zeek
from sferic.sources._bulk import Bare, Coded, Column, Rows, Scaled, coded, decoded, kept, only, ports
from sferic.sources._contract import Setup

_KINDS: Mapping[str, Any] = (
    dict.fromkeys(("ts", "duration"), float)
    | dict.fromkeys(("established", "resumed"), bool)
    | dict.fromkeys(("proxied", "resp_mime_types"), list[str])
    | dict.fromkeys(
        "orig_p resp_p orig_bytes resp_bytes orig_ip_bytes resp_ip_bytes request_body_len response_body_len"
        " status_code".split(),
        int,
    )
)
"""Attribute → the type that it has in Zeek's JSON; the others are texts."""
_Columns = Mapping[str, Sequence[Any]]
_LATEST_S = 10**10
"""Seconds since 1970 lie below this number in all years that are believed."""
_LONGEST_S = 10**11
_STAMP = 17
"""Characters of `1772445600.123456`."""
_DIGITS = 18
_UNSURE = (b"\\", b'"_path"')
"""Where one of these is, the keys alone do not say for certain whose an object is."""
_opens = methodcaller("startswith", b'{"')


class Values:
    """Columns by attribute: numbers are numbers, None where unset; texts are as written, and read by `coded`."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], rows: int, form: "_Tsv | None" = None) -> None:
        self._columns = columns
        self._unset = [None] * rows
        self._form = form
        self._nothing: Collection[str] = form.nothing if form else ("",)
        self.is_json = form is None
        """Whether whose a row is was not said by a header above it, but is to be seen from its own keys."""

    def __getitem__(self, name: str) -> Sequence[Any]:
        """Return a column; nothing is set in one that the log has not."""
        return self._columns.get(name, self._unset)

    def coded(self, name: str, read: Callable[[Any], Any]) -> Coded:
        """Read each distinct text once; what says nothing is unknown."""
        nothing = self._nothing
        return coded(self[name], lambda value: None if value in nothing else read(value))

    def texts(self, name: str) -> Sequence[str | None]:
        """Return texts as they are."""
        nothing = self._nothing
        return [None if value in nothing else value for value in self[name]]

    def first(self, name: str) -> Coded:
        """Read the first member of each list."""
        form = self._form
        if form is None:
            return coded([value[0] if value else None for value in self[name]], _wire.word)
        return self.coded(name, lambda cell: next(iter(_members(cell, form)), None))


class Reader(_zeek.Reader):
    """A reader of Zeek's logs that also reads in bulk. A source says in `rows` what the columns mean."""

    keys: tuple[str, ...] = ()
    """Fields beyond the record's that say whose an object is."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._strict = _strict(self.record, self.keys)

    @property
    def state(self) -> Hashable:
        """What the last header said."""
        return self._layout, *self._said.values()

    def bulk(self, lines: Sequence[bytes]) -> list[Rows] | None:
        """Read plain objects, or plain rows below a header of this kind, by columns."""
        form = None
        if lines[0].startswith(b"{"):
            numbers, columns = _from_json(lines, self._strict, self._is_my_object)
        elif (form := self._tsv()) is not None:
            numbers, columns = _from_tsv(lines, form)
        else:
            return None
        return self.rows(numbers, Values(columns, len(numbers), form)) if numbers else None

    @abstractmethod
    def rows(self, numbers: Sequence[int], values: Values) -> list[Rows]:
        """Turn columns of this kind into events."""

    def _tsv(self) -> "_Tsv | None":
        layout, said = self._layout, self._said
        picks = dict(layout.picks) if layout else {}
        if layout is None or not layout.mine or not {"ts", "orig_h", "resp_h"} <= picks.keys():
            return None
        nothing = {"", said["empty_field"], said["unset_field"]}
        return _Tsv(
            layout.separator, said["set_separator"] or ",", said["unset_field"], nothing, len(layout.names), picks
        )  # fmt: skip


class _Tsv(msgspec.Struct, frozen=True):
    """How the rows below a header are read."""

    separator: str
    set_separator: str
    unset: str
    nothing: Collection[str]
    width: int
    picks: Mapping[str, int]
    """Attribute → its column."""


def _strict(record: type[msgspec.Struct], extra: Sequence[str] = ()) -> msgspec.json.Decoder[Any]:
    """Decode into a record's twin, whose fields have the types of Zeek's JSON: any other type is a failure."""
    fields = [(f.name, f.encode_name) for f in msgspec.structs.fields(record)] + [(name, name) for name in extra]
    twin = msgspec.defstruct(
        f"Strict{record.__name__}",
        [(name, _KINDS.get(name, str) | None, msgspec.field(default=None, name=named)) for name, named in fields],
        bases=(Bare,),
        gc=False,
    )
    return msgspec.json.Decoder(twin)


def _from_json(
    lines: Sequence[bytes], decoder: msgspec.json.Decoder[Any], is_mine: Callable[[str], bool]
) -> tuple[Sequence[int], _Columns]:
    """Decode objects. `is_mine` is asked where their keys do not say for certain whose they are."""
    numbers, records = decoded(lines, decoder.decode)
    if not records:
        return [], {}
    chosen = [lines[number] for number in numbers]
    keep = list(map(_opens, chosen))
    whole = b"".join(chosen)
    if any(mark in whole for mark in _UNSURE):
        keep = [
            ok and (not any(mark in line for mark in _UNSURE) or is_mine(line.decode()))
            for ok, line in zip(keep, chosen, strict=True)
        ]
    mine = kept(records, keep)
    names = [name for name in decoder.type.__struct_fields__ if name not in Bare.__struct_fields__]
    return kept(numbers, keep), {name: list(map(attrgetter(name), mine)) for name in names}


def _from_tsv(lines: Sequence[bytes], form: _Tsv) -> tuple[Sequence[int], _Columns]:
    """Split rows into columns; nothing where a number is not written as Zeek writes it."""
    at, width, separator = form.picks["ts"], form.width, form.separator
    whole = b"\n".join(lines)
    odd = b"\\" in whole or b'{"' in whole
    numbers, rows = [], []
    for number, line in enumerate(whole.decode().split("\n")):
        cells = line.split(separator)
        if len(cells) == width and len(cells[at]) == _STAMP and not (odd and ("\\" in line or '{"' in line)):
            numbers.append(number)
            rows.append(cells)
    try:
        return numbers, _columns(rows, form)
    except ValueError:  # somewhere a number is odd: then each row is looked at, which rarely happens
        keep = [_is_plain(cells, form) for cells in rows]
        return kept(numbers, keep), _columns(kept(rows, keep), form)


def _columns(rows: Sequence[list[str]], form: _Tsv) -> _Columns:
    columns = list(zip(*rows, strict=True))
    return {name: _typed(name, columns[i], form) for name, i in form.picks.items()} if columns else {}


def _is_plain(cells: list[str], form: _Tsv) -> bool:
    try:
        _columns([cells], form)
    except ValueError:
        return False
    return True


def _typed(name: str, cells: Sequence[str], form: _Tsv) -> Sequence[Any]:
    if name == "ts":
        return _stamps(cells)
    kind = _KINDS.get(name, str)
    if kind is not int and kind is not float:
        return cells
    values = [None if cell in form.nothing else cell for cell in cells]
    _check(values, "" if kind is int else ".")
    return [None if value is None else kind(value) for value in values]


def _members(cell: str, form: _Tsv) -> list[str]:
    return [item for item in cell.split(form.set_separator) if item and item != form.unset]


def _stamps(cells: Sequence[str]) -> Sequence[int]:
    """Read `1772445600.123456` as microseconds, exactly."""
    whole = "".join(cells)
    digits = whole.replace(".", "")
    if whole[10::_STAMP] != "." * len(cells) or not digits.isdigit() or len(whole) - len(digits) != len(cells):
        raise ValueError("another form of time")
    return [int(cell.replace(".", "")) for cell in cells]


def _check(values: Sequence[str | None], besides: str) -> None:
    """Raise ValueError unless all are a few digits, apart from one character."""
    present = [value for value in values if value is not None]
    digits = "".join(present).replace(besides, "") if besides else "".join(present)
    if present and (not digits.isdigit() or max(map(len, present)) > _DIGITS):
        raise ValueError("not a number")


def with_ends(numbers: Sequence[int], values: Values, columns: dict[str, Column], keep: Sequence[bool]) -> list[Rows]:
    """Add what every record has; a row without a time or without an end is left."""
    client, server = values.coded("orig_h", _wire.place), values.coded("resp_h", _wire.place)
    times = values["ts"]
    latest = _LATEST_S if values.is_json else _LATEST_S * 1_000_000
    keep = [
        ok and time is not None and 0 <= time < latest and (client.words[a] or server.words[b]) is not None
        for ok, time, a, b in zip(keep, times, client.codes, server.codes, strict=True)
    ]
    whole: dict[str, Column] = {
        "time": Scaled(times, 1_000_000) if values.is_json else times,
        "src_ip": client, "src_port": ports(values["orig_p"]),
        "dst_ip": server, "dst_port": ports(values["resp_p"]),
        "connection_id": values.texts("uid"), **columns,
    }  # fmt: skip
    if any(values["system_name"]):
        whole["observer"] = values.coded("system_name", _wire.word)
    return [only(Rows(numbers, whole), keep)]


def milliseconds(seconds: Sequence[float | None]) -> Scaled:
    """Turn durations into milliseconds; what lasts for ever is unknown."""
    return Scaled([s if s is not None and 0 <= s < _LONGEST_S else None for s in seconds], 1000)
