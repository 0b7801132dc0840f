"""A file may hold the lines of several sources one after the other: each source's lines are still known as its own."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from sferic.engine.ledger import Ledger
from sferic.engine.routing import Router
from sferic.model.report import FileAccount
from sferic.sources._clock import Clock
from sferic.sources._contract import Setup, sources

GOLDEN = Path(__file__).parents[1] / "golden" / "sources"
CASES = {
    f"{case.parent.name}/{case.name}": case / "raw.log"
    for case in sorted(GOLDEN.glob("*/*"))
    if (case / "raw.log").exists() and not (case / "setup.toml").exists()
}
KNOWN: Mapping[str, tuple[str, ...]] = {
    "aws_cloudtrail/athena_csv": ("windows_sysmon/search_table",),
    "bluecoat_proxysg/cloud_swg": ("squid_access/httpd",),
    "bluecoat_proxysg/w3c": ("squid_access/httpd",),
    "windows_sysmon/evtxecmd_csv": ("windows_sysmon/search_table", "windows_sysmon/velociraptor_csv"),
    "windows_sysmon/search_table": (
        "aws_cloudtrail/athena_csv", "windows_sysmon/evtxecmd_csv", "windows_sysmon/velociraptor_csv",
    ),
    "windows_sysmon/velociraptor_csv": ("windows_sysmon/evtxecmd_csv", "windows_sysmon/search_table"),
}  # fmt: skip
"""What is not told apart: tables of another header but as many columns, and one source's second header."""


@cache
def lines(case: str) -> tuple[bytes, ...]:
    """Return a case's lines."""
    return tuple(CASES[case].read_bytes().splitlines())


def who(raw: Iterable[bytes]) -> list[str | None]:
    """Say of each line who made an event of it."""
    setup = Setup(Clock(UTC, datetime(2026, 4, 1, tzinfo=UTC)))
    router = Router({name: s.reader(setup) for name, s in sources().items()}, FileAccount(path="a.log"), Ledger())
    events = (router.read(line, number) for number, line in enumerate(raw, 1))
    return [event.source if event else None for event in events]


@cache
def alone(case: str) -> tuple[str | None, ...]:
    """Say who reads a case's lines in a file of their own."""
    return tuple(who(lines(case)))


@pytest.mark.parametrize("first", CASES)
def test_lines_are_known_behind_those_of_another_source(first: str) -> None:
    """What has an event alone has it behind another source's lines; where it has not, that is known."""
    lost = []
    for case in CASES.keys() - {first}:
        found = who((*lines(first), *lines(case)))[len(lines(first)) :]
        if any(one is not None and one != other for one, other in zip(alone(case), found, strict=True)):
            lost.append(case)
    assert sorted(lost) == sorted(KNOWN.get(first, ()))
