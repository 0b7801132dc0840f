"""Splunk searches on the command line."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Sferic = Callable[..., Any]
LINE = "1772445601.250     57 10.1.0.5 TCP_TUNNEL/200 3721 CONNECT {host}:443 - HIER_DIRECT/192.0.2.10 -\n"


@pytest.fixture
def log(tmp_path: Path) -> str:
    """Write a Squid log of two lines."""
    path = tmp_path / "access.log"
    path.write_text(LINE.format(host="a.acct-lab.workers.dev") + LINE.format(host="www.example.com"))
    return str(path)


def test_a_search_from_a_file(sferic: Sferic, log: str, tmp_path: Path) -> None:
    """Rows are NDJSON on standard output, notes and the account are on standard error."""
    search = tmp_path / "rule.spl"
    search.write_text('index=proxy url="*.workers.dev*"\n| stats count by src_ip, url')
    run = sferic("spl", "run", str(search), log)
    assert run.code == 0
    assert json.loads(run.out) == {"src_ip": "10.1.0.5", "url": "a.acct-lab.workers.dev:443", "count": 1}
    assert "note: The rows are in no index" in run.err
    assert "squid_access" in run.err


def test_a_search_without_rows_says_so(sferic: Sferic, log: str) -> None:
    """Nothing found is said on standard error, unless that is to be quiet."""
    run = sferic("spl", "run", "-e", "url=nowhere", log)
    assert (run.code, run.out, run.err.splitlines()[0]) == (0, "", "0 rows")
    assert sferic("spl", "run", "-e", "url=nowhere", log, "-q").err == ""
    assert "0 rows" not in sferic("spl", "run", "-e", "*", log).err


def test_other_forms(sferic: Sferic, log: str) -> None:
    """CSV has a header; a table shows several values under each other; what a log holds cannot act."""
    search = '* | stats values(url) as u | eval f = "=1+1" . urldecode("%1b")'
    [row] = csv.DictReader(io.StringIO(sferic("spl", "run", "-e", search, log, "-f", "csv", "-q").out))
    assert row == {"u": "a.acct-lab.workers.dev:443; www.example.com:443", "f": "'=1+1\\x1b"}
    table = sferic("spl", "run", "-e", search, log, "-f", "table", "-q").out.splitlines()
    assert [line.split() for line in table] == [
        ["u", "f"],
        ["a.acct-lab.workers.dev:443", "=1+1\\x1b"],
        ["www.example.com:443"],
    ]


def test_an_app_brings_macros_and_lookups(sferic: Sferic, log: str, tmp_path: Path) -> None:
    """Macros of an app are written out, and a wildcard lookup matches from end to end."""
    app = tmp_path / "app"
    for folder in ("default", "lookups"):
        (app / folder).mkdir(parents=True)
    (app / "default" / "macros.conf").write_text(
        '[hosts(1)]\nargs = what\ndefinition = url="*$what$*" \\\n  status=200\n'
    )
    (app / "default" / "transforms.conf").write_text(
        "[platforms]\nfilename = platforms.csv\nmatch_type = WILDCARD(host)\n"
    )
    (app / "lookups" / "platforms.csv").write_text("host,platform\n*.workers.dev,cloudflare-workers\n*.dev,other\n")
    search = (
        '`hosts("e")` | rex field=url "(?<host>[^:]+)" | lookup platforms host output platform | table host platform'
    )
    run = sferic("spl", "run", "-e", search, log, "--app", str(app), "-q")
    assert [json.loads(line) for line in run.out.splitlines()] == [
        {"host": "a.acct-lab.workers.dev", "platform": "cloudflare-workers"},
        {"host": "www.example.com"},
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run",), "there is no search"),
        (("run", "-e", "* | head"), "there is nothing to read"),
        (("run", "-e", "* | explode", "x.log"), "'explode' is not supported"),
        (("run", "gone.spl", "x.log"), "the search cannot be read"),
        (("run", "-e", "*", "x.log", "--lookup", "x"), "names no table"),
        (("run", "-e", "*", "x.log", "--app", "gone"), "is not the folder of an app"),
        (("run", "-e", "*", "x.log", "--now", "nan"), "--now is no time"),
    ],
)
def test_wrong_usage(sferic: Sferic, words: tuple[str, ...], says: str) -> None:
    """Mistakes are said before any log is read."""
    run = sferic("spl", *words)
    assert (run.code, run.out) == (2, "")
    assert says in run.err


def test_the_reference(sferic: Sferic) -> None:
    """Every command and function is listed with a sentence."""
    out = sferic("spl", "commands").out
    for name in ("stats ", "streamstats", "mvfilter()", "cidrmatch()", "stats perc<N>()", "lookup"):
        assert name in out
    assert "searchmatch" not in out
