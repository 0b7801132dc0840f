"""Commands that count: stats, eventstats, streamstats, timechart, top and rare.

A row without a value in every by-field counts nowhere in `stats`, without a word, as in Splunk.
"""

from collections.abc import Sequence

import msgspec

from sferic.spl.aggregates import Aggregate, build, parse_aggregates, spread
from sferic.spl.bench import Bench
from sferic.spl.command import Known, Words
from sferic.spl.commands.shaping import span_of
from sferic.spl.evaluating import Evaluator
from sferic.spl.relation import Kind, Relation, Sql, as_number, as_text, quote

MAX_BUCKETS = 50_000
MAX_SERIES = 10
"""Series of a timechart besides OTHER, as in Splunk."""


class Stats(msgspec.Struct, frozen=True):
    """Make one row of each combination of the by-fields."""

    aggregates: tuple[Aggregate, ...]
    by: tuple[str, ...]
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Group."""
        rows = expanded(rows, self.by, bench)
        return grouped(rows, self.aggregates, self.by, bench, self.words)


def expanded(rows: Relation, by: Sequence[str], bench: Bench) -> Relation:
    """Make a row of each value of the by-fields that hold several."""
    for name in by:
        value = rows.get(name)
        if value.kind is Kind.MANY:
            one = bench.fresh()
            select = f"SELECT *, unnest({value.text}) AS {one} FROM {rows.name}"
            rows = bench.stage(select, dict(rows.fields) | {name: Sql(one, Kind.TEXT)}, rows.order)
    return rows


def grouped(
    rows: Relation, aggregates: tuple[Aggregate, ...], by: Sequence[str], bench: Bench, words: Words, span: float = 0.0
) -> Relation:
    """Group rows; groups are in the order of their keys, numbers before texts.

    With a span the key `_time` is the span's beginning; the functions still see each row's own time.
    """
    evaluator = Evaluator(rows, bench, words)
    wanted = spread(aggregates, tuple(n for n in rows.fields if not n.startswith("_") and n not in by))
    keys = {name: rows.get(name) for name in dict.fromkeys(by)}
    if span and "_time" in keys:
        keys["_time"] = Sql(f"floor({as_number(keys['_time'])} / {span!r}) * {span!r}", Kind.NUMBER)
    results = {one.name: build(one, rows, evaluator, words) for one in wanted}
    fields: dict[str, Sql] = {}
    columns: list[str] = []
    for name, value in [*keys.items(), *results.items()]:
        column = bench.fresh()
        columns.append(f"{value.text} AS {column}")
        fields[name] = Sql(column, value.kind)
    if not columns:
        raise words.fail("no field fits")
    full = " AND ".join(f"{v.text} IS NOT NULL" for v in keys.values()) or "TRUE"
    group = f" GROUP BY {', '.join(v.text for v in keys.values())}" if keys else ""
    made = bench.stage(f"SELECT {', '.join(columns)} FROM {rows.name} WHERE {full}{group}", fields, "")
    by_keys = ", ".join(f"{as_number(fields[n])} NULLS LAST, {as_text(fields[n])}" for n in keys) or "1"
    return bench.ordered(made, by_keys)


def _stats(words: Words) -> Stats:
    words.options("partitions")  # only how fast Splunk is
    aggregates = parse_aggregates(words, "by")
    by = words.by()
    words.finish()
    if not aggregates:
        raise words.fail("expected a function, such as count")
    return Stats(aggregates, by, words)


class Beside(msgspec.Struct, frozen=True):
    """Compute functions over each row's whole group, and put them beside it."""

    aggregates: tuple[Aggregate, ...]
    by: tuple[str, ...]
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Group, and join the groups to their rows."""
        rows = bench.kept(rows)
        groups = grouped(rows, self.aggregates, self.by, bench, self.words)
        on = " AND ".join(f"{rows.get(n).text} = {groups.get(n).text}" for n in dict.fromkeys(self.by)) or "TRUE"
        new = {n: sql for n, sql in groups.fields.items() if n not in self.by}
        columns = "".join(f", {groups.name}.{sql.text}" for sql in new.values())
        select = f"SELECT {rows.name}.*{columns} FROM {rows.name} LEFT JOIN {groups.name} ON {on}"
        return bench.stage(select, dict(rows.fields) | new, rows.order)


class Running(msgspec.Struct, frozen=True):
    """Compute functions beside each row, over the rows up to it."""

    aggregates: tuple[Aggregate, ...]
    by: tuple[str, ...]
    window: int
    current: bool
    whole: bool
    """Whether the window is counted in rows of all groups together (`global`), and not in those of one."""
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Extend."""
        apart = self.whole and self.window and self.by
        if apart:
            rows = bench.ordered(rows, rows.order)  # numbers without gaps, so that a distance in them is one in rows
        evaluator = Evaluator(rows, bench, self.words)
        keys = [rows.get(name) for name in self.by]
        part = f"PARTITION BY {', '.join(k.text for k in keys)} " if keys else ""
        first = f"{self.window - self.current} PRECEDING" if self.window else "UNBOUNDED PRECEDING"
        last = "CURRENT ROW" if self.current else "1 PRECEDING"
        how = "RANGE" if apart else "ROWS"
        window = f"{part}ORDER BY {rows.order} {how} BETWEEN {first} AND {last}"
        full = " AND ".join(f"{k.text} IS NOT NULL" for k in keys)
        new = {}
        for one in spread(self.aggregates, tuple(n for n in rows.fields if not n.startswith("_"))):
            value = build(one, rows, evaluator, self.words, window)
            new[one.name] = Sql(f"CASE WHEN {full} THEN {value.text} END", value.kind) if full else value
        return bench.extend(rows, new)


