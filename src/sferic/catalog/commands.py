"""Knows the commands that put a function's code or access into a cloud, and what usually starts them.

Data with a schema, no judgement (`catalog/cloud/commands.toml`).
"""

import re
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from sferic.catalog.toml_file import fit, read_toml

SEEN_CHARS = 4096
"""So much of a command line is looked at."""
_FILE = Path(__file__).with_name("cloud") / "commands.toml"
_BETWEEN = r"""(?:["' \\]|&quot;|u0022)+"""
"""What may lie between two words: blanks and quotes, and the latter as JSON, XML and tables write them."""
Place = Literal["between", "desks", "runners", "services", "subsystems", ""]


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """What one tool is told."""

    tool: str
    provider: str
    expression: str
    reference: str
    agent: str = ""
    function: str = ""

    @cached_property
    def selecting(self) -> str:
        """Return what finds it in a line of a log."""
        return self.expression.replace(" ", _BETWEEN)

    @cached_property
    def _said(self) -> re.Pattern[str]:
        return re.compile(self.selecting, re.IGNORECASE)

    def is_in(self, line: str) -> bool:
        """Say whether a command line tells the tool to deploy."""
        return self._said.search(line) is not None

    def function_in(self, line: str) -> str:
        """Return the function that a command line names; empty if none."""
        found = re.search(self.function, line[:SEEN_CHARS]) if self.function else None
        return found[1] if found else ""


class Callers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs that start commands, by the names of their files."""

    between: frozenset[str]
    desks: frozenset[str]
    runners: frozenset[str]
    services: frozenset[str]
    subsystems: frozenset[str]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    reviewed: str
    command: tuple[Command, ...]
    callers: Callers


def commands() -> tuple[Command, ...]:
    """Return all commands that are known."""
    return _load().command


def command_of(line: str | None) -> Command | None:
    """Return the command that a command line gives; None for any other."""
    return _command_of(line[:SEEN_CHARS]) if line else None


@lru_cache(maxsize=4096)
def _command_of(seen: str) -> Command | None:
    return next((command for command in commands() if command.is_in(seen)), None)


def caller_kind(path: str) -> Place:
    """Say what kind of starter a program's file is by its name; empty for one that is none of them."""
    name = file_of(path).removesuffix(".exe")
    kinds = _load().callers
    return next((kind for kind in _KINDS if name in getattr(kinds, kind)), "")


_KINDS: tuple[Place, ...] = ("between", "desks", "runners", "services", "subsystems")


def file_of(path: str) -> str:
    """Return the name of a program's file, in small letters."""
    return path.strip().strip('"').replace("\\", "/").rpartition("/")[2].lower()


@cache
def _load() -> _File:
    return fit(read_toml(_FILE), _File, _FILE)
