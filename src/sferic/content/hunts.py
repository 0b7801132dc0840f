"""Hunting queries: SQL for DuckDB over `sferic normalize --to`, and the same questions in SPL, KQL and EQL."""

from collections.abc import Iterator, Mapping

from sferic.catalog.programs import programs
from sferic.content._contract import Content, Text
from sferic.content._fill import facts, fill, quoted
from sferic.content._pages import rows

_ASKED = {
    "even_gaps": ("Who calls at even distances?", ("sql",), "splunk: beacon · kusto: beacon"),
    "rare_hosts": ("Which functions does hardly anybody call, and yet somebody often?", ("sql", "spl", "kql"), ""),
    "one_size": ("Whose answers are nearly always equally long?", ("sql", "spl", "kql"), ""),
    "round_the_clock": ("Who calls in nearly every hour of a day?", ("sql", "spl", "kql"), "elastic: beacon (ES|QL)"),
    "new_hosts": (
        "Which functions appeared in the last day, and are called regularly since?",
        ("sql", "spl", "kql"),
        "",
    ),
    "started_by_office": ("Which program that Office or a script host started calls a function?", ("eql",), ""),
}
"""Query -> what it asks, the languages it is written in, and where else the same is exported."""
_EXECUTED = {
    "sql": "-- Executed by DuckDB on simulated logs.",
    "spl": "```Executed on simulated logs by sferic spl, which is not Splunk. The macros are those of the app.```",
    "kql": "// Executed on simulated events by duckdb-kql, which is not Kusto.",
    "eql": "// Executed on made-up events by eql, Elastic's Python engine; not in Elasticsearch.",
}


def texts(content: Content) -> Iterator[Text]:
    """Write each query with what it reads, and a page about them."""
    values = _values(content)
    for name, (_, languages, _also) in _ASKED.items():
        for language in languages:
            path = f"{language}/{name}.{language}"
            view = fill("hunts/sql/calls.sql", values) + "\n" if language == "sql" else ""
            yield Text(path, f"{_EXECUTED[language]}\n{view}{fill(f'hunts/{path}', values)}")
    asked = rows(
        (question, " · ".join(f"`{language}/{name}.{language}`" for language in languages), also)
        for name, (question, languages, also) in _ASKED.items()
    )
    yield Text("hunts.md", fill("hunts/hunts.md", {"asked": asked}))


def _values(content: Content) -> Mapping[str, object]:
    hosts, indent = content.hosts, " " * 8
    parents = {file for one in programs().program if one.kind in {"document", "script_host"} for file in one.files}
    values: dict[str, object] = facts(content.detections["beacon"]) | hosts.expressions | {
        "patterns": quoted(hosts.patterns, indent=indent), "host_vendors": quoted(hosts.vendor_patterns, indent=indent),
        "parents": quoted(sorted(file for file in parents if file.endswith(".exe")), indent=indent),
    }  # fmt: skip
    values["events"] = fill("kusto/events_asim.kql", values).rstrip()
    values["visits"] = fill("kusto/visits.kql", values).rstrip()
    return values