def _eventstats(words: Words) -> Beside:
    words.options()
    aggregates = parse_aggregates(words, "by")
    by = words.by()
    words.finish()
    return Beside(aggregates, by, words)


def _streamstats(words: Words) -> Running:
    known = ("window", "current", "global")
    options = words.options(*known)
    aggregates = parse_aggregates(words, "by")
    by = words.by(*known)
    options |= words.options(*known)
    words.finish()
    window, current = words.count(options, "window", 0), words.flag(options, "current", usual=True)
    return Running(aggregates, by, window, current, words.flag(options, "global", usual=True), words)


class TimeChart(msgspec.Struct, frozen=True):
    """Count by spans of time, gaps filled, in one column or in one for each value of a field."""

    aggregates: tuple[Aggregate, ...]
    span: float
    by: str
    limit: int
    hidden: frozenset[str]
    """Of OTHER and NULL, the series that are not shown."""
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Chart."""
        if "_time" not in rows.fields:
            raise self.words.fail("timechart needs _time, which is not there any more")
        rows = expanded(rows, (self.by,) if self.by else (), bench)
        span = self.span or self._span(rows, bench)
        if not self.by:
            charted = grouped(rows, self.aggregates, ("_time",), bench, self.words, span)
            return self._filled(charted, span, bench)
        return self._series(rows, span, bench)

    def _span(self, rows: Relation, bench: Bench) -> float:
        """Choose a span that gives about a hundred buckets."""
        time = as_number(rows.get("_time"))
        [(low, high)] = bench.query(f"SELECT min({time}), max({time}) FROM {rows.name}")
        choices = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 86_400)
        return float(next((s for s in choices if ((high or 0) - (low or 0)) / s <= 100), 604_800))

    def _series(self, rows: Relation, span: float, bench: Bench) -> Relation:
        value = as_text(rows.get(self.by))
        counted = f"SELECT {value} AS v FROM {rows.name} WHERE {value} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
        found = [str(v) for (v,) in bench.query(f"{counted} LIMIT 10001")]
        kept = found[: self.limit] if self.limit else found
        listed = ", ".join(map(quote, kept)) or "NULL"
        series = f"CASE WHEN {value} IS NULL THEN 'NULL' WHEN {value} IN ({listed}) THEN {value} ELSE 'OTHER' END"
        rows = bench.extend(rows, {self.by: Sql(series, Kind.TEXT)})
        charted = grouped(rows, self.aggregates, ("_time", self.by), bench, self.words, span)
        names = [
            name for (name,) in bench.query(f"SELECT DISTINCT {as_text(charted.get(self.by))} FROM {charted.name}")
        ]
        rest = [n for n in ("OTHER", "NULL") if n not in self.hidden]
        ordered = [n for n in (*kept, *rest) if n in names]
        time, by = charted.get("_time"), charted.get(self.by)
        fields, columns = {"_time": Sql(bench.fresh(), Kind.NUMBER)}, [time.text]
        for one in self.aggregates:
            cell = charted.get(one.name)
            for name in ordered:
                title = name if len(self.aggregates) == 1 else f"{one.name}: {name}"
                fields[title] = Sql(bench.fresh(), cell.kind)
                columns.append(f"any_value({cell.text}) FILTER ({by.text} = {quote(name)})")
        listed = ", ".join(f"{text} AS {fields[n].text}" for text, n in zip(columns, fields, strict=True))
        pivoted = bench.stage(f"SELECT {listed} FROM {charted.name} GROUP BY {time.text}", fields, "")
        return self._filled(bench.ordered(pivoted, fields["_time"].text), span, bench)

    def _filled(self, rows: Relation, span: float, bench: Bench) -> Relation:
        """Put the empty spans in between; a count there is 0, all else has no value."""
        time = rows.get("_time").text
        [(low, high)] = bench.query(f"SELECT min({time}), max({time}) FROM {rows.name}")
        if low is None:
            return rows
        steps = round((high - low) / span)
        if steps > MAX_BUCKETS:
            raise self.words.fail(f"more than {MAX_BUCKETS:,} spans", "take a longer span")
        name = bench.fresh()
        grid = f"(SELECT {low!r}::DOUBLE + {span!r}::DOUBLE * unnest(range({steps + 1})) AS {name})"
        counts = {one.name for one in self.aggregates if one.function in {"count", "dc"}}
        columns, new = [], {"_time": Sql(bench.fresh(), Kind.NUMBER)}
        for field, sql in rows.fields.items():
            if field == "_time":
                continue
            new[field] = Sql(bench.fresh(), sql.kind)
            zero = self._counts(field, counts)
            columns.append(f", {f'coalesce({sql.text}, 0)' if zero else sql.text} AS {new[field].text}")
        source = f"{grid} LEFT JOIN {rows.name} ON {time} = {name}"
        select = f"SELECT {name} AS {new['_time'].text}{''.join(columns)} FROM {source}"
        return bench.ordered(bench.stage(select, new, ""), new["_time"].text)

    def _counts(self, field: str, counts: set[str]) -> bool:
        if self.by and len(self.aggregates) == 1:
            return bool(counts)
        return field.partition(": ")[0] in counts


def _timechart(words: Words) -> TimeChart:
    known = ("span", "limit", "usenull", "useother")
    options = words.options(*known)
    aggregates = parse_aggregates(words, "by", "span")
    by = words.name() if words.keyword("by") else ""
    options |= words.options(*known)
    words.finish()
    if not aggregates:
        raise words.fail("expected a function, such as count")
    span = float(span_of(words, options["span"], time=True)) if "span" in options else 0.0
    shown = (("OTHER", "useother"), ("NULL", "usenull"))
    hidden = frozenset(name for name, option in shown if not words.flag(options, option, usual=True))
    return TimeChart(aggregates, span, by, words.count(options, "limit", MAX_SERIES), hidden, words)


class Top(msgspec.Struct, frozen=True):
    """Show the most, or least, frequent values with count and percent."""

    fields: tuple[str, ...]
    by: tuple[str, ...]
    limit: int
    rare: bool
    show: tuple[str, ...]
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Count and cut."""
        count = Aggregate("count", "", None, "count", 0, named=False)
        names = (*self.by, *self.fields)
        made = grouped(expanded(rows, names, bench), (count,), names, bench, self.words)
        part = ", ".join(made.get(n).text for n in self.by)
        counted = made.get("count").text
        share = f"100.0 * {counted} / sum({counted}) OVER ({f'PARTITION BY {part}' if part else ''})"
        made = bench.extend(made, {"percent": Sql(f"round(CAST({share} AS DOUBLE), 6)", Kind.NUMBER)})
        place = bench.fresh()
        order = f"{counted} {'ASC' if self.rare else 'DESC'}, {made.order}"
        over = f"row_number() OVER ({f'PARTITION BY {part} ' if part else ''}ORDER BY {order})"
        made = bench.stage(f"SELECT *, {over} AS {place} FROM {made.name}", made.fields, made.order)
        if self.limit:
            made = bench.filtered(made, f"{place} <= {self.limit}")
        made = bench.ordered(made, f"{f'{part}, ' if part else ''}{place}")
        return made.with_fields({n: made.get(n) for n in (*names, *self.show)})


