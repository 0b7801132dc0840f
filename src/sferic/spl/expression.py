"""Parses the expressions of `eval` and `where`: their own grammar, in which AND binds tighter than OR.

XOR binds loosest, then OR, AND, NOT, comparisons, `+ - .`, `* / %`, and signs.
A text stands in double quotes, a field with unusual characters in single quotes.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import msgspec

from sferic.spl.cursor import Cursor

MAX_DEPTH = 60
"""Operators inside operators; more is refused, because the database would."""
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w])")
_WORD = re.compile(r"[A-Za-z_][\w:{}@]*")
_COMPARISON = re.compile(r"==|!=|<=|>=|=|<|>")
_ADDITION = re.compile(r"[-+.]")
_PRODUCT = re.compile(r"[*/%]")
_RESERVED = frozenset({"and", "or", "xor", "not", "like", "in", "as", "by"})


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """Anything in an expression; `at` is where it begins in the search's text."""

    at: int
    depth: int = 1


class Text(Node, frozen=True):
    """A text in double quotes."""

    value: str


class Number(Node, frozen=True):
    """A number, without its sign."""

    value: float


class Field(Node, frozen=True):
    """The value of a field."""

    name: str


class Call(Node, frozen=True):
    """A function with its arguments; signs and NOT are the functions `-` and `not`."""

    name: str
    args: tuple["Expression", ...]


class Operation(Node, frozen=True):
    """Two operands: arithmetic, comparison, LIKE or XOR."""

    operator: str
    left: "Expression"
    right: "Expression"


class Chain(Node, frozen=True):
    """Operands that are all joined by AND, or all by OR."""

    operator: str
    parts: tuple["Expression", ...]


Expression: TypeAlias = Text | Number | Field | Call | Operation | Chain


def parse_expression(cursor: Cursor[Any]) -> Expression:
    """Parse one expression from where the cursor stands; what follows is left."""
    return _Parser(cursor).xor()


class _Parser:
    def __init__(self, cursor: Cursor[Any]) -> None:
        self._cursor = cursor
        self._nested = 0

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """Count how deep the parser itself is, which comes before any node exists."""
        self._nested += 1
        if self._nested > MAX_DEPTH:
            raise self._cursor.fail("too many brackets")
        yield
        self._nested -= 1

    def xor(self) -> Expression:
        left = self._chain("or")
        while self._cursor.keyword("xor"):
            left = self._operation("xor", left, self._chain("or"))
        return left

    def _chain(self, operator: str) -> Expression:
        parts = [self._link(operator)]
        while self._cursor.keyword(operator):
            parts.append(self._link(operator))
        if len(parts) == 1:
            return parts[0]
        return Chain(at=parts[0].at, depth=self._deeper(*parts), operator=operator, parts=tuple(parts))

    def _link(self, operator: str) -> Expression:
        return self._chain("and") if operator == "or" else self._negation()

    def _negation(self) -> Expression:
        self._cursor.skip()
        at = self._cursor.at
        if not self._cursor.keyword("not"):
            return self._comparison()
        with self._inside():
            return self._call("not", at, self._negation())

    def _comparison(self) -> Expression:
        left = self._sum()
        while True:
            if found := self._cursor.take(_COMPARISON):
                operator = "=" if found[0] == "==" else found[0]
                left = self._operation(operator, left, self._sum())
            elif self._cursor.keyword("like"):
                left = self._call("like", left.at, left, self._sum())
            elif self._cursor.keyword("in"):
                self._cursor.expect("(")
                left = self._call("in", left.at, left, *self._arguments())
            else:
                return left

    def _sum(self) -> Expression:
        left = self._product()
        while found := self._cursor.take(_ADDITION):
            left = self._operation(found[0], left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._signed()
        while found := self._cursor.take(_PRODUCT):
            left = self._operation(found[0], left, self._signed())
        return left

    def _signed(self) -> Expression:
        self._cursor.skip()
        at = self._cursor.at
        if self._cursor.mark("-"):
            with self._inside():
                return self._call("-", at, self._signed())
        return self._atom()

    def _atom(self) -> Expression:
        cursor = self._cursor
        cursor.skip()
        at = cursor.at
        if cursor.mark("("):
            with self._inside():
                inside = self.xor()
            cursor.expect(")")
            return inside
        if (text := cursor.string()) is not None:
            return Text(at=at, value=text)
        if (name := cursor.quoted_name()) is not None:
            return Field(at=at, name=name)
        if number := cursor.take(_NUMBER):
            return Number(at=at, value=float(number[0]))
        return self._word(at)

    def _word(self, at: int) -> Expression:
        cursor = self._cursor
        found = cursor.take(_WORD)
        called = found is not None and cursor.mark("(")
        if found is None or (found[0].lower() in _RESERVED and not called):
            cursor.at = at
            hint = "a quote that is not closed" if cursor.sees('"') or cursor.sees("'") else ""
            raise cursor.fail("expected a field, a text in double quotes, a number or a function", hint)
        if not called:
            return Field(at=at, name=found[0])
        with self._inside():
            return self._call(found[0].lower(), at, *self._arguments())

    def _arguments(self) -> list[Expression]:
        found: list[Expression] = []
        if self._cursor.mark(")"):
            return found
        while True:
            found.append(self.xor())
            if self._cursor.mark(")"):
                return found
            self._cursor.expect(",", "arguments are separated by commas and end with `)`")

    def _operation(self, operator: str, left: Expression, right: Expression) -> Expression:
        depth = self._deeper(left, right)
        return Operation(at=left.at, depth=depth, operator=operator, left=left, right=right)

    def _call(self, name: str, at: int, *args: Expression) -> Expression:
        return Call(at=at, depth=self._deeper(*args), name=name, args=args)

    def _deeper(self, *parts: Expression) -> int:
        depth = 1 + max((part.depth for part in parts), default=0)
        if depth > MAX_DEPTH:
            raise self._cursor.fail(f"more than {MAX_DEPTH} operators inside each other", "use several `eval`s")
        return depth
