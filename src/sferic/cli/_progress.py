"""The bar on stderr while logs are read; nothing at all when stderr is not a terminal.

It is drawn when it moves, not by a thread of its own: a process with threads cannot be copied (`sferic.engine.crew`).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import progress as rich
from rich.console import Console
from rich.table import Column

from sferic.render.safe_text import safe_text

if TYPE_CHECKING:
    from sferic.engine.progress import Progress, Watcher


_WITH_SPEED, _WITH_FILE, _WITH_BAR = 50, 70, 110
"""From so many columns there is room for the speed, the file's name, the bar."""
_STEP_BYTES = 8 << 20
"""So much is read between two drawings where the total is not known; else a two-hundredth of it."""


def _columns(width: int) -> Iterator[rich.ProgressColumn]:
    """Yield the parts of the line: on a narrow terminal some are left out, and none is broken."""
    yield rich.TextColumn("{task.description}", markup=False, table_column=_whole())
    if width >= _WITH_BAR:
        yield rich.BarColumn(table_column=_whole())
    yield rich.DownloadColumn(table_column=_whole())
    if width >= _WITH_SPEED:
        yield rich.TransferSpeedColumn(table_column=_whole())
    if width >= _WITH_FILE:
        yield rich.TextColumn("{task.fields[file]}", markup=False, table_column=_whole())


def _whole() -> Column:
    return Column(no_wrap=True, overflow="ellipsis")


@contextmanager
def progress(*, quiet: bool, no_color: bool = False) -> Iterator["Watcher | None"]:
    """Show a bar while the block runs, and give the function that moves it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    console = Console(stderr=True, highlight=False, no_color=no_color or None)
    with rich.Progress(*_columns(console.width), console=console, transient=True, auto_refresh=False) as bar:
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
