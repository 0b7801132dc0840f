"""Lengths of time as people read them."""

import pytest

from sferic.model.words import duration_text


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (45.23, "45.2 s"),
        (60, "60 s"),
        (90, "90 s"),
        (105, "105 s"),
        (120, "2 min"),
        (300, "5 min"),
        (3600, "1 h"),
        (86_400, "24 h"),
        (172_800, "2 d"),
        (8_640_000, "100 d"),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    """A length of time has one unit and no more digits than anybody wants."""
    assert duration_text(seconds) == shown
