"""What is read in bulk equals what the reader reads line by line, however odd the lines are."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.engine.tables import events, from_rows, placed, widened
from sferic.model.event import Event, Line
from sferic.sources import _columns
from sferic.sources._bulk import BulkReader
from sferic.sources._clock import Clock
from sferic.sources._columns import coded, decoded, lines_of
from sferic.sources._contract import LIKELY, Reader, Setup, source, sources

GOLDEN = Path(__file__).parents[1] / "golden" / "sources"
YEARS = (0, 10**17)
IDS = ("zeek_conn", "zeek_http", "zeek_ssl", "suricata_eve", "generic_cef", "squid_access")
CASES = [case for name in IDS for case in sorted((GOLDEN / name).iterdir())]
ODD = [
    None, True, False, 0, 1, -1, 7.5, 1.0, 1e3, 10**18, 10**25, "", "-", "(empty)", "x", "é", "a\\b", 'a"b', "ICMP", "icmp",
    "CONNECT", "GET", "/", "/a?b=c", "*", "http://a.example/x", "a.example:443", "A.Example.", "192.0.2.7", "192.0.2.07",
    "[2001:db8::1]:80", "::ffff:192.0.2.1", "2001:db8::1", "1772445600.25", "2026-03-02T10:00:00.400000+0100", "to_client",
    "2026-02-30T10:00:00.400000+0000", "2026-03-02T10:00:00.4+0000", 1_772_445_600, 1_772_445_600_250, "http", "tls", "flow",
    "netflow", "failed", "unknown", [], ["text/html"], [""], [1], {}, {"sni": "a.example"}, {"sni": 1}, "conn", "ssl", "T",
]  # fmt: skip
LINE_BY_LINE = (
    "/dns",
    "/cut_down",
    "/proxies",
    "squid_access/httpd",
    "squid_access/key_value",
    "squid_access/own_format",
)
"""Cases of forms that are not read in bulk."""
CELLS = [str(value) for value in ODD] + [
    "1772445600.250000",
    "1772445600,250000",
    "0.5",
    "1_0",
    "+1",
    " 1",
    "00000000000000000001",
]
odd_keys = st.sampled_from(
    ["event", "_raw", "message", "@timestamp", "log", "_path", "new", "orig_bytes", "id.orig_h", "flow_id"]
)


def reader(name: str) -> Reader:
    """Begin to read a file."""
    return source(name).reader(Setup(Clock(UTC, datetime(2026, 4, 1, tzinfo=UTC))))


def read(made: Reader, lines: Sequence[bytes]) -> list[Event | None]:
    """Read lines one by one; what gives no event is None."""
    found: list[Event | None] = []
    for number, line in enumerate(lines):
        try:
            result = made.read(Line(line.decode(), number + 1, "a.log"))
        except ValueError:
            result = None
        found.append(result if isinstance(result, Event) else None)
    return found


def in_bulk(made: Reader, lines: Sequence[bytes]) -> dict[int, Event]:
    """Read lines by columns; give events by the index of their line, stripped of their place."""
    assert isinstance(made, BulkReader)
    given = [number for number, line in enumerate(lines) if b"\r" not in line]
    rows = made.bulk(lines_of(b"".join(lines[number] + b"\n" for number in given))) if given else None
    table = from_rows(rows, YEARS) if rows else None
    found = (
        {} if table is None else {given[e.line - 1]: e for e in events(widened(placed(table, "", "", 0, len(lines))))}
    )
    for event in found.values():
        event.line = 0
    return found


def headed(case: Path) -> tuple[Reader, list[bytes]]:
    """Give a reader that has heard a case's first header, and the lines below it, as bulk gets them."""
    made, lines = reader(case.parent.name), (case / "raw.log").read_bytes().splitlines()
    found: list[bytes] = []
    for line in lines:
        if line.startswith(b"#"):
            if found:
                break
            made.read(Line(line.decode("latin-1")))
        elif line and line.isascii():
            found.append(line)
    return made, found


