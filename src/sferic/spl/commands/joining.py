"""Commands that bring other rows in: lookup, inputlookup, makeresults, append, union, join.

A subsearch runs over the same events as the search it stands in.
"""

import re

import msgspec

from sferic.spl.bench import Bench, Lookup
from sferic.spl.command import Known, Pipeline, Words
from sferic.spl.evaluating import near
from sferic.spl.filtering import condition
from sferic.spl.relation import NULL, Kind, Relation, Sql, as_many, as_number, as_text, quote
from sferic.spl.terms import Term, parse_terms

JOIN_LIMIT = 50_000
"""Rows of a subsearch that `join` and `append` take, as in Splunk."""
_LIKE = re.compile(r"[\\%_]")


def run(pipeline: Pipeline, bench: Bench) -> Relation:
    """Run a subsearch over the events of this run."""
    rows = bench.events
    for command in pipeline:
        rows = command.apply(rows, bench)
    return rows


class LookUp(msgspec.Struct, frozen=True):
    """Add fields from a table: those of its rows whose keys fit."""

    table: str
    keys: tuple[tuple[str, str], ...]
    """Column of the table, field of the rows."""
    output: tuple[tuple[str, str], ...]
    keep: bool
    at: int
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Look up the first fitting rows of the table for every row."""
        lookup = known(self.table, bench, self.words, self.at)
        columns = list(dict.fromkeys(name for row in lookup.rows for name in row))
        self._check([column for column, _ in (*self.keys, *self.output)], columns)
        keys = {column for column, _ in self.keys}
        output = self.output or tuple((c, c) for c in columns if c not in keys)
        table = bench.table(lookup.rows, frozenset())
        rows = bench.kept(rows)
        hits, found = self._hits(rows, table, lookup, output, bench)
        on = " AND ".join(f"{as_text(rows.get(field))} = {hits}.{found}k{n}" for n, (_, field) in enumerate(self.keys))
        select = f"SELECT {rows.name}.*, {hits}.* FROM {rows.name} LEFT JOIN {hits} ON {on}"
        joined = bench.stage(select, rows.fields, rows.order)
        new = {field: self._value(joined, f"{found}_{n}", field, lookup) for n, (_, field) in enumerate(output)}
        return bench.extend(joined, new)

    def _hits(
        self, rows: Relation, table: Relation, lookup: Lookup, output: tuple[tuple[str, str], ...], bench: Bench
    ) -> tuple[str, str]:
        """Look every distinct value up once; return the name of the result and what its columns begin with."""
        found = bench.fresh()
        cells = [(as_text(rows.get(field)), f"{found}k{n}") for n, (_, field) in enumerate(self.keys)]
        distinct = f"SELECT DISTINCT {', '.join(f'{text} AS {name}' for text, name in cells)} FROM {rows.name}"
        asked = bench.stage(distinct, {}, "")
        keys = [Sql(name, Kind.TEXT) for _, name in cells]
        fits = " AND ".join(
            _fits(lookup, column, table.get(column), key) for (column, _), key in zip(self.keys, keys, strict=True)
        )
        lists = (
            f"list({cell} ORDER BY {table.order})[1:{lookup.max_matches}] AS {found}_{n}"
            for n, cell in enumerate(as_text(table.get(column)) for column, _ in output)
        )
        listed = ", ".join([*(key.text for key in keys), *lists])
        group = ", ".join(key.text for key in keys)
        select = f"SELECT {listed} FROM {asked.name} JOIN {table.name} ON {fits} GROUP BY {group}"
        return bench.stage(select, {}, "").name, found

    def _check(self, asked: list[str], columns: list[str]) -> None:
        for name in asked:
            if name not in columns:
                there = near(name, columns, f"it has {', '.join(columns)}")
                raise self.words.fail(f"lookup {self.table!r} has no column {name!r}", there, self.at)

    def _value(self, rows: Relation, many: str, field: str, lookup: Lookup) -> Sql:
        kind = Kind.TEXT if lookup.max_matches == 1 else Kind.MANY
        value = f"{many}[1]" if kind is Kind.TEXT else f"list_filter({many}, lambda one: one IS NOT NULL)"
        if lookup.default is not None:
            plain = quote(lookup.default)
            value = f"coalesce({value}, {plain if kind is Kind.TEXT else f'[{plain}]'})"
        if self.keep and field in rows.fields:
            old = rows.get(field)
            value = f"coalesce({as_text(old) if kind is Kind.TEXT else as_many(old)}, {value})"
        return Sql(value, kind)


def _fits(lookup: Lookup, column: str, cell: Sql, value: Sql) -> str:
    how = lookup.match.get(column, "")
    text, key = as_text(value), as_text(cell)
    if how == "WILDCARD":
        like = f"replace(replace(replace(replace({key}, '\\', '\\\\'), '%', '\\%'), '_', '\\_'), '*', '%')"
        return f"({text} {'LIKE' if lookup.case_sensitive else 'ILIKE'} {like} ESCAPE '\\')"
    if how == "CIDR":
        return f"spl_cidr({key}, {text})"
    return f"({text} = {key})" if lookup.case_sensitive else f"(lower({text}) = lower({key}))"


def known(name: str, bench: Bench, words: Words, at: int) -> Lookup:
    """Return a table by its name."""
    lookup = bench.lookups.get(name) or bench.lookups.get(name.removesuffix(".csv"))
    if lookup is None:
        brought = "--app FOLDER and --lookup NAME=FILE.csv bring tables"
        raise words.fail(f"there is no lookup {name!r}", near(name, bench.lookups, brought), at)
    return lookup


def _lookup(words: Words) -> LookUp:
    words.options("local", "update")
    words.skip()
    at = words.at
    table = words.name("a lookup")
    keys = _pairs(words, "output", "outputnew")
    how = words.keyword("output", "outputnew")
    output = _pairs(words) if how else ()
    words.finish()
    if not keys:
        raise words.fail("expected a field to look up", "lookup TABLE COLUMN as FIELD output COLUMN")
    return LookUp(table, keys, output, how == "outputnew", at, words)


def _pairs(words: Words, *stops: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    while not words.done and not words.ahead(*stops):
        column = words.name()
        found.append((column, words.name() if words.keyword("as") else column))
        words.mark(",")
    return tuple(found)


class InputLookup(msgspec.Struct, frozen=True):
    """Take the rows of a table, alone or behind those that are there."""

    table: str
    append: bool
    terms: Term | None
    at: int
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Read."""
        table = bench.table(known(self.table, bench, self.words, self.at).rows, frozenset())
        if self.terms is not None:
            table = bench.filtered(table, condition(self.terms, table, bench))
        return stacked([rows, table], bench) if self.append else table


