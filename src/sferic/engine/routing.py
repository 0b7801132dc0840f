"""Gives each line of a file to the source that knows it; a file may mix the lines of several sources.

The plugin boundary: a reader that fails on a line costs that line (a counted reject), never the run.
"""

from collections.abc import Iterable, Mapping

import msgspec

from sferic.engine.ledger import Ledger
from sferic.model.event import Event, Line, Reject
from sferic.model.report import FileAccount
from sferic.sources._contract import CERTAIN, LIKELY, NO, Reader
from sferic.sources._envelope import Envelope, peel_envelope

_NOT_A_NUMBER = "a number field holds something else"


class Claim(msgspec.Struct, frozen=True):
    """Who knows a line, and how surely."""

    source: str
    surety: int


class Router:
    """Reads the lines of one file, in order."""

    def __init__(self, readers: Mapping[str, Reader], account: FileAccount, ledger: Ledger) -> None:
        self._readers = dict(readers)
        self._account = account
        self._ledger = ledger
        self._last: str | None = None

    def read(self, raw: bytes, number: int) -> Event | None:
        """Read one line's bytes; None where it gives no event (the ledger knows why)."""
        text = decode(raw)
        return self.read_envelope(peel_envelope(text) if text.startswith("{") else Envelope(text), number)

    def read_envelope(self, envelope: Envelope, number: int) -> Event | None:
        """Read one line that has been taken out of its envelope."""
        if not envelope.text.strip():
            return None
        line = Line(envelope.text, number, self._account.path, envelope.sent_at, envelope.sender, envelope.sourcetype)
        claim = self.claim(line)
        if claim.surety == NO:
            self._ledger.unknown(self._account, number, line.text)
            return None
        self._last = claim.source
        self._ledger.kinds[claim.source] += 1
        return self._settle(claim.source, line)

    def claim(self, line: Line) -> Claim:
        """Find the source that knows a line best; the file's last one is asked first."""
        if self._last is not None:
            surety = self._ask(self._last, line)
            if surety >= LIKELY:
                return Claim(self._last, surety)
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
        claim = self.claim(Line(envelope.text, sourcetype=envelope.sourcetype))
        if claim.surety != NO:
            self._ledger.kinds[claim.source] += 1
            self._account.sources.setdefault(claim.source, 0)

    def _ask(self, name: str, line: Line) -> int:
        try:
            return self._readers[name].claims(line)
        except Exception:
            return NO

    def _settle(self, name: str, line: Line) -> Event | None:
        try:
            result = self._readers[name].read(line)
        except ValueError as error:
            result = Reject(_short(str(error)))
        except Exception as error:
            result = Reject(f"the reader failed ({type(error).__name__}); please report this line")
        if result is None:
            self._account.sources.setdefault(name, 0)
            return None
        if isinstance(result, Reject):
            self._ledger.reject(self._account, name, line.number, result.reason, line.text)
            return None
        result.source, result.file, result.line = name, self._account.path, line.number
        self._account.events += 1
        self._account.sources[name] = self._account.sources.get(name, 0) + 1
        return result


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
    if reason.startswith(("invalid literal", "could not convert", "month must", "day is out", "hour must")):
        return _NOT_A_NUMBER if reason[0] in "ic" else "the time names no real date"
    return reason[:120]