def test_the_sources_that_read_in_bulk_are_tested() -> None:
    """Whoever has the method stands in the list above."""
    assert {name for name, known in sources().items() if hasattr(known.reader, "bulk")} == set(IDS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_golden_lines(case: Path) -> None:
    """Each golden line that is taken gives the reader's event, would be claimed, and changes no state."""
    made, lines = headed(case)
    before = made.state if isinstance(made, BulkReader) else None
    taken = in_bulk(made, lines)
    assert isinstance(made, BulkReader)
    assert made.state == before
    assert all(made.claims(Line(lines[number].decode())) >= LIKELY for number in taken)
    expected = read(made, lines)
    assert taken == {number: expected[number] for number in taken}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
@pytest.mark.parametrize("line", [b"x", b"{}", b'{"', b'{"a":1}'])
def test_a_few_bytes(case: Path, line: bytes) -> None:
    """What is left of a line at the end of a file may be very short."""
    made, _ = headed(case)
    assert in_bulk(made, [line]) == {}


def test_ordinary_lines_are_taken() -> None:
    """The ordinary lines of each form are among those that are taken; without them bulk would be in vain."""
    shares = {}
    for case in CASES:
        made, lines = headed(case)
        shares[f"{case.parent.name}/{case.name}"] = len(in_bulk(made, lines))
    assert all(shares[case] for case in shares if not case.endswith(LINE_BY_LINE)), shares


@st.composite
def changed(draw: st.DrawFn) -> tuple[Path, list[bytes]]:
    """Give a case and lines of it, most of them with something odd in them."""
    case = draw(st.sampled_from(CASES))
    _, lines = headed(case)
    return case, [
        draw(st.sampled_from([_as_it_is, _value, _byte]))(draw, line)
        for line in draw(st.lists(st.sampled_from(lines), min_size=1, max_size=6))
    ]


def _as_it_is(_draw: st.DrawFn, line: bytes) -> bytes:
    return line


def _byte(draw: st.DrawFn, line: bytes) -> bytes:
    """Cut out, double or replace some bytes."""
    start = draw(st.integers(0, len(line)))
    stop = draw(st.integers(start, min(len(line), start + 8)))
    between = draw(
        st.sampled_from([b"", line[start:stop] * 2, b"-", b'"', b"}", b",}", b"NaN", b"\t", b"\\", b"{", b' "', b"00"])
    )
    return line[:start] + between + line[stop:] or b"x"


def _value(draw: st.DrawFn, line: bytes) -> bytes:
    """Put an odd value where another was, or a key more."""
    if b"CEF:" in line:
        parts = re.split(rb"(?<==)", line)
        at = draw(st.integers(0, len(parts) - 1))
        ends = parts[at].rpartition(b" ")
        parts[at] = draw(st.sampled_from(CELLS)).encode("ascii", "replace") + b" " + ends[2]
        return b"".join(parts)
    if not line.startswith(b"{"):
        between = b"\t" if b"\t" in line else b" "
        cells = line.split(between)
        cells[draw(st.integers(0, len(cells) - 1))] = draw(st.sampled_from(CELLS)).encode("ascii", "replace")
        return between.join(cells)
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:
        return line
    part = record
    for name in ("http", "tls", "flow"):
        if isinstance(record.get(name), dict) and draw(st.booleans()):
            part = record[name]
    part[draw(st.sampled_from(sorted(part) or ["x"]) | odd_keys)] = draw(st.sampled_from(ODD))
    spaced = draw(st.sampled_from([(",", ":"), (", ", ": "), (",", " : ")]))
    return json.dumps(record, separators=spaced, ensure_ascii=draw(st.booleans())).encode("ascii", "replace")


@given(changed())
def test_odd_lines(found: tuple[Path, list[bytes]]) -> None:
    """Whatever stands in a line: if it is taken, the reader gives the same event and claims it."""
    case, lines = found
    made, _ = headed(case)
    taken = in_bulk(made, lines)
    expected = read(made, lines)
    assert taken == {number: expected[number] for number in taken}
    assert all(made.claims(Line(lines[number].decode())) >= LIKELY for number in taken)


def test_zeek_with_written_times_is_read_in_bulk() -> None:
    """Zeek's times in ISO 8601 are read by columns, also among numbers; other forms are left."""
    times = ['"2026-03-02T10:00:00.123456Z"', '"2026-03-02T10:00:59.000001Z"', '"2026-02-30T10:00:00.000000Z"', "1772445600.25",
             '"2026-03-02T10:00:00Z"', '"2026-03-02T10:00:60.000000Z"', '"2026-03-02 10:00:00.123456Z"']  # fmt: skip
    lines = [
        f'{{"ts":{time},"uid":"C1","id.orig_h":"10.0.0.1","id.resp_h":"192.0.2.1","conn_state":"SF"}}'.encode()
        for time in times
    ]
    made = reader("zeek_conn")
    taken = in_bulk(made, lines)
    assert {0, 1, 3} <= taken.keys()
    assert not {2, 4, 5} & taken.keys()
    expected = read(made, lines)
    assert taken == {number: expected[number] for number in taken}


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        ('"event_type":"tls"', True),
        ('"event_type": "tls"', True),
        ('"event_type" :"tls"', False),
        ('"event_type":  "tls"', False),
        ('"event_type" :"tls","x":{"event_type":"A B"}', False),
        ('"event_type":"tls","x":{"event_type" :1}', False),
        ('"event_type":"tls","at_the":1,"x":{"content_type":"t_t"}', True),
    ],
)
def test_a_type_is_read_where_the_reader_would_claim_it(key: str, taken: bool) -> None:
    """Suricata's lines are taken if each `event_type` in them is written as Suricata writes it."""
    line = f'{{"timestamp":"2026-03-02T10:00:00.400000+0000",{key},"flow_id":1,"src_ip":"10.0.0.1","dest_ip":"192.0.2.1","tls":{{"sni":"a.example"}}}}'
    between = line.replace(key, '"event_type":"tls"').encode()
    assert in_bulk(reader("suricata_eve"), [between, line.encode(), between]).keys() == ({0, 1, 2} if taken else {0, 2})