def _inputlookup(words: Words) -> InputLookup:
    options = words.options("append")
    words.skip()
    at = words.at
    table = words.name("a lookup")
    terms = parse_terms(words) if words.keyword("where") else None
    words.finish()
    return InputLookup(table, words.flag(options, "append", usual=False), terms, at, words)


class MakeResults(msgspec.Struct, frozen=True):
    """Make rows out of nothing but the time."""

    count: int

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Make."""
        del rows
        return bench.table([{"_time": bench.now}] * self.count)


def _makeresults(words: Words) -> MakeResults:
    options = words.options("count")
    words.finish()
    return MakeResults(min(words.count(options, "count", 1), JOIN_LIMIT))


def stacked(several: list[Relation], bench: Bench) -> Relation:
    """Put the rows of several under each other; a field that one lacks is null there."""
    names = list(dict.fromkeys(name for rows in several for name in rows.fields))
    fields: dict[str, Sql] = {}
    for name in names:
        kinds = {rows.fields[name].kind for rows in several if name in rows.fields}
        kind = Kind.MANY if Kind.MANY in kinds else kinds.pop() if len(kinds) == 1 else Kind.TEXT
        fields[name] = Sql(bench.fresh(), kind)
    part, place = bench.fresh(), bench.fresh()
    selects = []
    for number, rows in enumerate(several):
        cells = "".join(f", {_as(sql.kind, rows.fields.get(name, NULL))} AS {sql.text}" for name, sql in fields.items())
        selects.append(f"SELECT {number} AS {part}, {rows.order} AS {place}{cells} FROM {rows.name}")
    return bench.ordered(bench.stage(" UNION ALL ".join(selects), fields, ""), f"{part}, {place}")


def _as(kind: Kind, value: Sql) -> str:
    if value is NULL:
        return f"CAST(NULL AS {kind.value})"
    return {Kind.NUMBER: as_number, Kind.MANY: as_many}.get(kind, as_text)(value)


class Append(msgspec.Struct, frozen=True):
    """Put the rows of subsearches behind those that are there."""

    searches: tuple[Pipeline, ...]
    alone: bool
    most: int

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Run, cut and stack."""
        others = [run(search, bench) for search in self.searches]
        if self.most:
            others = [bench.filtered(ordered, f"{ordered.order} <= {self.most}")
                      for ordered in (bench.ordered(other, other.order) for other in others)]  # fmt: skip
        return stacked(others if self.alone else [rows, *others], bench)


