"""Commands that keep some rows: search, where, head, tail, dedup, regex."""

import re

import msgspec

from sferic.spl import filtering
from sferic.spl.bench import Bench
from sferic.spl.clock import moment
from sferic.spl.command import Known, Words
from sferic.spl.evaluating import Evaluator
from sferic.spl.expression import Expression, parse_expression
from sferic.spl.relation import Relation, as_text, quote
from sferic.spl.terms import All, AnyOf, Compare, Not, Term, parse_terms

_TIMES = {"earliest": ">=", "latest": "<", "_index_earliest": "", "_index_latest": ""}


class Search(msgspec.Struct, frozen=True):
    """Keep the rows that terms describe; `earliest=` and `latest=` are times."""

    terms: Term
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Filter."""
        return bench.filtered(rows, filtering.condition(self._timed(self.terms, bench), rows, bench))

    def _timed(self, term: Term, bench: Bench) -> Term:
        match term:
            case All() | AnyOf():
                return type(term)(tuple(self._timed(part, bench) for part in term.parts))
            case Not():
                return Not(self._timed(term.part, bench))
            case Compare() if term.field in _TIMES and term.operator == "=":
                return self._time(term, bench)
            case _:
                return term

    def _time(self, part: Compare, bench: Bench) -> Term:
        when = moment(part.value, bench.now, bench.zone)
        if when is None:
            raise self.words.fail(f"{part.value!r} is no time", "such as -24h@h, now or 1772445600", part.at)
        operator = _TIMES[part.field]
        return Compare("_time", operator, repr(when), part.at) if operator else All(())


def _search(words: Words) -> Search:
    return Search(parse_terms(words), words)


class Where(msgspec.Struct, frozen=True):
    """Keep the rows for which an expression is true."""

    expression: Expression
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Filter."""
        return bench.filtered(rows, Evaluator(rows, bench, self.words).condition(self.expression))


def _where(words: Words) -> Where:
    expression = parse_expression(words)
    words.finish()
    return Where(expression, words)


class Head(msgspec.Struct, frozen=True):
    """Keep the first or the last rows; the last come in reverse."""

    count: int
    last: bool

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Cut."""
        if self.last:
            rows = bench.ordered(rows, f"{rows.order} DESC")
        select = f"SELECT * FROM {rows.name} ORDER BY {rows.order} LIMIT {self.count}"
        return bench.stage(select, rows.fields, rows.order)


def _head(words: Words, *, last: bool = False) -> Head:
    options = words.options("limit")
    number = words.number()
    words.finish()
    count = words.count(options, "limit", 10) if number is None else number
    if count < 0:
        raise words.fail("a negative number of rows")
    return Head(count, last)


class Dedup(msgspec.Struct, frozen=True):
    """Keep the first rows of each combination of values; rows without one of the fields are dropped."""

    count: int
    fields: tuple[str, ...]
    keep_empty: bool
    consecutive: bool
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Filter."""
        values = [rows.get(name) for name in self.fields]
        keys = ", ".join(v.text for v in values)
        full = " AND ".join(f"{v.text} IS NOT NULL" for v in values)
        if self.consecutive:
            name = bench.fresh()
            before = f"lag([{', '.join(map(as_text, values))}]) OVER (ORDER BY {rows.order})"
            select = f"SELECT *, {before} AS {name} FROM {rows.name}"
            marked = bench.stage(select, rows.fields, rows.order)
            return bench.filtered(marked, f"{full} AND {name} IS DISTINCT FROM [{', '.join(map(as_text, values))}]")
        place = bench.fresh()
        over = f"row_number() OVER (PARTITION BY {keys} ORDER BY {rows.order})"
        numbered = bench.stage(f"SELECT *, {over} AS {place} FROM {rows.name}", rows.fields, rows.order)
        kept = f"{full} AND {place} <= {self.count}"
        return bench.filtered(numbered, f"({kept}) OR NOT ({full})" if self.keep_empty else kept)


def _dedup(words: Words) -> Dedup:
    number = words.number()
    if number is not None and number < 1:
        raise words.fail("dedup keeps at least one row")
    options = words.options("keepempty", "consecutive")
    fields = []
    while not words.done and not words.ahead("keepempty", "consecutive", "keepevents", "sortby"):
        fields.append(words.name())
        words.mark(",")
    options |= words.options("keepempty", "consecutive")
    words.finish()
    if not fields:
        raise words.fail("dedup needs a field")
    keep_empty = words.flag(options, "keepempty", usual=False)
    return Dedup(number or 1, tuple(fields), keep_empty, words.flag(options, "consecutive", usual=False), words)


_REGEX = re.compile(r"([^\s=!\"]+)\s*(!?=)\s*(?=\")")


class Regex(msgspec.Struct, frozen=True):
    """Keep the rows whose field (usually _raw) matches a regular expression, or does not."""

    field: str
    pattern: str
    negated: bool
    at: int
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Filter."""
        try:
            pattern = bench.regex(self.pattern)
        except ValueError as error:
            raise self.words.fail(str(error), at=self.at) from error
        value = rows.get(self.field)
        found = f"coalesce(regexp_matches({as_text(value)}, {quote(pattern)}), FALSE)"
        return bench.filtered(rows, f"NOT {found}" if self.negated else found)


def _regex(words: Words) -> Regex:
    named = words.take(_REGEX)
    words.skip()
    at = words.at
    pattern = words.string()
    if pattern is None:
        raise words.fail("expected a regular expression in double quotes", 'regex FIELD="..."')
    words.finish()
    return Regex(named[1] if named else "_raw", pattern, named is not None and named[2] == "!=", at, words)


COMMANDS = {
    "search": Known(_search, "search TERMS: keep rows by words and FIELD=VALUE; earliest= and latest= are times"),
    "where": Known(_where, "where EXPRESSION: keep rows for which it is true"),
    "head": Known(_head, "head N: the first rows (10); also limit="),
    "tail": Known(lambda words: _head(words, last=True), "tail N: the last rows (10), in reverse; also limit="),
    "dedup": Known(_dedup, "dedup N FIELDS: the first rows of each combination; keepempty=, consecutive="),
    "regex": Known(_regex, 'regex FIELD="..." or FIELD!="...": keep rows that match, or do not'),
}
