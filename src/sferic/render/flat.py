"""Findings as CSV: one row each, for a spreadsheet.

Lists are joined with `; `, and no cell becomes a formula.
What a row cannot hold (histograms, samples, next steps) is left out; `ndjson` has all of it.
"""

import csv
from collections.abc import Iterable, Mapping
from typing import TextIO

from sferic.model.finding import Finding, Interval
from sferic.model.report import Report
from sferic.render import Look
from sferic.render.figures import rfc3339
from sferic.render.safe_text import safe_csv

CELL = 2000
"""Characters a cell may have."""


def render(report: Report, stream: TextIO, _look: Look) -> None:
    """Write a header and one row for each finding."""
    rows = [_row(finding) for finding in report.findings]
    write_rows(stream, tuple(_row(_NOTHING)), rows)


def write_rows(stream: TextIO, columns: tuple[str, ...], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows under a header; numbers stay numbers, text is made safe, unknown is an empty cell."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    return safe_csv("; ".join(map(str, value)) if isinstance(value, tuple) else value, CELL)


def _row(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.id,
        "analytic": finding.analytic,
        "score": finding.score,
        "severity": finding.severity,
        "points": round(finding.points, 2),
        "news": finding.news,
        "known_since": rfc3339(finding.known_since),
        "src_ip": finding.src_ip,
        "device": finding.device,
        "user": finding.user,
        "process": finding.process,
        "parent": finding.process_tree[-2].path if len(finding.process_tree) > 1 else None,
        "command_line": finding.process_tree[-1].command_line if finding.process_tree else None,
        "platform": finding.platform,
        "also_seen_as": finding.also_seen_as,
        "provider": finding.provider,
        "tenant": finding.tenant,
        "function": finding.function,
        "hosts": finding.hosts,
        "actor": finding.actor,
        "account": finding.account,
        "operations": tuple(dict.fromkeys(change.operation for change in finding.changes)),
        "first_seen": rfc3339(finding.first_seen),
        "last_seen": rfc3339(finding.last_seen),
        "connections": finding.connections,
        "checkins": finding.checkins,
        **_rhythm(finding.interval),
        "bytes_up": finding.bytes_up,
        "bytes_down": finding.bytes_down,
        "techniques": finding.techniques,
        "sources": finding.sources,
        "reasons": tuple(f"{r.signal} {r.points:+.1f}: {r.text}" for r in finding.reasons),
        "needs": finding.needs or None,
        "schema": finding.schema,
    }


def _rhythm(law: Interval | None) -> dict[str, object]:
    return {f"interval_{name}": law and getattr(law, name) for name in ("median_s", "jitter", "law", "sleep_s")}


_NOTHING = Finding(id="", analytic="beacon", score=0, points=0.0, severity="informational")
