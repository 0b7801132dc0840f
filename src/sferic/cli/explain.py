"""`sferic explain`: one finding of a kept report, in full."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from sferic.cli import _flags, _state, _streams
from sferic.model.errors import NotFound, UsageError
from sferic.model.finding import Finding
from sferic.model.report import Report
from sferic.model.words import counted
from sferic.render import explain as page
from sferic.render import renderer
from sferic.render.facts import title
from sferic.render.safe_text import safe_text

MOST = 10
"""Candidates that are listed when an id fits none or several."""


def explain(
    finding: str,
    /,
    *,
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    form: Annotated[Literal["text", "markdown", "ndjson", "ocsf"], Parameter(name=("--format", "-f"))] = "text",
    writing: _flags.Writing | None = None,
) -> int:
    """Show one finding of the last hunt in full.

    Args:
        finding: The finding's id; its beginning is enough.
        from_: A report that `sferic hunt --save` wrote, instead of the last hunt's.
        form: Text for reading, Markdown for a ticket, or JSON.
        writing: Where the output goes.
    """
    writing = writing or _flags.Writing()
    report = _state.load(from_ or _state.place())
    chosen = choose(report, finding)
    with _streams.text(writing.output) as stream:
        look = _streams.look(stream, no_color=writing.no_color)
        if form == "text":
            page.render(chosen, stream, look)
        else:
            renderer("findings", form)(msgspec.structs.replace(report, findings=(chosen,), activity=()), stream, look)
    return 0


def choose(report: Report, start: str) -> Finding:
    """Find the one finding whose id is, or begins with, the text."""
    fitting = [f for f in report.findings if f.id == start] or [f for f in report.findings if f.id.startswith(start)]
    if len(fitting) == 1:
        return fitting[0]
    shown = (fitting or report.findings)[:MOST]
    listed = "\n    ".join(["one of", *(safe_text(f"{f.id}  {title(f)}") for f in shown)])
    if fitting:
        raise UsageError(f"{counted(len(fitting), 'finding')} begin with {start!r}", expected=listed)
    where = ", ".join(map(safe_text, report.paths))
    if not report.findings:
        raise NotFound("the hunt found nothing that could be explained", where=where)
    hint = f"{len(report.findings)} in this report; of the last hunt, unless `--from` names one that `--save` wrote"
    raise NotFound(f"no finding is called {start!r}", where=where, expected=listed, hint=hint)
