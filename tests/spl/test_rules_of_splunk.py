"""What Splunk does and a reader does not expect, rule by rule."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import pytest

from sferic.spl import SearchError, run

Rows = Sequence[Mapping[str, object]]
START_S = 1_772_438_700.0  # 2026-03-02 08:05:00 UTC


def column(search: str, field: str, rows: Rows = ({"_time": START_S},)) -> list[object]:
    """Run a search and return one field of its rows."""
    return [row.get(field) for row in run(search, rows).rows]


def value(expression: str, **fields: object) -> object:
    """Evaluate an expression over one row."""
    [found] = column(f"* | eval found = {expression}", "found", [{"_time": START_S, **fields}])
    return found


ABC = [
    {"n": str(n), "A": a, "B": b, "C": c} for n, (a, b, c) in enumerate([(1, 2, 0), (1, 0, 3), (0, 2, 3), (0, 0, 3)])
]


def test_or_binds_tighter_than_and_in_a_search() -> None:
    """`A=1 B=2 OR C=3` is A and (B or C) in `search`; in `where` AND binds tighter than OR."""
    assert column("search A=1 B=2 OR C=3 | sort n", "n", ABC) == ["0", "1"]
    assert column("search A=1 AND B=2 OR C=3 | sort n", "n", ABC) == ["0", "1"]
    assert column("search * | where A=1 AND B=2 OR C=3 | sort n", "n", ABC) == ["0", "1", "2", "3"]
    assert column("search * | where A=1 AND (B=2 OR C=3) | sort n", "n", ABC) == ["0", "1"]


def test_not_in_a_search_and_unequal_differ_on_missing_fields() -> None:
    """`NOT a=1` holds where there is no `a`; `a!=1` does not."""
    rows = [{"n": "0", "a": "1"}, {"n": "1", "a": "2"}, {"n": "2"}]
    assert column("NOT a=1 | sort n", "n", rows) == ["1", "2"]
    assert column("a!=1 | sort n", "n", rows) == ["1"]


def test_values_in_a_search_ignore_case_and_know_wildcards() -> None:
    """`*` stands for any text, inside quotes too; % and _ mean themselves; numbers compare as numbers."""
    rows = [{"u": "A.Workers.dev"}, {"u": "a_b%c"}, {"u": "007"}]
    assert column('u="*.workers.DEV"', "u", rows) == ["A.Workers.dev"]
    assert column("u=a_b%*", "u", rows) == ["a_b%c"]
    assert column("u=7", "u", rows) == ["007"]
    assert column("u>6", "u", rows) == ["007"]
    assert column("u IN (7, a_b*) | sort u", "u", rows) == ["007", "a_b%c"]


def test_words_are_looked_for_in_the_raw_text() -> None:
    """A word stands between characters that are no letters or digits, in any case; a phrase as it is."""
    rows = [{"_raw": "GET /index.html worker", "n": "0"}, {"_raw": "get /workers", "n": "1"}]
    assert column("worker", "n", rows) == ["0"]
    assert column("worker*", "n", rows) == ["0", "1"]
    assert column('"GET /index"', "n", rows) == ["0"]
    assert column("NOT html", "n", rows) == ["1"]


def test_stats_drops_rows_without_a_by_field() -> None:
    """A row counts only if every by-field has a value, without a word."""
    rows = [{"a": "x", "b": "y"}, {"a": "x"}]
    assert column("* | stats count by a, b", "count", rows) == [1]
    assert column("* | stats count by a", "count", rows) == [2]
    assert column("* | fillnull value=none b | stats count by a b | stats sum(count) as n", "n", rows) == [2]
    assert run("* | stats count by nowhere", rows).rows == []


def test_match_is_a_search_for_a_part_and_minds_case() -> None:
    """match() finds any part, in the case as written unless (?i); a null subject gives null."""
    assert value('if(match(h, "workers\\.dev"), "yes", "no")', h="notworkers.dev.evil.example") == "yes"
    assert value('if(match(h, "workers\\.dev"), "yes", "no")', h="A.WORKERS.DEV") == "no"
    assert value('if(match(h, "(?i)workers\\.dev"), "yes", "no")', h="A.WORKERS.DEV") == "yes"
    assert value('if(isnull(match(h, "x")), "null", "known")') == "null"


def test_null_is_not_true() -> None:
    """`where` drops a row whose condition is null, and if() goes to its second value."""
    assert column("* | where a > 1", "n", [{"n": "0"}, {"n": "1", "a": "2"}]) == ["1"]
    assert value('if(a > 1, "big", "other")') == "other"
    assert [value("a + 1"), value("round(a, 1)"), value("1 / 0")] == [None, None, None]


def test_numbers_in_texts() -> None:
    """Numeric texts compare and add as numbers, others as texts; a dash is a value and no number."""
    assert value('if("10" > "9", "number", "text")') == "number"
    assert value('if("10a" > "9", "number", "text")') == "text"
    assert value("a + b", a="2", b="3") == "5"
    assert value("a + b", a="2x", b="3") == "2x3"
    assert value("a . b", a="2", b="3") == "23"
    assert value('tonumber("-")') is None
    assert value('if(isnotnull("-"), "value", "none")') == "value"
    assert value("0.1 + 0.2") == pytest.approx(0.3)


def test_a_sum_of_nothing_is_null() -> None:
    """Numeric texts are added, others passed over; without a single number the sum has no value."""
    rows = [{"x": "1"}, {"x": "2.5"}, {"x": "-"}]
    assert column("* | stats sum(x) as s avg(x) as a", "s", rows) == [3.5]
    assert column("* | stats avg(x) as a", "a", rows) == [1.75]
    assert column("* | stats sum(y) as s", "s", rows) == [None]
    assert column("* | stats sum(y) as s | where s < 10", "s", rows) == []


def test_earliest_and_latest_go_by_time() -> None:
    """earliest() and latest() give the oldest and newest row's value; first() and last() go by the order of rows."""
    rows: Rows = [{"_time": 2.0, "x": "b"}, {"_time": 1.0, "x": "a"}, {"_time": 3.0}]
    [row] = run("* | stats earliest(x) as e latest(x) as l first(x) as f last(x) as z latest(_time) as t", rows).rows
    assert row == {"e": "a", "l": "b", "f": "b", "z": "a", "t": 3}


