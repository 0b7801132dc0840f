"""Rows of any fields, as a table, NDJSON or CSV. Values come from logs: each goes through safe text."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from rich.table import Table
from rich.text import Text

from sferic.render import Look
from sferic.render._paper import DIM, cell, lines, paper
from sferic.render.flat import write_rows
from sferic.render.safe_text import safe_json, safe_text

Rows = Iterable[Mapping[str, object]]
MANY_SHOWN = 20
"""Values of one field that a table shows."""


def table(fields: Sequence[str], rows: Rows, stream: TextIO, look: Look) -> None:
    """Write a table; several values of a field stand under each other."""
    page = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DIM)
    for name in fields:
        page.add_column(safe_text(name), overflow="fold")
    for row in rows:
        page.add_row(*(_cell(row.get(name)) for name in fields))
    paper(stream, look).print(page)


def _cell(value: object) -> Text:
    if isinstance(value, list):
        shown = [cell(one) for one in value[:MANY_SHOWN]]
        return lines([*shown, *([cell(f"and {len(value) - MANY_SHOWN:,} more", DIM)] if value[MANY_SHOWN:] else [])])
    return cell(value)


def ndjson(fields: Sequence[str], rows: Rows, stream: TextIO, _look: Look) -> None:
    """Write one line for each row; a field without a value is left out."""
    kept = ({name: row[name] for name in fields if row.get(name) is not None} for row in rows)
    stream.writelines(safe_json(row) + "\n" for row in kept)


def csv(fields: Sequence[str], rows: Rows, stream: TextIO, _look: Look) -> None:
    """Write a header and the rows; several values share a cell."""
    whole = ({n: tuple(v) if isinstance(v := row.get(n), list) else v for n in fields} for row in rows)
    write_rows(stream, tuple(map(safe_text, fields)), ({safe_text(n): v for n, v in row.items()} for row in whole))
