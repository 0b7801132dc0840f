"""Makes a test over one JSON record of a Sigma rule's condition.

As Sigma has it: text is compared without regard to case unless `cased`, `*` and `?` are wildcards, and a field with
several values (a list, or objects in a list) fits if one of them does. An object is compared as its JSON text, which
is what rules of others mean by `responseElements|contains`. A field that is null is not there.

What cannot be decided on a record is refused with a reason: keywords, parts of timestamps, placeholders and queries.
Rule and record may both be hostile, so regular expressions are RE2's, whose search takes time in proportion to the
text whatever the pattern; what RE2 does not know (looking ahead, references back) is refused. An expression sees the
beginning of a value only.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from ipaddress import ip_address
from itertools import pairwise
from typing import Any

import msgspec
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionItem,
    ConditionNOT,
    ConditionOR,
)
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

SEEN_BY_EXPRESSIONS = 4096
"""Characters of a value that a regular expression, or a pattern with `?`, looks at."""
LONGEST_EXPRESSION = 1000
MOST_VALUES = 1000
"""Values of one field that are looked at."""
_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}
_COMPARE: Mapping[CompareOperators, Callable[[float, float], bool]] = {
    CompareOperators.LT: operator.lt,
    CompareOperators.LTE: operator.le,
    CompareOperators.GT: operator.gt,
    CompareOperators.GTE: operator.ge,
}

Record = Mapping[str, Any]
Test = Callable[[Record], bool]
ValueTest = Callable[[Any], bool]
Values = Callable[[Record], Iterator[Any]]


class Fields(msgspec.Struct, frozen=True):
    """Where the fields that rules name stand in a source's records."""

    paths: Mapping[str, Sequence[str]] = {}
    """Field → paths, any of which may hold it; others stand where they say."""
    endings: Mapping[str, str] = {}
    """Field → what rules write after a value that records give without it."""

    def reader(self, field: str) -> Values:
        """Return what yields the values of a field."""
        paths, ending = self.paths.get(field, (field,)), self.endings.get(field)
        if ending is None:
            return lambda record: values(record, paths)
        return lambda record: (f"{_text(value)}{ending}" for value in values(record, paths))


class Unsupported(ValueError):
    """The rule asks for something that one record cannot answer here; the text says what."""


def compiled(condition: Any, fields: Fields) -> Test:
    """Make a test of a parsed condition; raises Unsupported."""
    if isinstance(condition, ConditionFieldEqualsValueExpression):
        return _field(condition.field, condition.value, fields)
    if not isinstance(condition, ConditionItem) or not isinstance(condition, ConditionAND | ConditionOR | ConditionNOT):
        raise Unsupported("it looks for keywords anywhere in a record, and names no field")
    tests = [compiled(part, fields) for part in condition.args]
    if isinstance(condition, ConditionNOT):
        return lambda record: not tests[0](record)
    if isinstance(condition, ConditionAND):
        return lambda record: all(test(record) for test in tests)
    return lambda record: any(test(record) for test in tests)


def values(record: Record, paths: Sequence[str]) -> Iterator[Any]:
    """Yield what stands at dotted paths: of lists each member, of what is missing or null nothing."""
    seen = 0
    for path in paths:
        found: list[Any] = [record.get(path)] if path in record else _walk(record, path)
        while found and seen < MOST_VALUES:
            value = found.pop()
            seen += 1
            if isinstance(value, list):
                found.extend(value[: MOST_VALUES - seen])
            elif value is not None:
                yield value


def _walk(record: Record, path: str) -> list[Any]:
    level: list[Any] = [record]
    for key in path.split("."):
        level = [value[key] for value in _opened(level) if isinstance(value, dict) and key in value]
    return level


def _opened(level: list[Any]) -> Iterator[Any]:
    for value in level:
        if isinstance(value, list):
            yield from value[:MOST_VALUES]
        else:
            yield value


def _field(field: str, wanted: Any, fields: Fields) -> Test:
    found = fields.reader(field)
    if isinstance(wanted, SigmaExpansion):
        several = [_field(field, one, fields) for one in wanted.values]
        return lambda record: any(test(record) for test in several)
    if isinstance(wanted, SigmaNull):
        return lambda record: next(found(record), None) is None
    if isinstance(wanted, SigmaExists):
        there = bool(wanted.exists)
        return lambda record: (next(found(record), None) is not None) is there
    if isinstance(wanted, SigmaFieldReference):
        return _reference(found, fields.reader(wanted.field), wanted)
    test = _value(wanted)
    return lambda record: any(test(value) for value in found(record))


