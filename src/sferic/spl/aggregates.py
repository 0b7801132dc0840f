"""The functions of `stats`, `eventstats`, `streamstats` and `timechart`, and how they are written.

A median and a percentile are values of the data: the one at the rank, the higher of the two middle ones where their
number is even. Of several values in one field each is counted.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from sferic.spl.cursor import Cursor
from sferic.spl.evaluating import Evaluator, near
from sferic.spl.expression import Expression, parse_expression
from sferic.spl.relation import Kind, Relation, Sql, as_number, as_text

LIST_LIMIT = 100
"""Values that list() keeps, as in Splunk."""
_CALL = re.compile(r"([A-Za-z_]+(?:\d+(?:\.\d+)?)?)\s*\(\s*")
_BARE = re.compile(r"(count|c)(?=[\s,]|$)", re.IGNORECASE)
_EVAL = re.compile(r"eval\s*\(", re.IGNORECASE)
_CLOSED = re.compile(r"\s*\)")
_INSIDE = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|([^\s()|\"',]+)")
_RANKED = re.compile(r"(perc|p|exactperc|upperperc)(\d{1,2}(?:\.\d+)?|100)")


class Aggregate(msgspec.Struct, frozen=True):
    """One function as it was written."""

    function: str
    field: str
    """Field it is over, with `*` for several; empty if there is none, or an expression."""
    expression: Expression | None
    name: str
    """What the result is called; with a `*` where `field` has one."""
    at: int
    named: bool
    """Whether `as` gave the name."""


class Over(msgspec.Struct, frozen=True):
    """What a function is given: the values, whether they are there at all, and by what rows are in order."""

    value: Sql
    order: str
    time: str
    window: str
    """Empty, or ` OVER (...)`."""

    @property
    def number(self) -> str:
        """The value as a number."""
        return as_number(self.value)

    @property
    def text(self) -> str:
        """The value as a text."""
        return as_text(self.value)


def _numeric(template: str, of_list: str) -> Callable[[Over], Sql]:
    """Make a function over numbers: over one in each row, or over a list of all where rows hold several."""

    def build(over: Over) -> Sql:
        if over.value.kind is Kind.MANY:
            return Sql(of_list.format(x=_numbers(over)), Kind.NUMBER)
        return Sql(template.format(x=over.number, w=over.window), Kind.NUMBER)

    return build


_SQUARES = "list_transform({x}, lambda one: one * one)"


def _numbers(over: Over) -> str:
    """List every number."""
    if over.value.kind is Kind.MANY:
        numbers = f"list_transform(flatten({_gathered(over)}), lambda one: spl_number(one))"
        return f"list_filter({numbers}, lambda one: one IS NOT NULL)"
    return f"list({over.number}) FILTER ({over.number} IS NOT NULL){over.window}"


def _count(over: Over) -> Sql:
    x = over.value
    if x.kind is Kind.MANY:
        return Sql(f"coalesce(CAST(sum(len({x.text})){over.window} AS DOUBLE), 0)", Kind.NUMBER)
    if x.kind is Kind.TRUTH:
        return Sql(f"CAST(count(CASE WHEN {x.text} THEN 1 END){over.window} AS DOUBLE)", Kind.NUMBER)
    return Sql(f"CAST(count({x.text}){over.window} AS DOUBLE)", Kind.NUMBER)


def _distinct(over: Over) -> Sql:
    if over.value.kind is Kind.MANY:
        return Sql(f"CAST(len(list_distinct(flatten({_gathered(over)}))) AS DOUBLE)", Kind.NUMBER)
    return Sql(f"CAST(count(DISTINCT {over.value.text}){over.window} AS DOUBLE)", Kind.NUMBER)


def _gathered(over: Over) -> str:
    x = over.value.text if over.value.kind is Kind.MANY else over.text
    order = "" if over.window else f" ORDER BY {over.order}"
    return f"coalesce(list({x}{order}) FILTER ({x} IS NOT NULL){over.window}, [])"


def _values(over: Over) -> Sql:
    many = f"flatten({_gathered(over)})" if over.value.kind is Kind.MANY else _gathered(over)
    return Sql(f"nullif(list_sort(list_distinct({many})), [])", Kind.MANY)


def _list(over: Over) -> Sql:
    many = f"flatten({_gathered(over)})" if over.value.kind is Kind.MANY else _gathered(over)
    return Sql(f"nullif(({many})[1:{LIST_LIMIT}], [])", Kind.MANY)


def _extreme(function: str) -> Callable[[Over], Sql]:
    def build(over: Over) -> Sql:
        if over.value.kind is Kind.MANY:
            numbers, texts = _numbers(over), f"flatten({_gathered(over)})"
            number = f"CASE WHEN len({numbers}) = len({texts}) THEN spl_text(list_{function}({numbers})) END"
            return Sql(f"coalesce({number}, list_{function}({texts}))", Kind.TEXT)
        w, x, text = over.window, over.number, over.text
        if over.value.kind is Kind.NUMBER:
            return Sql(f"{function}({x}){w}", Kind.NUMBER)
        numbers = f"count({x}){w} = count({text}){w}"
        return Sql(f"CASE WHEN {numbers} THEN spl_text({function}({x}){w}) ELSE {function}({text}){w} END", Kind.TEXT)

    return build


def _chosen(function: str, by: str) -> Callable[[Over], Sql]:
    """Take the value of the row at which time or order is least or greatest."""

    def build(over: Over) -> Sql:
        key = over.order if by == "order" else over.time
        x = over.value.text
        return Sql(f"{function}({x}, {key}) FILTER ({x} IS NOT NULL){over.window}", over.value.kind)

    return build


def _when(function: str) -> Callable[[Over], Sql]:
    def build(over: Over) -> Sql:
        return Sql(f"{function}({over.time}) FILTER ({over.value.text} IS NOT NULL){over.window}", Kind.NUMBER)

    return build


def _mode(over: Over) -> Sql:
    if over.value.kind is Kind.MANY:
        return Sql(f"list_mode(list_sort(flatten({_gathered(over)})))", Kind.TEXT)
    order = "" if over.window else f" ORDER BY {over.text}"  # which of two equally frequent ones is not left to chance
    return Sql(f"mode({over.text}{order}){over.window}", Kind.TEXT)


def _ranked(share: float) -> Callable[[Over], Sql]:
    def build(over: Over) -> Sql:
        sorted_ = f"list_sort({_numbers(over)})"
        return Sql(
            f"({sorted_})[CAST(least(floor({share!r} * len({sorted_})) + 1, len({sorted_})) AS BIGINT)]", Kind.NUMBER
        )

    return build


AGGREGATES: dict[str, tuple[str, Callable[[Over], Sql]]] = {
    "count": ("rows, or values of a field", _count),
    "dc": ("distinct values", _distinct),
    "sum": ("sum of the numbers; null if there is none", _numeric("sum({x}){w}", "list_sum({x})")),
    "sumsq": ("sum of the squares", _numeric("sum({x} * {x}){w}", f"list_sum({_SQUARES})")),
    "avg": ("average of the numbers", _numeric("avg({x}){w}", "list_avg({x})")),
    "min": ("smallest number, or first text if not all are numbers", _extreme("min")),
    "max": ("largest number, or last text if not all are numbers", _extreme("max")),
    "range": ("largest less smallest number", _numeric("(max({x}){w} - min({x}){w})", "list_max({x}) - list_min({x})")),
    "stdev": ("standard deviation of a sample", _numeric("stddev_samp({x}){w}", "list_stddev_samp({x})")),
    "stdevp": ("standard deviation of a population", _numeric("stddev_pop({x}){w}", "list_stddev_pop({x})")),
    "var": ("variance of a sample", _numeric("var_samp({x}){w}", "list_var_samp({x})")),
    "varp": ("variance of a population", _numeric("var_pop({x}){w}", "list_var_pop({x})")),
    "median": ("the middle number", _ranked(0.5)),
    "mode": ("the most frequent value", _mode),
    "first": ("value of the first row", _chosen("arg_min", "order")),
    "last": ("value of the last row", _chosen("arg_max", "order")),
    "earliest": ("value of the oldest row", _chosen("arg_min", "time")),
    "latest": ("value of the newest row", _chosen("arg_max", "time")),
    "earliest_time": ("time of the oldest row that has the field", _when("min")),
    "latest_time": ("time of the newest row that has the field", _when("max")),
    "values": ("distinct values, in order of their characters", _values),
    "list": (f"values as they come, the first {LIST_LIMIT}", _list),
}
"""Function -> what it gives, and how it is made. `perc<N>` (also `p<N>`) is beside it."""
_ALIASES = {"c": "count", "distinct_count": "dc", "estdc": "dc", "mean": "avg"}


def parse_aggregates(cursor: Cursor[Any], *stops: str) -> tuple[Aggregate, ...]:
    """Parse functions up to the end or one of these words."""
    found: list[Aggregate] = []
    while not cursor.done and not cursor.ahead(*stops):
        found.append(_one(cursor))
        cursor.mark(",")
    return tuple(found)


def _one(cursor: Cursor[Any]) -> Aggregate:
    cursor.skip()
    at = cursor.at
    if cursor.take(_BARE):
        function, field, expression, written = "count", "", None, "count"
    else:
        function, field, expression = _call(cursor)
        written = re.sub(r"\s+", "", cursor.text[at : cursor.at]) if field else cursor.text[at : cursor.at].strip()
    named = bool(cursor.keyword("as"))
    name = cursor.name("a name") if named else written
    return Aggregate(function, field, expression, name, at, named)


def _call(cursor: Cursor[Any]) -> tuple[str, str, Expression | None]:
    at = cursor.at
    called = cursor.take(_CALL)
    if called is None:
        raise cursor.fail("expected a function, such as count, dc(FIELD) or values(FIELD)")
    function = _ALIASES.get(called[1].lower(), called[1].lower())
    if function not in AGGREGATES and not _RANKED.fullmatch(function):
        raise cursor.fail(f"function {called[1]}() is not supported", near(function, AGGREGATES), at)
    expression, field = None, ""
    if cursor.take(_EVAL):
        expression = parse_expression(cursor)
        cursor.expect(")")
    elif not cursor.sees(")"):
        inside = cursor.take(_INSIDE)
        if inside is None:
            raise cursor.fail("expected a field or eval(...)")
        field = next(part for part in inside.groups() if part is not None)
    if not cursor.take(_CLOSED):
        raise cursor.fail("expected ')'", "an expression here stands in eval(...)")
    if not field and expression is None and function != "count":
        raise cursor.fail(f"{function}() needs a field", at=at)
    return function, field, expression


def spread(aggregates: tuple[Aggregate, ...], fields: tuple[str, ...]) -> list[Aggregate]:
    """Write functions over several fields (`values(*) as *`) out, one for each field."""
    found: list[Aggregate] = []
    for one in aggregates:
        if "*" not in one.field:
            found.append(one)
            continue
        pattern = re.compile(re.escape(one.field).replace(r"\*", "(.*)"))
        for field in fields:
            if match := pattern.fullmatch(field):
                name = one.name.replace("*", match[1], 1) if one.named else f"{one.function}({field})"
                found.append(msgspec.structs.replace(one, field=field, name=name))
    return found


def build(one: Aggregate, rows: Relation, evaluator: Evaluator, cursor: Cursor[Any], window: str = "") -> Sql:
    """Make a function over rows; with `window` as one that runs beside each row."""
    value = _value(one, rows, evaluator)
    time = rows.fields.get("_time")
    if time is None and one.function in {"earliest", "latest", "earliest_time", "latest_time"}:
        raise cursor.fail(f"{one.function}() needs _time, which is not there any more", at=one.at)
    over = Over(value, rows.order, as_number(time) if time else "0", f" OVER ({window})" if window else "")
    if ranked := _RANKED.fullmatch(one.function):
        return _ranked(float(ranked[2]) / 100)(over)
    return AGGREGATES[one.function][1](over)


def _value(one: Aggregate, rows: Relation, evaluator: Evaluator) -> Sql:
    if one.expression is not None:
        found = evaluator.any(one.expression)
        if found.kind is Kind.TRUTH and one.function != "count":
            return Sql(f"CASE WHEN {found.text} THEN 1::DOUBLE ELSE 0 END", Kind.NUMBER)
        return found
    return rows.get(one.field) if one.field else Sql("1", Kind.NUMBER)
