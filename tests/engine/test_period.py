"""What lies inside `since` and `until` is used and spans the account; what lies outside is counted."""

import pytest

from sferic.engine.period import Period
from sferic.model.event import HTTP, Event
from sferic.model.report import Account
from sferic.model.settings import Settings


@pytest.mark.parametrize(
    ("since", "until", "inside"),
    [(None, None, [1, 2, 3, 4]), (2, None, [2, 3, 4]), (None, 3, [1, 2]), (2, 4, [2, 3]), (9, None, [])],
)
def test_since_is_inside_and_until_is_not(since: int | None, until: int | None, inside: list[int]) -> None:
    """The span is half open, and the account has the first and last time inside it, whatever the order of events."""
    period = Period(Settings(since=since, until=until))
    held = [time for time in (3, 1, 4, 2) if period.holds(Event(table=HTTP, time=time))]
    account = Account()
    period.tell(account)
    assert sorted(held) == inside
    assert account.out_of_window == 4 - len(inside)
    assert (account.first_time, account.last_time) == ((inside[0], inside[-1]) if inside else (None, None))
