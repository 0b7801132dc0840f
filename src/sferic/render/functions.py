"""An inventory of one's own functions: a table for people, NDJSON for programs; and deployers as a TOML file."""

from collections.abc import Iterable, Iterator
from typing import TextIO

import msgspec
from rich.text import Text

from sferic.catalog.deployers import Deployer
from sferic.model.inventory import FunctionRow, Functions
from sferic.model.words import counted
from sferic.render import Look
from sferic.render._paper import DIM, cell, grid, lines, paper
from sferic.render.figures import minute_text, rfc3339
from sferic.render.safe_text import safe_json, safe_text

MOST_HOSTS = 4


def table(found: Functions, stream: TextIO, look: Look) -> None:
    """Write a block for each function: names of principals and hosts are too long for columns side by side."""
    page = paper(stream, look)
    if not found.rows:
        page.print("No audit log here shows a function of yours.")
        return
    for number, row in enumerate(found.rows[: look.top or None]):
        if number:
            page.print()
        where = " · ".join(part for part in (row.provider, row.account) if part)
        page.print(Text.assemble(cell(row.function, "bold"), "  ", cell(where, DIM)))
        facts = grid(indent=2)
        facts.add_column(style=DIM, no_wrap=True)
        facts.add_column(overflow="fold")
        for label, text in _facts(row):
            facts.add_row("", label, text)
        page.print(facts)


def _facts(row: FunctionRow) -> Iterator[tuple[str, Text]]:
    if row.hosts:
        yield "hosts", lines([cell(host) for host in row.hosts[:MOST_HOSTS]])
    last = f"{minute_text(row.changed)} by {row.changed_by or 'unknown'}" if row.changed else "not within the log"
    yield "changed", lines([cell(last), cell(row.operation or "", DIM)])
    made = f"{minute_text(row.created)} by {row.created_by or 'unknown'}" if row.created else "before the log"
    yield "made", cell(made)
    if row.calls:
        head = f"{counted(row.callers, 'machine')}, {counted(row.calls, 'call')}"
        yield "called by", lines([cell(head), *(cell(name, DIM) for name in row.called_by)])
    else:
        yield "called by", cell("nobody seen", DIM)


def ndjson(found: Functions, stream: TextIO, _look: Look) -> None:
    """Write one line for each function; unknown is null."""
    for row in found.rows:
        record = msgspec.to_builtins(row) | {"created": rfc3339(row.created), "changed": rfc3339(row.changed)}
        stream.write(safe_json(record) + "\n")


def deployers_toml(found: Iterable[Deployer], stream: TextIO) -> None:
    """Write deployers as a file that `--deployers` reads."""
    stream.write("# Who is expected to change functions. Learned; read it before you use it.\n")
    for one in found:
        stream.write(f"\n[[deployer]]\nname = {_quoted(one.name)}\nprincipal = {_quoted(one.principal)}\n")
        stream.write(f"networks = [{', '.join(map(_quoted, one.networks))}]\n")
        stream.write(f"agents = [{', '.join(map(_quoted, one.agents))}]\n")


def _quoted(text: str) -> str:
    """Write a text as a TOML string; what is invisible in it is shown as an escape, and so never fits anybody."""
    safe = safe_text(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'
