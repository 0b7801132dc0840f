"""`sferic sources`: the log formats that can be read, what each holds, and what each cannot show."""

import importlib
import inspect
import os
import sys
from collections.abc import Iterable

from cyclopts import App
from rich.table import Table
from rich.text import Text

from sferic.cli import _exit, _flags, _settings, _streams
from sferic.cli._progress import progress
from sferic.model.report import Account
from sferic.render import account
from sferic.render._paper import DIM, cell, grid, paper
from sferic.sources._contract import Source
from sferic.sources._contract import source as one
from sferic.sources._contract import sources as every

_STAMPS = {"start": "a line is written when a connection begins", "end": "a line is written when it ends"}


app = App(name="sources", help="List the log formats that can be read, or show one.", help_epilogue="")


@app.default
def sources(source: str = "", /, *, no_color: bool = False) -> int:
    """List the log formats that can be read, or show one.

    Args:
        source: A source's id; nothing lists all.
        no_color: Use no colours.
    """
    page = paper(sys.stdout, _streams.look(sys.stdout, no_color=no_color))
    rows = _full(one(source)) if source else [(name, found.sentence) for name, found in every().items()]
    page.print(_rows(rows))
    return 0


def _rows(rows: Iterable[tuple[str, str]]) -> Table:
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
        ("cannot show", _cannot_show(source.id)),
    ]
    return [(label, value) for label, value in rows if value]


def _cannot_show(name: str) -> str:
    """Take the paragraph `Cannot show:` out of the source's own description."""
    text = inspect.getdoc(importlib.import_module(f"sferic.sources.{name}")) or ""
    paragraph = text.partition("Cannot show:")[2].partition("\n\n")[0]
    return " ".join(paragraph.split())


def _blind_spots(ledger: Account) -> Table:
    """List what each log that was met cannot show."""
    met = sorted({name for file in ledger.files for name in file.sources})
    table = _rows((name, _cannot_show(name)) for name in met)
    table.title, table.title_justify = Text("Cannot show", style="bold"), "left"
    return table


@app.command
def check(
    *paths: str,
    reading: _flags.Reading | None = None,
    writing: _flags.Writing | None = None,
) -> int:
    """Read logs without hunting, and say what they hold, what could not be read, and what they cannot show.

    Args:
        paths: Files, folders, archives or patterns; `-` is standard input.
        reading: How the logs are read.
        writing: Where the output goes.
    """
    from sferic.pipeline import normalize  # noqa: PLC0415 - heavy, and listing sources does without

    reading, writing = reading or _flags.Reading(), writing or _flags.Writing()
    places = _flags.given(paths)
    settings = _settings.resolve(reading.layer(), reading.config, os.environ)
    with progress(quiet=writing.quiet, no_color=writing.no_color) as moved:
        found = normalize(places, settings, moved)
        for _ in found:
            pass
    with _streams.text(writing.output) as stream:
        look = _streams.look(stream, no_color=writing.no_color)
        account.render(found.account, stream, look)
        stream.write("\n")
        paper(stream, look).print(_blind_spots(found.account))
    return _exit.of_files(found.account)
