"""Gives each line of a file to the source that knows it; a file may mix the lines of several sources.

The plugin boundary: a reader that fails on a line costs that line (a counted reject), never the run.
"""

from collections.abc import Hashable, Iterable, Mapping

import msgspec

from sferic.engine.ledger import Ledger
from sferic.model.event import Event, Line, Reject
from sferic.model.report import FileAccount
from sferic.sources._bulk import BulkReader, Lines, Rows
from sferic.sources._contract import CERTAIN, LIKELY, NO, Reader
from sferic.sources._envelope import Envelope, peel_envelope
from sferic.sources._syslog import unheaded

FIRST_US, LAST_US = 631_152_000_000_000, 4_102_444_800_000_000
"""The years 1990 to 2099: one stamp of a clock that was never set would stretch the window over all of history."""
IMPOSSIBLE_TIME = "the time is before 1990 or after 2099"
MAX_HEADERS = 2
"""Headers that relays put before one another, each with an envelope behind it; more are nobody's log."""
_NOT_A_NUMBER = "a number field holds something else"


class Claim(msgspec.Struct, frozen=True):
    """Who knows a line, and how surely."""

    source: str
    surety: int


class Bulk(msgspec.Struct, frozen=True):
    """What a source has read by columns."""

    source: str
    state: Hashable
    rows: list[Rows]


