"""Commands that change the fields of rows: eval, fieldformat, fields, table, rename, fillnull, sort, bin, convert."""

import re
from collections.abc import Mapping

import msgspec

from sferic.spl import clock
from sferic.spl.bench import Bench
from sferic.spl.command import Known, Words, wildcard
from sferic.spl.evaluating import Evaluator
from sferic.spl.expression import Expression, parse_expression
from sferic.spl.relation import NULL, Kind, Relation, Sql, as_number, as_text, quote

SORT_LIMIT = 10_000
"""Rows that `sort` keeps without a count, as in Splunk."""
_ASSIGNED = re.compile(r"(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|([^\s=,()\"'|]+))\s*=(?!=)")


class Eval(msgspec.Struct, frozen=True):
    """Compute a field."""

    name: str
    expression: Expression
    words: Words


class Evals(msgspec.Struct, frozen=True):
    """Compute fields one after another."""

    parts: tuple[Eval, ...]

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Extend the rows."""
        for part in self.parts:
            value = Evaluator(rows, bench, part.words).value(part.expression)
            rows = bench.extend(rows, {part.name: value})
        return rows


def _eval(words: Words) -> Evals:
    parts: list[Eval] = []
    while True:
        named = words.take(_ASSIGNED)
        if named is None:
            raise words.fail("expected FIELD = EXPRESSION")
        name = next(part for part in named.groups() if part is not None)
        parts.append(Eval(name, parse_expression(words), words))
        if words.done:
            return Evals(tuple(parts))
        words.expect(",", "several fields are separated by commas")


class Shown(msgspec.Struct, frozen=True):
    """Say how a field is shown; its value stays, and values are what a search gives here."""

    part: Eval

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Look whether the expression can be computed."""
        Evaluator(rows, bench, self.part.words).value(self.part.expression)
        return rows


def _fieldformat(words: Words) -> Shown:
    parts = _eval(words).parts
    if len(parts) > 1:
        raise words.fail("fieldformat takes one field", "use one for each")
    return Shown(parts[0])


class Fields(msgspec.Struct, frozen=True):
    """Keep fields in this order, or drop them; `fields` keeps _time and _raw unless told otherwise."""

    patterns: tuple[str, ...]
    drop: bool
    with_internal: bool

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Choose."""
        del bench
        known = list(rows.fields)
        chosen = dict.fromkeys(name for p in self.patterns for name in self._matching(p, known))
        if self.drop:
            return rows.with_fields({name: sql for name, sql in rows.fields.items() if name not in chosen})
        kept = {name: rows.get(name) for name in chosen}
        if self.with_internal:
            kept = {n: rows.fields[n] for n in ("_time", "_raw") if n in rows.fields} | kept
        return rows.with_fields(kept)

    def _matching(self, pattern: str, known: list[str]) -> list[str]:
        if "*" not in pattern:
            return [pattern]
        return [n for n in wildcard(pattern, known) if not n.startswith("_") or pattern.startswith("_")]


def _fields(words: Words) -> Fields:
    drop = words.mark("-")
    if not drop:
        words.mark("+")
    patterns = words.names()
    if not patterns:
        raise words.fail("expected fields")
    return Fields(patterns, drop, with_internal=not drop)


def _table(words: Words) -> Fields:
    patterns = words.names()
    if not patterns:
        raise words.fail("expected fields")
    return Fields(patterns, drop=False, with_internal=False)


class Rename(msgspec.Struct, frozen=True):
    """Give fields other names; `*` stands for the same text in both."""

    pairs: tuple[tuple[str, str], ...]

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Rename."""
        del bench
        fields = dict(rows.fields)
        for old, new in self.pairs:
            names = wildcard(old, list(fields)) if "*" in old else [old] if old in fields else []
            moved = {name: _renamed(name, old, new) for name in names}
            if new not in fields and not names and "*" not in old:
                continue
            taken = set(moved.values())
            fields = {moved.get(n, n): sql for n, sql in fields.items() if n in moved or n not in taken}
        return rows.with_fields(fields)


def _renamed(name: str, old: str, new: str) -> str:
    if "*" not in old:
        return new
    found = re.fullmatch(re.escape(old).replace(r"\*", "(.*)"), name)
    for part in found.groups() if found else ():
        new = new.replace("*", part, 1)
    return new


