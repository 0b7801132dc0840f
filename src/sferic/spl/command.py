"""What a command is: it reads its own words from a cursor, and later turns rows into other rows."""

import fnmatch
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import msgspec

from sferic.spl.bench import Bench
from sferic.spl.cursor import Cursor
from sferic.spl.relation import Relation


class Command(Protocol):
    """A command with its words already understood."""

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Add what it does to the rows."""


Pipeline: TypeAlias = Sequence[Command]
Words: TypeAlias = Cursor[Pipeline]
Parse: TypeAlias = Callable[[Words], Command]


class Known(msgspec.Struct, frozen=True):
    """A command that searches may use."""

    parse: Parse
    sentence: str
    """What it does and which options it knows, for the reference."""
    begins: bool = False
    """Whether it makes rows rather than taking them, so that it stands first, behind a `|`."""


def wildcard(pattern: str, names: Sequence[str]) -> list[str]:
    """Return the names that fit a pattern with `*`."""
    return [name for name in names if fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))]
