"""Functions over numbers, conditions, null and time."""

from collections.abc import Sequence

from sferic.spl.bench import Bench
from sferic.spl.comparing import compare
from sferic.spl.function import MANY_ARGUMENTS, Argument, Wrong, function, over_number
from sferic.spl.relation import NULL, Kind, Sql, as_many, as_number, as_text

for _name, _template, _sentence in (
    ("abs", "abs({})", "abs(X): without its sign"),
    ("ceil", "ceil({})", "ceil(X): the next whole number up"),
    ("ceiling", "ceil({})", "ceiling(X): the next whole number up"),
    ("floor", "floor({})", "floor(X): the next whole number down"),
    ("exp", "TRY(exp({}))", "exp(X): e to the power of X"),
    ("ln", "CASE WHEN {0} > 0 THEN ln({0}) END", "ln(X): natural logarithm"),
    ("sqrt", "CASE WHEN {0} >= 0 THEN sqrt({0}) END", "sqrt(X): square root"),
):
    over_number(_name, _template, _sentence)
over_number("pow", "TRY(pow({}, {}))", "pow(X, Y): X to the power of Y", 2, 2)


@function("log", 1, 2, "log(X, base): logarithm, to base 10 unless told")
def _log(_bench: Bench, args: Sequence[Argument]) -> Sql:
    x, base = args[0].number, args[1].number if len(args) > 1 else "10::DOUBLE"
    return Sql(f"CASE WHEN {x} > 0 AND {base} > 0 AND {base} <> 1 THEN ln({x}) / ln({base}) END", Kind.NUMBER)


@function("round", 1, 2, "round(X, digits): halves away from zero")
def _round(_bench: Bench, args: Sequence[Argument]) -> Sql:
    digits = f"CAST(least(greatest({args[1].number}, 0), 15) AS INTEGER)" if len(args) > 1 else "0"
    return Sql(f"round({args[0].number}, {digits})", Kind.NUMBER)


@function("min", 1, MANY_ARGUMENTS, "min(X, ...): the smallest number")
def _min(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"least({', '.join(a.number for a in args)})", Kind.NUMBER)


@function("max", 1, MANY_ARGUMENTS, "max(X, ...): the largest number")
def _max(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"greatest({', '.join(a.number for a in args)})", Kind.NUMBER)


