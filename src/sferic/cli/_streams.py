"""Where output goes and how it may look there: colours and width for people, whole files for programs."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

from sferic.model.errors import UsageError, full_disk_named
from sferic.model.report import Account, FileAccount
from sferic.model.words import counted
from sferic.render import Look
from sferic.render.safe_text import safe_text

STANDARD = "\x00-"
"""What `-` is called while the command line is parsed: the parser would take `-` for an option."""
NAMED = 3
"""Files with a problem that are named where nobody wants the whole ledger."""
PIPE_WIDTH = 120
"""Columns of a table that goes to a file or a pipe."""


def look(stream: TextIO, *, no_color: bool = False) -> Look:
    """Say how output to this stream may look."""
    terminal = stream.isatty()
    plain = no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    width = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if terminal else _asked_width() or PIPE_WIDTH
    return Look(color=terminal and not plain, width=width)


def _asked_width() -> int:
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() else 0


def _named(output: Path | None) -> Path | None:
    return None if str(output) == STANDARD else output


def warn(account: Account) -> None:
    """Say on one line of standard error what could not be read, where nobody wants the whole ledger."""
    losses = (
        (account.rejected, "line rejected", "lines rejected"),
        (account.unknown, "line of no known source", "lines of no known source"),
    )
    broken = [file for file in account.files if file.exit_code > 0]
    told = ", ".join([*(counted(number, one, many) for number, one, many in losses if number), *_named_few(broken)])
    if told:
        sys.stderr.write(f"sferic: {told}; the ledger, without `--quiet`, says why\n")


def _named_few(broken: Sequence[FileAccount]) -> Iterator[str]:
    if broken:
        more = f" and {len(broken) - NAMED:,} more" if len(broken) > NAMED else ""
        named = ", ".join(map(_problem, broken[:NAMED]))
        yield f"{counted(len(broken), 'file')} with a problem ({named}{more})"


def _problem(file: FileAccount) -> str:
    problem = file.problem.partition(";")[0]  # without its hint
    return safe_text(problem if problem.startswith(file.path) else f"{file.path}: {problem}")


def refuse_nowhere(output: Path | None) -> None:
    """Refuse a file that cannot be written, before hours go into what it is to hold."""
    path = _named(output)
    if path is None:
        return
    if path.is_dir() or not path.parent.is_dir():
        problem = "is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise UsageError(problem, where=str(path), expected="a file in a folder that is there")
    if not path.exists() and not os.access(path.parent, os.W_OK):
        raise UsageError(f"nothing may be written into {path.parent}", where=str(path))


@contextmanager
def binary(output: Path | None) -> Iterator[BinaryIO]:
    """Open standard output, or a file that appears under its name only when it is complete."""
    output = _named(output)
    with full_disk_named("standard output" if output is None else str(output)), _opened(output) as stream:
        yield stream


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif output.exists() and not output.is_file():  # a pipe or a device
        with output.open("wb") as stream:
            yield stream
    else:
        with whole_file(output) as stream:
            yield stream


@contextmanager
def text(output: Path | None) -> Iterator[TextIO]:
    """Open standard output or a file for text."""
    if _named(output) is None:
        with full_disk_named("standard output"):
            yield sys.stdout
            sys.stdout.flush()
        return
    with binary(output) as raw:
        stream = TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", newline="\n", write_through=True)
        yield stream
        stream.detach()


def refuse_mixture(folder: Path) -> None:
    """Keep out of a folder that holds something: a hunt could not tell old lines from new."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("is not an empty folder", where=str(folder), hint="name a new one")


@contextmanager
def whole_file(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """Write a file beside its place and move it there when nothing went wrong."""
    try:
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise UsageError(f"cannot write: {error.strerror}", where=str(path)) from error
    try:
        with full_disk_named(str(path)), os.fdopen(handle, "wb") as stream:
            yield stream
        Path(draft).chmod(mode if mode is not None else 0o666 & ~_umask())
        Path(draft).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
