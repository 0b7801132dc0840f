"""Short searches about single sentences of Splunk's documentation: quoting, null, several values, options, models."""

from collections.abc import Sequence

import pytest

from sferic.spl import SearchError, run
from sferic.spl.asking import literals
from sferic.spl.parsing import parse

START_S = 1_772_445_600
"""2026-03-02 10:00:00 UTC."""
ROWS: list[dict[str, object]] = [
    {
        "_time": float(START_S + 60 * n), "_raw": f"row {n} from 10.0.0.{n % 4}", "src": f"10.0.0.{n % 4}", "n": str(n),
        "host_name": f"a{n}.workers.dev", "m": ["1", "2", "x"] if n % 2 else None, "six": f"2001:db8::{n}",
    }
    for n in range(12)
]  # fmt: skip
FIRST_FOUR = [["0", "10.0.0.0"], ["1", "10.0.0.1"], ["2", "10.0.0.2"], ["3", "10.0.0.3"]]


def rows_of(search: str) -> list[list[object]]:
    """Run a search over the rows, and return the values of its rows."""
    return [list(row.values()) for row in run(search, ROWS).rows]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("src=10.0.0.0/31 | stats count", [[6]]),
        ('src="10.0.0.0/31" | stats count', [[6]]),
        ("NOT src=10.0.0.0/31 | stats count", [[6]]),
        ("src!=10.0.0.0/31 | stats count", [[6]]),
        ("six=2001:db8::/125 | stats count", [[8]]),
        ("src=10.0.0.0/99 | stats count", [[0]]),
        ("absent=10.0.0.0/8 | stats count", [[0]]),
        ('host_name="a1*.workers.dev" | stats count', [[3]]),
        ('* | where host_name="a1*.workers.dev" | stats count', [[0]]),
        ("(earliest=-2m n=11) OR n=0 | stats count", [[2]]),
        ("NOT (earliest=-2m) | stats count", [[9]]),
        ("row OR absent=1 n=3 | stats count", [[1]]),
        ("n IN (1, 2, 3*) | stats count", [[3]]),
        ('"row 1" | stats count', [[1]]),
        ("NOT absent=x | stats count", [[12]]),
        ("absent!=x | stats count", [[0]]),
        ('* | where mvcount(m)=3 AND m="2" | stats count', [[6]]),
        ('* | where NOT m="2" | stats count', [[0]]),
        ("NOT m=2 | stats count", [[6]]),
        ('* | rename n as "the n" | where \'the n\'=3 | stats count', [[1]]),
        ('* | eval "a b"=n+1 | table "a b" | head 1', [["12"]]),
        ("* | eval more=tostring(n>5) | stats count by more", [["False", 6], ["True", 6]]),
        ('* | stats sum(n) AS "all of it"', [[66]]),
        ("* | stats count(eval(n>5)) AS big sum(eval(if(n>5, n, 0))) AS s", [[6, 51]]),
        ("* | stats sum(m) avg(m) sumsq(m) stdevp(m) count(m) dc(m)", [[18, 1.5, 30, 0.5, 18, 3]]),
        ("* | stats min(m) max(m) range(m) mode(m) median(m) perc90(m)", [["1", "x", 1, "1", 2, 2]]),
        ("n=0 | stats sum(m) min(m) count(m)", [[None, None, 0]]),
        ('* | rex field=host_name mode=sed "s/\\.dev$/.test/" | table host_name | head 1', [["a11.workers.test"]]),
        ('* | rex "(?<ip>\\d+\\.\\d+\\.\\d+\\.\\d+)" | stats dc(ip)', [[4]]),
        ('n=0 | eval t="a,,b" | makemv delim="," t | eval c=mvcount(t) | table c', [[2]]),
        ('n=0 | eval t="a,,b" | makemv delim="," allowempty=t t | eval c=mvcount(t) | table c', [[3]]),
        ("* | append maxout=2 [search n>5] | stats count", [[14]]),
        ("* | eval k=tonumber(n) | join k [search n<2 | rename n AS k | eval z=1] | table k z", [[1, 1], [0, 1]]),
        ("* | eval k=n%2 | join type=left k [search * | eval k=src | table k n] | stats count", [[12]]),
        ("n<2 | join src type=left max=0 [search * | rename n AS m] | stats count by src",
         [["10.0.0.0", 3], ["10.0.0.1", 3]]),
        ("* | sort 0 _time | head 4 | table n src", FIRST_FOUR),
        ("* | stats count by src | sort - count, +src | head 1", [["10.0.0.0", 3]]),
        ("* | stats mode(src) AS often", [["10.0.0.0"]]),
        ('n=0 | eval f="a{}.b", x=if(like(f, "%{}%"), 1, 0) | table x', [[1]]),
        ('n=0 | eval f="a{}.b", x=if(match(f, "a[{}]+"), replace(f, "[{}]", "-"), 0) | table x', [["a--.b"]]),
    ],
)  # fmt: skip
def test_a_search(search: str, expected: list[list[object]]) -> None:
    """The search gives these rows."""
    assert rows_of(search) == expected


def column(search: str, name: str) -> Sequence[object]:
    """Run a search over the rows, and return one field."""
    return [row[name] for row in run(search, ROWS).rows]


