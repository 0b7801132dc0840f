"""Whatever a file mixes and whatever is wrapped around its lines: every line ends in exactly one place of the account."""

import json
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sferic.engine.ledger import Ledger
from sferic.engine.routing import Router
from sferic.model.event import Event, Line, Reject
from sferic.model.report import FileAccount
from sferic.sources._clock import Clock
from sferic.sources._contract import Reader, Setup, sources

ROOT = Path(__file__).parents[1] / "golden" / "sources"
LINES = sorted({line for log in ROOT.glob("*/*/raw.log") for line in log.read_bytes().splitlines()[:40]})
MOST_BYTES = 3000


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


WRAPPERS: list[Callable[[bytes], bytes]] = [
    lambda raw: raw,
    lambda raw: b"<134>Mar  2 10:00:01 relay app[7]: " + raw,
    lambda raw: b"<134>1 2026-03-02T10:00:01Z relay app 7 - - " + raw,
    lambda raw: json.dumps({"@timestamp": "2026-03-02T10:00:01Z", "agent": {}, "message": _text(raw)}).encode(),
    lambda raw: json.dumps({"_raw": _text(raw), "_time": "1772445600"}).encode(),
    lambda raw: json.dumps({"log": _text(raw), "stream": "stdout", "time": "2026-03-02T10:00:01Z"}).encode(),
    lambda raw: raw[: len(raw) // 2],
]


class Listening:
    """A reader whose known lines without an event are noted."""

    def __init__(self, reader: Reader, known: set[int]) -> None:
        self._reader = reader
        self._known = known

    def claims(self, line: Line) -> int:
        """Claim what the reader claims."""
        return self._reader.claims(line)

    def read(self, line: Line) -> Event | Reject | None:
        """Read as the reader does."""
        found = self._reader.read(line)
        if found is None:
            self._known.add(line.number)
        return found


class Books(Ledger):
    """A ledger that notes which lines it counts."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: list[int] = []

    def reject(self, account: FileAccount, source: str, number: int, reason: str, text: str) -> None:
        """Note a reject."""
        self.counted.append(number)
        super().reject(account, source, number, reason, text)

    def unknown(self, account: FileAccount, number: int, text: str) -> None:
        """Note a line that nobody knows."""
        self.counted.append(number)
        super().unknown(account, number, text)


@given(st.lists(
    st.tuples(st.sampled_from([line for line in LINES if len(line) < MOST_BYTES]), st.sampled_from(WRAPPERS))
    | st.tuples(st.sampled_from([b"", b" ", b"nobody's words"]), st.just(WRAPPERS[0])), max_size=40,
))  # fmt: skip
def test_every_line_is_counted_once(parts: list[tuple[bytes, Callable[[bytes], bytes]]]) -> None:
    """A line is an event, a reject, unknown, known without an event, or blank; never two of these, never none."""
    known: set[int] = set()
    setup = Setup(Clock())
    readers = {name: Listening(one.reader(setup), known) for name, one in sources().items()}
    account, books = FileAccount(path="x.log"), Books()
    router = Router(readers, account, books)
    lines = [wrap(raw) for raw, wrap in parts]
    events = [number for number, raw in enumerate(lines) if router.read(raw, number) is not None]
    counted = events + books.counted
    assert len(counted) == len(set(counted))
    assert (account.events, account.rejected + account.unknown) == (len(events), len(books.counted))
    blank = {number for number, (raw, _) in enumerate(parts) if not lines[number].strip() or not raw.strip()}
    assert known | set(counted) | blank == set(range(len(lines)))
