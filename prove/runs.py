"""Runs the texts that can be executed over an estate, and says what each found."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb

from prove import elastic, kusto, sigma, splunk
from prove.estate import Estate, Pair
from sferic.content._contract import Content, texts
from sferic.content._spl import searches
from sferic.model.finding import Finding
from sferic.model.settings import Settings
from sferic.pipeline.archiving import archive
from sferic.pipeline.hunting import hunt


class Run(NamedTuple):
    """What one text found in the estate."""

    text: str
    engine: str
    alerts: set[Pair]
    note: str = ""


DAY_US = 24 * 3_600_000_000
STEP_US = DAY_US // 4
ALL_HOSTS = "each client and host: first 20 requests"
IMPLANTS_ONLY = "each client and host: first 20 requests; hosts of implants only"


def ours(estate: Path) -> Run:
    """Ask the engine itself: what it calls medium or worse."""
    found = hunt([str(estate)], Settings()).findings
    alerts = {pair for one in found if one.severity in {"medium", "high", "critical"} for pair in _pairs(one)}
    return Run("sferic hunt, medium and above", "the engine itself", alerts)


def executed(content: Content, estate: Estate, folder: Path) -> Iterator[Run]:
    """Run every text that something here executes."""
    with tempfile.TemporaryDirectory() as made:
        yield from _spl(content, folder, Path(made) / "app")
        yield from _sql(content, folder, Path(made) / "events")
    yield from _kusto(content, estate)
    yield from _sigma(content, estate)
    yield _eql(content, estate)


def _spl(content: Content, folder: Path, made: Path) -> Iterator[Run]:
    known = splunk.app(texts("splunk", content), made)
    for search in searches(content):
        if search.detection.id in {"candidate", "beacon"}:
            alerts = splunk.pairs(splunk.over_logs(search.spl, [str(folder)], known))
            yield Run(f"splunk: {search.name}", "sferic spl, on the raw logs", alerts)


def _sql(content: Content, folder: Path, made: Path) -> Iterator[Run]:
    archive([str(folder)], made, Settings(), None)
    for path, query in _texts("hunts", content).items():
        if path == "sql/even_gaps.sql":
            with duckdb.connect() as con:
                rows = con.execute(query.replace("'events/**", f"'{made}/**")).fetchall()
            yield Run("hunts: even_gaps", "DuckDB, on Parquet", {(row[0], row[2]) for row in rows})


def _kusto(content: Content, estate: Estate) -> Iterator[Run]:
    tables: Mapping[str, tuple[str, Callable[..., list[kusto.Row]]]] = {
        "asim": ("_Im_WebSession", kusto.asim), "cef": ("CommonSecurityLog", kusto.cef),
        "defender": ("DeviceNetworkEvents", kusto.defender),
    }  # fmt: skip
    for path, query in _texts("kusto", content).items():
        name = Path(path).stem
        table, filled = tables.get(name.rpartition("_")[2], ("", kusto.asim))
        if table and path.endswith(".kql") and not name.startswith("own"):
            alerts = kusto.pairs(kusto.run(query, **{table: filled(estate.events)}))
            yield Run(f"kusto: {name}", "duckdb-kql", alerts)
    yield _scheduled(_texts("kusto", content)["sentinel/beacon_asim.kql"], estate)


def _scheduled(query: str, estate: Estate) -> Run:
    """Run the beacon query as a schedule would: over the day before, again and again."""
    alerts: set[Pair] = set()
    first, last = (pick(event.time for event in estate.events) for pick in (min, max))
    for end in range(first + DAY_US, last + STEP_US, STEP_US):
        events = [event for event in estate.events if end - DAY_US <= event.time < end]
        alerts |= kusto.pairs(kusto.run(query, _Im_WebSession=kusto.asim(events)))
    return Run("kusto: beacon_asim, scheduled", "duckdb-kql", alerts, "a day of look-back, every six hours")


def _sigma(content: Content, estate: Estate) -> Iterator[Run]:
    rules = _texts("sigma", content)
    for name, rows in (
        ("proxy_serverless_platform_small", sigma.proxy(estate.events)),
        ("dns_query_serverless_platform", sigma.dns(estate.events)),
    ):
        alerts = sigma.run([rules[f"{name}.yml"], rules[f"correlation_{name}.yml"]], rows)
        yield Run(f"sigma: correlation_{name}", "pySigma's SQLite backend", alerts, ALL_HOSTS)


def _eql(content: Content, estate: Estate) -> Run:
    hosts = {host for one in estate.implants for _, host in one.pairs}
    events = elastic.flows(event for event in estate.events if event.dst_host in hosts)
    alerts = elastic.pairs(elastic.run(_texts("elastic", content)["candidate.eql"], events))
    return Run("elastic: candidate (EQL)", "eql, by Elastic", alerts, IMPLANTS_ONLY)


def _texts(target: str, content: Content) -> dict[str, str]:
    return {text.path: text.body for text in texts(target, content) if isinstance(text.body, str)}


def _pairs(finding: Finding) -> Iterator[Pair]:
    for address in (finding.src_ip or "", *finding.also_seen_as):
        for host in finding.hosts:
            yield address, host
