"""What can go wrong before or while a log is read, each with its own exit code.

    SfericError
    ├── UsageError          2   the command line contradicts itself
    │   └── NotFound       11   what was asked for by name is not there
    ├── SettingsError       2   a settings, platform or scenario file is wrong
    ├── ClusterError       12   a cluster cannot be reached, or gave up
    ├── DiskFull           10   what is to be written finds no room
    └── InputError
        ├── UnreadableInput 4   no such path, or no permission
        ├── EmptyInput      5   a file without a byte or without a line
        ├── DamagedInput    6   a truncated or corrupt compressed file
        ├── BinaryInput     7   not a text log
        ├── UnknownLog      8   text, but no source knows it
        ├── NothingToRead   9   a folder or glob without a log in it
        └── LimitExceeded  10   a zip bomb or another crossed cap

A bad *line* is not an exception: it is a counted `Reject` (`sferic.model.event`).
Exit code 3 is not an error: it is what `--fail-on` asks for.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class SfericError(Exception):
    """Anything Sferic refuses, said as: what, where, what was expected, and a hint."""

    exit_code = 2

    def __init__(self, message: str, *, where: str = "", expected: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.expected = expected
        self.hint = hint

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.message}" if self.where else self.message]
        if self.expected:
            parts.append(f"expected: {self.expected}")
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return "; ".join(parts)


class UsageError(SfericError):
    """The command line asks for something that cannot be."""


class NotFound(UsageError):
    """What was asked for by its name, a finding or a host, is not there; the command line is in order."""

    exit_code = 11


class SettingsError(SfericError):
    """A file the user wrote for Sferic does not fit its schema."""


class ClusterError(SfericError):
    """A cluster cannot be reached, or did not do what it was asked for."""

    exit_code = 12


class DiskFull(SfericError):
    """There is no room for what is to be written."""

    exit_code = 10


@contextmanager
def full_disk_named(where: str, hint: str = "free some room, or write elsewhere") -> Iterator[None]:
    """Raise DiskFull, with the place, where the system says no more than that something could not be written."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise DiskFull("no space left on the disk", where=where, hint=hint) from error


class InputError(SfericError):
    """An input as a whole cannot be used."""


class UnreadableInput(InputError):
    """The path does not exist or may not be opened."""

    exit_code = 4


class EmptyInput(InputError):
    """The input holds nothing."""

    exit_code = 5


class DamagedInput(InputError):
    """A compressed input ends too early or is corrupt; what came before the damage was used."""

    exit_code = 6


class BinaryInput(InputError):
    """The input is not text."""

    exit_code = 7


class UnknownLog(InputError):
    """The input is text, but no source recognises a line of it."""

    exit_code = 8


class NothingToRead(InputError):
    """A folder or glob holds no file to read."""

    exit_code = 9


class LimitExceeded(InputError):
    """A cap on size, ratio or length was crossed, so reading stopped."""

    exit_code = 10
