"""`sferic store`: what a store of earlier hunts holds."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.text import Text

from sferic.cli import _streams
from sferic.model.history import Contents
from sferic.model.words import counted
from sferic.render._paper import DIM, cell, grid, lines, paper, squeezed
from sferic.render.facts import called, caller
from sferic.render.figures import bytes_text, minute_text, span_text
from sferic.render.safe_text import safe_json
from sferic.store.history import History

MOST = 20
"""Days and findings that the table shows."""
_BEFORE = 41
"""Columns before what is called."""


def store(
    file: Path,
    /,
    *,
    form: Annotated[Literal["table", "json"], Parameter(name=("--format", "-f"))] = "table",
    no_color: bool = False,
) -> int:
    """Show what a store of earlier hunts holds: files, days, clients, owners, and findings with their state.

    Args:
        file: What `sferic hunt --store` wrote.
        form: A table, or JSON with every finding in full.
        no_color: Use no colours.
    """
    with History(file, read_only=True) as history:
        contents = history.contents()
    if form == "json":
        sys.stdout.write(safe_json(msgspec.to_builtins(contents)) + "\n")
        return 0
    look = _streams.look(sys.stdout, no_color=no_color)
    page = paper(sys.stdout, look)
    for part in (_whole(contents), _days(contents), _findings(contents, look.width)):
        page.print(part)
        page.print()
    for note in _notes(contents):
        page.print(Text(note, style=DIM))
    return 0


def _whole(contents: Contents) -> object:
    table = grid()
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    kept = counted(contents.rows, "call")
    if contents.clients or not contents.unweighed:
        kept += f" of {counted(contents.clients, 'client')} to {counted(contents.owners, 'owner')}"
    else:
        kept += ", not weighed yet"
    span = span_text(contents.first_time, contents.last_time)
    table.add_row("holds", f"{kept}, from {counted(contents.files, 'file')}")
    if contents.unweighed:
        table.add_row("waiting", f"{counted(contents.unweighed, 'client')} to be weighed; the next hunt does it")
    if span:
        between = f"{minute_text(contents.first_time)} to {minute_text(contents.last_time)}"
        table.add_row("span", f"{between} ({span})")
    table.add_row("size", f"{bytes_text(contents.bytes)}, schema {contents.schema}")
    return table


def _days(contents: Contents) -> object:
    table = grid()
    for header in ("DAY", "CALLS", "CLIENTS", "OWNERS"):
        table.add_column(header, no_wrap=True)
    table.show_header, table.header_style = True, DIM
    for day, *numbers in contents.days[-MOST:]:
        table.add_row(day, *(f"{number:,}" for number in numbers))
    return table


def _findings(contents: Contents, width: int) -> object:
    table = grid()
    for header in ("SCORE", "STATE", "KNOWN SINCE", "LAST FOUND", "WHAT"):
        table.add_column(header, no_wrap=True, overflow="ellipsis")
    table.show_header, table.header_style = True, DIM
    for kept in contents.findings[:MOST]:
        finding, what = kept.finding, squeezed(called(kept.finding), max(width - _BEFORE, 16))
        days = (minute_text(kept.first_found)[:10], minute_text(kept.last_found)[:10])
        who = Text.assemble(cell(finding.id[:12], DIM), "  ", cell(caller(finding)))
        table.add_row(str(finding.score), kept.state, *days, lines([who, Text.assemble(("→ ", DIM), what)]))
    return table


def _notes(contents: Contents) -> Iterator[str]:
    """Say what is not shown, and what the words mean."""
    left_out = len(contents.findings) - MOST
    if left_out > 0:
        yield f"and {counted(left_out, 'finding')} more; `-f json` shows all"
    if contents.findings:
        yield "open: found when its client was last weighed; below: not found any more"
