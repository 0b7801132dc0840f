"""Times that no calendar has are refused in Sferic's own words."""

from collections.abc import Callable
from datetime import UTC, tzinfo

import pytest

from sferic.sources._clock import NO_DATE, Clock, zone


@pytest.mark.parametrize("where", [UTC, zone("Europe/Berlin")])
@pytest.mark.parametrize(
    "parts",
    [
        (2026, 13, 1, 0, 0, 0),
        (2026, 2, 30, 0, 0, 0),
        (2026, 1, 1, 24, 0, 0),
        (2026, 1, 1, 0, 60, 0),
        (0, 1, 1, 0, 0, 0),
    ],
)
def test_a_date_that_is_none(where: tzinfo, parts: tuple[int, int, int, int, int, int]) -> None:
    """Month, day, hour, minute or year out of range is one reason, whichever Python says what about it."""
    clock = Clock(where)
    written = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*parts)
    reads: tuple[Callable[[], int], ...] = (
        lambda: clock.local(*parts),
        lambda: clock.offset(parts, 0, 60),
        lambda: clock.written(written),
    )
    for read in reads:
        with pytest.raises(ValueError, match="real date") as failure:
            read()
        assert str(failure.value) == NO_DATE
