"""`sferic sources check`: read logs without hunting, and say what they can tell and what they cannot."""

import os

from rich.table import Table
from rich.text import Text

from sferic.cli import _exit, _flags, _settings, _streams
from sferic.cli._progress import progress
from sferic.cli.sources import cannot_show, table_of
from sferic.model.report import Account
from sferic.pipeline import normalize as run
from sferic.render import account
from sferic.render._paper import paper


def _blind_spots(ledger: Account) -> Table:
    """List what each log that was met cannot show."""
    met = sorted({name for file in ledger.files for name in file.sources})
    table = table_of((name, cannot_show(name)) for name in met)
    table.title, table.title_justify = Text("Cannot show", style="bold"), "left"
    return table


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
    reading, writing = reading or _flags.Reading(), writing or _flags.Writing()
    places = _flags.given(paths)
    settings = _settings.resolve(reading.layer(), reading.config, os.environ)
    with progress(quiet=writing.quiet, no_color=writing.no_color) as moved:
        found = run(places, settings, moved)
        for _ in found:
            pass
    with _streams.text(writing.output) as stream:
        look = _streams.look(stream, no_color=writing.no_color)
        account.render(found.account, stream, look)
        stream.write("\n")
        paper(stream, look).print(_blind_spots(found.account))
    return _exit.of_files(found.account)
