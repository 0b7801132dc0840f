"""Charts made of characters say what the numbers say."""

from hypothesis import given
from hypothesis import strategies as st

from sferic.model.finding import Bar, Day
from sferic.render.charts import MOST_BARS, MOST_DAYS, histogram, raster

COUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=200)


@given(COUNTS, st.integers(40, 200))
def test_the_histogram_shows_what_is_there(counts: list[int], width: int) -> None:
    """No count is lost, a range with gaps has ink, one without has none, and every line fits."""
    lines = histogram([Bar(float(i), i + 1.0, n) for i, n in enumerate(counts)], width)
    assert len(lines) <= MOST_BARS
    assert max(map(len, lines)) <= width
    shown = [line.split("  ") for line in (line.strip() for line in lines)]
    numbers = [int(next(part for part in row[1:] if part.strip()).replace(",", "")) for row in shown]
    assert sum(numbers) == sum(counts)
    assert all(numbers[at] > 0 or not sum(counts) for at in (0, -1)), "no ends without gaps"
    for line, number in zip(lines, numbers, strict=True):
        assert (line[-1] in "▏▎▍▌▋▊▉█") == (number > 0)


def test_a_few_gaps_are_a_list() -> None:
    """Gaps that are told one by one stand in their order, a number beside its unit, in lines that fit."""
    gaps = [Bar(gap, gap, 1) for gap in (30.0, 31.5, 600.0, 30.0)]
    assert histogram(gaps, 80) == ["30 s, 31.5 s, 10 min, 30 s"]
    assert histogram(gaps, 16) == ["30 s, 31.5 s,", "10 min, 30 s"]


def test_no_gaps_no_histogram() -> None:
    """A finding without gaps has no chart instead of an empty one."""
    assert histogram([], 80) == []
    assert raster([]) == []


@given(st.lists(st.integers(0, 5000), min_size=24, max_size=24))
def test_an_hour_is_a_mark(hours: list[int]) -> None:
    """A day is 24 marks; a dot is an hour without a connection, and the fullest hour has the fullest mark."""
    line = raster([Day("2026-03-02", tuple(hours))])[1]
    marks = line.split("  ")[1]
    assert len(marks) == 24
    assert [mark == "·" for mark in marks] == [not n for n in hours]
    if max(hours) > 6:
        assert {mark for mark, n in zip(marks, hours, strict=True) if n == max(hours)} == {"█"}
    assert line.endswith(f"  {sum(hours):,}")


def test_a_long_log_shows_its_end() -> None:
    """Of many days the last are drawn, and the others are counted."""
    lines = raster([Day(f"day {i:03}", (1,) * 24) for i in range(100)])
    assert len(lines) == MOST_DAYS + 2
    assert lines[-1] == "69 earlier days are not drawn"
    assert lines[-2].startswith("day 099")


def test_ends_that_would_be_written_alike_are_seconds() -> None:
    """Where a bar would reach from 4.5 min to 4.5 min, all ends are told in seconds."""
    drawn = histogram([Bar(268.0, 269.5, 4), Bar(269.5, 273.0, 8)], 60)
    assert [line.partition("  ")[0] for line in drawn] == ["268.0 s – 269.5 s", "269.5 s – 273.0 s"]
