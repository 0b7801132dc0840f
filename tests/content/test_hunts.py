"""Every hunting query runs in DuckDB over the example estate as Parquet, and shows what it asks for."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from prove.estate import Estate
from sferic.content._contract import Content
from sferic.model.settings import Settings
from sferic.pipeline.archiving import archive
from tests.content.conftest import EXAMPLE, NAMELESS, written

Rows = list[dict[str, Any]]
Pairs = set[tuple[str, str]]


@pytest.fixture(scope="module")
def answers(content: Content, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """What each query answers, by its name."""
    folder = tmp_path_factory.mktemp("hunts") / "events"
    archive([str(EXAMPLE)], folder, Settings(), None)
    texts = {path: text for path, text in written("hunts", content).items() if path.endswith(".sql")}
    return {Path(path).stem: ask(text.replace("'events/**", f"'{folder}/**")) for path, text in texts.items()}


def ask(query: str) -> Rows:
    """Run a file of SQL and return the rows of its last statement."""
    with duckdb.connect() as con:
        found = con.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def pairs(rows: Rows) -> Pairs:
    """Return whom rows are about."""
    return {(row["src_ip"], row["host"]) for row in rows}


@pytest.fixture(scope="module")
def implants(estate: Estate) -> dict[str, Pairs]:
    """Whom the implants are about that logs name."""
    return {one.name: set(one.pairs) for one in estate.implants if one.name != NAMELESS}


def test_even_gaps(answers: dict[str, Rows], implants: dict[str, Pairs]) -> None:
    """All implants are even, also the one that changes hosts; few others are both even and rare."""
    found = pairs(answers["even_gaps"])
    assert not {name for name, own in implants.items() if not own & found}
    assert len(found) < 30


def test_rare_hosts(answers: dict[str, Rows], implants: dict[str, Pairs]) -> None:
    """A host of every implant is rare."""
    found = {row["host"] for row in answers["rare_hosts"]}
    assert all({host for _, host in own} & found for own in implants.values())


def test_round_the_clock(answers: dict[str, Rows], implants: dict[str, Pairs]) -> None:
    """Implants on machines that are never switched off call in every hour."""
    found = pairs(answers["round_the_clock"])
    assert implants["cloud-run-sleeper"] & found
    assert implants["worker-rotation"] <= found


def test_new_hosts(answers: dict[str, Rows], implants: dict[str, Pairs]) -> None:
    """A host that came in the last day and a half is new, one that was there from the start is not."""
    found = {row["host"] for row in answers["new_hosts"]}
    assert {host for _, host in implants["worker-rotation"]} <= found
    assert not {host for _, host in implants["cloud-run-sleeper"]} & found


def test_one_size(answers: dict[str, Rows]) -> None:
    """Shares are shares, most even first."""
    shares = [row["share"] for row in answers["one_size"]]
    assert shares == sorted(shares, reverse=True)
    assert all(0.3 <= share <= 1 for share in shares)
    assert shares


def test_every_query_is_asked_for_on_the_page(content: Content, answers: dict[str, Rows]) -> None:
    """The page lists each query, and no other."""
    page = written("hunts", content)["hunts.md"]
    assert all(f"`sql/{name}.sql`" in page for name in answers)
    assert page.count("`sql/") == len(answers)
