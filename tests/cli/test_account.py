"""What the account of a whole run says, over logs that were really read: its numbers add up, whatever was found."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ESTATE = ROOT / "examples" / "estate"
GOLDEN = ROOT / "tests" / "golden" / "sources"

Sferic = Callable[..., Any]
_N = r"(\d[\d,]*)"
_CHANNELS = re.compile(rf"{_N} channels? of [\d,]+ sources?(?:: {_N} judged, {_N} with too few calls to judge a rhythm)?; ")
_FOUND = re.compile(r"(\d+) findings?(?: \(([^)]+)\))?(?:: [0-9]+ new)?")


def weighed(run: Any) -> str:
    """Give the account's row about channels and findings, on one line."""
    rows = re.split(r"\n(?=\S)", run.err)
    (row,) = (row for row in rows if row.startswith("weighed"))
    return " ".join(row.removeprefix("weighed").split())


def adds_up(run: Any) -> str:
    """Assert that channels and findings add up, with the findings that were printed; return the row."""
    row = weighed(run)
    if channels := _CHANNELS.match(row):
        all_of_them, *parts = (int(number.replace(",", "")) for number in channels.groups() if number)
        assert sum(parts) == all_of_them or not parts
    found = _FOUND.fullmatch(row.removeprefix(channels[0] if channels else ""))
    assert found
    kinds = dict(part.rsplit(" ", 1) for part in (found[2] or "").split(", ") if part)
    assert {name: int(number) for name, number in kinds.items()} == Counter(
        json.loads(line)["analytic"] for line in run.out.splitlines()
    )
    assert sum(map(int, kinds.values())) == int(found[1])
    return row


def test_an_estate_adds_up(sferic: Sferic) -> None:
    """Judged channels and those with too few calls are all channels, and beacons are all findings."""
    row = adds_up(sferic("hunt", str(ESTATE), "--no-save"))
    assert re.search(r" judged, [1-9][\d,]* with too few calls .* findings \(beacon \d+\)$", row)


@pytest.mark.parametrize("analytics", [(), ("--analytic", "process")])
def test_a_hunt_for_processes_adds_up(sferic: Sferic, analytics: tuple[str, ...]) -> None:
    """A finding by its process needs no rhythm, so nothing is too short where no rhythm was asked for."""
    log = str(GOLDEN / "windows_sysmon")
    row = adds_up(sferic("hunt", log, "--no-save", "--min-score", "0", *analytics))
    assert row.endswith("1 finding (process 1)")
    assert ("too few" in row) != bool(analytics)


def test_a_hunt_in_clouds_adds_up(sferic: Sferic) -> None:
    """Changes of functions are findings without a channel, and none is named."""
    row = adds_up(sferic("hunt", str(GOLDEN / "aws_cloudtrail"), "--no-save", "--min-score", "0"))
    assert row.startswith("2 findings (cloud_change 2)")


def test_all_kinds_together_add_up(sferic: Sferic) -> None:
    """Findings of several kinds are counted by kind."""
    logs = [str(GOLDEN / name) for name in ("windows_sysmon", "aws_cloudtrail", "cloudflare_audit")]
    row = adds_up(sferic("hunt", *logs, str(ESTATE), "--no-save", "--min-score", "0"))
    assert all(kind in row for kind in ("beacon", "cloud_change", "process"))


def test_a_store_adds_up(sferic: Sferic, tmp_path: Path) -> None:
    """With a store the findings are those that are open, old and new; a run that takes nothing new weighs nothing and says so."""
    argv = ("hunt", str(ESTATE / "hq-squid_access.log.gz"), "--no-save", "--store", str(tmp_path / "s.duckdb"))
    assert re.search(r"channels of .* findings \(beacon .*\): [0-9]+ new$", adds_up(sferic(*argv)))
    assert "weighed" not in sferic(*argv).err