@function("if", 3, 3, "if(condition, X, Y): X if the condition is true, Y if it is false or null")
def _if(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return _choice([(args[0].condition, args[1].value)], args[2].value)


@function("case", 2, MANY_ARGUMENTS, "case(condition, X, ...): the X behind the first true condition")
def _case(_bench: Bench, args: Sequence[Argument]) -> Sql:
    if len(args) % 2:
        raise Wrong("conditions and values come in pairs")
    return _choice([(c.condition, x.value) for c, x in zip(args[::2], args[1::2], strict=True)], NULL)


@function(
    "validate", 2, MANY_ARGUMENTS, "validate(condition, X, ...): the X behind the first condition that is not true"
)
def _validate(_bench: Bench, args: Sequence[Argument]) -> Sql:
    if len(args) % 2:
        raise Wrong("conditions and values come in pairs")
    pairs = zip(args[::2], args[1::2], strict=True)
    return _choice([(f"({c.condition}) IS NOT TRUE", x.value) for c, x in pairs], NULL)


def _choice(pairs: Sequence[tuple[str, Sql]], other: Sql) -> Sql:
    kind, (*values, last) = alike([*(value for _, value in pairs), other])
    whens = " ".join(f"WHEN {condition} THEN {value}" for (condition, _), value in zip(pairs, values, strict=True))
    return Sql(f"CASE {whens} ELSE {last} END", kind)


def alike(values: Sequence[Sql]) -> tuple[Kind, list[str]]:
    """Bring values to one kind that holds them all; null fits to any."""
    kinds = {value.kind for value in values if value is not NULL and value.text != NULL.text}
    if Kind.MANY in kinds:
        return Kind.MANY, [as_many(v) for v in values]
    if kinds <= {Kind.NUMBER} and kinds:
        return Kind.NUMBER, [as_number(v) for v in values]
    return Kind.TEXT, [as_text(v) for v in values]


@function("coalesce", 1, MANY_ARGUMENTS, "coalesce(X, ...): the first that is not null")
def _coalesce(_bench: Bench, args: Sequence[Argument]) -> Sql:
    kind, values = alike([a.value for a in args])
    return Sql(f"coalesce({', '.join(values)})", kind)


@function("nullif", 2, 2, "nullif(X, Y): null if both are equal, else X")
def _nullif(_bench: Bench, args: Sequence[Argument]) -> Sql:
    kind, (x, y) = alike([a.value for a in args])
    return Sql(f"nullif({x}, {y})", kind)


@function("null", 0, 0, "null(): no value")
def _null(_bench: Bench, _args: Sequence[Argument]) -> Sql:
    return NULL


@function("true", 0, 0, "true(): true")
def _true(_bench: Bench, _args: Sequence[Argument]) -> Sql:
    return Sql("TRUE", Kind.TRUTH)


@function("false", 0, 0, "false(): false")
def _false(_bench: Bench, _args: Sequence[Argument]) -> Sql:
    return Sql("FALSE", Kind.TRUTH)


@function("isnull", 1, 1, "isnull(X): whether there is no value")
def _isnull(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"(NOT {args[0].there})", Kind.TRUTH)


@function("isnotnull", 1, 1, "isnotnull(X): whether there is a value")
def _isnotnull(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(args[0].there, Kind.TRUTH)


@function("isnum", 1, 1, "isnum(X): whether it reads as a number")
def _isnum(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"({args[0].number} IS NOT NULL)", Kind.TRUTH)


@function("isint", 1, 1, "isint(X): whether it reads as a whole number")
def _isint(_bench: Bench, args: Sequence[Argument]) -> Sql:
    x = args[0].number
    return Sql(f"coalesce({x} = trunc({x}), FALSE)", Kind.TRUTH)


@function("isstr", 1, 1, "isstr(X): whether it is a text that reads as no number")
def _isstr(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"({args[0].value.text} IS NOT NULL AND {args[0].number} IS NULL)", Kind.TRUTH)


@function("typeof", 1, 1, "typeof(X): Number, String or Null")
def _typeof(_bench: Bench, args: Sequence[Argument]) -> Sql:
    value = args[0].value
    text = f"CASE WHEN {value.text} IS NULL THEN 'Null' WHEN {as_number(value)} IS NULL THEN 'String' ELSE 'Number' END"
    return Sql(text, Kind.TEXT)


@function("in", 2, MANY_ARGUMENTS, "in(X, value, ...): whether X equals one of the values; X IN (...) is the same")
def _in(_bench: Bench, args: Sequence[Argument]) -> Sql:
    x = args[0].value
    return Sql("(" + " OR ".join(compare("=", x, a.value).text for a in args[1:]) + ")", Kind.TRUTH)


@function("now", 0, 0, "now(): the time of the search, see the how-to")
def _now(bench: Bench, _args: Sequence[Argument]) -> Sql:
    return Sql(f"{bench.now!r}::DOUBLE", Kind.NUMBER)


@function("time", 0, 0, "time(): the same as now()")
def _time(bench: Bench, args: Sequence[Argument]) -> Sql:
    return _now(bench, args)


@function("strftime", 2, 2, "strftime(time, format): a time as text, in the zone of the search")
def _strftime(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"spl_strftime({args[0].number}, {args[1].text})", Kind.TEXT)


@function("strptime", 2, 2, "strptime(text, format): a text as time")
def _strptime(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"spl_strptime({args[0].text}, {args[1].text})", Kind.NUMBER)


@function("relative_time", 2, 2, "relative_time(time, modifier): a time moved by a modifier such as -1d@d")
def _relative_time(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"spl_relative({args[0].number}, {args[1].text})", Kind.NUMBER)


@function("cidrmatch", 2, 2, "cidrmatch(network, address): whether the address lies in the network")
def _cidrmatch(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"spl_cidr({args[0].text}, {args[1].text})", Kind.TRUTH)
