"""`sferic store`: what a store of earlier hunts holds."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from sferic.cli import _streams
from sferic.model.history import Contents
from sferic.render._paper import DIM, cell, grid, paper
from sferic.render.facts import title
from sferic.render.figures import bytes_text, counted, minute_text, span_text
from sferic.render.safe_text import safe_json
from sferic.store.history import History

MOST = 20
"""Days and findings that the table shows."""


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
    page = paper(sys.stdout, _streams.look(sys.stdout, no_color=no_color))
    page.print(_whole(contents))
    page.print(_days(contents))
    page.print(_findings(contents))
    return 0


def _whole(contents: Contents) -> object:
    table = grid()
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    kept = counted(contents.rows, "call")
    if contents.clients or not contents.unweighed:
        kept += f" of {counted(contents.clients, 'client')} to {contents.owners:,} owners"
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


def _findings(contents: Contents) -> object:
    table = grid()
    for header in ("SCORE", "STATE", "FOUND FIRST", "FOUND LAST", "WHAT"):
        table.add_column(header, no_wrap=header != "WHAT", overflow="fold")
    table.show_header, table.header_style = True, DIM
    for kept in contents.findings[:MOST]:
        found = (minute_text(kept.first_found), minute_text(kept.last_found))
        what = cell(f"{kept.finding.id}  {title(kept.finding)}", limit=200)
        table.add_row(str(kept.finding.score), kept.state, *found, what)
    return table
