"""One run of a program on a machine, as far as the logs tell of it."""

from collections.abc import Iterator

import msgspec

from sferic.model.redaction import without_secrets

MAX_COMMAND_CHARS = 1024
"""What lies beyond tells no reader more, and comes from whoever started the program."""


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A program that called, or one of its ancestors; what no log says is None."""

    path: str | None = None
    """Where the program's file lies; a bare name if the log has no more."""
    guid: str | None = None
    """The sensor's own name for this run."""
    user: str | None = None
    command_line: str | None = None
    company: str | None = None
    """Who made the program, by the file's own word."""
    signer: str | None = None
    session: int | None = None
    """Logon session on Windows; 0 is that of services."""
    is_detailed: bool = False
    """Whether some log told of company or signer at all, so that their absence means something."""
    place: str | None = None
    """`file:line` of what a log tells of it: its start, or else its first call."""
    parent: "Process | None" = None

    @property
    def shown_command(self) -> str | None:
        """The command line as people may see it: without what looks like a secret."""
        return None if self.command_line is None else without_secrets(self.command_line)


def ancestry(process: Process) -> Iterator[Process]:
    """Yield a process and its ancestors, nearest first."""
    one: Process | None = process
    while one is not None:
        yield one
        one = one.parent
