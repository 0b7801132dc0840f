"""Parses a whole search: cuts it at its pipes, finds subsearches in brackets, and lets each command read its words.

Nothing is run here, so every mistake in the words is found before a line of a log is read.
"""

import re
from collections.abc import Mapping

from sferic.spl.command import Command, Known, Pipeline
from sferic.spl.commands import extracting, filtering, joining, modelled, shaping, statistics
from sferic.spl.cursor import Cursor
from sferic.spl.errors import SearchError
from sferic.spl.evaluating import near

COMMANDS: Mapping[str, Known] = {
    **filtering.COMMANDS,
    **shaping.COMMANDS,
    **statistics.COMMANDS,
    **modelled.COMMANDS,
    **extracting.COMMANDS,
    **joining.COMMANDS,
}
MAX_COMMANDS = 150
MAX_NESTED = 5
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]|]', re.DOTALL)
_COMMAND = re.compile(r"\s*([A-Za-z_]+)")
_BARE = re.compile(r"\s*([A-Za-z_]+)(?=\s|$)")


class Search:
    """A parsed search."""

    def __init__(self, text: str, commands: Pipeline) -> None:
        self.text, self.commands = text, commands


def parse(text: str) -> Search:
    """Parse a search whose macros are written out; raises SearchError."""
    commands, stop = _Parser(text).pipeline(0, 0)
    if stop < len(text):
        raise SearchError("a bracket that was not opened", text, stop)
    return Search(text, commands)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._count = 0

    def pipeline(self, at: int, nested: int) -> tuple[Pipeline, int]:
        """Parse from here to the end, or to the bracket that closes it; return where that is."""
        if nested > MAX_NESTED:
            raise SearchError(f"more than {MAX_NESTED} searches inside each other", self._text, at)
        commands: list[Command] = []
        piped = False
        while True:
            stop, searches = self._segment(at, nested)
            if self._text[at:stop].strip() or piped:
                commands.append(self._command(at, stop, searches, first=not commands, piped=piped))
            elif stop >= len(self._text) or self._text[stop] != "|":
                raise SearchError("there is no search", self._text, min(at, max(len(self._text) - 1, 0)))
            if stop >= len(self._text) or self._text[stop] == "]":
                return tuple(commands), stop
            at, piped = stop + 1, True

    def _segment(self, at: int, nested: int) -> tuple[int, dict[int, tuple[int, Pipeline]]]:
        """Find where a command ends, parsing the searches inside it."""
        searches: dict[int, tuple[int, Pipeline]] = {}
        while True:
            found = _PIECE.search(self._text, at)
            if found is None:
                return len(self._text), searches
            if found[0] in "|]":
                return found.start(), searches
            at = found.end()
            if found[0] == "[":
                inner, stop = self.pipeline(at, nested + 1)
                if stop >= len(self._text):
                    raise SearchError("a bracket that is not closed", self._text, found.start())
                at = stop + 1
                searches[found.start()] = (at, inner)

    def _command(
        self, at: int, stop: int, searches: dict[int, tuple[int, Pipeline]], *, first: bool, piped: bool
    ) -> Command:
        self._count += 1
        if self._count > MAX_COMMANDS:
            raise SearchError(f"more than {MAX_COMMANDS} commands", self._text, at)
        bare = _BARE.match(self._text, at, stop)
        implied = first and not piped and not (bare and bare[1].lower() == "search")
        named = None if implied else _COMMAND.match(self._text, at, stop)
        if named is None and not implied:
            raise SearchError("expected a command", self._text, min(at, len(self._text) - 1))
        name = named[1].lower() if named else "search"
        known = COMMANDS.get(name)
        place = named.start(1) if named else at
        if known is None:
            raise SearchError(f"command {name!r} is not supported", self._text, place, near(name, COMMANDS))
        if first and piped and not known.begins and name != "search":
            raise SearchError(f"{name} needs rows, so it cannot come first", self._text, place)
        words: Cursor[Pipeline] = Cursor(self._text, named.end() if named else at, stop, searches, first=first)
        command = known.parse(words)
        words.finish()
        return command
