"""What a function of `eval` and `where` is: how many arguments, a sentence, and how to make it."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from sferic.spl.bench import Bench
from sferic.spl.expression import Expression, Text
from sferic.spl.relation import Kind, Sql, as_many, as_number, as_text

MANY_ARGUMENTS = 200


class Wrong(ValueError):
    """Arguments that a function cannot take, in words."""


class Compiler(Protocol):
    """Makes expressions of the arguments."""

    def value(self, node: Expression) -> Sql:
        """Return a value."""

    def condition(self, node: Expression) -> str:
        """Return a condition."""

    def any(self, node: Expression) -> Sql:
        """Return a value or a condition."""


class Argument:
    """One argument, not yet made: the function says as what it wants it."""

    def __init__(self, node: Expression, compiler: Compiler) -> None:
        self._node, self._compiler = node, compiler

    @property
    def value(self) -> Sql:
        """The argument as a value."""
        return self._compiler.value(self._node)

    @property
    def there(self) -> str:
        """Whether the argument, a value or a condition, is not null."""
        return f"({self._compiler.any(self._node).text} IS NOT NULL)"

    @property
    def shown(self) -> str:
        """The argument, a value or a condition, as a text."""
        return as_text(self._compiler.any(self._node))

    @property
    def condition(self) -> str:
        """The argument as a condition."""
        return self._compiler.condition(self._node)

    @property
    def number(self) -> str:
        """The argument as a number."""
        return as_number(self.value)

    @property
    def text(self) -> str:
        """The argument as a text."""
        return as_text(self.value)

    @property
    def many(self) -> str:
        """The argument as several texts."""
        return as_many(self.value)

    @property
    def literal(self) -> str:
        """The argument, which must be a text written out."""
        if not isinstance(self._node, Text):
            raise Wrong("this argument must be a text in double quotes")
        return self._node.value


Build = Callable[[Bench, Sequence[Argument]], Sql]


class Function(msgspec.Struct, frozen=True):
    """A function that expressions may call."""

    least: int
    most: int
    sentence: str
    build: Build


FUNCTIONS: dict[str, Function] = {}


def function(name: str, least: int, most: int, sentence: str) -> Callable[[Build], Build]:
    """Add a function under a name."""

    def keep(build: Build) -> Build:
        FUNCTIONS[name] = Function(least, most, sentence, build)
        return build

    return keep


def over_number(name: str, template: str, sentence: str, least: int = 1, most: int = 1) -> None:
    """Add a function from numbers to a number."""

    def build(_bench: Bench, args: Sequence[Argument]) -> Sql:
        return Sql(template.format(*(a.number for a in args)), Kind.NUMBER)

    FUNCTIONS[name] = Function(least, most, sentence, build)


def over_each(name: str, sql: str, sentence: str) -> None:
    """Add a function from a text to a text, of that name in the database, that goes over each of several."""

    def build(_bench: Bench, args: Sequence[Argument]) -> Sql:
        return each(args[0].value, lambda text: f"{sql}({text})")

    FUNCTIONS[name] = Function(1, 1, sentence, build)


def each(value: Sql, made: Callable[[str], str]) -> Sql:
    """Make a text of a text, or of each of several."""
    if value.kind is Kind.MANY:
        return Sql(f"list_transform({value.text}, lambda one: {made('one')})", Kind.MANY)
    return Sql(made(as_text(value)), Kind.TEXT)


def any_of(value: Sql, holds: Callable[[str], str]) -> Sql:
    """Say whether a condition holds for a text, or for one of several."""
    if value.kind is Kind.MANY:
        return Sql(f"(len(list_filter({value.text}, lambda one: {holds('one')})) > 0)", Kind.TRUTH)
    return Sql(holds(as_text(value)), Kind.TRUTH)
