"""Turns a report into text: for a terminal, a pipe, a spreadsheet, a ticket, another product.

A renderer is a function of `(report, stream, look)`. It computes no verdict, reads no file and prints nowhere
but into the stream it is given. Every value that comes from a log passes `sferic.render.safe_text`.
Modules are imported when they are asked for, because the terminal's is heavy.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import TextIO

import msgspec

from sferic.model.report import Report


class Look(msgspec.Struct, frozen=True):
    """How the output may look; only formats for people care."""

    color: bool = False
    width: int = 100
    """Columns."""
    top: int = 0
    """How many findings a table shows; 0 for all. Other formats leave nothing out."""


Renderer = Callable[[Report, TextIO, Look], None]

FORMATS: Mapping[str, Mapping[str, str]] = {
    "findings": {
        "table": "sferic.render.terminal:render",
        "ndjson": "sferic.render.ndjson:render",
        "csv": "sferic.render.flat:render",
        "ocsf": "sferic.render.ocsf:render",
        "markdown": "sferic.render.markdown:render",
    },
    "activity": {
        "table": "sferic.render.activity_table:render",
        "ndjson": "sferic.render.activity:ndjson",
        "csv": "sferic.render.activity:csv",
    },
}
"""What is written (findings, or the rows of the published search alone) → format → where its renderer is."""


def renderer(what: str, name: str) -> Renderer:
    """Import the renderer of one of `FORMATS`."""
    module, _, function = FORMATS[what][name].partition(":")
    found: Renderer = getattr(importlib.import_module(module), function)
    return found
