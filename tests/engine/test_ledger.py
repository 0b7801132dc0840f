"""The ledger counts every loss once, keeps a few samples, and knows which problems matter."""

from pathlib import Path
from typing import Any

import pytest

from sferic.engine.ledger import SAMPLES, SAMPLES_PER_REASON, TEXT, Ledger
from sferic.model.errors import (
    BinaryInput,
    DamagedInput,
    EmptyInput,
    InputError,
    LimitExceeded,
    NothingToRead,
    UnknownLog,
    UnreadableInput,
)
from sferic.model.report import FileAccount


def file(ledger: Ledger, path: str = "a.log", **counts: Any) -> FileAccount:
    """Open the account of a file, which counted something already."""
    made = FileAccount(path=path, **counts)
    ledger.files.append(made)
    return made


def test_the_inputs_of_a_run(tmp_path: Path) -> None:
    """What can be read is given, what cannot is an account of its own, and what is hidden is one number."""
    for name in ("a.log", ".b", ".c", "d.log"):
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    ledger = Ledger()
    found = [Path(item.label).name for item in ledger.inputs([str(tmp_path / "gone"), str(tmp_path)])]
    assert found == ["a.log", "d.log"]
    told = ledger.account()
    assert [(Path(f.path).name, f.exit_code) for f in told.files] == [("gone", 4)]
    assert told.hidden == 2


def test_samples_are_few_and_short() -> None:
    """All rejects are counted; of each reason a few are kept, in all no more than a page, each cut short."""
    ledger = Ledger()
    account = file(ledger)
    for reason in range(30):
        for number in range(10):
            ledger.reject(account, "one", number, f"reason {reason}", "x" * 5000)
    told = ledger.account()
    assert (told.rejected, len(told.reject_samples)) == (300, SAMPLES)
    assert {len(s.text) for s in told.reject_samples} == {TEXT}
    assert [s.reason for s in told.reject_samples].count("reason 0") == SAMPLES_PER_REASON
    assert {r.count for r in told.reject_reasons} == {10}


def test_samples_show_no_secrets() -> None:
    """What looks like a key is left out of a line that could not be read, too."""
    ledger = Ledger()
    ledger.reject(file(ledger), "one", 1, "x", "GET https://a.example/?sig=hush")
    ledger.unknown(ledger.files[0], 2, "curl --token hush https://a.example/")
    told = ledger.account()
    assert [s.text for s in (*told.reject_samples, *told.unknown_samples)] == [
        "GET https://a.example/?sig=…", "curl --token … https://a.example/",
    ]  # fmt: skip


EXCUSED = [EmptyInput, BinaryInput, UnknownLog, NothingToRead]
LOST = [UnreadableInput, DamagedInput, LimitExceeded]


@pytest.mark.parametrize("kind", [*EXCUSED, *LOST])
@pytest.mark.parametrize("named", [True, False])
def test_which_problems_matter(kind: type[InputError], named: bool) -> None:
    """What is no log is noted without a code if it was merely found; a log that could not be read always has its code."""
    ledger = Ledger()
    file(ledger, rejected=1)
    bad = file(ledger, "bad.log")
    ledger.refuse(bad, kind("is bad"), named=named)
    ledger.account()
    assert bad.problem == "is bad"
    assert bad.exit_code == (kind.exit_code if named or kind in LOST else 0)


@pytest.mark.parametrize("kind", EXCUSED)
def test_a_folder_without_a_log(kind: type[InputError]) -> None:
    """Where nothing at all could be read, nothing is excused: finding nothing must not look like a clean hunt."""
    ledger = Ledger()
    bad = file(ledger)
    ledger.refuse(bad, kind("is bad"), named=False)
    ledger.account()
    assert bad.exit_code == kind.exit_code


def test_strict_makes_lost_lines_a_problem() -> None:
    """Under strict a file with rejects or unknown lines has a problem, exit code 2; a graver one stays."""
    ledger = Ledger()
    good, bad, worse = file(ledger, events=5), file(ledger, rejected=2, unknown=1), file(ledger, rejected=1)
    ledger.refuse(worse, DamagedInput("is torn"), named=True)
    ledger.account()
    assert (bad.problem, bad.exit_code) == ("", 0)
    ledger.account(strict=True)
    assert (good.problem, good.exit_code) == ("", 0)
    assert (bad.problem, bad.exit_code) == ("3 lines could not be read, and `--strict` makes that an error", 2)
    assert (worse.problem, worse.exit_code) == ("is torn", 6)


def test_a_later_reading_is_added() -> None:
    """Another reading of the same files adds its lines, reasons and samples; files of its own it has none."""
    first, later = Ledger(), Ledger()
    mine = FileAccount(path="a.log", lines=9, selected=2, events=1, rejected=1, sources={"one": 1})
    first.files.append(mine)
    again = FileAccount(
        path="a.log", lines=9, selected=3, events=2, sources={"one": 1, "two": 1}, problem="x", exit_code=6
    )
    later.files += [again, FileAccount(path="b.log", events=7)]
    later.reject(again, "two", 4, "bad", "text")
    later.unknown(again, 5, "what")
    first.adopt(later)
    told = first.account()
    assert told.files == (mine,)
    assert (mine.lines, mine.selected, mine.events, mine.rejected, mine.unknown) == (9, 5, 3, 2, 1)
    assert (mine.sources, mine.exit_code) == ({"one": 2, "two": 1}, 0)
    assert [(r.source, r.count) for r in told.reject_reasons] == [("two", 1)]
    assert [s.place for s in (*told.reject_samples, *told.unknown_samples)] == ["a.log:4", "a.log:5"]
