"""Learns from a period of audit logs who changes functions in the ordinary course of things.

An identity is learned if it changed functions on several days, with the networks and the software of at least two of
them. One that gave rise to a finding in the period is held back and named: a baseline must not learn an intruder.
"""

import glob
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from sferic.catalog.deployers import Deployer
from sferic.correlate.breaks import DAY_US, KNOWN_DAYS
from sferic.correlate.history import HABIT_DAYS
from sferic.model.deed import Deed
from sferic.model.finding import Finding

SUSPECT = 50
"""Score of a finding from which its identity is not learned."""


class Learned(msgspec.Struct, frozen=True):
    """Who is expected from now on, and who was held back because of a finding."""

    deployers: tuple[Deployer, ...]
    held_back: tuple[str, ...]


def learned(deeds: Iterable[Deed], findings: Iterable[Finding]) -> Learned:
    """Return the deployers of a period."""
    suspects = {one.actor for one in findings if one.actor and one.score >= SUSPECT}
    days: dict[str, dict[tuple[str, str], set[int]]] = defaultdict(lambda: defaultdict(set))
    for deed in deeds:
        if deed.is_write and deed.actor:
            for fact in (("day", ""), ("network", deed.network or "service"), ("agent", deed.agent)):
                days[deed.actor][fact].add(deed.time // DAY_US)
    regular = {actor: facts for actor, facts in days.items() if len(facts["day", ""]) >= HABIT_DAYS}
    made = [_deployer(actor, facts) for actor, facts in sorted(regular.items()) if actor not in suspects]
    return Learned(tuple(one for one in made if one.networks), tuple(sorted(suspects & regular.keys())))


def _deployer(actor: str, facts: dict[tuple[str, str], set[int]]) -> Deployer:
    return Deployer(
        name=actor.rpartition("/")[2] or actor, principal=glob.escape(actor), networks=tuple(_usual(facts, "network")),
        agents=tuple(_usual(facts, "agent")),
    )  # fmt: skip


def _usual(facts: dict[tuple[str, str], set[int]], kind: str) -> Iterator[str]:
    for (name, value), days in sorted(facts.items()):
        if name == kind and value and len(days) >= KNOWN_DAYS:
            yield value
