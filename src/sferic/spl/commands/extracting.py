"""Commands that make fields out of texts: rex, replace, makemv, mvexpand, nomv, spath."""

import json
import re

import msgspec

from sferic.spl.bench import Bench
from sferic.spl.command import Known, Words
from sferic.spl.relation import Kind, Relation, Sql, as_many, as_text, quote
from sferic.spl.texts import flat

MAX_GROUPS = 50
_NAMES = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")
_SED = re.compile(r"s(.)((?:\\.|(?!\1)[^\\])*)\1((?:\\.|(?!\1)[^\\])*)\1(g?)")


class Rex(msgspec.Struct, frozen=True):
    """Take fields out of a text by the named groups of a regular expression."""

    field: str
    pattern: str
    most: int
    at: int
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Extract; a field whose group did not match keeps what it had."""
        pattern = checked(self.pattern, self.at, bench, self.words)
        names = _NAMES.findall(self.pattern)
        if not names or len(set(names)) != len(names) or len(names) > MAX_GROUPS:
            raise self.words.fail("the expression needs named groups, each name once", "(?<name>...)", self.at)
        text = as_text(rows.get(self.field))
        if self.most == 1:
            return self._first(rows, bench, text, pattern, names)
        order = list(re.finditer(r"\((?!\?)|\(\?P?<", self.pattern.replace(r"\(", "  ")))
        new = {}
        for name in names:
            group = next(
                n for n, m in enumerate(order, 1) if self.pattern.startswith((f"(?<{name}>", f"(?P<{name}>"), m.start())
            )
            found = f"regexp_extract_all({text}, {quote(pattern)}, {group})"
            cut = f"({found})[1:{self.most}]" if self.most else found
            new[name] = Sql(f"nullif({cut}, [])", Kind.MANY)
        return bench.extend(rows, new)

    def _first(self, rows: Relation, bench: Bench, text: str, pattern: str, names: list[str]) -> Relation:
        listed = ", ".join(quote(name.lower()) for name in _lower(names))
        found = bench.fresh()
        select = f"SELECT *, regexp_extract({text}, {quote(pattern)}, [{listed}]) AS {found} FROM {rows.name}"
        rows = bench.stage(select, rows.fields, rows.order)
        new = {}
        for name, inner in zip(names, _lower(names), strict=True):
            old = rows.fields.get(name)
            kept = as_text(old) if old else "NULL"
            new[name] = Sql(f"coalesce(nullif({found}.{inner}, ''), {kept})", Kind.TEXT)
        return bench.extend(rows, new)


def _lower(names: list[str]) -> list[str]:
    """Make names that the database can tell apart, whatever their case."""
    return [f"g{place}" for place, _ in enumerate(names)]


def checked(pattern: str, at: int, bench: Bench, words: Words) -> str:
    """Return a regular expression that the database takes, or say why it cannot be."""
    try:
        return bench.regex(pattern)
    except ValueError as error:
        raise words.fail(str(error), at=at) from error


class Sed(msgspec.Struct, frozen=True):
    """Replace in a text, as `s/regex/replacement/g` does."""

    field: str
    pattern: str
    by: str
    everywhere: bool
    at: int
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Replace."""
        pattern = quote(checked(self.pattern, self.at, bench, self.words))
        flags = ", 'g'" if self.everywhere else ""
        text = f"regexp_replace({as_text(rows.get(self.field))}, {pattern}, {quote(self.by)}{flags})"
        return bench.extend(rows, {self.field: Sql(text, Kind.TEXT)})


def _rex(words: Words) -> Rex | Sed:
    known = ("field", "max_match", "mode")
    options = words.options(*known)
    words.skip()
    at = words.at
    pattern = words.string()
    if pattern is None:
        raise words.fail("expected a regular expression in double quotes", 'rex field=url "(?<name>...)"')
    options |= words.options(*known)
    words.finish()
    field = options.get("field", "_raw")
    if options.get("mode") != "sed":
        return Rex(field, pattern, words.count(options, "max_match", 1), at, words)
    sed = _SED.fullmatch(pattern)
    if sed is None:
        raise words.fail("expected s/regex/replacement/ or s/regex/replacement/g", at=at)
    return Sed(field, sed[2], sed[3], bool(sed[4]), at, words)