def _reference(found: Values, others: Values, wanted: SigmaFieldReference) -> Test:
    compare: Callable[[str, str], bool] = operator.eq
    if wanted.starts_with or wanted.ends_with:
        compare = str.startswith if wanted.starts_with else str.endswith

    def test(record: Record) -> bool:
        known = [_text(value).lower() for value in others(record)]
        return any(compare(_text(value).lower(), one) for value in found(record) for one in known)

    return test


def _value(wanted: Any) -> ValueTest:
    if isinstance(wanted, SigmaString):
        return _string(wanted, cased=isinstance(wanted, SigmaCasedString))
    if isinstance(wanted, SigmaRegularExpression):
        return _expression(wanted)
    if isinstance(wanted, SigmaBool):
        told = "true" if wanted.boolean else "false"
        return lambda value: _text(value).lower() == told
    if isinstance(wanted, SigmaNumber) and not isinstance(wanted, SigmaTimestampPart):
        number = float(wanted.number)
        return lambda value: _number(value) == number
    if isinstance(wanted, SigmaCompareExpression) and isinstance(wanted.number, SigmaNumber):
        compare, limit = _COMPARE[wanted.op], float(wanted.number.number)
        return lambda value: (found := _number(value)) is not None and compare(found, limit)
    if isinstance(wanted, SigmaCIDRExpression):
        return _network(wanted)
    raise Unsupported(f"a value of the kind {type(wanted).__name__} cannot be asked for here")


def _network(wanted: SigmaCIDRExpression) -> ValueTest:
    network = wanted.network

    def test(value: Any) -> bool:
        try:
            return ip_address(_text(value)) in network
        except ValueError:
            return False

    return test


def _expression(wanted: SigmaRegularExpression) -> ValueTest:
    flags = "".join(sorted(_FLAGS[flag] for flag in wanted.flags))
    return _linear(f"(?{flags})(?:{wanted.regexp})" if flags else str(wanted.regexp))


def _linear(pattern: str) -> ValueTest:
    """Make a test of an expression with RE2, by way of Arrow; raises Unsupported for what RE2 does not compile."""
    compute, arrow = import_module("pyarrow.compute"), import_module("pyarrow")

    def test(value: Any) -> bool:
        text = _text(value)[:SEEN_BY_EXPRESSIONS].encode("utf-8", "replace").decode()
        return bool(compute.match_substring_regex(arrow.scalar(text, arrow.string()), pattern).as_py())

    if len(pattern) > LONGEST_EXPRESSION:
        raise Unsupported(f"its regular expression is longer than {LONGEST_EXPRESSION} characters")
    try:
        test("")
    except arrow.ArrowInvalid as error:
        reason = " ".join(str(error).split())[:160]
        raise Unsupported(f"its regular expression is none of RE2's, which alone is surely quick: {reason}") from None
    return test


def _string(wanted: SigmaString, *, cased: bool) -> ValueTest:
    parts = list(wanted.s)
    if any(not isinstance(part, str | SpecialChars) for part in parts):
        raise Unsupported("it holds a placeholder, which only a pipeline of its author can fill")
    if SpecialChars.WILDCARD_SINGLE in parts:
        return _pattern(parts, cased=cased)
    folded: Callable[[str], str] = str if cased else str.lower
    pieces = [folded(piece) for piece in _between_wildcards(parts)]
    if len(pieces) == 1:
        return lambda value: folded(_text(value)) == pieces[0]
    return lambda value: _fits(folded(_text(value)), pieces)


def _between_wildcards(parts: Sequence[Any]) -> list[str]:
    pieces = [""]
    for part in parts:
        if isinstance(part, str):
            pieces[-1] += part
        else:
            pieces.append("")
    return pieces


def _fits(text: str, pieces: Sequence[str]) -> bool:
    """Say whether a text begins and ends with the outer pieces and has the others between, in order."""
    first, *middle, last = pieces
    at, end = len(first), len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last) or at > end:
        return False
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _pattern(parts: Sequence[Any], *, cased: bool) -> ValueTest:
    if any(a == b == SpecialChars.WILDCARD_MULTI for a, b in pairwise(parts)):
        raise Unsupported("it has two wildcards side by side")
    marks = {SpecialChars.WILDCARD_SINGLE: ".", SpecialChars.WILDCARD_MULTI: ".*"}
    text = "".join(re.escape(part) if isinstance(part, str) else marks[part] for part in parts)
    return _linear(f"(?s{'' if cased else 'i'})^(?:{text})$")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.json.encode(value).decode()


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
