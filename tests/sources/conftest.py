"""What the tests of log sources share: running one reader over one raw log, as the engine would."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from sferic.engine.routing import decode
from sferic.model.event import Event, Line, Reject
from sferic.sources._clock import Clock, zone
from sferic.sources._contract import Reader, Setup, source

NOT_AFTER = datetime(2024, 12, 29, tzinfo=UTC)
"""The file date of a case that names none: a line without a year is of 2024, whatever the day of the test."""


@dataclass(frozen=True)
class Replayed:
    """One line of a raw log, how surely the reader claimed it, and what the reader made of it."""

    line: Line
    claim: int
    result: Event | Reject | None

    def as_json(self) -> str | None:
        """Write the result as one line of `expected.ndjson`; None for a line that is no event."""
        match self.result:
            case None:
                return None
            case Reject(reason=reason):
                return msgspec.json.encode({"line": self.line.number, "reject": reason}).decode()
            case event:
                stamped = msgspec.structs.replace(event, line=self.line.number)
                fields: dict[str, Any] = msgspec.to_builtins(stamped)
                moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=event.time)
                fields["time"] = f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"
                return msgspec.json.encode(fields).decode()


Replay = Callable[[Path], list[Replayed]]
MakeReader = Callable[..., Reader]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `--refresh` stand for `--refresh-golden` where only sources are tested."""
    parser.addoption("--refresh", action="store_true", dest="refresh_golden", help="same as --refresh-golden")


@pytest.fixture
def reader() -> MakeReader:
    """Build a reader: `reader("squid_access", timezone="Europe/Berlin", not_after=…, **options)`."""

    def make(source_id: str, *, timezone: str = "UTC", not_after: datetime = NOT_AFTER, **options: str) -> Reader:
        build = cast("Callable[[Setup], Reader]", source(source_id).reader)
        return build(Setup(Clock(zone(timezone), not_after), options))

    return make


@pytest.fixture
def replay(reader: MakeReader) -> Replay:
    """Run a case folder's source over its `raw.log`, with its `setup.toml` if it has one."""

    def run(case: Path) -> list[Replayed]:
        file = case / "setup.toml"
        settings = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        options: Mapping[str, str] = settings.pop("options", {})
        made = reader(case.parent.name, **settings, **options)
        return [_read(made, line) for line in lines(case / "raw.log")]

    return run


def lines(file: Path) -> Iterator[Line]:
    """Split a raw log at line feeds and decode each line as the engine does; blank lines are nobody's."""
    for number, raw in enumerate(file.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        text = decode(raw.removesuffix(b"\r"))
        if text.strip():
            yield Line(text, number, file.name)


def _read(made: Reader, line: Line) -> Replayed:
    claim = made.claims(line)
    try:
        return Replayed(line, claim, made.read(line))
    except ValueError as error:
        return Replayed(line, claim, Reject(str(error)))
