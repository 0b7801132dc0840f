"""One finding out of a kept report."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Sferic = Callable[..., Any]


@pytest.fixture
def hunted(sferic: Sferic, pipeline: Any) -> Any:
    """Hunt once, so that there is a report."""
    assert sferic("hunt", "x", "--quiet").code == 0
    return pipeline


@pytest.mark.parametrize("start", ["3", "3fa9", "3fa9c1d27b40"])
@pytest.mark.usefixtures("hunted")
def test_the_beginning_of_an_id_is_enough(sferic: Sferic, start: str) -> None:
    """Any beginning that fits one finding shows it in full."""
    run = sferic("explain", start)
    assert run.code == 0
    assert run.out.startswith("critical 96  Regular check-ins  3fa9c1d27b40\n")


def test_candidates_are_listed(sferic: Sferic, hunted: Any) -> None:
    """An id that fits none is not found, one that fits several a usage error; both list the findings there are."""
    for word, code in (("zz", 11), ("", 2)):
        run = sferic("explain", word)
        assert (run.code, run.out) == (code, "")
        assert all(f.id in run.err for f in hunted.report.findings)


@pytest.mark.usefixtures("hunted")
def test_a_ticket_of_one_finding(sferic: Sferic) -> None:
    """Other formats hold the one finding and no other."""
    assert sferic("explain", "b81e", "--format", "markdown").out.startswith("# Sferic: 1 finding\n")
    assert json.loads(sferic("explain", "b81e", "--format", "ndjson").out)["id"] == "b81e22ac9905"
    assert json.loads(sferic("explain", "b81e", "--format", "ocsf").out)["class_uid"] == 2004


def test_a_hunt_that_found_nothing(sferic: Sferic, pipeline: Any) -> None:
    """Where there is nothing to choose from, the message says so and which hunt it was, and offers no empty list."""
    pipeline.report.findings, pipeline.report.paths = (), ("quiet.log",)
    assert sferic("hunt", "quiet.log", "--quiet").code == 0
    run = sferic("explain", "3f")
    assert run.code == 11
    assert "quiet.log: the hunt found nothing" in run.err
    assert "one of" not in run.err


@pytest.mark.usefixtures("pipeline")
def test_a_report_of_its_own(sferic: Sferic, tmp_path: Path) -> None:
    """`hunt --save` writes a report that `explain --from` reads, without touching the last hunt's."""
    saved = tmp_path / "r.json"
    assert sferic("hunt", "x", "--no-save", "--save", str(saved)).code == 0
    assert sferic("explain", "3f", "--from", str(saved)).code == 0
    assert sferic("explain", "3f").code == 4


def test_no_report_yet(sferic: Sferic) -> None:
    """Before the first hunt, the message says how to get a report."""
    run = sferic("explain", "3f")
    assert run.code == 4
    assert "sferic hunt PATH" in run.err


@pytest.mark.parametrize("text", [b"", b"{", b'{"findings": 3}', b"\xff\xfe"])
def test_a_file_that_is_no_report(sferic: Sferic, tmp_path: Path, text: bytes) -> None:
    """A damaged or foreign file is refused by name."""
    path = tmp_path / "r.json"
    path.write_bytes(text)
    run = sferic("explain", "3f", "--from", str(path))
    assert run.code == 2
    assert str(path) in run.err


def test_hostile_text_survives_keeping(sferic: Sferic, pipeline: Any) -> None:
    """A report with controls and lone surrogates is kept, read back, and shown escaped."""
    first = pipeline.report.findings[0]
    pipeline.report.findings = (
        type(first)(id="aa", analytic="beacon", score=1, points=0.0, severity="low", user="\x1b[2J\ud800"),
    )
    assert sferic("hunt", "x", "--quiet").code == 0
    assert "\\x1b[2J\ufffd" in sferic("explain", "aa").out
