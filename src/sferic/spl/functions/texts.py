"""Functions over texts and several values: one over a text goes over each of several, all others see the first."""

from collections.abc import Sequence

from sferic.spl.bench import Bench
from sferic.spl.function import FUNCTIONS, MANY_ARGUMENTS, Argument, Function, Wrong, any_of, each, function, over_each
from sferic.spl.relation import Kind, Sql, quote

for _name, _sql, _sentence in (
    ("lower", "lower", "lower(X): in lower case"),
    ("upper", "upper", "upper(X): in upper case"),
    ("urldecode", "spl_urldecode", "urldecode(X): without URL escapes"),
    ("md5", "md5", "md5(X): MD5 in hexadecimal"),
    ("sha256", "sha256", "sha256(X): SHA-256 in hexadecimal"),
):
    over_each(_name, _sql, _sentence)


def _regex(bench: Bench, argument: Argument) -> str:
    try:
        return quote(bench.regex(argument.literal))
    except Wrong:
        raise
    except ValueError as error:
        raise Wrong(str(error)) from error


@function("match", 2, 2, "match(X, regex): whether the expression matches anywhere in X")
def _match(bench: Bench, args: Sequence[Argument]) -> Sql:
    pattern = _regex(bench, args[1])
    return any_of(args[0].value, lambda text: f"regexp_matches({text}, {pattern})")


@function("like", 2, 2, "like(X, pattern): % is any text, _ any character; X LIKE pattern is the same")
def _like(_bench: Bench, args: Sequence[Argument]) -> Sql:
    pattern = args[1].text
    return any_of(args[0].value, lambda text: f"({text} LIKE {pattern})")


@function("searchmatch", 1, 1, "searchmatch(text): not supported")
def _searchmatch(_bench: Bench, _args: Sequence[Argument]) -> Sql:
    raise Wrong("is not supported; write the condition as an expression")


@function("replace", 3, 3, "replace(X, regex, replacement): every match replaced; \\1 is the first group")
def _replace(bench: Bench, args: Sequence[Argument]) -> Sql:
    pattern, by = _regex(bench, args[1]), quote(args[2].literal)
    return each(args[0].value, lambda text: f"regexp_replace({text}, {pattern}, {by}, 'g')")


@function("substr", 2, 3, "substr(X, from, length): part of a text; counted from 1, or from the end if negative")
def _substr(_bench: Bench, args: Sequence[Argument]) -> Sql:
    numbers = ", ".join(f"CAST(greatest(least({a.number}, 1e6), -1e6) AS BIGINT)" for a in args[1:])
    return Sql(f"substring({args[0].text}, {numbers})", Kind.TEXT)


@function("len", 1, 1, "len(X): characters of a text")
def _len(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"CAST(length({args[0].text}) AS DOUBLE)", Kind.NUMBER)


def _trim(name: str, sql: str) -> None:
    def build(_bench: Bench, args: Sequence[Argument]) -> Sql:
        characters = quote(args[1].literal if len(args) > 1 else " \t")
        return each(args[0].value, lambda text: f"{sql}({text}, {characters})")

    FUNCTIONS[name] = Function(1, 2, f"{name}(X, characters): without these characters (blanks) at its ends", build)


for _name in ("trim", "ltrim", "rtrim"):
    _trim(_name, _name)


@function("tonumber", 1, 2, "tonumber(X, base): a text as number; null if it is none")
def _tonumber(_bench: Bench, args: Sequence[Argument]) -> Sql:
    if len(args) == 1:
        return Sql(args[0].number, Kind.NUMBER)
    return Sql(f"spl_based({args[0].text}, {args[1].number})", Kind.NUMBER)


@function("tostring", 1, 2, 'tostring(X, "hex"|"commas"|"duration"): a number, True or False as text')
def _tostring(_bench: Bench, args: Sequence[Argument]) -> Sql:
    if len(args) == 1:
        return Sql(args[0].shown, Kind.TEXT)
    form, x = args[1].literal, args[0].number
    forms = {
        "hex": f"format('0x{{:X}}', TRY_CAST({x} AS BIGINT))",
        "commas": f"regexp_replace(format('{{:,.2f}}', {x}), '[.]00$', '')",
        "duration": f"spl_duration({x})",
    }
    if form not in forms:
        raise Wrong(f"knows {', '.join(forms)}")
    return Sql(forms[form], Kind.TEXT)


@function("split", 2, 2, "split(X, delimiter): several values of one text")
def _split(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"string_split({args[0].text}, {args[1].text})", Kind.MANY)


@function("mvcount", 1, 1, "mvcount(X): how many values; null if none")
def _mvcount(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"CAST(nullif(len({args[0].many}), 0) AS DOUBLE)", Kind.NUMBER)


@function("mvindex", 2, 3, "mvindex(X, from, to): values by place, counted from 0, or from the end if negative")
def _mvindex(_bench: Bench, args: Sequence[Argument]) -> Sql:
    many = args[0].many
    places = [f"CAST(greatest(least({a.number}, 1e6), -1e6) AS BIGINT)" for a in args[1:]]
    at = [f"CASE WHEN {p} < 0 THEN len({many}) + {p} + 1 ELSE {p} + 1 END" for p in places]
    if len(at) == 1:
        return Sql(f"CASE WHEN {at[0]} > 0 THEN ({many})[{at[0]}] END", Kind.TEXT)
    return Sql(f"CASE WHEN {at[0]} > 0 AND {at[1]} >= {at[0]} THEN ({many})[{at[0]}:{at[1]}] END", Kind.MANY)


@function("mvappend", 1, MANY_ARGUMENTS, "mvappend(X, ...): all values together")
def _mvappend(_bench: Bench, args: Sequence[Argument]) -> Sql:
    joined = ", ".join(a.many for a in args)
    return Sql(f"nullif(flatten(list_filter([{joined}], lambda one: one IS NOT NULL)), [])", Kind.MANY)


@function("mvdedup", 1, 1, "mvdedup(X): each value once, in order")
def _mvdedup(_bench: Bench, args: Sequence[Argument]) -> Sql:
    many = args[0].many
    return Sql(f"list_filter({many}, lambda one, place: list_position({many}, one) = place)", Kind.MANY)


@function("mvsort", 1, 1, "mvsort(X): values in order of their characters")
def _mvsort(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"list_sort({args[0].many})", Kind.MANY)


@function("mvjoin", 2, 2, "mvjoin(X, delimiter): one text of several values")
def _mvjoin(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"array_to_string({args[0].many}, {args[1].text})", Kind.TEXT)


@function("mvfind", 2, 2, "mvfind(X, regex): place of the first value that matches, from 0")
def _mvfind(bench: Bench, args: Sequence[Argument]) -> Sql:
    hits = f"list_transform({args[0].many}, lambda one: regexp_matches(one, {_regex(bench, args[1])}))"
    return Sql(f"CAST(list_position({hits}, TRUE) - 1 AS DOUBLE)", Kind.NUMBER)


@function("spath", 2, 2, "spath(X, path): values at a path in a JSON text")
def _spath(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"spl_json({args[0].text}, {args[1].text})", Kind.MANY)


@function("json_extract", 2, 2, "json_extract(X, path): the first value at a path in a JSON text")
def _json_extract(_bench: Bench, args: Sequence[Argument]) -> Sql:
    return Sql(f"spl_json({args[0].text}, {args[1].text})[1]", Kind.TEXT)
