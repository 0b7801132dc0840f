"""What people see: whole pages as a reviewer reads them, at the widths people use."""

import io
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from sferic.model.report import Account, FileAccount, Missing, Report
from sferic.render import Look, account, activity_table, explain, markdown, terminal

GOLDEN = Path(__file__).parent / "golden"

Golden = Callable[[Path, str], None]


def page(render: Callable[[io.StringIO], None]) -> str:
    """Render into a string without the spaces that only fill lines up."""
    stream = io.StringIO()
    render(stream)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table(golden: Golden, report: Report, width: int) -> None:
    """Score, who, what, when and why in three lines a finding, or six where the terminal is narrow."""
    golden(GOLDEN / f"table-{width}.txt", page(lambda s: terminal.render(report, s, Look(width=width))))


def test_the_explanation(golden: Golden, report: Report) -> None:
    """One finding in full."""
    golden(GOLDEN / "explain.txt", page(lambda s: explain.render(report.findings[0], s, Look(width=100))))


def test_the_ledger(golden: Golden, report: Report) -> None:
    """What was read, what was lost and why, what it cost, what comes next."""
    text = page(lambda s: account.render(report.account, s, Look(width=100), "5 findings", "sferic explain 3fa9"))
    golden(GOLDEN / "ledger.txt", text)


def test_the_ticket(golden: Golden, report: Report) -> None:
    """Markdown that can be pasted as it is."""
    golden(GOLDEN / "ticket.md", page(lambda s: markdown.render(report, s, Look())))


def test_the_published_rows(golden: Golden, activity_report: Report) -> None:
    """The published search's columns in three, and its notes."""
    golden(GOLDEN / "activity.txt", page(lambda s: activity_table.render(activity_report, s, Look(width=80))))


@pytest.mark.parametrize("width", [50, 80, 103, 104, 120, 200])
def test_no_line_is_wider_than_the_terminal(report: Report, width: int) -> None:
    """At every width, everything for people fits; nothing breaks in the middle of a row."""
    stream = io.StringIO()
    terminal.render(report, stream, Look(width=width))
    explain.render(report.findings[0], stream, Look(width=width))
    account.render(report.account, stream, Look(width=width))
    assert max(cell_len(line) for line in stream.getvalue().splitlines()) <= width


EMPTY = {
    "No line was read.": Account(),
    "in a format no source knows": Account(files=(FileAccount(path="a", lines=9, selected=3, unknown=3),)),
    "could be read": Account(files=(FileAccount(path="a", lines=9, selected=3, rejected=3),)),
    "None of 9 lines names": Account(files=(FileAccount(path="a", lines=9),)),
    "9 lines of flows, which have no host names": Account(
        files=(FileAccount(path="a", lines=9, selected=3, sources={"zeek_conn": 0}),),
        missing=(Missing("zeek_conn", "host names", "zeek_conn has no host names"),),
    ),
    "lies outside `--since`": Account(out_of_window=3, files=(FileAccount(path="a", lines=9, selected=3, events=3),)),
    "too few": Account(estate=1, files=(FileAccount(path="a", lines=9, selected=3, events=3),)),
    "none of them a call": Account(files=(FileAccount(path="a", lines=9, selected=3, events=3),)),
}


@pytest.mark.parametrize(("why", "ledger"), EMPTY.items())
def test_an_empty_result_says_why(report: Report, why: str, ledger: Account) -> None:
    """With nothing to show, the table says which of the possible causes it is, and what to do about it."""
    empty = msgspec.structs.replace(report, findings=(), account=ledger)
    text = page(lambda s: terminal.render(empty, s, Look(width=200)))
    assert text.startswith("Nothing found.")
    assert why in text
    assert len(text.splitlines()) == 2


def test_what_cannot_be_read_is_no_clean_result(report: Report) -> None:
    """Where no source knows a file, the headline is that, in place of a sentence about platforms."""
    files = tuple(FileAccount(path=n, lines=9, problem=f"{n}: no source recognises it", exit_code=8) for n in "ab")
    empty = msgspec.structs.replace(report, findings=(), account=Account(files=files))
    text = page(lambda s: terminal.render(empty, s, Look(width=200)))
    assert text.startswith("Nothing could be read. a: no source recognises it\n")
    assert "1 more path" in text
    assert "serverless platform" not in text


def test_header_lines_name_no_platform() -> None:
    """Lines that are looked at although they hold no name, and give nothing, are not told as ones that may."""
    told = Account(files=(FileAccount(path="a", lines=9, selected=3, sources={"zeek_conn": 0}),))
    text = page(lambda s: account.render(told, s, Look(width=200)))
    assert "9 lines; none names a platform" in text


