"""One finding in full: what is known, how its score adds up, when it calls, what else it could be."""

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sferic.model.finding import Finding, Reason, Sample
from sferic.render import Look
from sferic.render._paper import DIM, SEVERITY_STYLE, cell, grid, lines, paper, squeezed
from sferic.render.charts import histogram, raster
from sferic.render.facts import called, caller, changes, facts, headline, parts, precision
from sferic.render.figures import points_text

PLACES = 3
"""Log lines that are named beside a reason."""


def render(finding: Finding, stream: TextIO, look: Look) -> None:
    """Write the finding, section by section; a section without content is left out."""
    page = paper(stream, look)
    _header(finding, page)
    _section(page, "Why", [_points(finding)])
    _section(page, "What was done to the function", (cell(line, limit=500) for line in changes(finding)))
    _section(page, "Gaps between check-ins", map(Text, histogram(finding.gaps, look.width - 4)))
    _section(page, "Connections by hour, UTC", map(Text, raster(finding.days)))
    _section(page, "Log lines", map(_sample, finding.samples))
    _section(page, "What else this could be", _items(finding.benign_explanations))
    _section(page, "What would make it surer", _items([finding.needs] if finding.needs else []))
    _section(page, "Next steps", _items(finding.next_steps))


def _header(finding: Finding, page: Console) -> None:
    verdict = Text(f"{finding.severity} {finding.score}", style=SEVERITY_STYLE[finding.severity])
    page.print(Text.assemble(verdict, "  ", (headline(finding), "bold"), "  ", cell(finding.id, DIM)))
    room = page.width - len(caller(finding)) - 3
    page.print(Text.assemble(cell(caller(finding)), (" → ", DIM), squeezed(called(finding), room)))
    page.print()
    table = grid(indent=2)
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in facts(finding):
        table.add_row("", label, cell(value, limit=1000))
    page.print(table)


def _section(page: Console, name: str, parts: Iterable[Text | Table]) -> None:
    shown = list(parts)
    if shown:
        page.print()
        page.print(Text(name, style="bold"))
        for part in shown:
            page.print(Padding(part, (0, 0, 0, 2)))


def _points(finding: Finding) -> Table:
    """Lay out the signed parts of the score so that a reader can add them up."""
    decimals, rest = precision(finding)
    moving, inert = parts(finding)
    table = grid()
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    shown: tuple[str, ...] = ()
    for reason in moving:
        places = reason.events if reason.events != shown else ()
        table.add_row(points_text(reason.points, decimals), cell(reason.signal), _meaning(reason, places))
        shown = reason.events or shown
    if inert:
        table.add_row(points_text(0, decimals), "no effect", cell(", ".join(inert), DIM, 1000))
    if rest:
        table.add_row(points_text(rest, decimals), "not itemised", "the parts above do not add up")
    table.add_row(Text("─" * 6, style=DIM), "", "")
    total = points_text(finding.points, decimals)
    score = f"score {finding.score} of 100, {finding.severity}"
    table.add_row(Text(total, style="bold"), Text("total", style="bold"), score)
    return table


def _meaning(reason: Reason, places: tuple[str, ...]) -> Text:
    """Say what was measured, what that means, and, unless it was just said, where it shows."""
    value = [cell(reason.value)] if reason.value else []
    return lines([*value, cell(reason.text, DIM, 500), cell(_places(places), DIM, 500)])


def _places(events: tuple[str, ...]) -> str:
    """Name the first log lines: `see a.log:3, :9, b.log:1 and 4 more`."""
    shown = [place.rpartition(":") for place in events[:PLACES]]
    before = ["", *(file for file, _, _ in shown)]
    named = [f"{'' if file == last else file}:{line}" for (file, _, line), last in zip(shown, before, strict=False)]
    more = f" and {len(events) - PLACES} more" if len(events) > PLACES else ""
    return f"see {', '.join(named)}{more}" if named else ""


def _sample(sample: Sample) -> Text:
    return Text.assemble(cell(sample.place, DIM), "\n", cell(sample.text, limit=500))


def _items(sentences: Iterable[str]) -> Iterable[Table]:
    for sentence in sentences:
        table = grid()
        table.add_row(Text("·", style=DIM), cell(sentence, limit=1000))
        yield table
