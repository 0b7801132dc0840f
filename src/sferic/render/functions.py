"""An inventory of one's own functions: a table for people, NDJSON for programs; and deployers as a TOML file."""

from collections.abc import Iterable
from typing import TextIO

import msgspec
from rich.text import Text

from sferic.catalog.deployers import Deployer
from sferic.model.inventory import FunctionRow, Functions
from sferic.render import Look
from sferic.render._paper import DIM, cell, grid, lines, paper
from sferic.render.figures import counted, minute_text, rfc3339
from sferic.render.safe_text import safe_json, safe_text


def table(found: Functions, stream: TextIO, look: Look) -> None:
    """Write a row for each function."""
    page = paper(stream, look)
    if not found.rows:
        page.print("No audit log here shows a function of yours.")
        return
    whole = grid()
    for header in ("FUNCTION", "CHANGED", "CALLED BY"):
        whole.add_column(header, overflow="fold")
    whole.show_header, whole.header_style = True, DIM
    for row in found.rows[: look.top or None]:
        whole.add_row(_names(row), _changed(row), _callers(row))
        whole.add_row()
    page.print(whole)


def _names(row: FunctionRow) -> Text:
    where = " · ".join(part for part in (row.provider, row.account) if part)
    return lines([cell(row.function), cell(where, DIM), *(cell(host) for host in row.hosts[:4])])


def _changed(row: FunctionRow) -> Text:
    made = f"made {minute_text(row.created)} by {row.created_by or 'unknown'}" if row.created else "made before the log"
    last = f"{minute_text(row.changed)} by {row.changed_by or 'unknown'}" if row.changed else "not within the log"
    return lines([cell(last), cell(row.operation or "", DIM), cell(made, DIM)])


def _callers(row: FunctionRow) -> Text:
    if not row.calls:
        return cell("nobody seen", DIM)
    head = f"{counted(row.callers, 'machine')}, {counted(row.calls, 'call')}"
    return lines([cell(head), *(cell(name, DIM) for name in row.called_by)])


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
