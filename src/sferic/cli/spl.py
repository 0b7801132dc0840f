"""`sferic spl`: run Splunk searches over raw logs, without Splunk."""

import math
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from sferic.cli import _exit, _flags, _settings, _streams
from sferic.cli._progress import progress
from sferic.cli.sources import table_of
from sferic.model.errors import SettingsError, UsageError
from sferic.pipeline.checking import check
from sferic.render import Look, account, rows
from sferic.render._paper import paper
from sferic.sources._clock import zone

app = App(name="spl", help="Run Splunk searches over raw logs, without Splunk.", help_epilogue="")
_WRITERS: dict[str, Callable[[Sequence[str], rows.Rows, Any, Look], None]] = {
    "table": rows.table,
    "ndjson": rows.ndjson,
    "csv": rows.csv,
}


@app.command(name="run")
def run(
    *paths: str,
    search: Annotated[str | None, Parameter(name=("--search", "-e"))] = None,
    form: Annotated[Literal["table", "ndjson", "csv"] | None, Parameter(name=("--format", "-f"))] = None,
    app: list[Path] | None = None,
    lookup: list[str] | None = None,
    now: float | None = None,
    reading: _flags.Reading | None = None,
    writing: _flags.Writing | None = None,
) -> int:
    """Run a search over logs: `run FILE.spl PATH...`, or `run -e SEARCH PATH...`. It is not Splunk.

    Args:
        paths: A file with the search, unless `-e` gives it; then files, folders, archives or patterns with logs.
        search: The search itself.
        form: How to write the rows: a table on a terminal, else NDJSON.
        app: The folder of a Splunk app whose macros and lookups the search may use; repeat for more.
        lookup: A lookup table, as NAME=FILE.csv; repeat for more.
        now: Epoch seconds that now() and -24h mean (default: the time of the newest event).
        reading: How the logs are read.
        writing: Where the output goes.
    """
    reading, writing = reading or _flags.Reading(), writing or _flags.Writing()
    if now is not None and not math.isfinite(now):
        raise UsageError("--now is no time", expected="epoch seconds")
    text, places = (search, list(paths)) if search is not None else (_file(paths), list(paths[1:]))
    settings = _settings.resolve(reading.layer(), reading.config, os.environ)
    check(settings)
    running, read_events = import_module("sferic.spl.running"), import_module("sferic.spl.reading").read_events
    known = import_module("sferic.spl.app").knowledge(app or [], _lookups(lookup or []))
    parsed = running.read(text, known)
    with progress(quiet=writing.quiet, no_color=writing.no_color) as moved:
        events = read_events(_flags.given(places), parsed, settings, moved)
    found = running.run_parsed(parsed, events.rows, known, zone=zone(settings.timezone), now=now)
    with _streams.text(writing.output) as stream:
        name = form or ("table" if writing.output is None and sys.stdout.isatty() else "ndjson")
        _WRITERS[name](found.fields, found.rows, stream, _streams.look(stream, no_color=writing.no_color))
    if not writing.quiet:
        if not found.rows:
            sys.stderr.write("0 rows\n")
        sys.stderr.writelines(f"note: {note}\n" for note in found.notes)
        account.render(events.account, sys.stderr, _streams.look(sys.stderr, no_color=writing.no_color))
    else:
        _streams.warn(events.account)
    return _exit.of_files(events.account)


@app.command(name="commands")
def commands(*, no_color: bool = False) -> int:
    """List the commands and functions that searches may use.

    Args:
        no_color: Use no colours.
    """
    known: list[tuple[str, str]] = import_module("sferic.spl.reference").entries()
    paper(sys.stdout, _streams.look(sys.stdout, no_color=no_color)).print(table_of(known))
    return 0


def _file(paths: Sequence[str]) -> str:
    if not paths:
        raise UsageError("there is no search", expected="FILE.spl PATH..., or -e SEARCH PATH...")
    try:
        return Path(paths[0]).read_text(encoding="utf-8")
    except OSError as error:
        hint = "a search itself follows -e" if isinstance(error, FileNotFoundError) else ""
        raise SettingsError(f"the search cannot be read ({error.strerror})", where=paths[0], hint=hint) from error
    except UnicodeDecodeError as error:
        raise SettingsError("the search cannot be read", where=paths[0], expected="UTF-8 text") from error


def _lookups(pairs: Sequence[str]) -> list[tuple[str, Path]]:
    found = []
    for pair in pairs:
        name, equals, path = pair.partition("=")
        if not (name and equals and path):
            raise UsageError(f"--lookup {pair} names no table", expected="NAME=FILE.csv")
        found.append((name, Path(path)))
    return found