class Router:
    """Reads the lines of one file, in order."""

    def __init__(self, readers: Mapping[str, Reader], account: FileAccount, ledger: Ledger) -> None:
        self._readers = dict(readers)
        self._account = account
        self._ledger = ledger
        self._last: str | None = None
        self._headed = False
        """Whether the last line was known only without the header that a relay had put before it."""

    def read(self, raw: bytes, number: int) -> Event | None:
        """Read one line's bytes; None where it gives no event (the ledger knows why)."""
        text = decode(raw)
        if text.startswith("{"):
            return self.read_envelope(peel_envelope(text), number)
        return self._read_line(Line(text, number, self._account.path))

    @property
    def is_in_bulk(self) -> bool:
        """Say whether the source of the last line reads in bulk."""
        return isinstance(self._readers.get(self._last or ""), BulkReader)

    def bulk(self, lines: Lines) -> Bulk | None:
        """Have the plain ones of these lines read by columns, by the source that the first leads to."""
        first = lines.text[: lines.ends[0]]
        name = self.claim(Line(decode(first), 0, self._account.path)).source
        reader = self._readers.get(name)
        if not isinstance(reader, BulkReader):
            return None
        self._last = name
        try:
            rows = reader.bulk(lines)
        except Exception:  # its `read` will say what is wrong, with which line
            return None
        return Bulk(name, reader.state, rows) if rows else None

    def leads_to(self, name: str, raw: bytes) -> bool:
        """Say whether a line as it stands, in no envelope, would go to this source; then it is the file's last one."""
        if self._last != name and self.claim(Line(decode(raw), 0, self._account.path)).source != name:
            return False
        self._last = name
        return True

    def state(self, name: str) -> Hashable:
        """Return what the reading of a source that reads in bulk depends on."""
        reader = self._readers[name]
        return reader.state if isinstance(reader, BulkReader) else None

    def tally(self, name: str, events: int) -> None:
        """Count events that were read elsewhere."""
        self._ledger.kinds[name] += events
        self._tally(name, events)

    def meet(self, names: Iterable[str]) -> None:
        """Note who has read the rows of a file that keeps events, whether they are selected or not."""
        for name in self._readers.keys() & names:
            self._ledger.kinds[name] += 1
            self._account.sources.setdefault(name, 0)

    def adopt(self, event: Event, number: int) -> Event | None:
        """Take an event that a reader has made before and a file has kept; None where it cannot be one of ours."""
        if event.source not in self._readers:
            self._ledger.unknown(self._account, number, f"an event of {event.source}")
            return None
        self._ledger.kinds[event.source] += 1
        if not FIRST_US <= event.time < LAST_US:
            self._ledger.reject(self._account, event.source, number, IMPOSSIBLE_TIME, event.file)
            return None
        self._tally(event.source)
        return event

    def read_envelope(self, envelope: Envelope, number: int) -> Event | None:
        """Read one line that has been taken out of its envelope."""
        path = self._account.path
        return self._read_line(
            Line(envelope.text, number, path, envelope.sent_at, envelope.sender, envelope.sourcetype)
        )

    def _read_line(self, line: Line) -> Event | None:
        if not line.text or line.text.isspace():
            return None
        known, name, surety = self._known(line)
        if not name:
            self._ledger.unknown(self._account, line.number, line.text)
            return None
        if known.text.startswith("#") and len(hearers := self._hearers(known)) > 1:
            for hearer in hearers:
                self._settle(hearer, known)
            return None
        self._last = name
        self._ledger.kinds[name] += 1
        if surety > self._account.surety.get(name, NO):
            self._account.surety[name] = surety
        return self._settle(name, known)

    def _known(self, line: Line) -> tuple[Line, str, int]:
        """Find who knows a line, as it stands or without its header; return it so, who, and how surely.

        Where the last line was known without its header only, this one is tried so first.
        """
        if self._last is not None:
            likely = (_bare(line) if self._headed else None) or line
            if (surety := self._ask(self._last, likely)) >= LIKELY:
                return likely, self._last, surety
        found: Line | None = line
        for headers in range(MAX_HEADERS + 1):
            if found is None:
                break
            claim = self.claim(found)
            if claim.surety != NO:
                self._headed = headers > 0
                return found, claim.source, claim.surety
            found = _bare(found)
        return line, "", NO

    def claim(self, line: Line) -> Claim:
        """Find the source that knows a line best; the file's last one is asked first."""
        if self._last is not None:
            surety = self._ask(self._last, line)
            if surety >= LIKELY:
                return Claim(self._last, surety)
        return self._best(line)

    def _best(self, line: Line) -> Claim:
        best = Claim("", NO)
        for name in self._readers:
            surety = self._ask(name, line)
            if surety > best.surety:
                best = Claim(name, surety)
                if surety >= CERTAIN:
                    break
        return best

    def recognise(self, lines: Iterable[bytes]) -> None:
        """Look at a sample of lines without reading them, so that a file without a candidate is still known."""
        for raw in lines:
            text = decode(raw.rstrip(b"\r"))
            self.recognise_envelope(peel_envelope(text) if text.startswith("{") else Envelope(text))

    def recognise_envelope(self, envelope: Envelope) -> None:
        """Look at one line that has been taken out of its envelope, without reading it."""
        if not envelope.text.strip():
            return
        line, name, _ = self._known(Line(envelope.text, sourcetype=envelope.sourcetype))
        if name and not (line.text.startswith("#") and len(self._hearers(line)) > 1):
            self._ledger.kinds[name] += 1
            self._account.sources.setdefault(name, 0)

    def _hearers(self, line: Line) -> list[str]:
        """Name the sources that claim a header line: logs of one family begin alike, and each must hear it."""
        return [name for name in self._readers if self._ask(name, line) != NO]

    def _ask(self, name: str, line: Line) -> int:
        try:
            return self._readers[name].claims(line)
        except Exception:
            return NO

    def _settle(self, name: str, line: Line) -> Event | None:
        result = self._try(name, line)
        account = self._account
        if isinstance(result, Event) and not FIRST_US <= result.time < LAST_US:
            result = Reject(IMPOSSIBLE_TIME)
        if isinstance(result, Event):
            result.source, result.file, result.line = name, line.file, line.number
            self._tally(name)
            return result
        if result is None:
            if not line.text.startswith("#"):
                account.sources.setdefault(name, 0)
        else:
            self._ledger.reject(account, name, line.number, result.reason, line.text)
        return None

    def _tally(self, name: str, events: int = 1) -> None:
        self._account.events += events
        self._account.sources[name] = self._account.sources.get(name, 0) + events

    def _try(self, name: str, line: Line) -> Event | Reject | None:
        try:
            return self._readers[name].read(line)
        except ValueError as error:
            return Reject(_short(str(error)))
        except Exception as error:
            return Reject(f"the reader failed ({type(error).__name__}); please report this line")


def _bare(line: Line) -> Line | None:
    """Return a line without its header, and what stands behind that out of its envelope; None if it has none."""
    header = unheaded(line.text)
    if header is None or not header.rest.strip():
        return None
    inner = peel_envelope(header.rest)
    return Line(
        inner.text, line.number, line.file, line.sent_at if inner.sent_at is None else inner.sent_at,
        inner.sender or header.host or line.sender, inner.sourcetype or line.sourcetype,
    )  # fmt: skip


def decode(raw: bytes) -> str:
    """Return a line's text: UTF-8, else Latin-1, without a JSON array's commas and brackets around an object."""
    text = as_text(raw)
    if text[:1] in {"[", " "} or text[-2:] in {"},", "}]"}:
        bare = text.strip().removeprefix("[").removesuffix("]").removesuffix(",").strip()
        return bare if bare.startswith("{") else text
    return text


def as_text(raw: bytes) -> str:
    """Return bytes as UTF-8 text, or as Latin-1 where they are not."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _short(reason: str) -> str:
    return _NOT_A_NUMBER if reason.startswith(("invalid literal", "could not convert")) else reason[:120]
