"""`sferic sources`: the log formats that can be read, what each holds, and what each cannot show."""

import importlib
import inspect
import sys
from collections.abc import Iterable

from cyclopts import App
from rich.table import Table

from sferic.cli import _streams
from sferic.render._paper import DIM, cell, grid, paper
from sferic.sources._contract import Source
from sferic.sources._contract import source as one
from sferic.sources._contract import sources as every

_STAMPS = {"start": "a line is written when a connection begins", "end": "a line is written when it ends"}


app = App(name="sources", help="List the log formats that can be read, or show one.", help_epilogue="")
app.command(
    "sferic.cli.check:check", name="check", help="Say what logs hold, what was lost, and what they cannot show."
)


@app.default
def sources(source: str = "", /, *, no_color: bool = False) -> int:
    """List the log formats that can be read, or show one.

    Args:
        source: A source's id; nothing lists all.
        no_color: Use no colours.
    """
    page = paper(sys.stdout, _streams.look(sys.stdout, no_color=no_color))
    rows = _full(one(source)) if source else [(name, found.sentence) for name, found in every().items()]
    page.print(table_of(rows))
    return 0


def table_of(rows: Iterable[tuple[str, str]]) -> Table:
    """Lay out labels beside their texts."""
    table = grid()
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(label, cell(value, limit=2000))
    return table


def _full(source: Source) -> list[tuple[str, str]]:
    rows = [
        ("source", source.id),
        ("what", source.sentence),
        ("tables", ", ".join(source.tables)),
        ("fields", ", ".join(sorted(source.fields))),
        ("time", _STAMPS[source.stamp]),
        *((f"option {name}", sentence) for name, sentence in source.options.items()),
        ("cannot show", cannot_show(source.id)),
    ]
    return [(label, value) for label, value in rows if value]


def cannot_show(name: str) -> str:
    """Take the paragraph `Cannot show:` out of the source's own description."""
    text = inspect.getdoc(importlib.import_module(f"sferic.sources.{name}")) or ""
    paragraph = text.partition("Cannot show:")[2].partition("\n\n")[0]
    return " ".join(paragraph.split())
