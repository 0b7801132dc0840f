"""A score never travels without its parts, and the parts visibly add up."""

import io
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.finding import Finding, Reason
from sferic.model.report import Report
from sferic.render import Look, explain
from sferic.render.facts import seen, telling

POINTS = st.floats(-60, 60, allow_nan=False).map(lambda p: round(p, 4))


def shown(finding: Finding, width: int = 100) -> str:
    """Render into a string."""
    stream = io.StringIO()
    explain.render(finding, stream, Look(width=width))
    return stream.getvalue()


def numbers(text: str) -> list[float]:
    """Read the points column between `Why` and the total, the total last."""
    column = re.findall(r"^ {2,8}([+−]?\d+\.\d+)  \S", text.partition("Why\n")[2], re.MULTILINE)
    return [float(number.replace("−", "-")) for number in column]


def made(points: list[float], total: float) -> Finding:
    """Make a finding from its points alone."""
    reasons = tuple(Reason(f"signal_{i}", p, "v", "t") for i, p in enumerate(points))
    return Finding(id="f", analytic="beacon", score=50, points=total, severity="low", reasons=reasons)


@given(st.lists(POINTS, max_size=12))
def test_the_shown_parts_add_up_to_the_shown_total(points: list[float]) -> None:
    """Whoever adds the column up gets the number under the line, to the last digit shown."""
    *parts, total = numbers(shown(made(points, sum(points))))
    assert round(sum(parts), 3) == total


@given(st.lists(POINTS, max_size=5), POINTS.filter(lambda p: abs(p) >= 0.2))
def test_a_total_that_is_not_explained_says_so(points: list[float], missing: float) -> None:
    """If the parts fall short of the total, the difference is a line of its own."""
    text = shown(made(points, sum(points) + missing))
    assert "not itemised" in text
    *parts, total = numbers(text)
    assert round(sum(parts), 3) == total


def test_what_stands_beside_a_rhythm_is_the_number_of_check_ins(report: Report) -> None:
    """The interval's count is of check-ins; where no rhythm is told it is of connections. `explain` has both."""
    rotating, long = report.findings[1], report.findings[3]
    assert seen(rotating).startswith("2,877 × over")
    assert "2,877 check-ins in 5,754 connections, 2026-03-03" in shown(rotating)
    assert seen(long).startswith("2 × over")
    assert "check-in" not in shown(long)


def test_the_prior_comes_first(report: Report) -> None:
    """The prior is the first line; then reasons from the strongest for to the strongest against."""
    signals = re.findall(r"^ +[+−]\d+\.\d+  (\w+)", shown(report.findings[0]).partition("Why\n")[2], re.MULTILINE)
    assert signals == [
        "prior",
        "timing",
        "prevalence",
        "client",
        "presence",
        "size",
        "novelty",
        "known_service",
        "total",
    ]


def test_reasons_without_effect_share_a_line(report: Report) -> None:
    """What was weighed and moved nothing is named, without a line for each."""
    quiet = (Reason("a", 0.0, "x", "y"), Reason("b", 0.0, "x", "y"))
    finding = msgspec.structs.replace(report.findings[0], reasons=report.findings[0].reasons + quiet)
    assert re.search(r"^ +0\.0  no effect +a, b *$", shown(finding), re.MULTILINE)


def test_a_place_is_said_once(report: Report) -> None:
    """Reasons that rest on the same log lines name them once, a file once among its lines."""
    places = ("a.log:1", "a.log:2", "b.log:3", "b.log:4")
    same = tuple(Reason(f"s{i}", 1.0, "v", "t", places) for i in range(3))
    text = shown(msgspec.structs.replace(report.findings[0], reasons=same, samples=()))
    assert text.count("see a.log:1, :2, b.log:3 and 1 more") == 1


def test_empty_sections_are_left_out(report: Report) -> None:
    """The barest finding has a header and a score, and no heading without a text under it."""
    text = shown(report.findings[-1])
    assert "Why" in text
    assert not any(heading in text for heading in ("Gaps", "Connections by hour", "Log lines", "Next steps", "surer"))


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ({"a": 1.0, "b": -9.0, "c": 5.0, "d": 2.0, "e": -6.0}, ["c", "d", "b"]),
        ({"a": 1.0, "b": -4.9, "c": 5.0, "d": 2.0}, ["c", "d", "a"]),
        ({"a": 1.0, "b": -4.9, "c": 0.0, "d": 0.04}, ["a"]),
        ({"a": -9.0, "b": -7.0}, ["a"]),
        ({"cap_rhythm": -12.0, "a": 12.0}, ["a"]),
        ({}, []),
    ],
)
def test_the_table_shows_what_is_telling(report: Report, points: dict[str, float], told: list[str]) -> None:
    """What speaks most for it, then what speaks most against it if that matters; no prior, cap or idle reason."""
    reasons = tuple(Reason(n, p, "", "") for n, p in {"prior": -30.0, **points}.items())
    finding = msgspec.structs.replace(report.findings[0], reasons=reasons)
    assert [reason.signal for reason in telling(finding)] == told