@pytest.mark.parametrize("piece", [1, 3, 100])
def test_bytes_are_found_in_pieces(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the pieces, every byte that is looked for is found, once and in order; nothing has none."""
    monkeypatch.setattr(_columns, "_PIECE", piece)
    assert lines_of(b"\na\n\nbc\n").ends.tolist() == [0, 2, 3, 6]
    assert not len(lines_of(b"").ends)


def test_repeated_values_are_read_once() -> None:
    """A column's distinct values are read once each; None stays None."""
    numbers = count()
    found = coded(pa.array(["a", None, "b", "a"]), lambda value: f"{value}{next(numbers)}")
    assert found.to_pylist() == ["a0", None, "b1", "a0"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b'{"a":1}\n{"a":2}\n', [0, 1]),
        (b'x\n{"a":1}\n{"a":2}\n\n{"a":3\n', [1, 2]),
        (b'{"a":1}{"a":2}\n{"b":\n{"a":3}}\n', []),
        (b'{"b":{"c":1}\n{"a":2}}{"a":3}\n', []),
        (b'{"a":1}{"a":2}\n{"b":{"c":1}\n,"a":2}\n', []),
        (b' {"a":1}\n{ "a":1}\n[{"a":1}]\n{"a":1} \n', [3]),
        (b"{\n", []),
        (b"\n\n", []),
    ],
)
def test_each_line_is_an_object_of_its_own(text: bytes, lines: list[int]) -> None:
    """What reaches over a line's end or stands beside another on a line is left out, as is what cannot be decoded."""
    found = decoded(lines_of(text), msgspec.json.Decoder(dict[str, int | dict[str, int]]))
    assert found.lines.tolist() == lines
    assert len(found.found) == len(lines)
    assert [json.loads(found.line(row)) for row in range(len(lines))] == found.found
