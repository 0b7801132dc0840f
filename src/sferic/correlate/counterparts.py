"""Finds what the audit logs show of a command that deploys: the nearest change in time that it may have made.

Nothing may contradict, and something has to support: the function's name or the person's; or the same software, if in
this time there is no other change. Changes are asked for by what they share with the command, and only so many of the
nearest, so that many commands beside many changes stay cheap.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence

from sferic.model.deed import Deed
from sferic.model.launch import Launch

BEFORE_US, AFTER_US = 60_000_000, 900_000_000
"""How long before and after a command the cloud may have written down what it did: clocks differ, uploads take time."""
NEAREST = 64
"""So many changes on either side of a command are looked at, of those that share something with it."""


class Writes:
    """Changes, each under what a command may share with it."""

    def __init__(self, writes: Sequence[Deed]) -> None:
        """Take them in order of time."""
        self._by: dict[tuple[str, ...], list[Deed]] = defaultdict(list)
        for deed in writes:
            for key in {("function", _leaf(deed.function)), *(("person", name) for name in _people(deed)),
                        ("software", deed.provider, deed.agent), ("software", "", deed.agent)}:  # fmt: skip
                self._by[key].append(deed)

    def made_by(self, launch: Launch) -> Deed | None:
        """Return the change that a command made, if one can be told."""
        shared = (("function", launch.function.lower()), ("person", _person(launch.user)))
        possible = [deed for key in shared if key[1] for deed in self._near(key, launch) if _may_be(launch, deed)]
        if not possible and launch.agent:
            possible = self._alone(launch)
        return min(possible, key=lambda deed: abs(deed.time - launch.time), default=None)

    def _alone(self, launch: Launch) -> list[Deed]:
        """Return the changes by the command's software, if all that it may have made are of one function and person.

        Where more stand around it than are looked at, none is alone.
        """
        alike, others = (self._near(("software", launch.provider, name), launch) for name in (launch.agent, ""))
        some = [deed for deed in (*alike, *others) if _may_be(launch, deed)]
        is_one = len({(deed.where, deed.actor) for deed in some}) == 1
        return [deed for deed in some if deed.agent] if is_one and max(len(alike), len(others)) < NEAREST else []

    def _near(self, key: tuple[str, ...], launch: Launch) -> Sequence[Deed]:
        deeds = self._by.get(key, [])
        at = bisect_left(deeds, launch.time, key=_time)
        begin = bisect_left(deeds, launch.time - BEFORE_US, max(0, at - NEAREST), at, key=_time)
        end = bisect_right(deeds, launch.time + AFTER_US, at, min(len(deeds), at + NEAREST), key=_time)
        return deeds[begin:end]


def _time(deed: Deed) -> int:
    return deed.time


def _may_be(launch: Launch, deed: Deed) -> bool:
    """Say whether nothing contradicts."""
    software = not launch.agent or not deed.agent or launch.agent == deed.agent
    function = not launch.function or not deed.function or launch.function.lower() == _leaf(deed.function)
    return software and function and launch.provider in {"", deed.provider}


def _leaf(function: str) -> str:
    return function.lower().rpartition("/")[2]


def _people(deed: Deed) -> set[str]:
    return {_person(deed.user), _person(deed.actor)} - {""}


def _person(name: str | None) -> str:
    r"""Return what `CORP\ada.byron`, `ada.byron@corp.example` and `arn:…/ada.byron` have in common."""
    return (name or "").rpartition("\\")[2].rpartition("/")[2].partition("@")[0].lower()