def test_values_are_sorted_and_list_is_cut() -> None:
    """values() holds each once, by its characters; list() holds the first hundred as they come."""
    rows = [{"_time": float(-n), "x": str(n % 12)} for n in range(150)]
    [row] = run("* | stats values(x) as v list(x) as l dc(x) as d", rows).rows
    assert row["v"] == sorted(str(n) for n in range(12))
    assert row["l"] == [str(n % 12) for n in range(100)]
    assert row["d"] == 12


def test_hours_are_the_searchers() -> None:
    """A time is written in the searcher's zone."""
    rows = [{"_time": START_S}]
    search = '* | eval h = strftime(_time, "%Y-%m-%d %H")'
    assert run(search, rows).rows[0]["h"] == "2026-03-02 08"
    assert run(search, rows, zone=ZoneInfo("Asia/Kolkata")).rows[0]["h"] == "2026-03-02 13"


def test_sort_stops_at_ten_thousand() -> None:
    """Without a count `sort` keeps 10,000 rows; `sort 0` keeps all."""
    rows = [{"x": str(n)} for n in range(10_001)]
    assert len(run("* | sort x", rows).rows) == 10_000
    assert len(run("* | sort 0 x", rows).rows) == 10_001
    assert column("* | sort - x | head 2", "x", rows) == ["10000", "9999"]
    assert column("* | sort 2 x", "x", rows) == ["0", "1"]


def test_replace_without_a_match_returns_the_text() -> None:
    """replace() replaces every match, and gives a text without one back unchanged."""
    assert value('replace(u, "https?://([^/]+).*", "\\1")', u="https://a.example/p?q") == "a.example"
    assert value('replace(u, "https?://([^/]+).*", "\\1")', u="a.example:443") == "a.example:443"
    assert value('replace(u, "a", "b")', u="banana") == "bbnbnb"


def test_table_leaves_nothing_else() -> None:
    """After `table` no other field is there."""
    assert run("* | table a, nowhere", [{"a": "1", "b": "2"}]).fields == ("a", "nowhere")
    assert column("* | table a | eval c = b", "c", [{"a": "1", "b": "2"}]) == [None]


def test_events_come_newest_first() -> None:
    """The newest events are the first, which `head` takes and `dedup` keeps."""
    rows = [{"_time": float(n), "x": str(n), "k": str(n % 2)} for n in range(4)]
    assert column("* | head 2", "x", rows) == ["3", "2"]
    assert column("* | dedup k", "x", rows) == ["3", "2"]
    assert column("* | tail 2", "x", rows) == ["0", "1"]


def test_time_modifiers() -> None:
    """earliest= and latest= move from the newest event, or from the given time; latest is excluded."""
    rows = [{"_time": START_S + 3600 * n, "x": str(n)} for n in range(4)]
    assert column("earliest=-1h", "x", rows) == ["3", "2"]
    assert column("earliest=-2h@h latest=-1h", "x", rows) == ["1"]
    assert [row["x"] for row in run("earliest=-1h latest=now", rows, now=START_S + 3601).rows] == ["1"]
    assert column(f"earliest={START_S + 7200:.0f}", "x", rows) == ["3", "2"]


def test_whatever_a_field_holds_is_a_value() -> None:
    """Numbers, truth, lone surrogates and texts beyond the cap become texts; nothing of it stops a search."""
    rows = [{"x": x} for x in (1, 2.5, True, "a\ud800b", "y" * 200_000, ["p", 3], None)]
    found = column('* | eval n=len(mvindex(x, 0)), x=mvjoin(x, "+") | table x n', "x", rows)
    assert [found[0], found[1], found[2], found[3], found[5], found[6]] == ["1", "2.5", "true", "a?b", "p+3", None]
    assert column("* | eval n=len(x) | table n", "n", [{"x": "y" * 200_000}, {"x": "\ud800"}]) == [100_000, 1]


