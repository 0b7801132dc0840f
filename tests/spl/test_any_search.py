"""Whatever somebody types, a search either runs or is refused with a place; nothing else may happen."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sferic.spl import SearchError, run

SEARCHES = sorted(path.read_text() for path in (Path(__file__).parent / "searches").glob("*.spl"))
ROWS = [
    {"_time": 1_772_438_700.0 + n, "_raw": f"a={n} b", "sourcetype": "squid:access", "src": f"10.0.0.{n}", "m": ["x", str(n)],
     "url": f"https://h{n}.workers.dev/p?q={n}", "bytes_out": str(n), "user": "-" if n % 2 else None}
    for n in range(4)
]  # fmt: skip
WORDS = (
    "search where eval stats eventstats streamstats timechart bin rename fields table sort dedup head tail fillnull rex "
    "replace lookup inputlookup makemv mvexpand spath convert top rare regex join append union tstats reverse count sum( "
    "dc( values( perc95( by as span=1h src url m bytes_out user _time _raw case( if( coalesce( match( split( mvindex( "
    "strftime( strptime( relative_time( substr( round( tonumber( spath( AND OR NOT IN LIKE XOR ( ) [ ] | || , = == != < "
    "<= + - * / % . \" ' ` \\ 0 1 -1 1e308 99999999999999999999 \"\" \"*\" \"(\" \"(?<x>.)\" \"%Y-%m\" 'a b' null() * \x00 \n é 💥"
).split(" ")


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Take a real search and cut, double, swap or insert something."""
    text = draw(st.sampled_from(SEARCHES))
    for _ in range(draw(st.integers(1, 4))):
        at, stop = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        middle = draw(st.sampled_from(["", text[at:stop] * 2, f" {draw(st.sampled_from(WORDS))} "]))
        stop = draw(st.sampled_from([at, min(at + 1, len(text)), min(stop, at + 12)]))
        text = text[:at] + middle + text[stop:]
    return text


words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=25).map(" ".join)
anything = st.text(max_size=60)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(damaged(), words.map("* | ".__add__), words, anything))
def test_no_search_does_anything_but_run_or_say_where_it_is_wrong(search: str) -> None:
    """The result's rows have the result's fields; an error's place lies in the text."""
    wrong = None
    try:
        found = run(search, ROWS)
    except SearchError as error:
        wrong = error
    if wrong is None:
        assert all(set(row) == set(found.fields) for row in found.rows)
    else:
        assert 1 <= wrong.line <= len(search.split("\n"))
        assert wrong.column >= 1
        assert wrong.hint.splitlines()[-1].endswith("^")
