"""Numbers as people read them."""

import pytest

from sferic.model.finding import Interval
from sferic.render import figures


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (None, ""),
        (Interval(55.0, 0.2, "two_sided", 60.0), "≈60 s ±20 %"),
        (Interval(55.0, 0.2, "one_sided", 60.0), "≈60 s −20 %"),
        (Interval(55.0, 0.2, "additive", 60.0), "≈60 s +20 %"),
        (Interval(300.0, 0.0, "fixed", 300.0), "≈5 min fixed"),
        (Interval(47.0, None, "irregular", None), "≈47 s irregular"),
        (Interval(47.0, None, "uniform", None), "≈47 s"),
    ],
)
def test_intervals(interval: Interval | None, shown: str) -> None:
    """The sign of the jitter says on which side of the sleep gaps lie; without a law the median gap stands."""
    assert figures.interval_text(interval) == shown


@pytest.mark.parametrize(
    ("time_us", "shown"),
    [
        (1_772_439_312_000_000, "2026-03-02T08:15:12Z"),
        (1_772_439_312_000_007, "2026-03-02T08:15:12.000007Z"),
        (None, None),
        (0, None),
        (-1, None),
        (10**18, None),
    ],
)
def test_times(time_us: int | None, shown: str | None) -> None:
    """Times are RFC 3339 in UTC; what is unknown, or beyond the year 9999, is None and no crash."""
    assert figures.rfc3339(time_us) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (None, "unknown"),
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (61_300_000, "61.3 MB"),
        (2e15, "2,000 TB"),
    ],
)
def test_sizes(size: float | None, shown: str) -> None:
    """Sizes are decimal; an unknown size is never 0."""
    assert figures.bytes_text(size) == shown


@pytest.mark.parametrize(("points", "shown"), [(9.06, "+9.1"), (-3, "−3.0"), (0, "0.0"), (-0.01, "0.0")])
def test_points(points: float, shown: str) -> None:
    """Points always show their sign, except nothing."""
    assert figures.points_text(points) == shown


def test_times_of_less_than_an_hour_have_seconds() -> None:
    """What was over within an hour is told to the second, what took no time once; unknown times have no span."""
    first = 1_772_442_727_000_000
    assert figures.between_text(first, first + 40_900_000) == (
        "2026-03-02 09:12:07 UTC to 2026-03-02 09:12:47 UTC (40.9 s)"
    )
    assert figures.between_text(first, first + figures.HOUR_US) == "2026-03-02 09:12 UTC to 2026-03-02 10:12 UTC (1 h)"
    assert figures.between_text(first, first) == "2026-03-02 09:12:07 UTC"
    assert figures.between_text(None, first) == "unknown to 2026-03-02 09:12 UTC"


def test_small_words() -> None:
    """A share of nothing, and a time that is unknown, are not made up."""
    assert figures.share_text(1, 8) == "12.5 %"
    assert figures.share_text(0, 0) == ""
    assert figures.minute_text(0) == "unknown"
    assert figures.span_text(0, 5) == ""
