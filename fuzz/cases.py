"""The golden logs as material, and the ways in which their lines are damaged."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec
from hypothesis import strategies as st

from fuzz.contract import MAX_BYTES
from sferic.sources._clock import Clock, zone
from sferic.sources._contract import Setup

GOLDEN = Path("tests/golden/sources")
_NOT_AFTER = datetime(2026, 12, 29, tzinfo=UTC)
_NUMBER = re.compile(rb"\d{1,40}")
_NUMBERS = b"0|-1|-0.0|007|1e400|NaN|99999999999999999999|9223372036854775807|\xd9\xa3|\xc2\xb2|0x10|1,2|65536|".split(
    b"|"
)
_TOKENS = (
    *(
        b'"',
        b'""',
        b"'",
        b"\\",
        b'\\"',
        b"\t",
        b" ",
        b"  ",
        b",",
        b"|",
        b"=",
        b":",
        b"/",
        b"%",
        b"#",
        b"-",
        b"\r",
        b"\0",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b"(",
        b")",
        b"<",
        b">",
        b"@",
        b"[" * 3000,
        b'{"a":' * 3000,
        b"\x1b[31m",
        b"\xff",
        b"\xc3",
    ),
    *(
        b"\xe2\x80\xa8",
        b"\xc2\xa0",
        b"\xf0\x9f\x92\xa9",
        b'"\\ud800"',
        b"\\u0000",
        b"null",
        b"true",
        b"{}",
        b"[]",
        b"-,",
    ),
    *(
        b"http://",
        b"https://[::1]:99999/",
        b"//",
        b"?#",
        b"xn--",
        b"xn--a-.example",
        b"..",
        b".",
        b"1.2.3.4.5",
        b"::",
        b"fe80::1%x",
    ),
    *(
        b"Feb 30 25:61:61",
        b"0001-01-01T00:00:00Z",
        b"9999-12-31T23:59:59-14:00",
        b"1969-12-31T23:59:59Z",
        b"%00%ff%",
        b"%E2%28%A1",
    ),
    *(
        b"CEF:0|",
        b"LEEF:2.0|",
        b"%ASA-6-302013: ",
        b"%FTD-6-430003: ",
        b'"message":',
        b'"@timestamp":',
        b'"_raw":',
        b'"logEvents":',
    ),
)
"""Texts that parsers stumble over: delimiters of every format, nesting, encodings, dates, and other formats' marks."""


class Case(msgspec.Struct, frozen=True):
    """One golden log."""

    source: str
    name: str
    setup: Setup
    lines: tuple[bytes, ...]


@cache
def cases() -> tuple[Case, ...]:
    """Return every golden log of every source."""
    return tuple(_case(path.parent) for path in sorted(GOLDEN.glob("*/*/raw.log")))


def _case(folder: Path) -> Case:
    file = folder / "setup.toml"
    written = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    clock = Clock(zone(written.get("timezone", "UTC")), written.get("not_after", _NOT_AFTER))
    lines = (folder / "raw.log").read_bytes().split(b"\n")
    return Case(folder.parent.name, folder.name, Setup(clock, written.get("options", {})), tuple(x for x in lines if x))


@st.composite
def damaged(draw: st.DrawFn, case: Case) -> list[bytes]:
    """Draw a header, if the log has one, and a line behind it, one of the two damaged in up to four places."""
    line = draw(st.sampled_from(case.lines))
    chosen = [case.lines[0], line] if draw(st.booleans()) else [line]
    at = draw(st.integers(0, len(chosen) - 1))
    for _ in range(draw(st.integers(1, 4))):
        chosen[at] = draw(_edited(chosen[at]))[:MAX_BYTES]
    return chosen


def _edited(line: bytes) -> st.SearchStrategy[bytes]:
    spans = st.tuples(st.integers(0, len(line)), st.integers(0, 200)).map(lambda s: (s[0], min(s[0] + s[1], len(line))))
    foreign = st.sampled_from(_all_lines()).flatmap(lambda other: _spans_of(other).map(lambda s: other[s[0] : s[1]]))
    edits: list[st.SearchStrategy[bytes]] = [
        spans.map(lambda s: line[: s[0]] + line[s[1] :]),
        spans.map(lambda s: line[: s[0]]),
        st.tuples(spans, st.sampled_from(_TOKENS)).map(lambda e: line[: e[0][0]] + e[1] + line[e[0][0] :]),
        st.tuples(spans, st.sampled_from(_TOKENS)).map(lambda e: line[: e[0][0]] + e[1] + line[e[0][1] :]),
        st.tuples(spans, st.sampled_from((2, 40, 3000))).map(lambda e: _repeated(line, *e)),
        st.tuples(spans, foreign).map(lambda e: line[: e[0][0]] + e[1] + line[e[0][1] :]),
        st.tuples(spans, st.binary(max_size=8)).map(lambda e: line[: e[0][0]] + e[1] + line[e[0][1] :]),
    ]
    if numbers := list(_NUMBER.finditer(line)):
        put = st.tuples(st.sampled_from(numbers), st.sampled_from(_NUMBERS))
        edits.append(put.map(lambda e: line[: e[0].start()] + e[1] + line[e[0].end() :]))
    return st.one_of(edits)


def _repeated(line: bytes, span: tuple[int, int], times: int) -> bytes:
    piece = line[span[0] : span[1]]
    return line[: span[0]] + piece * min(times, MAX_BYTES // (len(piece) or 1)) + line[span[1] :]


def _spans_of(line: bytes) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, len(line)), st.integers(0, len(line))).map(lambda s: (min(s), max(s)))


@cache
def _all_lines() -> tuple[bytes, ...]:
    return tuple(line for case in cases() for line in case.lines)


def seeds() -> Iterator[tuple[str, Sequence[bytes]]]:
    """Yield small inputs for a fuzzer that mutates on its own: each line behind its log's first."""
    for case in cases():
        for line in case.lines:
            yield f"{case.source}/{case.name}", (case.lines[0], line)
