"""Compares and adds two values as Splunk does: as numbers if both read as numbers, else as texts."""

from sferic.spl.relation import Kind, Sql, as_number, as_text

COMPARISONS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def compare(sign: str, left: Sql, right: Sql) -> Sql:
    """Compare two values; of several, any."""
    if left.kind is Kind.MANY:
        inner = compare(sign, Sql("one", Kind.TEXT), right)
        return Sql(f"(len(list_filter({left.text}, lambda one: {inner.text})) > 0)", Kind.TRUTH)
    if right.kind is Kind.MANY:
        inner = compare(sign, left, Sql("one", Kind.TEXT))
        return Sql(f"(len(list_filter({right.text}, lambda one: {inner.text})) > 0)", Kind.TRUTH)
    how = COMPARISONS[sign]
    if left.kind is Kind.NUMBER and right.kind is Kind.NUMBER:
        return Sql(f"({left.text} {how} {right.text})", Kind.TRUTH)
    a, b, x, y = as_text(left), as_text(right), as_number(left), as_number(right)
    both = f"coalesce({x} {how} {y}, {a} {how} {b})"
    return Sql(f"({both})", Kind.TRUTH)


def plus(left: Sql, right: Sql) -> Sql:
    """Add two values, or join them if they are texts; a number and a text that is none give null."""
    a, b, x, y = as_text(left), as_text(right), as_number(left), as_number(right)
    joined = "NULL" if Kind.NUMBER in {left.kind, right.kind} else f"{a} || {b}"
    return Sql(f"coalesce(spl_text({x} + {y}), {joined})", Kind.TEXT)
