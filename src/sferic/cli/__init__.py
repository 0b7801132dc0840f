"""The command line: the only place that prints or exits.

`main` turns whatever happens into a short message on stderr and an exit code; the commands are in modules
of their own, imported when they are called, so that `sferic --help` stays quick.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from sferic.cli._app import run
from sferic.cli._settings import flag_of
from sferic.model.errors import DiskFull, SfericError, UsageError, full_disk_named
from sferic.render.safe_text import safe_text

INTERRUPTED = 130
PIPE_CLOSED = 141
"""What a shell reports for a program that SIGPIPE ended."""
DEFECT = 1
USAGE = 2
_ONE_THREAD = "OPENBLAS_NUM_THREADS"
"""NumPy begins with a thread for each core, for algebra that nothing here does: a tenth of the start, and a process
with threads is not safe to copy."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _prepare_streams()
    words = sys.argv[1:] if argv is None else argv
    try:
        return _run(words)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _let_go()
        return PIPE_CLOSED
    except SfericError as error:
        if isinstance(error, DiskFull):
            _let_go()
        return _refuse(error, words)
    except Exception as error:  # the outermost frame: whatever it is, the user gets words
        return _confess(error, words)


def _run(argv: Sequence[str]) -> int:
    os.environ.setdefault(_ONE_THREAD, "1")
    with full_disk_named("output"):  # whoever knew the file has named it before
        code = run(argv)
        with full_disk_named("standard output"):
            sys.stdout.flush()
    return code


def _prepare_streams() -> None:
    """Make sure that output can be written: as UTF-8, or on a terminal as far as that has signs for it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who called; its number must not go to the next file that is opened
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _let_go() -> None:
    """Drop what could not be written, or Python tries again at its end, and complains."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(error: SfericError, words: Sequence[str]) -> int:
    where = _as_typed(error.where, words)
    _say(f"{where}: {error.message}" if where else error.message, 0)
    for label, text in (("expected", error.expected), ("hint", error.hint)):
        lines = text.splitlines()
        if lines:
            sys.stderr.write(f"  {label}: " + "".join(f"{safe_text(line, 1000)}\n" for line in lines))
    return error.exit_code


def _as_typed(where: str, words: Sequence[str]) -> str:
    """Return the flag by which a setting was given, if it was."""
    flag = flag_of(where.partition(".")[0])
    return flag if where and any(word.partition("=")[0] == flag for word in words) else where


def _confess(error: Exception, words: Sequence[str]) -> int:
    if isinstance(error, OSError) and error.filename:  # a path that the system does not let us use
        return _refuse(UsageError(f"cannot be used ({error.strerror})", where=str(error.filename)), words)
    if os.environ.get("SFERIC_DEBUG"):
        traceback.print_exception(error)
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        _say(f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})", 0)
        sys.stderr.write("  This is a bug in Sferic. SFERIC_DEBUG=1 shows where it happened; please report that.\n")
    return DEFECT


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"sferic: {safe_text(text, 1000)}\n")
    return code
