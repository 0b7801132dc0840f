"""`sferic sources check`: read logs without hunting, and say what they can tell and what they cannot."""

import os
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from sferic.cli import _exit, _flags, _settings, _streams
from sferic.cli._progress import progress
from sferic.cli.sources import cannot_show, table_of
from sferic.model.report import Account, FileAccount
from sferic.model.words import counted
from sferic.pipeline.surveying import Holding
from sferic.pipeline.surveying import survey as run
from sferic.render import account
from sferic.render._paper import paper
from sferic.render.figures import share_text
from sferic.sources._contract import CERTAIN, GENERIC, LIKELY, NO, POSSIBLE, source

MOST_FILES = 50
"""Files that are told one by one."""
_SURELY = {CERTAIN: "certain", LIKELY: "likely", GENERIC: "by a form that many products share", POSSIBLE: "possible"}


def _titled(title: str, rows: Sequence[tuple[str, str]]) -> Table:
    table = table_of(rows)
    table.title, table.title_justify = Text(title, style="bold"), "left"
    return table


def _held(name: str, holding: Holding) -> str:
    """Say which fields are filled, in how many of the events, and which of the format's are not."""
    every = [field for field, count in holding.fields.items() if count == holding.events]
    some = [f"{n} {share_text(count, holding.events)}" for n, count in holding.fields.most_common() if n not in every]
    never = source(name).fields - holding.fields.keys() - {"raw"}
    parts = (("always", sorted(every)), ("partly", some), ("never", sorted(never)))
    told = "; ".join(f"{word} {', '.join(fields)}" for word, fields in parts if fields)
    return f"{counted(holding.events, 'event')}, for {', '.join(holding.analytics) or 'no analytic'}: {told}"


_OTHERS = "without an event (headers, other records)"


def _recognised(file: FileAccount) -> str:
    """Say who knew the lines of a file, how surely, and what became of them."""
    known = [
        f"{name} ({_SURELY.get(file.surety.get(name, NO), 'as it was kept')}), {counted(events, 'event')}"
        for name, events in sorted(file.sources.items(), key=lambda item: (-item[1], item[0]))
        if events or name in file.surety
    ]
    others = file.lines - file.events - file.rejected - file.unknown
    lines = ((file.rejected, "rejected"), (file.unknown, "unknown"), (others, _OTHERS))
    lost = [f"{number:,} {word}" for number, word in lines if number > 0]
    return f"{file.path}: " + "; ".join([*(known or ["not recognised"]), *lost])


def _files(account: Account) -> list[tuple[str, str]]:
    told = [(counted(file.lines, "line"), _recognised(file)) for file in account.files[:MOST_FILES]]
    more = len(account.files) - len(told)
    return [*told, ("", f"and {counted(more, 'file')} more")] if more else told


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
    with _streams.text(writing.output) as stream:
        look = _streams.look(stream, no_color=writing.no_color)
        account.render(found.account, stream, look, every_lack=True)
        met = sorted({name for file in found.account.files for name in file.sources})
        held = [(name, _held(name, holding)) for name, holding in sorted(found.holdings.items())]
        blind = [(name, cannot_show(name)) for name in met]
        for title, rows in (("Files", _files(found.account)), ("Fields", held), ("Cannot show", blind)):
            if rows:
                stream.write("\n")
                paper(stream, look).print(_titled(title, rows))
    return _exit.of_files(found.account)
