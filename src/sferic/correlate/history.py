"""Compares each deed with what the log shows of earlier days: who changed what, from where, with which software, when.

There is no memory between runs: what a log does not show from earlier days is not known, and then nothing is said.
Networks are told apart by the first 24 bits of an address (48 of IPv6): the log names no owner of an address.
"""

import bisect
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

import msgspec

from sferic.correlate.hits import Hit, of_sign
from sferic.model.deed import Deed

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
KNOWN_DAYS = 2
"""Earlier days from which on something counts as known."""
HABIT_DAYS = 3
HABIT_SPAN = 6
"""Days from the first to the last time, at least, of what is a habit."""
SETTLED = 10
"""Earlier changes from which on somebody's usual hours are known."""
DENIED = 3
PROBED = 5
MOST_REFUSED = 100
"""Refusals of one hour that are counted."""
NEAR_H = 3


class _Past(msgspec.Struct):
    """What has been seen of a function, an account or somebody in an account."""

    days: set[int] = msgspec.field(default_factory=set)
    actors: set[str] = msgspec.field(default_factory=set)
    networks: set[str] = msgspec.field(default_factory=set)
    agents: set[str] = msgspec.field(default_factory=set)
    regions: set[str] = msgspec.field(default_factory=set)
    hours: list[int] = msgspec.field(default_factory=list)

    def note(self, deed: Deed) -> None:
        self.days.add(deed.time // DAY_US)
        self.actors.add(deed.actor)
        self.networks.add(deed.network)
        self.agents.add(deed.agent)
        if deed.region:
            self.regions.add(deed.region)
        if len(self.hours) < SETTLED * 10:
            self.hours.append(deed.time // HOUR_US % 24)

    def earlier_days(self, deed: Deed) -> int:
        """Return on how many days before the deed's something was noted; nothing later has been."""
        return len(self.days) - (deed.time // DAY_US in self.days)


class History:
    """What the deeds of one log, in order of time, say of each other."""

    def __init__(self, deeds: Sequence[Deed]) -> None:
        self._deeds = deeds
        present: dict[tuple[str, str, str], set[int]] = defaultdict(set)
        habits: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for deed in deeds:
            day = deed.time // DAY_US
            if not deed.failed:
                present[deed.provider, deed.account, deed.actor].add(day)
            for rule in deed.rules:
                habits[_habit(deed, rule)].add(day)
        self._habits = {what: (len(days), min(days), max(days)) for what, days in habits.items()}
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

    def signs(self) -> Iterator[Hit]:
        """Yield the breaks with the past and the refusals."""
        yield from _breaks(self._deeds)
        yield from _refusals(self._deeds)


def _habit(deed: Deed, rule: str) -> tuple[str, ...]:
    return (deed.provider, deed.account, deed.actor, rule, deed.network, deed.agent)


def _breaks(deeds: Sequence[Deed]) -> Iterator[Hit]:
    functions: dict[tuple[str, str, str], _Past] = defaultdict(_Past)
    accounts: dict[tuple[str, str], _Past] = defaultdict(_Past)
    people: dict[tuple[str, str, str], _Past] = defaultdict(_Past)
    for deed in deeds:
        if not deed.is_write:
            continue
        function, account = functions[deed.where], accounts[deed.where[:2]]
        person = people[deed.provider, deed.account, deed.actor]
        scope = function if function.earlier_days(deed) >= KNOWN_DAYS else account
        if scope.earlier_days(deed) >= KNOWN_DAYS:
            if deed.actor not in scope.actors:
                what = deed.function if scope is function else "a function of this account"
                yield of_sign("first_change_by_actor", (deed,), what=what, others=_others(scope),
                              days=scope.earlier_days(deed))  # fmt: skip
            if deed.region and account.regions and deed.region not in account.regions:
                yield of_sign("first_in_region", (deed,), detail=deed.region)
        if person.earlier_days(deed) >= KNOWN_DAYS:
            yield from _changed_ways(deed, person)
        for past in (function, account, person):
            past.note(deed)


def _changed_ways(deed: Deed, person: _Past) -> Iterator[Hit]:
    network = bool(deed.network) and bool(person.networks - {""}) and deed.network not in person.networks
    client = bool(deed.agent) and bool(person.agents - {""}) and deed.agent not in person.agents
    name = {(True, True): "other_network_and_client", (True, False): "other_network", (False, True): "other_client"}
    if network or client:
        detail = ", ".join(part for part, new in ((deed.src_ip or "", network), (deed.agent, client)) if new)
        yield of_sign(name[network, client], (deed,), detail=detail)
    hour = deed.time // HOUR_US % 24
    if len(person.hours) >= SETTLED and all(min((hour - h) % 24, (h - hour) % 24) > NEAR_H for h in person.hours):
        yield of_sign("odd_hour", (deed,), detail=f"{hour:02}:00")


def _others(scope: _Past) -> str:
    return "one identity" if len(scope.actors) == 1 else f"{len(scope.actors)} identities"


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
