"""Rows on their way through a search: which fields they have, of which kind, and the SELECT they come from.

A field is a column under a name that is made up here (`c7`), so whatever a field is called can do no harm,
and names differ by case as they do in Splunk. Columns are never taken away, only forgotten: the database reads
no column that nobody asks for.
"""

from collections.abc import Mapping
from enum import Enum

import msgspec


class Kind(Enum):
    """What a value is."""

    NUMBER = "DOUBLE"
    TEXT = "VARCHAR"
    MANY = "VARCHAR[]"
    """Several texts: a multivalue field."""
    TRUTH = "BOOLEAN"
    """What a comparison gives; no field may hold it."""


class Sql(msgspec.Struct, frozen=True):
    """An expression of the database with its kind."""

    text: str
    kind: Kind


class Relation(msgspec.Struct, frozen=True):
    """Rows: the name they can be selected from, their fields in order, and the column that holds their order."""

    name: str
    fields: Mapping[str, Sql]
    order: str
    """Column by which rows are in order: events newest first, unless something else was asked for."""

    def get(self, field: str) -> Sql:
        """Return a field; one that no row has is null."""
        return self.fields.get(field, NULL)

    def with_fields(self, fields: Mapping[str, Sql]) -> "Relation":
        """Return the same rows with other fields."""
        return msgspec.structs.replace(self, fields=dict(fields))


NULL = Sql("CAST(NULL AS VARCHAR)", Kind.TEXT)


def quote(text: str) -> str:
    """Write a text as the database's literal."""
    return "'" + text.replace("\x00", "").replace("'", "''") + "'"


def as_number(value: Sql) -> str:
    """Read a value as a number, null if it is none; of several, the first."""
    if value.kind is Kind.NUMBER:
        return value.text
    if value.kind is Kind.TRUTH:
        return f"CAST({value.text} AS DOUBLE)"
    return f"spl_number({as_text(value)})"


def as_text(value: Sql) -> str:
    """Write a value as text; of several, the first."""
    if value.kind is Kind.NUMBER:
        return f"spl_text({value.text})"
    if value.kind is Kind.MANY:
        return f"({value.text})[1]"
    if value.kind is Kind.TRUTH:
        return f"CASE WHEN {value.text} THEN 'True' WHEN NOT {value.text} THEN 'False' END"
    return value.text


def as_many(value: Sql) -> str:
    """Make several values of one."""
    if value.kind is Kind.MANY:
        return value.text
    text = as_text(value)
    return f"CASE WHEN {text} IS NOT NULL THEN [{text}] END"