def test_a_window_counts_rows_of_all_groups_unless_global_is_false() -> None:
    """`streamstats window=5 ... by src` looks at five rows, whosever they are; with global=f at five of the group."""
    ordered = "* | sort 0 _time | streamstats window=5"
    assert column(f"{ordered} count as c by src", "c") == [1] * 4 + [2] * 8
    assert column(f"{ordered} global=f count as c by src", "c") == [1] * 4 + [2] * 4 + [3] * 4
    assert column(f"{ordered} current=f sum(n) as s by src", "s") == [None] * 4 + [0, 1, 2, 3, 4, 5, 6, 7]
    assert column("* | sort 0 _time | streamstats window=2 sum(n) as s", "s") == [
        0,
        1,
        3,
        5,
        7,
        9,
        11,
        13,
        15,
        17,
        19,
        21,
    ]
    assert column("* | sort 0 _time | where n!=1 | streamstats window=4 count as c by src", "c")[3:5] == [2, 1]


def test_series_that_are_not_wanted_are_not_shown() -> None:
    """`useother=f` leaves the small series out, `usenull=f` those without the field."""
    assert run("* | timechart span=5m limit=1 count by src", ROWS).fields == ("_time", "10.0.0.0", "OTHER")
    assert run("* | timechart span=5m limit=1 useother=f count by src", ROWS).fields == ("_time", "10.0.0.0")
    assert run("* | timechart span=5m count by m", ROWS).fields == ("_time", "1", "2", "x")
    split = '* | eval odd=if(n%2=1, "odd", null()) | timechart span=5m count by odd'
    assert run(split, ROWS).fields == ("_time", "odd", "NULL")
    assert run(f"{split} usenull=f", ROWS).fields == ("_time", "odd")


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ("* | transaction src maxspan=1h", "command 'transaction' is not supported"),
        ("* | timechart bins=10 count", "option 'bins' is not supported"),
        ("* | stats allnum=t sum(n)", "option 'allnum' is not supported"),
        ("* | makemv setsv=t m", "option 'setsv' is not supported"),
        ("* | append timeout=1 [search *]", "option 'timeout' is not supported"),
        ("| tstats prestats=t count by src", "option 'prestats' is not supported"),
        ("| tstats count from datamodel=Malware by Malware.src", "there is no data model 'Malware'"),
        ("| tstats count from datamodel=Web by src", "'src' is no field of the data model Web"),
        ("| tstats count from Web by src", "there is no data model ''"),
    ],
)
def test_what_would_be_skipped_is_refused(search: str, message: str) -> None:
    """An option that is not understood is an error at its place, never passed over."""
    with pytest.raises(SearchError, match=message) as caught:
        run(search, ROWS)
    assert caught.value.line == 1
    assert caught.value.column > 2


MIXED: list[dict[str, object]] = [
    {"_time": 1.0, "sourcetype": "squid:access", "src": "10.0.0.1", "url_domain": "a.example", "bytes_in": "5"},
    {"_time": 2.0, "sourcetype": "zscalernss-web", "src": "10.0.0.1", "dest": "b.example", "bytes_in": "7"},
    {"_time": 3.0, "sourcetype": "pan:traffic", "src": "10.0.0.1", "dest": "192.0.2.9", "bytes_in": "11"},
    {"_time": 4.0, "sourcetype": "stream:dns", "src": "10.0.0.1", "query": "a.example"},
]


def counted(search: str) -> list[list[object]]:
    """Run a search over rows of several sourcetypes."""
    return [list(row.values()) for row in run(f"| tstats {search}", MIXED).rows]


def test_a_span_groups_and_the_functions_see_each_rows_own_time() -> None:
    """`timechart` and `tstats` cut the time they group by, not the one that earliest() and min(_time) look at."""
    first = run("* | timechart span=5m earliest(n) AS e latest(n) AS l min(_time) AS first", ROWS).rows[1]
    assert (first["e"], first["l"], first["first"]) == ("5", "9", START_S + 300)
    [row] = run("| tstats count min(_time) AS first max(_time) AS last where n=7 OR n=8 by _time span=5m", ROWS).rows
    assert row == {"_time": START_S + 300, "count": 2, "first": START_S + 420, "last": START_S + 480}


def test_a_data_model_holds_the_events_of_its_sourcetypes() -> None:
    """`from datamodel=` takes only these; a by-field without a value drops a row unless fillnull_value names one."""
    assert counted("count sum(Web.bytes_in) from datamodel=Web.Web by Web.src") == [["10.0.0.1", 2, 12]]
    assert counted("count from datamodel=Network_Traffic by All_Traffic.dest") == [["192.0.2.9", 1]]
    assert counted("count from datamodel=Network_Resolution.DNS where nodename=DNS DNS.query=a.*") == [[1]]
    assert counted("count from datamodel=Web where Web.dest=b* by Web.src") == [["10.0.0.1", 1]]
    assert counted("summariesonly=t count from datamodel=Web by Web.url_domain") == [["a.example", 1]]
    filled = "fillnull_value=unknown count from datamodel=Web by Web.url_domain _time span=1s"
    assert counted(filled) == [["a.example", 1, 1], ["unknown", 2, 1]]
    assert counted("count where sourcetype=pan:*") == [[1]]


def test_a_model_search_reads_only_lines_that_can_matter() -> None:
    """Names asked for in a data model are looked for in the raw lines, as those in `search` are."""
    asked = "| tstats count from datamodel=Web where Web.url_domain IN (*.workers.dev, *.on.aws) by Web.src"
    assert literals(parse(asked)) == [r"\.workers\.dev", r"\.on\.aws"]
    assert literals(parse("| tstats count from datamodel=Web where Web.src=10.0.0.1 by Web.dest")) == []
