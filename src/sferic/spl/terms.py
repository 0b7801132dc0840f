"""Parses what stands in a `search`: words and comparisons, where OR binds tighter than AND and a space is AND.

So `index=a OR index=b sourcetype=c` means (index=a OR index=b) AND sourcetype=c, as in Splunk, and unlike in `where`.
"""

import re
from typing import Any, TypeAlias

import msgspec

from sferic.spl.cursor import Cursor

MAX_DEPTH = 60
_FIELD = re.compile(r"(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|([^\s()\[\]|\"'=<>!,]+))\s*(!=|<=|>=|==?|<|>)")
_IN = re.compile(r"(?:'([^']*)'|([^\s()\[\]|\"'=<>!,]+))\s+IN\s*\(", re.IGNORECASE)
_VALUE = re.compile(r"[^\s()\[\]|\"]+")
_LISTED = re.compile(r"[^\s()\[\]|\",]+")
_TERM = re.compile(r"(TERM|CASE)\(([^()\s]*)\)")
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_PLAIN = re.compile(r'\\(["\\])')


class Compare(msgspec.Struct, frozen=True):
    """A field against a value; in the value `*` stands for any characters."""

    field: str
    operator: str
    value: str
    at: int


class Word(msgspec.Struct, frozen=True):
    """A word or phrase that the raw text holds."""

    text: str
    at: int
    exact_case: bool = False


class Not(msgspec.Struct, frozen=True):
    """What must not hold."""

    part: "Term"


class All(msgspec.Struct, frozen=True):
    """Everything of this."""

    parts: tuple["Term", ...]


class AnyOf(msgspec.Struct, frozen=True):
    """At least one of this."""

    parts: tuple["Term", ...]


Term: TypeAlias = Compare | Word | Not | All | AnyOf


def parse_terms(cursor: Cursor[Any]) -> Term:
    """Parse everything up to the cursor's end."""
    found = _all(cursor, 0)
    cursor.finish()
    return found


def _all(cursor: Cursor[Any], depth: int) -> Term:
    if depth > MAX_DEPTH:
        raise cursor.fail("too many brackets")
    parts: list[Term] = []
    while not cursor.done and not cursor.sees(")"):
        if parts and _operator(cursor) == "AND":
            cursor.at += 3
        parts.append(_any(cursor, depth))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _any(cursor: Cursor[Any], depth: int) -> Term:
    parts = [_not(cursor, depth)]
    while _operator(cursor) == "OR":
        cursor.at += 2
        parts.append(_not(cursor, depth))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _not(cursor: Cursor[Any], depth: int) -> Term:
    if depth > MAX_DEPTH:
        raise cursor.fail("too many brackets")
    if _operator(cursor) == "NOT":
        cursor.at += 3
        return Not(_not(cursor, depth + 1))
    if cursor.mark("("):
        inside = _all(cursor, depth + 1)
        cursor.expect(")")
        return inside
    return _one(cursor)


def _one(cursor: Cursor[Any]) -> Term:
    cursor.skip()
    at = cursor.at
    if cursor.done or _operator(cursor) or cursor.sees(")"):
        raise cursor.fail("expected a word or FIELD=VALUE")
    if cursor.sees("["):
        raise cursor.fail("a search inside `search` is not supported", "run it first, or use a lookup or `join`")
    if found := cursor.take(_IN):
        return _membership(cursor, found[1] or found[2], at)
    if found := cursor.take(_TERM):
        return Word(found[2], at, exact_case=found[1] == "CASE")
    if found := cursor.take(_FIELD):
        name = next(part for part in found.groups()[:3] if part is not None)
        operator = "=" if found[4] == "==" else found[4]
        return Compare(name, operator, _value(cursor, _VALUE), at)
    return Word(_value(cursor, _VALUE), at)


def _membership(cursor: Cursor[Any], name: str, at: int) -> Term:
    values: list[Term] = []
    while not cursor.mark(")"):
        values.append(Compare(name, "=", _value(cursor, _LISTED), at))
        cursor.mark(",")
    if not values:
        raise cursor.fail("an empty list", "IN (a, b)", at)
    return AnyOf(tuple(values))


def _value(cursor: Cursor[Any], plain: re.Pattern[str]) -> str:
    quoted = cursor.string()
    if quoted is not None:
        return quoted
    found = cursor.take(plain)
    if not found:
        raise cursor.fail("expected a value", "texts stand in double quotes; is one not closed?")
    return _PLAIN.sub(r"\1", found[0])


def _operator(cursor: Cursor[Any]) -> str:
    """Return the operator that comes next; they are operators in capitals only."""
    cursor.skip()
    found = re.compile(r"[A-Z]+(?=[\s(\"]|$)").match(cursor.text, cursor.at, cursor.end)
    return found[0] if found and found[0] in _OPERATORS else ""
