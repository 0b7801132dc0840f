"""What is usual in the whole input costs memory for what was seen, not for how long the input seems to be."""

from tests.signals.timelines import DAY, SITE, WORKER, browse, calls, every, window

DECADES_S = 26 * 365 * DAY


def test_a_clock_that_was_never_set_costs_no_memory() -> None:
    """One row stamped 26 years before all others makes nobody's hours of use any larger."""
    machines = [browse(f"10.0.0.{n}") for n in range(1, 41)]
    stray = calls("10.0.1.1", SITE, [-DECADES_S])
    estate = window(*machines, stray).estate
    assert estate.hours > 200_000
    assert len(estate.client_hours) == 40
    assert sum(hours.nbytes for hours in estate.client_hours.values()) < 40 * 24 * 8


def test_hours_of_use_are_those_with_pages_or_many_owners() -> None:
    """A person's hours are the office hours, as numbers from the input's start; a lone timer uses none."""
    estate = window(browse("10.0.0.1"), calls("10.0.0.2", WORKER, every(300, 288))).estate
    used = {who: hours.tolist() for who, hours in estate.client_hours.items()}
    assert estate.hours == 24
    assert list(used.values()) == [sorted(set(h)) for h in used.values()]
    assert len(used) == 1
    assert set(next(iter(used.values()))) <= set(range(9, 17))
