"""`sferic normalize`: what logs say, as events of one schema; nothing is filtered by platform."""

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from cyclopts import Parameter

from sferic.cli import _exit, _flags, _settings, _streams
from sferic.cli._progress import progress
from sferic.model.errors import UsageError
from sferic.model.report import Account
from sferic.model.settings import Settings
from sferic.pipeline import Normalization
from sferic.pipeline import normalize as run
from sferic.render import account, events


def normalize(
    *paths: str,
    form: Annotated[Literal["ndjson", "csv"] | None, Parameter(name=("--format", "-f"))] = None,
    to: Path | None = None,
    reading: _flags.Reading | None = None,
    writing: _flags.Writing | None = None,
) -> int:
    """Print what logs say as events of one schema, one a line, or write them into a folder as Parquet.

    Args:
        paths: Files, folders, archives or patterns; `-` is standard input.
        form: NDJSON (the default) leaves unknown fields out; CSV leaves their cells empty.
        to: Write Parquet files into this folder instead, one for each table and day, which `sferic hunt` reads.
        reading: How the logs are read.
        writing: Where the output goes.
    """
    reading, writing = reading or _flags.Reading(), writing or _flags.Writing()
    places = _flags.given(paths)
    settings = _settings.resolve(reading.layer(), reading.config, os.environ)
    if to is not None:
        told = _into(to, form, places, settings, writing)
    else:
        with (
            progress(quiet=writing.quiet, no_color=writing.no_color) as moved,
            _streams.binary(writing.output) as stream,
        ):
            found = run(places, settings, moved)
            _WRITERS[form or "ndjson"](found, stream)
        told = found.account
    if not writing.quiet:
        account.render(told, sys.stderr, _streams.look(sys.stderr, no_color=writing.no_color))
    else:
        _streams.warn(told)
    return _exit.of_files(told)


def _into(folder: Path, form: str | None, places: list[str], settings: Settings, writing: _flags.Writing) -> Account:
    """Write Parquet; what that needs is loaded for nothing else."""
    if form or writing.output:
        raise UsageError("--to writes Parquet into a folder", expected="it without --format and --output")
    archive = import_module("sferic.pipeline.archiving").archive
    with progress(quiet=writing.quiet, no_color=writing.no_color) as moved:
        told: Account = archive(places, folder, settings, moved)
    return told


def _ndjson(found: Normalization, stream: BinaryIO) -> None:
    stream.writelines(events.encode(event) + b"\n" for event in found)


def _csv(found: Normalization, stream: BinaryIO) -> None:
    text = TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="\n")
    events.csv(found, text)
    text.flush()
    text.detach()


_WRITERS = {"ndjson": _ndjson, "csv": _csv}
