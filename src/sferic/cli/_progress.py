"""The bar on stderr while logs are read; nothing at all when stderr is not a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sferic.render.safe_text import safe_text

if TYPE_CHECKING:
    from sferic.pipeline import Progress

Report = Callable[["Progress"], None]


@contextmanager
def progress(*, quiet: bool, no_color: bool = False) -> Iterator[Report | None]:
    """Show a bar while the block runs, and give the function that moves it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[file]}", markup=False),
    )
    with Progress(
        *columns, console=Console(stderr=True, highlight=False, no_color=no_color or None), transient=True
    ) as bar:
        task = bar.add_task("reading", total=None, file="")

        def move(step: "Progress") -> None:
            file = safe_text(step.file, 40)
            bar.update(
                task, completed=step.bytes_done, total=step.bytes_total, description=step.stage, file=file
            )

        yield move