def test_names_differ_by_case() -> None:
    """`User` and `user` are two fields, as the database below would not have it."""
    rows = [{"User": "CORP\\x", "user": "x"}]
    assert run("* | table User user", rows).rows == rows


def test_several_values() -> None:
    """A comparison holds if one value makes it true; mv functions count from 0."""
    many = ["b", "a", "c"]
    assert value('if(m = "a", 1, 0)', m=many) == 1
    assert [value("mvcount(m)", m=many), value("mvindex(m, 0)", m=many), value("mvindex(m, -1)", m=many)] == [
        3,
        "b",
        "c",
    ]
    assert value("mvindex(m, 1, 2)", m=many) == ["a", "c"]
    assert value('mvjoin(mvsort(m), ";")', m=many) == "a;b;c"
    assert value('mvfilter(match(m, "[ab]"))', m=many) == ["b", "a"]
    assert value('mvfind(m, "c")', m=many) == 2
    assert value('mvdedup(mvappend(m, "a", "d"))', m=many) == ["b", "a", "c", "d"]
    assert value('split("a,b", ",")') == ["a", "b"]
    assert value("upper(m)", m=many) == ["B", "A", "C"]
    assert column("* | stats count by m", "m", [{"m": many}]) == ["a", "b", "c"]


def test_eventstats_looks_at_the_whole_group() -> None:
    """Each row gets what its group has; a row without the by-field gets nothing, and stays."""
    rows = [{"k": "a", "x": "1"}, {"k": "a", "x": "4"}, {"k": "b", "x": "3"}, {"x": "9"}]
    found = run("* | eventstats median(x) as m values(x) as v by k | eventstats count as n | table k x m v n", rows).rows
    assert [row["m"] for row in found] == [4, 4, 3, None]
    assert found[0] == {"k": "a", "x": "1", "m": 4, "v": ["1", "4"], "n": 4}


def test_streamstats_looks_at_the_rows_so_far() -> None:
    """`current=f` leaves the row itself out, `window=` the older ones."""
    rows = [{"k": k, "x": x} for k, x in (("a", "1"), ("b", "2"), ("a", "3"), ("a", "5"))]
    found = run("* | streamstats current=f last(x) as p by k | streamstats window=2 sum(x) as s count as n", rows).rows
    assert [(row["p"], row["s"], row["n"]) for row in found] == [(None, 1, 1), (None, 3, 2), ("1", 5, 2), ("3", 8, 2)]


def test_timechart_fills_the_gaps() -> None:
    """Spans without an event are there: a count of 0, no value for the rest; many series end in OTHER."""
    rows = [{"_time": 60.0 * n, "k": k, "x": "2"} for n, k in ((0, "a"), (0, "b"), (2, "a"), (2, "c"))]
    assert run("* | timechart span=1m count sum(x) as s", rows).rows == [
        {"_time": 0, "count": 2, "s": 4}, {"_time": 60, "count": 0, "s": None}, {"_time": 120, "count": 2, "s": 4},
    ]  # fmt: skip
    assert run("* | timechart span=1m limit=1 count by k", rows).rows == [
        {"_time": 0, "a": 1, "OTHER": 1}, {"_time": 60, "a": 0, "OTHER": 0}, {"_time": 120, "a": 1, "OTHER": 1},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("search", "place", "says"),
    [
        ("* | transaction src", (1, 5), "'transaction' is not supported"),
        ("* | evil x=1", (1, 5), "did you mean 'eval'"),
        ("* |\n  eval x = nope(1)", (2, 12), "nope()"),
        ("* | where (a = 1", (1, 17), "expected ')'"),
        ('* | eval x = match(a, "(")', (1, 14), "regular expression"),
        ('* | where match(a, "(?!b)")', (1, 11), "linear time"),
        ("* | stats count by", (1, 19), "by"),
        ('* | rex "no groups"', (1, 9), "named groups"),
        ("* | eval x = (a = 1)", (1, 15), "comparison is not a value"),
        ("a=1 [search b=2]", (1, 5), "inside `search`"),
        ("`nowhere`", (1, 1), "no macro"),
        ("", (1, 1), "no search"),
        ("* | | head", (1, 4), "expected a command"),
    ],
)
def test_mistakes_are_named_with_their_place(search: str, place: tuple[int, int], says: str) -> None:
    """An error says what is wrong and shows the line with a caret under the place."""
    with pytest.raises(SearchError) as caught:
        run(search, [{"a": "1"}])
    assert (caught.value.line, caught.value.column) == place
    assert says in str(caught.value)
    assert caught.value.hint.splitlines()[-1].strip() == "^"