def _append(words: Words) -> Append:
    options = words.options("maxout")
    search = words.subsearch()
    words.finish()
    return Append((search,), alone=False, most=words.count(options, "maxout", JOIN_LIMIT))


def _union(words: Words) -> Append:
    searches = []
    while not words.done:
        searches.append(words.subsearch())
        words.mark(",")
    if not searches:
        raise words.fail("expected searches in square brackets")
    return Append(tuple(searches), alone=words.first, most=0)


class JoinWith(msgspec.Struct, frozen=True):
    """Add the fields of a subsearch's rows that agree in these fields."""

    fields: tuple[str, ...]
    outer: bool
    most: int
    overwrite: bool
    search: Pipeline
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Join."""
        other = run(self.search, bench)
        by = self.fields or tuple(n for n in rows.fields if n in other.fields and not n.startswith("_"))
        if not by:
            raise self.words.fail("the two searches have no field in common")
        place = bench.fresh()
        keys = ", ".join(as_text(other.get(n)) for n in by)
        over = f"row_number() OVER (PARTITION BY {keys} ORDER BY {other.order}) AS {place}"
        limited = f"SELECT *, {over} FROM {other.name} WHERE {other.order} <= {JOIN_LIMIT}"
        kept = bench.stage(f"SELECT * FROM ({limited}) WHERE {place} <= {self.most}" if self.most else limited, {}, "")
        if not self._plain(rows, other, by):
            raise self.words.fail("a field to join by is not in both searches, or holds several values")
        on = " AND ".join(_equal(rows.get(n), other.get(n)) for n in by)
        added = {n: sql for n, sql in other.fields.items() if n not in by}
        names = {n: bench.fresh() for n in added}
        columns = "".join(f", r.{sql.text} AS {names[n]}" for n, sql in added.items())
        how = "LEFT JOIN" if self.outer else "JOIN"
        select = f"SELECT l.*{columns}, r.{place} AS {place} FROM {rows.name} AS l {how} {kept.name} AS r ON {on}"
        fields = dict(rows.fields)
        for n, sql in added.items():
            if self.overwrite or n not in fields:
                fields[n] = Sql(names[n], sql.kind)
        return bench.ordered(bench.stage(select, fields, ""), f"{rows.order}, {place}")

    def _plain(self, rows: Relation, other: Relation, by: tuple[str, ...]) -> bool:
        return all(
            n in rows.fields and n in other.fields and Kind.MANY not in {rows.get(n).kind, other.get(n).kind}
            for n in by
        )


def _equal(left: Sql, right: Sql) -> str:
    """Compare a field of the rows with one of the subsearch; a number and a text agree if they read the same."""
    ours, theirs = (Sql(f"{side}.{one.text}", one.kind) for side, one in (("l", left), ("r", right)))
    return f"{ours.text} = {theirs.text}" if left.kind is right.kind else f"{as_text(ours)} = {as_text(theirs)}"


def _join(words: Words) -> JoinWith:
    known_ = ("type", "max", "overwrite", "usetime", "earlier")
    options = words.options(*known_)
    fields: list[str] = []
    while not words.done and not words.sees("["):
        fields.append(words.name())
        words.mark(",")
        options |= words.options(*known_)
    search = words.subsearch()
    words.finish()
    how = options.get("type", "inner").lower()
    if how not in {"inner", "outer", "left"} or options.keys() & {"usetime", "earlier"}:
        raise words.fail("this kind of join is not supported", "type=inner, type=left; max=, overwrite=")
    most = words.count(options, "max", 1)
    return JoinWith(tuple(fields), how != "inner", most, words.flag(options, "overwrite", usual=True), search, words)


COMMANDS = {
    "lookup": Known(_lookup, "lookup TABLE COLUMN as FIELD output COLUMN as FIELD: fields of a CSV table; outputnew"),
    "inputlookup": Known(
        _inputlookup, "| inputlookup TABLE where TERMS: the rows of a CSV table; append=", begins=True
    ),
    "makeresults": Known(_makeresults, "| makeresults count=N: rows out of nothing", begins=True),
    "append": Known(_append, "append [SEARCH]: its rows behind those that are there; maxout="),
    "union": Known(_union, "union [SEARCH] [SEARCH]: their rows one after another", begins=True),
    "join": Known(_join, "join FIELDS [SEARCH]: fields of rows that agree; type=inner|left, max=, overwrite="),
}
