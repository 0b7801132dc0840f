"""Says what the deeds of one log say of each other: who is known, what is a habit, what breaks with it or was refused.

There is no memory between runs: what a log does not show from earlier days is not known, and then nothing is said.
"""

import bisect
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

from sferic.correlate.breaks import DAY_US, HOUR_US, KNOWN_DAYS, breaks
from sferic.correlate.calls import call_signs
from sferic.correlate.hits import Hit, of_sign
from sferic.model.deed import Deed

HABIT_DAYS = 3
HABIT_SPAN = 6
"""Days from the first to the last time, at least, of what is a habit."""
DENIED = 3
PROBED = 5
ACCEPTED = 3
"""Others who allowed an application on earlier days, from which on it is the company's."""
MOST_REFUSED = 100
"""Refusals of one hour that are counted."""


class History:
    """What the deeds of one log, in order of time, say of each other."""

    def __init__(self, deeds: Sequence[Deed]) -> None:
        self._deeds = deeds
        present: dict[tuple[str, str, str], set[int]] = defaultdict(set)
        habits: dict[tuple[str, ...], set[int]] = defaultdict(set)
        allowed: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for deed in deeds:
            day = deed.time // DAY_US
            if not deed.failed:
                present[deed.provider, deed.account, deed.actor].add(day)
            if deed.kind == "authorize" and deed.credential:
                allowed[deed.account, deed.credential].setdefault(deed.actor, day)
            for rule in deed.rules:
                habits[_habit(deed, rule)].add(day)
        self._habits = {what: (len(days), min(days), max(days)) for what, days in habits.items()}
        self._allowed = {client: sorted(first.values()) for client, first in allowed.items()}
        self._in_order = {who: sorted(days) for who, days in present.items()}
        first, last = (deeds[0].time, deeds[-1].time) if deeds else (0, 0)
        self._opening = (first + (last - first) // 3) // DAY_US

    def is_known(self, deed: Deed) -> bool:
        """Say whether whoever did it did something on two earlier days."""
        days = self._in_order.get((deed.provider, deed.account, deed.actor), [])
        return bisect.bisect_left(days, deed.time // DAY_US) >= KNOWN_DAYS

    def habit_days(self, deed: Deed, rule: str) -> int:
        """Return on how many days the same was done likewise; 0 unless that began with the log and is a habit."""
        count, first, last = self._habits[_habit(deed, rule)]
        is_habit = count >= HABIT_DAYS and last - first >= HABIT_SPAN and first <= self._opening
        return count if is_habit else 0

    def allowed_before(self, deed: Deed) -> int:
        """Return how many had allowed the same application on earlier days; 0 if too few to speak for it."""
        days = self._allowed.get((deed.account, deed.credential), []) if deed.kind == "authorize" else []
        earlier = bisect.bisect_left(days, deed.time // DAY_US)
        return earlier if earlier >= ACCEPTED else 0

    def signs(self) -> Iterator[Hit]:
        """Yield the breaks with the past, what is odd about calls, and the refusals."""
        yield from breaks(self._deeds)
        yield from call_signs(self._deeds)
        yield from _refusals(self._deeds)


def _habit(deed: Deed, rule: str) -> tuple[str, ...]:
    return (deed.provider, deed.account, deed.actor, rule, deed.network, deed.agent)


def _refusals(deeds: Sequence[Deed]) -> Iterator[Hit]:
    """Yield one hit per identity and run of refusals: several in an hour, and many that a success follows."""
    refused: dict[tuple[str, str, str], deque[Deed]] = defaultdict(lambda: deque(maxlen=MOST_REFUSED))
    told: dict[tuple[str, str, str], int] = {}
    for deed in deeds:
        if not deed.kind or deed.kind == "identity":
            continue
        who = (deed.provider, deed.account, deed.credential or deed.actor)
        mine = refused[who]
        while mine and deed.time - mine[0].time > HOUR_US:
            mine.popleft()
        if deed.failed:
            mine.append(deed)
            if len(mine) >= DENIED and deed.time - told.get(who, -HOUR_US * 24) >= HOUR_US * 24:
                told[who] = deed.time
                yield of_sign("denied_again_and_again", tuple(mine), detail=len(mine))
        elif deed.is_write and len(mine) >= PROBED:
            yield of_sign("refused_then_allowed", (*mine, deed), detail=len(mine))
            mine.clear()
