"""Compares each deed with those of earlier days: who changed what, from where, by what means, with which key, when.

What a log does not show from earlier days is not known, and then nothing is said.
Networks are those of the user's list, else the first 24 bits of an address (48 of IPv6): the log names no owner of it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from sferic.correlate.hits import Hit, of_sign
from sferic.model.deed import Deed

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
KNOWN_DAYS = 2
"""Earlier days from which on something counts as known."""
SETTLED = 10
"""Earlier changes from which on somebody's usual hours are known."""
NEAR_H = 3
DORMANT_DAYS = 30
"""Days without use after which a key that is used again was dormant."""
PUSH_US = 15 * 60_000_000
"""How far a push may lie from the deployment that it sets off."""


class _Past(msgspec.Struct):
    """What has been seen of a function, an account or somebody in an account."""

    days: set[int] = msgspec.field(default_factory=set)
    actors: set[str] = msgspec.field(default_factory=set)
    networks: set[str] = msgspec.field(default_factory=set)
    agents: set[str] = msgspec.field(default_factory=set)
    regions: set[str] = msgspec.field(default_factory=set)
    roles: set[str] = msgspec.field(default_factory=set)
    hours: list[int] = msgspec.field(default_factory=list)

    def note(self, deed: Deed) -> None:
        self.days.add(deed.time // DAY_US)
        self.actors.add(deed.actor)
        self.networks.add(deed.network)
        self.agents.add(deed.agent)
        self.regions |= {deed.region} - {""}
        self.roles |= {deed.role} - {""}
        if len(self.hours) < SETTLED * 10:
            self.hours.append(deed.time // HOUR_US % 24)

    def earlier_days(self, deed: Deed) -> int:
        """Return on how many days before the deed's something was noted; nothing later has been."""
        return len(self.days) - (deed.time // DAY_US in self.days)


def breaks(deeds: Sequence[Deed]) -> Iterator[Hit]:
    """Yield the breaks with the past; deeds are in order of time."""
    yield from _of_changes(deeds)
    yield from _of_credentials(deeds)
    yield from _of_pushes(deeds)


def _of_changes(deeds: Sequence[Deed]) -> Iterator[Hit]:
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
            if scope is function and deed.role and function.roles and deed.role not in function.roles:
                yield of_sign("by_other_means", (deed,), what=deed.function, detail=deed.role,
                              usual=", ".join(sorted(function.roles)), days=function.earlier_days(deed))  # fmt: skip
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


def _of_credentials(deeds: Sequence[Deed]) -> Iterator[Hit]:
    """Yield changes with a key that had done nothing for long; whatever it did with functions counts as use."""
    last_use: dict[tuple[str, str], int] = {}
    for deed in deeds:
        if not deed.credential:
            continue
        before = last_use.get((deed.provider, deed.credential), deed.time)
        days = (deed.time - before) // DAY_US
        if deed.is_write and days >= DORMANT_DAYS:
            yield of_sign("dormant_credential", (deed,), days=days)
        last_use[deed.provider, deed.credential] = deed.time


def _of_pushes(deeds: Sequence[Deed]) -> Iterator[Hit]:
    """Yield deployments without a push to the repository, of what was deployed by pushes alone on earlier days."""
    pushes: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for deed in deeds:
        if deed.kind == "push":
            pushes[deed.where].append(deed.time)
    past: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    by_hand: set[tuple[str, str, str]] = set()
    for deed in deeds:
        if deed.kind != "code" or deed.failed or deed.where not in pushes:
            continue
        days = past[deed.where] - {deed.time // DAY_US}
        if any(abs(deed.time - push) <= PUSH_US for push in pushes[deed.where]):
            past[deed.where].add(deed.time // DAY_US)
        elif deed.where not in by_hand and len(days) >= KNOWN_DAYS:
            by_hand.add(deed.where)
            yield of_sign("deployed_without_push", (deed,), what=deed.function, days=len(days))
        else:
            by_hand.add(deed.where)
