"""`sferic cloud learn`: who changes functions in the ordinary course of things, as a file for `--deployers`."""

import io
import os
import sys
from pathlib import Path

from cyclopts import App

from sferic.cli import _exit, _flags, _settings, _streams
from sferic.cli._progress import progress
from sferic.model.words import counted
from sferic.pipeline.functions import learn as run
from sferic.render import account
from sferic.render.functions import deployers_toml
from sferic.render.safe_text import safe_text

app = App(name="cloud", help="Learn who is expected to change functions.", help_epilogue="")


@app.command
def learn(*paths: str, to: Path, reading: _flags.Reading | None = None, quiet: bool = False) -> int:
    """Write who changed functions on three days or more, from where and with what, as a list of expected deployers.

    Args:
        paths: Audit logs of a period in which nothing was wrong.
        to: The file to write; `sferic hunt --deployers FILE` reads it.
        reading: How the logs are read.
        quiet: Print no progress and no ledger on standard error.
    """
    reading = reading or _flags.Reading()
    settings = _settings.resolve(reading.layer(), reading.config, os.environ)
    with progress(quiet=quiet, no_color=False) as moved:
        found, told = run(_flags.given(paths), settings, moved)
    text = io.StringIO()
    deployers_toml(found.deployers, text)
    with _streams.whole_file(to) as stream:
        stream.write(text.getvalue().encode())
    for name in found.held_back:
        sys.stderr.write(f"not learned, because a finding names it: {safe_text(name)}; add it by hand if it is yours\n")
    sys.stderr.write(f"{counted(len(found.deployers), 'deployer')} written to {safe_text(str(to))}; read it first\n")
    if not quiet:
        account.render(told, sys.stderr, _streams.look(sys.stderr, no_color=False))
    return _exit.of_files(told)
