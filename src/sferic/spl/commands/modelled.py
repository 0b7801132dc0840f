"""The command that counts over data models: tstats, here over the events themselves.

Nothing is accelerated. `from datamodel=` takes the events whose sourcetypes the model holds, and its fields go by the
names that the add-ons give them; what the model itself would compute beside is not computed.
"""

import msgspec

from sferic.catalog.splunk_fields import Model, splunk_fields
from sferic.spl.aggregates import Aggregate, parse_aggregates
from sferic.spl.bench import Bench
from sferic.spl.clock import span_s
from sferic.spl.command import Known, Words
from sferic.spl.commands.statistics import expanded, grouped
from sferic.spl.filtering import condition
from sferic.spl.relation import Kind, Relation, Sql, as_many, as_text, quote
from sferic.spl.terms import All, Term, parse_terms

_ANYWHERE = frozenset({"_time", "host", "source", "sourcetype", "index"})
"""Fields that have no model's name before them."""


class TStats(msgspec.Struct, frozen=True):
    """Filter and group; `Web.url` is the field `url`."""

    aggregates: tuple[Aggregate, ...]
    terms: Term
    by: tuple[str, ...]
    span: float
    model: Model | None
    filled: str | None
    """What stands for a by-field without a value; without this such rows count nowhere."""
    words: Words

    def apply(self, rows: Relation, bench: Bench) -> Relation:
        """Count."""
        rows = self._named(self._chosen(rows, bench))
        rows = bench.filtered(rows, condition(self.terms, rows, bench))
        if self.filled is not None:
            rows = bench.extend(rows, {name: self._full(rows.get(name)) for name in self.by if name != "_time"})
        return grouped(expanded(rows, self.by, bench), self.aggregates, self.by, bench, self.words, self.span)

    def _chosen(self, rows: Relation, bench: Bench) -> Relation:
        if self.model is None:
            return rows
        kinds = ", ".join(map(quote, self.model.sourcetypes))
        return bench.filtered(rows, f"{as_text(rows.get('sourcetype'))} IN ({kinds})")

    def _named(self, rows: Relation) -> Relation:
        """Give the fields their names in the model, too."""
        fields = dict(rows.fields)
        if self.model is not None:
            dataset = self.model.dataset
            fields |= {f"{dataset}.{name}": sql for name, sql in rows.fields.items()}
            fields["nodename"] = Sql(quote(dataset), Kind.TEXT)
        for name in (*self.by, *(a.field for a in self.aggregates)):
            prefix, dot, plain = name.partition(".")
            if dot and name not in fields and prefix[:1].isupper() and plain in rows.fields:
                fields[name] = rows.fields[plain]
        return rows.with_fields(fields)

    def _full(self, value: Sql) -> Sql:
        text = quote(self.filled or "")
        if value.kind is Kind.MANY:
            return Sql(f"coalesce({as_many(value)}, [{text}])", Kind.MANY)
        return Sql(f"coalesce({as_text(value)}, {text})", Kind.TEXT)


def _tstats(words: Words) -> TStats:
    begin = words.options("summariesonly", "allow_old_summaries", "fillnull_value")
    aggregates = parse_aggregates(words, "from", "where", "by", "groupby")
    model = _model(words) if words.keyword("from") else None
    terms: Term = All(())
    if words.keyword("where"):
        terms = parse_terms(words.up_to("by", "groupby"))
    at = words.at
    by = words.by("span")
    options = words.options("span")
    words.finish()
    seconds = span_s(options["span"]) if "span" in options else 0
    if seconds is None or not aggregates:
        raise words.fail("span= is no fixed span" if aggregates else "expected a function, such as count")
    for name in (*by, *(a.field for a in aggregates if a.field)):
        if model is not None and name not in _ANYWHERE and not name.startswith(f"{model.dataset}."):
            hint = f"{model.dataset}.{name.rpartition('.')[2]}"
            raise words.fail(f"{name!r} is no field of the data model {model.name}", hint, at)
    return TStats(aggregates, terms, by, float(seconds), model, begin.get("fillnull_value"), words)


def _model(words: Words) -> Model:
    """Read `datamodel=NAME` or `datamodel=NAME.DATASET`."""
    words.skip()
    at = words.at
    asked = words.options("datamodel").get("datamodel", "")
    for model in splunk_fields().model:
        if asked in {model.name, f"{model.name}.{model.dataset}"}:
            return model
    known = ", ".join(f"{model.name}.{model.dataset}" for model in splunk_fields().model)
    raise words.fail(f"there is no data model {asked!r}", f"known here: {known}", at)


COMMANDS = {
    "tstats": Known(
        _tstats, "| tstats FUNCTIONS from datamodel=NAME where TERMS by FIELDS span=: over the events; fillnull_value=",
        begins=True,
    )
}  # fmt: skip