def _rename(words: Words) -> Rename:
    pairs: list[tuple[str, str]] = []
    while not words.done:
        old = words.name()
        if not words.keyword("as"):
            raise words.fail("expected `as`", "rename OLD as NEW")
        pairs.append((old, words.name("a new name")))
        words.mark(",")
    if not pairs:
        raise words.fail("expected OLD as NEW")
    return Rename(tuple(pairs))


class FillNull(msgspec.Struct, frozen=True):
    """Put a value where there is none: in these fields, or in all."""

    value: str
    fields: tuple[str, ...]

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Fill."""
        filled: dict[str, Sql] = {}
        for name in self.fields or [n for n in rows.fields if not n.startswith("_")]:
            old = rows.get(name)
            number = clock.moment(self.value, 0, bench.zone) if old.kind is Kind.NUMBER else None
            if number is not None:
                filled[name] = Sql(f"coalesce({old.text}, {number!r}::DOUBLE)", Kind.NUMBER)
            elif old.kind is Kind.MANY:
                filled[name] = Sql(f"coalesce({old.text}, [{quote(self.value)}])", Kind.MANY)
            else:
                filled[name] = Sql(f"coalesce({as_text(old)}, {quote(self.value)})", Kind.TEXT)
        return bench.extend(rows, filled)


def _fillnull(words: Words) -> FillNull:
    options = words.options("value")
    return FillNull(options.get("value", "0"), words.names())


class Sort(msgspec.Struct, frozen=True):
    """Put rows in order; without a count only the first 10,000 are kept."""

    limit: int
    keys: tuple[tuple[str, str, str], ...]
    """Sign, how to compare (auto, num, str, ip), field."""

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Order and cut."""
        by = [part for sign, how, name in self.keys for part in _sort_key(sign, how, rows.get(name))]
        ordered = bench.ordered(rows, ", ".join([*by, rows.order]))
        if not self.limit:
            return ordered
        return bench.filtered(ordered, f"{ordered.order} <= {self.limit}")


def _sort_key(sign: str, how: str, value: Sql) -> list[str]:
    way = "DESC" if sign == "-" else "ASC"
    if how == "ip":
        padded = f"list_transform(string_split({as_text(value)}, '.'), lambda one: lpad(one, 3, '0'))"
        return [f"{padded} {way} NULLS LAST"]
    keys = [] if how == "str" else [f"{as_number(value)} {way} NULLS LAST"]
    if how != "num" and value.kind is not Kind.NUMBER:
        keys.append(f"{as_text(value)} {way} NULLS LAST")
    return keys or [f"{as_text(value)} {way} NULLS LAST"]


_SORT_FIELD = re.compile(r"(auto|num|str|ip)\(\s*([^\s()]+)\s*\)")


def _sort(words: Words) -> Sort:
    options = words.options("limit")
    number = words.number()
    limit = words.count(options, "limit", SORT_LIMIT) if number is None else number
    keys: list[tuple[str, str, str]] = []
    while not words.done:
        sign = "-" if words.mark("-") else "+" if words.mark("+") else ""
        typed = words.take(_SORT_FIELD)
        keys.append((sign, typed[1], typed[2]) if typed else (sign, "auto", words.name()))
        words.mark(",")
        if words.keyword("desc", "d"):
            keys = [("-" if s != "-" else "+", how, name) for s, how, name in keys]
    if not keys or limit < 0:
        raise words.fail("expected fields to sort by")
    return Sort(limit, tuple(keys))


class Reverse(msgspec.Struct, frozen=True):
    """Turn the order around."""

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Order."""
        return bench.ordered(rows, f"{rows.order} DESC")


def _reverse(words: Words) -> Reverse:
    words.finish()
    return Reverse()


class Bin(msgspec.Struct, frozen=True):
    """Cut a number down to the beginning of its bin; `_time` by a span of time."""

    field: str
    span: float
    name: str

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Cut."""
        value = as_number(rows.get(self.field))
        floor = f"floor({value} / {self.span!r}) * {self.span!r}"
        if self.field == "_time":
            return bench.extend(rows, {self.name: Sql(floor, Kind.NUMBER)})
        label = f"spl_text({floor}) || '-' || spl_text({floor} + {self.span!r})"
        return bench.extend(rows, {self.name: Sql(label, Kind.TEXT)})


