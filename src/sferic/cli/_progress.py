"""The bar on stderr while logs are read; nothing at all when stderr is not a terminal.

It is drawn when it moves, not by a thread of its own: a process with threads cannot be copied (`sferic.engine.crew`).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import progress as rich
from rich.console import Console

from sferic.render.safe_text import safe_text

if TYPE_CHECKING:
    from sferic.engine.progress import Progress, Watcher


_STEP_BYTES = 8 << 20
"""So much is read between two drawings where the total is not known; else a two-hundredth of it."""


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
    with rich.Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("reading", total=None, file="")
        drawn = 0

        def move(step: "Progress") -> None:
            nonlocal drawn
            if abs(step.bytes_done - drawn) < (step.bytes_total or _STEP_BYTES * 200) / 200:
                return
            drawn = step.bytes_done
            file = safe_text(step.file, 40)
            bar.update(
                task, completed=drawn, total=step.bytes_total, description=step.stage, file=file, refresh=True
            )  # fmt: skip

        yield move
