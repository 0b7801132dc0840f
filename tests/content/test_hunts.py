"""Every hunting query runs over the example estate or over events made for it, and shows what it asks for."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from prove import elastic, kusto, splunk
from prove.estate import Estate
from sferic.content._contract import Content, texts
from sferic.model.settings import Settings
from sferic.pipeline.archiving import archive
from tests.content.conftest import EXAMPLE, NAMELESS, Exported, written

Rows = list[dict[str, Any]]
Pairs = set[tuple[str, str]]


@pytest.fixture(scope="module")
def answers(content: Content, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """What each query answers, by its name."""
    folder = tmp_path_factory.mktemp("hunts") / "events"
    archive([str(EXAMPLE)], folder, Settings(), None)
    texts = {path: text for path, text in written("hunts", content).items() if path.endswith(".sql")}
    return {Path(path).stem: ask(text.replace("'events/**", f"'{folder}/**")) for path, text in texts.items()}


@pytest.fixture(scope="module")
def hunts(content: Content) -> Exported:
    """Every text by its path."""
    return written("hunts", content)


@pytest.fixture(scope="module")
def searched(hunts: Exported, content: Content, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """What each SPL query answers over the raw logs, by its name."""
    known = splunk.app(texts("splunk", content), tmp_path_factory.mktemp("app"))
    found = {path: text for path, text in hunts.items() if path.endswith(".spl")}
    return {
        Path(path).stem: [*map(dict, splunk.over_logs(text, [str(EXAMPLE)], known))] for path, text in found.items()
    }


@pytest.fixture(scope="module")
def queried(hunts: Exported, estate: Estate) -> dict[str, Rows]:
    """What each KQL query answers over the events as sessions, by its name."""
    rows = kusto.asim(estate.events)
    found = {path: text for path, text in hunts.items() if path.endswith(".kql")}
    return {Path(path).stem: kusto.run(text, _Im_WebSession=rows) for path, text in found.items()}


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


KEYS = {
    "rare_hosts": (("host",), ("dest_host",), ("Host",)),
    "round_the_clock": (("src_ip", "host"), ("src", "dest_host"), ("Source", "Host")),
    "new_hosts": (("host",), ("dest_host",), ("Host",)),
    "one_size": (("src_ip", "host"), ("src", "dest_host"), ("Source", "Host")),
}
"""What a row of each query is about, in SQL, SPL and KQL."""


@pytest.mark.parametrize("name", KEYS)
def test_languages_agree(
    name: str, answers: dict[str, Rows], searched: dict[str, Rows], queried: dict[str, Rows]
) -> None:
    """A question has nearly the same answer in each language; SPL knows fewer logs, and SQL no refused requests."""
    sql, spl, kql = (
        {tuple(row[key] for key in keys) for row in found[name]}
        for found, keys in zip((answers, searched, queried), KEYS[name], strict=True)
    )
    assert sql
    for other in (spl, kql):
        assert len(sql & other) >= 0.8 * max(len(sql), len(other)), (len(sql), len(other), len(sql & other))


def test_every_query_is_run(hunts: Exported, answers: Rows, searched: Rows, queried: Rows) -> None:
    """No query is left out here."""
    run = {*(f"sql/{n}.sql" for n in answers), *(f"spl/{n}.spl" for n in searched), *(f"kql/{n}.kql" for n in queried)}
    assert run | {"eql/started_by_office.eql", "hunts.md"} == set(hunts)


def test_started_by_office(hunts: Exported) -> None:
    """A program that Office started and that calls a function is found; one of the shell's, or of a day later, is not."""

    def pair(parent: str, pause_s: int, host: str = "fn.lab-account.workers.dev") -> list[Any]:
        common = {"host": {"id": "d1"}}
        process = {"entity_id": "p1", "name": "sync.exe"}
        start = {"event": {"type": "start"}, "process": {**process, "parent": {"name": parent}}}
        call = {"process": process, "destination": {"domain": host}}
        begin = 1_700_000_000_000_000
        return [
            elastic.record("process", begin, common | start),
            elastic.record("network", begin + pause_s * 1_000_000, common | call),
        ]

    query = hunts["eql/started_by_office.eql"]
    assert elastic.run(query, pair("WINWORD.EXE", 60))
    assert elastic.run(query, pair("mshta.exe", 60))
    assert not elastic.run(query, pair("explorer.exe", 60))
    assert not elastic.run(query, pair("winword.exe", 90_000))
    assert not elastic.run(query, pair("winword.exe", 60, "www.example"))
