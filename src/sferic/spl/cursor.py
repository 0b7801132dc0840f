"""Reads a search's text from left to right. It knows quotes and words; what they mean is the commands' business."""

import re
from collections.abc import Mapping
from typing import Generic, TypeVar

from sferic.spl.errors import SearchError

T = TypeVar("T")
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[^\s,()\[\]|\"'=<>!]+")
_NUMBER = re.compile(r"[-+]?\d+(?![\w.])")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_NAME = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')
_OPTION = re.compile(r"([A-Za-z_]+)\s*=(?!=)\s*")
_YES = frozenset({"t", "true", "1", "yes"})
_NO = frozenset({"f", "false", "0", "no"})


class Cursor(Generic[T]):
    """A place in the text of one command; `searches` holds its subsearches, already parsed, by where they begin."""

    def __init__(
        self, text: str, at: int, end: int, searches: Mapping[int, tuple[int, T]] | None = None, *, first: bool = False
    ) -> None:
        self.text, self.at, self.end, self.first = text, at, end, first
        self._searches = searches or {}

    def fail(self, message: str, hint: str = "", at: int | None = None) -> SearchError:
        """Make the error that the search is wrong here."""
        return SearchError(message, self.text, self.at if at is None else at, hint)

    @property
    def done(self) -> bool:
        """Whether nothing but white space is left."""
        self.skip()
        return self.at >= self.end

    def skip(self) -> None:
        """Step over white space."""
        found = _SPACE.match(self.text, self.at, self.end)
        self.at = found.end() if found else self.at

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Take what matches here, behind any white space."""
        self.skip()
        found = pattern.match(self.text, self.at, self.end)
        if found:
            self.at = found.end()
        return found

    def sees(self, literal: str) -> bool:
        """Say whether this text comes next, without taking it."""
        self.skip()
        return self.text.startswith(literal, self.at, self.end)

    def mark(self, literal: str) -> bool:
        """Take a punctuation mark if it comes next."""
        if not self.sees(literal):
            return False
        self.at += len(literal)
        return True

    def keyword(self, *words: str) -> str:
        """Take one of these words in any case, and return it in lower case; nothing if none comes next."""
        self.skip()
        found = _WORD.match(self.text, self.at, self.end)
        if found and found[0].lower() in words:
            self.at = found.end()
            return found[0].lower()
        return ""

    def expect(self, literal: str, hint: str = "") -> None:
        """Take a punctuation mark that must come next."""
        if not self.mark(literal):
            raise self.fail(f"expected {literal!r}", hint)

    def string(self) -> str | None:
        """Take a double-quoted text; a backslash before a quote or a backslash goes away."""
        found = self.take(_STRING)
        return None if found is None else _ESCAPE.sub(r"\1", found[1])

    def quoted_name(self) -> str | None:
        """Take a name in single quotes."""
        found = self.take(_NAME)
        return None if found is None else found[1].replace("\\'", "'")

    def name(self, what: str = "a field") -> str:
        """Take a field's name, in quotes or without."""
        for quoted in (self.string(), self.quoted_name()):
            if quoted is not None:
                return quoted
        found = self.take(_WORD)
        if not found:
            raise self.fail(f"expected {what}")
        return found[0]

    def names(self, *stops: str) -> tuple[str, ...]:
        """Take fields separated by commas or spaces, up to the end or one of these words."""
        found: list[str] = []
        while not self.done:
            if self.ahead(*stops):
                break
            found.append(self.name())
            self.mark(",")
        return tuple(found)

    def by(self, *stops: str) -> tuple[str, ...]:
        """Take `by` with its fields, if that comes next."""
        if not self.keyword("by", "groupby"):
            return ()
        found = self.names(*stops)
        if not found:
            raise self.fail("expected a field behind `by`")
        return found

    def number(self) -> int | None:
        """Take a whole number if one comes next."""
        found = self.take(_NUMBER)
        return int(found[0][:18]) if found else None

    def options(self, *known: str) -> dict[str, str]:
        """Take `name=value` options with these names, in any order; another one is an error."""
        found: dict[str, str] = {}
        while True:
            self.skip()
            start = self.at
            option = self.take(_OPTION)
            if not option:
                return found
            name = option[1].lower()
            if name not in known:
                hint = f"known here: {', '.join(known)}" if known else ""
                raise self.fail(f"option {option[1]!r} is not supported", hint, start)
            value = self.string()
            found[name] = self.name("a value") if value is None else value
            self.mark(",")

    def flag(self, options: Mapping[str, str], name: str, *, usual: bool) -> bool:
        """Read an option that is true or false."""
        value = options.get(name, "true" if usual else "false").lower()
        if value not in _YES | _NO:
            raise self.fail(f"{name}={value} is neither true nor false")
        return value in _YES

    def count(self, options: Mapping[str, str], name: str, usual: int) -> int:
        """Read an option that is a whole number, 0 or more."""
        value = options.get(name, str(usual))
        if not (value.isascii() and value.isdecimal() and len(value) < 10):
            raise self.fail(f"{name}={value} is not a whole number")
        return int(value)

    def up_to(self, *words: str) -> "Cursor[T]":
        """Take everything before one of these words, outside of quotes, as a cursor of its own."""
        stop = self.end
        for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[A-Za-z_]+', self.text[: self.end]):
            if found.start() >= self.at and found[0].lower() in words:
                stop = found.start()
                break
        inner = Cursor(self.text, self.at, stop, self._searches)
        self.at = stop
        return inner

    def subsearch(self) -> T:
        """Take a search in square brackets."""
        self.skip()
        if self.at not in self._searches:
            raise self.fail("expected a search in square brackets", "such as [search sourcetype=...]")
        self.at, found = self._searches[self.at]
        return found

    def finish(self) -> None:
        """Refuse whatever is left."""
        if not self.done:
            raise self.fail("this is not understood here")

    def ahead(self, *words: str) -> bool:
        """Say whether one of these words comes next, in any case, without taking it."""
        self.skip()
        found = _WORD.match(self.text, self.at, self.end)
        return found is not None and found[0].lower() in words
