"""The page Rich writes on: set up so that nothing in a value is read as markup, colour or a link.

Every cell is a `Text` made from safe text. Without colours, not a single escape sequence is written.
"""

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sferic.render import Look
from sferic.render.safe_text import LIMIT, safe_text

DIM = "dim"
SEVERITY_STYLE = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "informational": DIM,
}


class _Page(Console):
    """A console that leaves it to its caller what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        """Pass the error on; Rich would end the program here."""
        raise BrokenPipeError


def paper(stream: TextIO, look: Look) -> Console:
    """Open a page on a stream."""
    return _Page(
        file=stream,
        width=max(look.width, 40),
        color_system="standard" if look.color else None,
        force_terminal=look.color,
        no_color=not look.color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


def cell(value: object, style: str = "", limit: int = LIMIT) -> Text:
    """Make a cell of one line; None is an empty cell."""
    return Text("" if value is None else safe_text(value, limit), style=style)


def squeezed(value: object, width: int) -> Text:
    """Make a cell that is cut in the middle, because a host name tells most at both ends."""
    text = safe_text(value)
    if len(text) <= width:
        return Text(text)
    tail = max(width * 3 // 5, 1)
    return Text(text[: max(width - tail - 1, 0)] + "…" + text[-tail:])


def lines(parts: Iterable[Text]) -> Text:
    """Stack cells; empty ones at the end take no room."""
    kept = list(parts)
    while kept and not kept[-1].plain:
        kept.pop()
    return Text("\n").join(kept)


def grid(*, indent: int = 0) -> Table:
    """Start a table without rules; its columns stand two spaces apart."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0), collapse_padding=True)
    if indent:
        table.add_column(width=max(indent - 2, 0))
    return table
