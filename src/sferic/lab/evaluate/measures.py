"""The numbers on the page: shares with their intervals, average precision, false alerts for a size of estate."""

import math
import zlib
from collections.abc import Sequence

import msgspec

_Z = 1.96
"""95 %."""


class Share(msgspec.Struct, frozen=True):
    """So many of so many, with Wilson's 95 % interval."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing is 0."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval."""
        if not self.of:
            return 0.0, 1.0
        square = _Z * _Z / self.of
        middle = self.value + square / 2
        reach = _Z * math.sqrt(self.value * (1 - self.value) / self.of + square / (4 * self.of))
        return max(0.0, (middle - reach) / (1 + square)), min(1.0, (middle + reach) / (1 + square))


class Ranked(msgspec.Struct, frozen=True):
    """One alert after it was held against the truth."""

    rank: float
    high: bool
    implant: str | None
    """Which implant it is about; None for a false one."""
    scenario: str = ""
    """What it is about: a class of software, or how an implant behaves."""


def ordered(alerts: Sequence[Ranked]) -> list[Ranked]:
    """Best first; equals in an order as good as random, the same in every run, so that ties favour nobody."""
    drawn = [zlib.crc32(f"tie {number}".encode()) for number in range(len(alerts))]
    return [alert for alert, _ in sorted(zip(alerts, drawn, strict=True), key=lambda pair: (-pair[0].rank, pair[1]))]


def average_precision(alerts: Sequence[Ranked], implants: int) -> float:
    """Mean, over all implants, of the precision where each is first named; those never named count as 0.

    A second alert about the same implant neither helps nor harms.
    """
    found: set[str] = set()
    false, total = 0, 0.0
    for alert in ordered(alerts):
        if alert.implant is None:
            false += 1
        elif alert.implant not in found:
            found.add(alert.implant)
            total += len(found) / (len(found) + false)
    return total / implants if implants else 0.0


def recall_at_high(alerts: Sequence[Ranked], implants: int) -> Share:
    """How many implants have an alert above the detector's own threshold."""
    return Share(len({a.implant for a in alerts if a.high and a.implant}), implants)


def precision_at(alerts: Sequence[Ranked], count: int) -> Share:
    """How many of the first so many alerts are true; a shorter list is divided by the count all the same."""
    return Share(sum(a.implant is not None for a in ordered(alerts)[:count]), count)


def false_high(alerts: Sequence[Ranked], machine_days: float) -> float:
    """False alerts above the threshold for 1,000 machines and a day."""
    return 1_000 * sum(a.high and a.implant is None for a in alerts) / machine_days