class Replace(msgspec.Struct, frozen=True):
    """Replace whole values of fields; `*` in the old one is any text."""

    pairs: tuple[tuple[str, str], ...]
    fields: tuple[str, ...]

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Replace."""
        for name in self.fields or [n for n in rows.fields if not n.startswith("_")]:
            for old, by in self.pairs if name in rows.fields else ():
                pattern = quote("(?is)" + "(.*)".join(map(re.escape, old.split("*"))))
                parts = by.replace("\\", "\\\\").split("*")
                put = quote("".join(p + (rf"\{n}" if n < len(parts) else "") for n, p in enumerate(parts, 1)))
                text = as_text(rows.get(name))
                put = f"regexp_replace({text}, {pattern}, {put})"
                replaced = f"CASE WHEN regexp_full_match({text}, {pattern}) THEN {put} ELSE {text} END"
                rows = bench.extend(rows, {name: Sql(replaced, Kind.TEXT)})
        return rows


def _replace(words: Words) -> Replace:
    pairs: list[tuple[str, str]] = []
    while not words.done and not words.ahead("in"):
        old = words.name("a value")
        if not words.keyword("with"):
            raise words.fail("expected `with`", "replace OLD with NEW in FIELD")
        pairs.append((old, words.name("a value")))
        words.mark(",")
    fields = words.names() if words.keyword("in") else ()
    if not pairs:
        raise words.fail("expected OLD with NEW")
    return Replace(tuple(pairs), fields)


class MakeMany(msgspec.Struct, frozen=True):
    """Split a field into several values, by a delimiter or by what an expression matches."""

    field: str
    delimiter: str
    tokenizer: str
    allow_empty: bool
    at: int
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Split."""
        text = as_text(rows.get(self.field))
        if self.tokenizer:
            pattern = checked(self.tokenizer, self.at, bench, self.words)
            group = 1 if "(" in self.tokenizer else 0
            many = f"regexp_extract_all({text}, {quote(pattern)}, {group})"
        else:
            many = f"string_split({text}, {quote(self.delimiter)})"
            many = many if self.allow_empty else f"list_filter({many}, lambda one: one <> '')"
        return bench.extend(rows, {self.field: Sql(f"nullif({many}, [])", Kind.MANY)})


def _makemv(words: Words) -> MakeMany:
    words.skip()
    at = words.at
    options = words.options("delim", "tokenizer", "allowempty")
    field = words.name()
    words.finish()
    empty = words.flag(options, "allowempty", usual=False)
    return MakeMany(field, options.get("delim", " "), options.get("tokenizer", ""), empty, at, words)


class Expand(msgspec.Struct, frozen=True):
    """Make a row of each of several values."""

    field: str
    limit: int

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Expand; a row without the field stays one row."""
        value = rows.fields.get(self.field)
        if value is None or value.kind is not Kind.MANY:
            return rows
        many = f"{value.text}[1:{self.limit}]" if self.limit else value.text
        name, order = bench.fresh(), bench.fresh()
        select = f"SELECT *, unnest(coalesce(nullif({many}, []), [NULL])) AS {name} FROM {rows.name}"
        fields = dict(rows.fields) | {self.field: Sql(name, Kind.TEXT)}
        expanded = bench.stage(select, fields, rows.order)
        numbered = f"SELECT *, row_number() OVER (ORDER BY {rows.order}) AS {order} FROM {expanded.name}"
        return bench.stage(numbered, fields, order)


def _mvexpand(words: Words) -> Expand:
    field = words.name()
    options = words.options("limit")
    words.finish()
    return Expand(field, words.count(options, "limit", 0))


class Join(msgspec.Struct, frozen=True):
    """Make one text of several values."""

    field: str

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Join by line ends, as a multivalue field is shown."""
        many = as_many(rows.get(self.field))
        return bench.extend(rows, {self.field: Sql(f"array_to_string({many}, chr(10))", Kind.TEXT)})


def _nomv(words: Words) -> Join:
    field = words.name()
    words.finish()
    return Join(field)


class Spath(msgspec.Struct, frozen=True):
    """Take fields out of JSON: one path, or everything there is."""

    source: str
    path: str
    output: str

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Extract."""
        if self.path:
            found = Sql(f"spl_json({as_text(rows.get(self.source))}, {quote(self.path)})", Kind.MANY)
            return bench.extend(rows, {self.output or self.path: found})
        held = bench.rows(rows)
        numbers = frozenset(name for name, sql in rows.fields.items() if sql.kind is Kind.NUMBER)
        return bench.table([row | _parsed(row.get(self.source)) for row in held], numbers)


def _parsed(value: object) -> dict[str, object]:
    try:
        found = flat(json.loads(str(value)))
    except (ValueError, RecursionError):
        return {}
    return {name: many[0] if len(many) == 1 else many for name, many in found.items()}


def _spath(words: Words) -> Spath:
    known = ("input", "output", "path")
    options = words.options(*known)
    path = "" if words.done else words.name("a path")
    options |= words.options(*known)
    words.finish()
    return Spath(options.get("input", "_raw"), options.get("path", path), options.get("output", ""))


COMMANDS = {
    "rex": Known(_rex, 'rex field=FIELD "(?<name>...)": fields by named groups; max_match=, mode=sed'),
    "replace": Known(_replace, "replace OLD with NEW in FIELDS: whole values, `*` is any text"),
    "makemv": Known(_makemv, "makemv delim=, FIELD: several values of one; tokenizer=, allowempty="),
    "mvexpand": Known(_mvexpand, "mvexpand FIELD: a row of each value; limit="),
    "nomv": Known(_nomv, "nomv FIELD: one text of several values"),
    "spath": Known(_spath, "spath input=FIELD path=a.b{}.c output=NAME: fields of JSON; without a path all of them"),
}