def _top(words: Words, *, rare: bool = False) -> Top:
    known = ("limit", "showperc", "showcount", "useother", "countfield", "percentfield")
    number = words.number()
    options = words.options(*known)
    fields = words.names("by", *known)
    options |= words.options(*known)
    by = words.by()
    words.finish()
    refused = options.keys() & {"useother", "countfield", "percentfield"}
    if refused or not fields:
        raise words.fail(f"{refused.pop()}= is not supported" if refused else "expected fields")
    limit = words.count(options, "limit", 10) if number is None else number
    shown = (("count", "showcount"), ("percent", "showperc"))
    show = tuple(name for name, option in shown if words.flag(options, option, usual=True))
    return Top(fields, by, limit, rare, show, words)


COMMANDS = {
    "stats": Known(_stats, "stats FUNCTIONS by FIELDS: one row of each combination"),
    "eventstats": Known(_eventstats, "eventstats FUNCTIONS by FIELDS: the same beside each row"),
    "streamstats": Known(
        _streamstats, "streamstats FUNCTIONS by FIELDS: over the rows so far; window=, current=, global="
    ),
    "timechart": Known(_timechart, "timechart span=1h FUNCTIONS by FIELD: by spans; limit=, useother=, usenull="),
    "top": Known(_top, "top N FIELDS by FIELDS: the most frequent values; limit=, showcount=, showperc="),
    "rare": Known(lambda words: _top(words, rare=True), "rare N FIELDS by FIELDS: the least frequent values"),
}
