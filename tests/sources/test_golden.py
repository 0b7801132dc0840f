"""Every source reads its golden logs as written down: `tests/golden/sources/<id>/<case>/`.

A case is `raw.log`, `expected.ndjson` (per line the event, or `{"line": N, "reject": reason}`), an origin note in
`README.md`, and an optional `setup.toml` (`timezone`, `not_after`, `[options]`). `--refresh` rewrites what is expected.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sferic.catalog.cloud import operations
from sferic.model.event import NETWORK, PROCESS, Event, Reject
from sferic.model.redaction import without_secrets
from sferic.sources._contract import source, sources

GOLDEN = Path(__file__).parents[1] / "golden" / "sources"
CASES = sorted(path.parent for path in GOLDEN.glob("*/*/raw.log"))

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")


@each_case
def test_reads_the_log_as_written_down(
    case: Path, replay: Callable[[Path], list[Any]], golden: Callable[[Path, str], None]
) -> None:
    """Each line gives exactly the event or the reject that the case expects."""
    written = [text for replayed in replay(case) if (text := replayed.as_json())]
    golden(case / "expected.ndjson", "".join(f"{text}\n" for text in written))


@each_case
def test_claims_what_it_reads(case: Path, replay: Callable[[Path], list[Any]]) -> None:
    """A reader claims every line it can turn into an event: the engine routes lines by that claim."""
    unclaimed = [r.line.number for r in replay(case) if isinstance(r.result, Event) and r.claim <= 0]
    assert unclaimed == []


@each_case
def test_declares_what_it_fills(case: Path, replay: Callable[[Path], list[Any]]) -> None:
    """No event holds a field that its source does not declare, but for names where calls have none."""
    declared = source(case.parent.name).fields
    free = {"table", "time", *(() if "dst_host" in declared else ("dst_host", "host_source"))}
    events = [replayed.result for replayed in replay(case) if isinstance(replayed.result, Event)]
    held = {name for event in events for name in Event.__struct_fields__ if getattr(event, name) not in {None, "", 0}}
    assert held - free - declared == set()


@each_case
def test_what_tells_the_channel_is_shown(case: Path, replay: Callable[[Path], list[Any]]) -> None:
    """A quoted line keeps the addresses, the host and the path that an event was read from."""
    for replayed in replay(case):
        event, text = replayed.result, replayed.line.text.lower()
        if isinstance(event, Event):
            told = (event.src_ip, event.dst_ip, event.dst_host, (event.path or "").partition("?")[0])
            held = {word for part in told if part and (word := part.lower()) in text}
            assert {word for word in held if word in without_secrets(text)} == held


@each_case
def test_no_other_source_selects_what_it_reads(case: Path, replay: Callable[[Path], list[Any]]) -> None:
    """What selects every line of one log selects no event of another's: a hunt would read the whole of that, too."""
    lines = [replayed.line.text for replayed in replay(case) if isinstance(replayed.result, Event)]
    name = case.parent.name
    others = {other: [*one.marks, *(operations()[other].marks if other in operations() else ())]
              for other, one in sources().items() if other != name}  # fmt: skip
    foreign = {mark for marks in others.values() for mark in marks} - {*source(name).marks}
    assert {(mark, line) for mark in foreign for line in lines if re.search(mark, line, re.IGNORECASE)} == set()


@each_case
def test_connections_without_a_name_are_marked(case: Path, replay: Callable[[Path], list[Any]]) -> None:
    """A log in which connections have addresses alone says so by a mark: else nobody would name them."""
    name, text = case.parent.name, (case / "raw.log").read_text(encoding="utf-8", errors="replace")
    events = [one.result for one in replay(case) if isinstance(one.result, Event) and one.result.table == NETWORK]
    nameless = [one for one in events if one.dst_ip and (one.dst_host is None or one.host_source == "reverse")]
    marked = any(re.search(mark, text, re.IGNORECASE) for mark in source(name).nameless_marks)
    assert marked or not nameless or name == "zeek_ssl", "of whose connections conn.log tells, too"


@each_case
def test_starts_hold_their_mark(case: Path, replay: Callable[[Path], list[Any]]) -> None:
    """Every start of a process in JSON or XML matches what its source says that starts match: else it is not found."""
    marks = source(case.parent.name).start_marks
    events = [(one.result, one.line.text) for one in replay(case) if isinstance(one.result, Event)]
    starts = [line for event, line in events if event.table == PROCESS and line.startswith(("{", "<"))]
    assert all(re.search("|".join(marks), line, re.IGNORECASE) for line in starts if marks)
    assert PROCESS in source(case.parent.name).tables or not marks


@each_case
def test_case_is_complete(case: Path, replay: Callable[[Path], list[Any]]) -> None:
    """A case has an origin note and holds an ordinary line; reasons are short enough to be counted."""
    results = [replayed.result for replayed in replay(case)]
    assert (case / "README.md").read_text(encoding="utf-8").strip()
    assert any(isinstance(result, Event) for result in results)
    assert all(len(result.reason) <= 100 for result in results if isinstance(result, Reject))