def test_a_damaged_log_was_read(report: Report) -> None:
    """A log that was known up to its damage keeps the headline about what it holds."""
    files = (FileAccount(path="a", lines=9, sources={"zeek_dns": 0}, problem="a: ends too early", exit_code=6),)
    empty = msgspec.structs.replace(report, findings=(), account=Account(files=files))
    assert "None of 9 lines names" in page(lambda s: terminal.render(empty, s, Look(width=200)))


def test_channels_below_the_floor_are_counted(report: Report) -> None:
    """If channels were weighed and stayed low, the table says how many, and how to see them."""
    text = page(lambda s: terminal.render(msgspec.structs.replace(report, findings=()), s, Look(width=200)))
    assert "507 channels" in text
    assert "--min-score 0" in text


def test_a_path_that_could_not_be_opened_is_no_file_read(report: Report) -> None:
    """A missing path is a problem, said once with its path, and does not count as a file."""
    report.account.files = (FileAccount(path="no.log", problem="no.log: there is no such file", exit_code=4),)
    text = page(lambda s: account.render(report.account, s, Look(width=200), "5 findings"))
    assert "read      0 files, 0 B, 0 lines" in text
    assert "problem   no.log: there is no such file\n" in text
    assert "5 findings" not in text


def test_the_cost_of_a_cluster_is_no_whole(report: Report) -> None:
    """Where workers of a cluster worked, the line says whose CPU and memory it counts."""
    report.account.beside_workers = True
    text = page(lambda s: account.render(report.account, s, Look(width=200)))
    assert "peak memory 214 MB on this machine; what the cluster's workers took is not counted" in text


def test_a_problem_of_many_files_is_said_once(report: Report) -> None:
    """Files with the same problem share a line that names the first three; of many problems the first five are told."""
    files = [FileAccount(path=f"n{n}", problem=f"n{n}: is empty") for n in range(9)]
    files += [FileAccount(path=f"m{n}", problem=f"m{n}: is bad in {n}") for n in range(6)]
    report.account.files = tuple(files)
    text = page(lambda s: account.render(report.account, s, Look(width=200)))
    told = [line.removeprefix("problem").strip() for line in text.partition("read ")[0].splitlines()]
    assert told == [
        "n0, n1, n2 and 6 more files: is empty", *(f"m{n}: is bad in {n}" for n in range(4)), "and 2 more files",
    ]  # fmt: skip


def test_each_lack_is_said_once(report: Report) -> None:
    """The same missing evidence of several sources is one line that names them."""
    lack = report.account.missing[0]
    report.account.missing = tuple(
        msgspec.structs.replace(lack, source=s, text=f"{s} has {lack.text.removeprefix('has ')}") for s in ("a", "b")
    )
    text = page(lambda s: account.render(report.account, s, Look(width=200)))
    assert "missing   a, b: no process names" in text
    assert text.count("process names") == 1


def test_few_lacks_are_told_and_the_rest_is_named(report: Report) -> None:
    """What was not used is always told, of lacks the gravest; the others are named with what tells them all."""
    unused = [Missing("all", f"more {n}", f"cap {n} was reached") for n in range(4)]
    lacks = [Missing("a", f"evidence {n}", f"lack {n}", rank) for n, rank in enumerate((4, 3, 2, 2, 2, 1))]
    report.account.missing = (*lacks, *unused)
    text = page(lambda s: account.render(report.account, s, Look(width=200)))
    *told, rest = [line.removeprefix("missing").strip() for line in text.partition("missing ")[2].splitlines()]
    assert told == [*(f"all: cap {n} was reached" for n in range(4)), "a: lack 5", "a: lack 2", "a: lack 3"]
    assert rest.startswith("less grave: evidence 0, evidence 1, evidence 4; `sferic sources check` of")
    text = page(lambda s: account.render(report.account, s, Look(width=200), every_lack=True))
    assert text.count("a: lack") == 6
    assert "less grave" not in text


def test_a_table_that_is_cut_says_what_it_leaves_out(report: Report) -> None:
    """With more findings than asked for, the table shows the first ones and counts the rest by severity."""
    text = page(lambda s: terminal.render(report, s, Look(width=200, top=1)))
    assert report.findings[0].id[:12] in text
    assert report.findings[1].id[:12] not in text
    assert f"and {len(report.findings) - 1} findings more" in text


def test_published_columns_stand_alone_where_there_is_room(activity_report: Report) -> None:
    """On a wide terminal the published search's rows have its columns, in its order."""
    text = page(lambda s: activity_table.render(activity_report, s, Look(width=200)))
    heads = [text.index(word) for word in ("first_seen", "last_seen", "src_ip", "cs_username", "destinations", "count")]
    assert heads[:5] == sorted(heads[:5])
    assert activity_report.activity[0].first_seen in text