def _bin(words: Words) -> Bin:
    options = words.options("span", "bins", "minspan", "aligntime")
    field = words.name()
    options |= words.options("span", "bins", "minspan", "aligntime")
    name = words.name("a name") if words.keyword("as") else field
    options |= words.options("span", "bins", "minspan", "aligntime")
    words.finish()
    refused = sorted(options.keys() - {"span"})
    if refused or "span" not in options:
        raise words.fail(f"bin needs span=, and {', '.join(refused) or 'no other option'} is not supported")
    return Bin(field, span_of(words, options["span"], time=field == "_time"), name)


def span_of(words: Words, text: str, *, time: bool) -> float:
    """Read a span: of time, or a number."""
    seconds = clock.span_s(text)
    if not time and text.replace(".", "", 1).isdecimal() and len(text) < 16 and float(text) > 0:
        return float(text)
    if seconds is None:
        raise words.fail(f"span={text} is not supported", "a number of s, m, h, d or w, such as 5m")
    return float(seconds)


_CONVERSIONS: Mapping[str, str] = {
    "num": "spl_number({x})",
    "auto": "coalesce(spl_text(spl_number({x})), {x})",
    "none": "{x}",
    "rmcomma": "replace({x}, ',', '')",
    "rmunit": "spl_number(regexp_extract({x}, '^[-+]?[0-9.]+'))",
    "memk": "spl_number(regexp_extract({x}, '^[-+]?[0-9.]+')) * "
    "CASE lower(right({x}, 1)) WHEN 'm' THEN 1024 WHEN 'g' THEN 1048576 ELSE 1 END",
    "ctime": "spl_strftime(spl_number({x}), {form})",
    "mktime": "spl_strptime({x}, {form})",
}
_NUMERIC = frozenset({"num", "rmunit", "memk", "mktime"})


class Convert(msgspec.Struct, frozen=True):
    """Turn fields into numbers or times."""

    parts: tuple[tuple[str, str, str], ...]
    """Function, field, new name."""
    form: str

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Convert."""
        for function, field, name in self.parts:
            names = wildcard(field, list(rows.fields)) if "*" in field else [field]
            new = {name or one: self._converted(function, rows.fields.get(one, NULL)) for one in names}
            rows = bench.extend(rows, new)
        return rows

    def _converted(self, function: str, value: Sql) -> Sql:
        text = _CONVERSIONS[function].format(x=as_text(value), form=quote(self.form))
        return Sql(text, Kind.NUMBER if function in _NUMERIC else Kind.TEXT)


_CONVERSION = re.compile(r"([a-z]+)\(\s*([^\s()]+)\s*\)")


def _convert(words: Words) -> Convert:
    form = words.options("timeformat").get("timeformat", "%m/%d/%Y %H:%M:%S")
    parts: list[tuple[str, str, str]] = []
    while not words.done:
        start = words.at
        found = words.take(_CONVERSION)
        if found is None or found[1] not in _CONVERSIONS:
            raise words.fail("expected FUNCTION(FIELD)", f"known: {', '.join(_CONVERSIONS)}", start)
        parts.append((found[1], found[2], words.name("a name") if words.keyword("as") else ""))
        words.mark(",")
    return Convert(tuple(parts), form)


COMMANDS = {
    "eval": Known(_eval, "eval FIELD = EXPRESSION, ...: compute fields"),
    "fieldformat": Known(_fieldformat, "fieldformat FIELD = EXPRESSION: how it is shown; the value stays"),
    "fields": Known(_fields, "fields FIELDS or fields - FIELDS: keep or drop fields, `*` is any text"),
    "table": Known(_table, "table FIELDS: these fields in this order, and no other"),
    "rename": Known(_rename, "rename OLD as NEW, ...: other names, `*` is any text"),
    "fillnull": Known(_fillnull, "fillnull value=X FIELDS: a value (0) where there is none"),
    "sort": Known(_sort, "sort N -FIELD, ...: put rows in order, the first 10,000 unless N is 0; num(), str(), ip()"),
    "reverse": Known(_reverse, "reverse: the last row first"),
    "bin": Known(_bin, "bin FIELD span=5m as NAME: the beginning of its bin"),
    "bucket": Known(_bin, "bucket: the same as bin"),
    "convert": Known(_convert, "convert ctime(FIELD) as NAME, ...: numbers and times; timeformat="),
}
