"""Turns expressions into the database's, by Splunk's rules for null, numeric texts and several values.

- Two values compare as numbers if both read as numbers, else as texts.
- `+` adds numbers and joins texts; other arithmetic on what is no number gives null.
- A comparison of several values is true if one of them makes it true.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import chain
from typing import Any

from sferic.model.words import counted
from sferic.spl.bench import Bench
from sferic.spl.comparing import COMPARISONS, compare, plus
from sferic.spl.cursor import Cursor
from sferic.spl.expression import Call, Chain, Expression, Field, Number, Operation, Text
from sferic.spl.function import Argument, Wrong
from sferic.spl.functions import FUNCTIONS
from sferic.spl.relation import Kind, Relation, Sql, as_many, as_number, as_text, quote

MAX_SQL = 200_000
"""Characters an expression may have when it is the database's."""


class Evaluator:
    """Makes expressions over the fields of some rows; the cursor is where errors point into."""

    def __init__(self, rows: Relation, bench: Bench, cursor: Cursor[Any]) -> None:
        self._rows, self._bench, self._cursor = rows, bench, cursor

    def value(self, node: Expression) -> Sql:
        """Return an expression that gives a number, a text or several texts."""
        found = self.any(node)
        if found.kind is Kind.TRUTH:
            raise self._cursor.fail(
                "a comparison is not a value here", "if(comparison, 1, 0) makes one of it", at=node.at
            )
        return found

    def condition(self, node: Expression) -> str:
        """Return an expression that is true, false or null."""
        found = self.any(node)
        if found.kind is Kind.TRUTH:
            return found.text
        return f"({as_number(found)} <> 0)" if found.kind is Kind.NUMBER else f"(lower({as_text(found)}) = 'true')"

    def any(self, node: Expression) -> Sql:
        """Return any expression; one that has grown too large is an error, not a slow search."""
        found = self._any(node)
        if len(found.text) > MAX_SQL:
            raise self._cursor.fail("the expression is too large", "use several `eval`s", at=node.at)
        return found

    def _any(self, node: Expression) -> Sql:
        match node:
            case Text():
                return Sql(quote(node.value), Kind.TEXT)
            case Number():
                return Sql(f"{node.value!r}::DOUBLE", Kind.NUMBER)
            case Field():
                return self._rows.get(node.name)
            case Chain():
                parts = (self.condition(part) for part in node.parts)
                return Sql("(" + f" {node.operator.upper()} ".join(parts) + ")", Kind.TRUTH)
            case Operation():
                return self._operation(node)
            case Call():
                return self._call(node)

    def _operation(self, node: Operation) -> Sql:
        if node.operator == "xor":
            return Sql(f"({self.condition(node.left)} <> {self.condition(node.right)})", Kind.TRUTH)
        left, right = self.value(node.left), self.value(node.right)
        if node.operator in COMPARISONS:
            return compare(node.operator, left, right)
        if node.operator == ".":
            return Sql(f"({as_text(left)} || {as_text(right)})", Kind.TEXT)
        if node.operator == "+" and (left.kind is not Kind.NUMBER or right.kind is not Kind.NUMBER):
            return plus(left, right)
        a, b = as_number(left), as_number(right)
        if node.operator in "/%":
            return Sql(f"({a} {node.operator} nullif({b}, 0))", Kind.NUMBER)
        return Sql(f"({a} {node.operator} {b})", Kind.NUMBER)

    def _call(self, node: Call) -> Sql:
        if node.name == "not":
            if len(node.args) != 1:
                raise self._cursor.fail("NOT takes one operand", at=node.at)
            return Sql(f"(NOT {self.condition(node.args[0])})", Kind.TRUTH)
        if node.name == "-" and len(node.args) == 1:
            return Sql(f"(- {as_number(self.value(node.args[0]))})", Kind.NUMBER)
        if node.name in {"mvfilter", "mvmap"}:
            return self._over_values(node)
        function = FUNCTIONS.get(node.name)
        if function is None:
            raise self._cursor.fail(f"function {node.name}() is not supported", near(node.name, FUNCTIONS), at=node.at)
        if not function.least <= len(node.args) <= function.most:
            raise self._cursor.fail(
                f"{node.name}() does not take {counted(len(node.args), 'argument')}", function.sentence, at=node.at
            )
        try:
            return function.build(self._bench, [Argument(arg, self) for arg in node.args])
        except Wrong as wrong:
            raise self._cursor.fail(f"{node.name}(): {wrong}", at=node.at) from None

    def _over_values(self, node: Call) -> Sql:
        """Make mvfilter(condition) or mvmap(X, expression): both name the one field whose values they go over."""
        names = {found.name for found in fields_of(node)}
        if len(names) != 1 or len(node.args) != 1 + (node.name == "mvmap"):
            raise self._cursor.fail(f"{node.name}() goes over the values of exactly one field", at=node.at)
        name = names.pop()
        inner = Evaluator(Relation("", {name: Sql("one", Kind.TEXT)}, ""), self._bench, self._cursor)
        many = as_many(self._rows.get(name))
        if node.name == "mvfilter":
            kept = f"list_filter({many}, lambda one: {inner.condition(node.args[0])})"
            return Sql(f"nullif({kept}, [])", Kind.MANY)
        return Sql(f"list_transform({many}, lambda one: {as_text(inner.value(node.args[1]))})", Kind.MANY)


def fields_of(node: Expression) -> Iterator[Field]:
    """Yield the fields an expression asks for."""
    match node:
        case Field():
            yield node
        case Chain():
            yield from chain.from_iterable(map(fields_of, node.parts))
        case Operation():
            yield from fields_of(node.left)
            yield from fields_of(node.right)
        case Call():
            yield from chain.from_iterable(map(fields_of, node.args))


def near(name: str, known: Iterable[str], otherwise: str = "`sferic spl commands` lists what there is") -> str:
    """Say which known name somebody may have meant, or else something that helps."""
    close = get_close_matches(name, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else otherwise
