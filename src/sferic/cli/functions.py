"""`sferic functions`: the functions of one's own that audit logs show, and who talks to them."""

import os
import sys
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter, validators

from sferic.cli import _exit, _flags, _settings, _streams
from sferic.cli._progress import progress
from sferic.pipeline.functions import functions as run
from sferic.render import account
from sferic.render import functions as page


def functions(
    *paths: str,
    form: Annotated[Literal["table", "ndjson"] | None, Parameter(name=("--format", "-f"))] = None,
    top: Annotated[int, Parameter(validator=validators.Number(gte=0))] = 0,
    cloud: _flags.Cloud | None = None,
    reading: _flags.Reading | None = None,
    writing: _flags.Writing | None = None,
) -> int:
    """List the functions of your own that audit logs show, and who talks to them in the traffic.

    Args:
        paths: Files, folders, archives or patterns, audit logs and traffic together; `-` is standard input.
        form: A table on a terminal, else NDJSON.
        top: How many functions the table shows; 0 for all.
        cloud: What cloud audit logs are judged by.
        reading: How the logs are read.
        writing: Where the output goes.
    """
    reading, writing, cloud = reading or _flags.Reading(), writing or _flags.Writing(), cloud or _flags.Cloud()
    places = _flags.given(paths)
    settings = _settings.resolve(reading.layer() | cloud.layer(), reading.config, os.environ)
    with progress(quiet=writing.quiet, no_color=writing.no_color) as moved:
        found = run(places, settings, moved)
    chosen = form or ("table" if writing.output is None and sys.stdout.isatty() else "ndjson")
    with _streams.text(writing.output) as stream:
        look = msgspec.structs.replace(_streams.look(stream, no_color=writing.no_color), top=top)
        (page.table if chosen == "table" else page.ndjson)(found, stream, look)
    if writing.quiet:
        _streams.warn(found.account)
    else:
        account.render(found.account, sys.stderr, _streams.look(sys.stderr, no_color=writing.no_color))
    return _exit.of_files(found.account)
