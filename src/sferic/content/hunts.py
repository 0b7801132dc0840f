"""Hunting queries: SQL for DuckDB over `sferic normalize --to`, and where the same stands in SPL, KQL and EQL."""

from collections.abc import Iterator

from sferic.content._contract import Content, Text
from sferic.content._fill import facts, fill
from sferic.content._pages import rows

_ASKED = {
    "even_gaps": ("Who calls at even distances?", "splunk: beacon · kusto: beacon"),
    "rare_hosts": ("Which functions does hardly anybody call, and yet somebody often?", "splunk: the dashboard"),
    "one_size": ("Whose answers are nearly always equally long?", ""),
    "round_the_clock": ("Who calls in nearly every hour of a day?", "elastic: beacon (ES|QL)"),
    "new_hosts": ("Which functions appeared in the last day, and are called regularly since?", ""),
}


def texts(content: Content) -> Iterator[Text]:
    """Write each query with the view it reads, and a page about them."""
    values = facts(content.detections["beacon"]) | content.hosts.expressions
    view = fill("hunts/calls.sql", values)
    for name in _ASKED:
        yield Text(f"sql/{name}.sql", f"{view}\n{fill(f'hunts/{name}.sql', values)}")
    asked = rows((question, f"`sql/{name}.sql`", also) for name, (question, also) in _ASKED.items())
    yield Text("hunts.md", fill("hunts/hunts.md", {"asked": asked}))
