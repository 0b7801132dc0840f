"""`sferic normalize`: what logs say, as events of one schema; nothing is filtered by platform."""

import os
import sys
from io import TextIOWrapper
from typing import Annotated, BinaryIO, Literal

from cyclopts import Parameter

from sferic.cli import _exit, _flags, _settings, _streams
from sferic.cli._progress import progress
from sferic.pipeline import Normalization
from sferic.pipeline import normalize as run
from sferic.render import account, events


def normalize(
    *paths: str,
    form: Annotated[Literal["ndjson", "csv"], Parameter(name=("--format", "-f"))] = "ndjson",
    reading: _flags.Reading | None = None,
    writing: _flags.Writing | None = None,
) -> int:
    """Print what logs say as events of one schema, one a line.

    Args:
        paths: Files, folders, archives or patterns; `-` is standard input.
        form: NDJSON leaves unknown fields out; CSV leaves their cells empty.
        reading: How the logs are read.
        writing: Where the output goes.
    """
    reading, writing = reading or _flags.Reading(), writing or _flags.Writing()
    places = _flags.given(paths)
    settings = _settings.resolve(reading.layer(), reading.config, os.environ)
    with (
        progress(quiet=writing.quiet, no_color=writing.no_color) as moved,
        _streams.binary(writing.output) as stream,
    ):
        found = run(places, settings, moved)
        _WRITERS[form](found, stream)
    if not writing.quiet:
        account.render(found.account, sys.stderr, _streams.look(sys.stderr, no_color=writing.no_color))
    else:
        _streams.warn(found.account)
    return _exit.of_files(found.account)


def _ndjson(found: Normalization, stream: BinaryIO) -> None:
    stream.writelines(events.encode(event) + b"\n" for event in found)


def _csv(found: Normalization, stream: BinaryIO) -> None:
    text = TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="\n")
    events.csv(found, text)
    text.flush()
    text.detach()


_WRITERS = {"ndjson": _ndjson, "csv": _csv}
