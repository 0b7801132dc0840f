"""The bar on stderr while logs are read; nothing at all when stderr is not a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import progress as rich
from rich.console import Console

from sferic.render.safe_text import safe_text

if TYPE_CHECKING:
    from sferic.engine.gather import Progress, Watcher


@contextmanager
def progress(*, quiet: bool, no_color: bool = False) -> Iterator["Watcher | None"]:
    """Show a bar while the block runs, and give the function that moves it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TextColumn("{task.fields[file]}", markup=False),
    )
    console = Console(stderr=True, highlight=False, no_color=no_color or None)
    with rich.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None, file="")

        def move(step: "Progress") -> None:
            file = safe_text(step.file, 40)
            bar.update(task, completed=step.bytes_done, total=step.bytes_total, description=step.stage, file=file)

        yield move
