"""Rows of the published search for people, in its order of columns, and what it drops without a word.

From 150 columns on each of its columns stands alone, under its published name; below that they share three.
"""

from typing import TextIO

from rich.table import Table
from rich.text import Text

from sferic.model.finding import ActivityRow
from sferic.model.report import Report
from sferic.model.words import counted
from sferic.render import Look
from sferic.render._paper import DIM, cell, lines, paper, squeezed

WIDE = 150
"""Columns from which the published columns stand side by side."""
_SEEN, _FIGURES, _GAP = 19, 27, 2
"""Columns of the outer two parts, and between parts."""


def render(report: Report, stream: TextIO, look: Look) -> None:
    """Write the table and its notes."""
    page = paper(stream, look)
    if report.activity:
        narrow = look.width < WIDE
        page.print(_table(report, max(look.width - _SEEN - _FIGURES - 2 * _GAP, 24)) if narrow else _wide(report))
    else:
        page.print(cell("The published search finds nothing here."))
    for note in report.activity_notes:
        page.print(cell(f"note: {note}", DIM, 1000))


def _wide(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style=DIM)
    for name in ActivityRow.__struct_fields__:
        table.add_column(_header(name), overflow="fold" if name == "destinations" else "ellipsis")
    for row in report.activity:
        values = (getattr(row, name) for name in ActivityRow.__struct_fields__)
        table.add_row(
            *(lines([cell(v) for v in value]) if isinstance(value, tuple) else cell(_known(value)) for value in values)
        )
    return table


def _known(value: object) -> object:
    return "" if value is None else value


def _header(name: str) -> str:
    """Break a long published name at its underscores, so that its column need not be as wide as its name."""
    words, rows = name.split("_"), [""]
    for word in words:
        if len(rows[-1]) + len(word) > 12:
            rows.append("")
        rows[-1] += word + "_"
    return "\n".join(rows).rstrip("_")


def _table(report: Report, room: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style=DIM)
    for header, width in (
        ("FIRST, LAST SEEN", _SEEN),
        ("SOURCE, USER, DESTINATIONS", None),
        ("CONNECTIONS", _FIGURES),
    ):
        table.add_column(header, no_wrap=True, overflow="ellipsis", min_width=width, max_width=width or room)
    for row in report.activity:
        source = Text.assemble(cell(row.src_ip), " ", cell(row.cs_username, DIM))
        table.add_row(
            lines([cell(row.first_seen), cell(row.last_seen)]),
            lines([source, *(squeezed(host, room) for host in row.destinations)]),
            lines(_figures(row)),
        )
        table.add_row()
    return table


def _figures(row: ActivityRow) -> list[Text]:
    hours, rate = counted(row.hourly_buckets, "hour"), f"{row.avg_connections_per_hour:g}/h"
    sent, received = row.avg_bytes_sent_per_conn, row.avg_bytes_recv_per_conn
    return [
        cell(f"{row.connection_count:,} in {hours}, {rate}"),
        cell(f"{'?' if sent is None else sent} B sent, {'?' if received is None else received} B received"),
        cell("beaconing likely" if row.beaconing_likely else "beaconing not likely", DIM),
    ]
