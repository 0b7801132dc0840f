"""Rows of the published search for programs, in the columns and the order it was published with.

`sferic.render.activity_table` writes them for people.
"""

from typing import TextIO

import msgspec

from sferic.model.finding import ActivityRow
from sferic.model.report import Report
from sferic.render import Look
from sferic.render.flat import write_rows
from sferic.render.safe_text import safe_json

SCHEMA = "sferic.activity/1"
COLUMNS = ActivityRow.__struct_fields__


def csv(report: Report, stream: TextIO, _look: Look) -> None:
    """Write a header and the rows; several destinations share a cell."""
    write_rows(stream, COLUMNS, (msgspec.structs.asdict(row) for row in report.activity))


def ndjson(report: Report, stream: TextIO, _look: Look) -> None:
    """Write one line for each row: the published columns, then `analytic` and `schema`."""
    for row in report.activity:
        tail = {"analytic": "activity", "schema": SCHEMA}
        stream.write(safe_json(msgspec.to_builtins(row) | tail) + "\n")
