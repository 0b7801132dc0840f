"""Turns the terms of a `search` into a condition: `*` is any text, case does not matter, numbers compare as numbers.

A value such as 10.0.0.0/8 is a network: the addresses in it fit.

A word must stand in the raw text between characters that are no letters or digits.
"""

import re

from sferic.spl.bench import Bench
from sferic.spl.relation import Kind, Relation, Sql, as_text, quote
from sferic.spl.terms import All, AnyOf, Compare, Not, Term, Word

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?")
_LIKE = re.compile(r"[\\%_]")
_NETWORK = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*)/\d{1,3}", re.IGNORECASE)
INDEX_NOTE = "The rows are in no index: `index=` holds for all of them."


def condition(term: Term, rows: Relation, bench: Bench) -> str:
    """Return a condition that is true or false, never null."""
    match term:
        case All():
            return _joined(" AND ", [condition(part, rows, bench) for part in term.parts], "TRUE")
        case AnyOf():
            return _joined(" OR ", [condition(part, rows, bench) for part in term.parts], "FALSE")
        case Not():
            return f"(NOT {condition(term.part, rows, bench)})"
        case Word():
            return _word(term, rows)
        case Compare():
            return _compare(term, rows, bench)


def _joined(operator: str, parts: list[str], nothing: str) -> str:
    return f"({operator.join(parts)})" if parts else nothing


def _word(term: Word, rows: Relation) -> str:
    if term.text == "*":
        return "TRUE"
    raw = rows.fields.get("_raw")
    if raw is None:
        return "FALSE"
    inside = ".*".join(re.escape(part) for part in term.text.split("*"))
    begin = "" if term.text.startswith("*") or not term.text[:1].isalnum() else "(^|[^A-Za-z0-9])"
    end = "" if term.text.endswith("*") or not term.text[-1:].isalnum() else "([^A-Za-z0-9]|$)"
    flags = "s" if term.exact_case else "si"
    return f"coalesce(regexp_matches({as_text(raw)}, {quote(begin + inside + end)}, '{flags}'), FALSE)"


def _compare(term: Compare, rows: Relation, bench: Bench) -> str:
    value = rows.fields.get(term.field)
    if value is None:
        if term.field in {"index", "_index"}:
            bench.note(INDEX_NOTE)
            return "TRUE"
        return "FALSE"
    if value.kind is Kind.MANY:
        wanted = "=" if term.operator == "!=" else term.operator
        inner = one_value(Sql("one", Kind.TEXT), wanted, term.value)
        some = f"len(list_filter({value.text}, lambda one: {inner})) > 0"
        return f"coalesce({'NOT ' if term.operator == '!=' else ''}({some}), FALSE)"
    return f"coalesce({one_value(value, term.operator, term.value)}, FALSE)"


def one_value(value: Sql, operator: str, wanted: str) -> str:
    """Compare one value with what a search asks for."""
    if operator == "!=":
        return f"({as_text(value)} IS NOT NULL AND NOT {one_value(value, '=', wanted)})"
    text = as_text(value)
    number = wanted if is_number(wanted) else ""
    if operator != "=":
        if number:
            return f"(spl_number({text}) {operator} {float(number)!r})"
        return f"({text} {operator} {quote(wanted)})"
    if wanted == "*":
        return f"({text} IS NOT NULL)"
    if number:
        return f"coalesce(spl_number({text}) = {float(number)!r}, FALSE)"
    written = f"({text} ILIKE {quote(like(wanted))} ESCAPE '\\')"
    return f"({written} OR spl_cidr({quote(wanted)}, {text}))" if _NETWORK.fullmatch(wanted) else written


def is_number(wanted: str) -> bool:
    """Say whether a value that a search asks for is compared as a number."""
    return _NUMBER.fullmatch(wanted) is not None


def like(wanted: str) -> str:
    r"""Write a pattern with `*` as one with `%`, in which `\` takes the meaning off `%` and `_`."""
    return _LIKE.sub(r"\\\g<0>", wanted).replace("*", "%")
