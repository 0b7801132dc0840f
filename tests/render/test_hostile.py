"""One corpus of hostile strings through every renderer: the structure of the output stays ours."""

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt

from sferic.model.report import Report
from sferic.render import FORMATS, Look, account, explain, renderer
from sferic.render.safe_text import is_plain

CORPUS = {
    "clear screen": "\x1b[2J\x1b[H",
    "window title": "\x1b]0;pwned\x07",
    "terminal link": "\x1b]8;;http://h.test\x1b\\click\x1b]8;;\x1b\\",
    "8-bit control": "\x9b31mred",
    "overwrite": "good\r\x1b[Kbad",
    "delete": "bad\x7f\x7f\x7fgood",
    "turned around": "txt.\u202eexe.gpj\u202c",
    "isolates": "\u2066a\u2069\u200f",
    "zero width": "wor\u200bkers.dev\u2060\ufeff",
    "tags": "x\U000e0041\U000e0042",
    "lone surrogate": "a\ud800b\udfff",
    "line separators": "a\nb\r\nc\u2028d\u2029e\x85f\x0bg\x0ch",
    "rich markup": "[bold red]x[/bold red][link=http://h.test]y[/link][/]",
    "emoji code": ":skull: :warning:",
    "formula": '=HYPERLINK("http://h.test","x")',
    "other formulas": "+1+1",
    "tabbed formula": "\t=1+1",
    "quotes": 'a","b\'c',
    "image": "![x](http://h.test/x.png)",
    "link": "[x](http://h.test) https://h.test <https://h.test> www.h.test a@h.test",
    "html": "<script>alert(1)</script><img src=x onerror=y>",
    "fence": "```\n# heading\n````\n~~~",
    "table": "a | b || c \\| d",
    "heading": "# a\n## b",
    "backticks": "`a``b```c",
    "backslashes": "\\\\`\\",
    "nul": "a\x00b",
    "long": "x" * 5000,
    "wide": "漢" * 300,
    "spaces": "   ",
    "indented": "      code",
    "list": "- a",
    "other list": "+ a",
    "numbered": "1. a",
    "underline": "=====",
    "rule": "---",
}
COLORS = re.compile(r"\x1b\[[0-9;]*m")

Poison = Callable[[str], Report]
hostile = pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS.keys())


def written(what: str, name: str, report: Report, look: Look) -> str:
    """Render into a string."""
    stream = io.StringIO()
    renderer(what, name)(report, stream, look)
    return stream.getvalue()


def is_clean(output: str) -> bool:
    """Say whether nothing invisible is left but line ends."""
    return is_plain(output.replace("\n", ""))


@hostile
@pytest.mark.parametrize(("what", "name"), [(what, name) for what, names in FORMATS.items() for name in names])
def test_no_renderer_lets_a_control_through(poisoned: Poison, text: str, what: str, name: str) -> None:
    """Without colours, output holds no control, no direction mark and nothing invisible."""
    assert is_clean(written(what, name, poisoned(text), Look()))


@hostile
@pytest.mark.parametrize("what", ["findings", "activity"])
def test_with_colours_only_colours_are_sent(poisoned: Poison, text: str, what: str) -> None:
    """A coloured table holds colour sequences and nothing else a terminal obeys; its text is the plain one."""
    report = poisoned(text)
    colored = written(what, "table", report, Look(color=True))
    assert "\x1b[" in colored
    assert is_clean(COLORS.sub("", colored))
    assert COLORS.sub("", colored) == written(what, "table", report, Look())


@hostile
def test_explain_and_the_ledger_are_clean(poisoned: Poison, text: str) -> None:
    """The full view of a finding and the ledger pass the same gate, with colours and without."""
    report = poisoned(text)
    for look in (Look(color=True, width=80), Look(width=120)):
        stream = io.StringIO()
        for finding in report.findings:
            explain.render(finding, stream, look)
        account.render(report.account, stream, look)
        assert is_clean(COLORS.sub("", stream.getvalue()))


@hostile
def test_csv_keeps_its_rows_and_columns(poisoned: Poison, text: str) -> None:
    """A CSV reader finds one row for each finding, all of one width, and no formula in any cell."""
    report = poisoned(text)
    rows = list(csv.reader(io.StringIO(written("findings", "csv", report, Look()))))
    assert len(rows) == len(report.findings) + 1
    assert len({len(row) for row in rows}) == 1
    formulas = [
        c for row in rows for c in row if c.startswith(("=", "+", "-", "@")) and not re.fullmatch(r"-?[\d.]+", c)
    ]
    assert not formulas


@hostile
@pytest.mark.parametrize("name", ["ndjson", "ocsf"])
def test_json_lines_keep_the_exact_text(poisoned: Poison, text: str, name: str) -> None:
    """Each finding is one line of JSON; the attacker's text comes back whole, not one character more or less."""
    report = poisoned(text)
    lines = written("findings", name, report, Look()).splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) == len(report.findings) + (len(report.activity) if name == "ndjson" else 0)
    exact = re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert exact in (records[0].get("user"), records[0].get("finding_info", {}).get("uid"))


@hostile
def test_markdown_keeps_its_structure(poisoned: Poison, report: Report, text: str) -> None:
    """A Markdown parser finds no link, image or HTML, and the headings, tables and blocks of a harmless report."""
    parser = MarkdownIt("commonmark").enable("table")

    def skeleton(source: str) -> list[str]:
        return [token.type for token in parser.parse(source)]

    page = written("findings", "markdown", poisoned(text), Look())
    kinds = [child.type for token in parser.parse(page) for child in token.children or ()]
    assert not {"link_open", "image", "html_inline"} & set(kinds)
    assert skeleton(page) == skeleton(written("findings", "markdown", report, Look()))
