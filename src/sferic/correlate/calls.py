"""Compares the calls of each function with those of earlier days: who never called it before, and far more than ever.

Only where the log shows calls (data events). Of a function that was not called on earlier days nothing is said.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from sferic.correlate.breaks import DAY_US, HOUR_US, KNOWN_DAYS
from sferic.correlate.hits import Hit, of_sign
from sferic.model.deed import Deed

MANY = 1_000
"""Calls of one hour from which on they may be far too many."""
FAR = 10
"""Times the busiest hour of earlier days that are far more than ever."""


class _Past(msgspec.Struct):
    """The calls of one function so far."""

    days: set[int] = msgspec.field(default_factory=set)
    actors: set[str] = msgspec.field(default_factory=set)
    hour: int = -1
    calls: list[Deed] = msgspec.field(default_factory=list)
    """Those of that hour."""
    busiest: int = 0
    """Most calls of an hour before."""


def call_signs(deeds: Sequence[Deed]) -> Iterator[Hit]:
    """Yield first calls by an identity, and hours with far more calls than ever; deeds are in order of time."""
    functions: dict[tuple[str, str, str], _Past] = defaultdict(_Past)
    for deed in deeds:
        if deed.kind != "invoke" or deed.failed or not deed.function:
            continue
        past = functions[deed.where]
        if deed.time // HOUR_US != past.hour:
            yield from _turn(past, deed.time // HOUR_US)
        days = len(past.days) - (deed.time // DAY_US in past.days)
        if days >= KNOWN_DAYS and deed.actor and deed.actor not in past.actors:
            yield of_sign("first_call_by_actor", (deed,), what=deed.function, days=days)
        past.days.add(deed.time // DAY_US)
        past.actors.add(deed.actor)
        past.calls.append(deed)
    for past in functions.values():
        yield from _turn(past, -1)


def _turn(past: _Past, hour: int) -> Iterator[Hit]:
    """Close an hour: say whether it had far more calls than any on earlier days, and begin the next."""
    calls, past.calls, past.hour = past.calls, [], hour
    total = sum(deed.times for deed in calls)
    earlier = len(past.days) - 1
    if total >= max(MANY, FAR * past.busiest) and earlier >= KNOWN_DAYS:
        by = Counter[str]()
        for deed in calls:
            by[deed.actor] += deed.times
        most = by.most_common(1)[0][0]
        mine = tuple(deed for deed in calls if deed.actor == most)
        yield of_sign("far_more_calls", mine, what=mine[-1].function, detail=f"{total:,}", most=f"{past.busiest:,}")
    past.busiest = max(past.busiest, total)
