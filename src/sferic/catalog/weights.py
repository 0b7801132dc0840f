"""Loads `weights.toml`: prior, severity cut-offs, groups with caps, and each signal's points.

Data with a schema, no judgement: an unknown key, an unsorted knot or a signal in no known group is an error.
"""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from sferic.catalog.toml_file import fit, read_toml, settings_error
from sferic.model.finding import Severity

MIN_ESTATE = 5
"""With fewer machines in the input nothing can be said about how many call a tenant."""
_FILE = Path(__file__).with_name("weights.toml")


class Prior(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Odds before any evidence, decibans."""

    points: float
    why: str
    few_machines: float
    """The same where the input holds too few machines to judge prevalence."""
    few_machines_why: str

    def of(self, machines: int) -> tuple[float, str]:
        """Return the prior points for an estate of this size, and why."""
        if machines < MIN_ESTATE:
            return self.few_machines, self.few_machines_why
        return self.points, self.why


class Cutoffs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From points to score, and from score to severity."""

    critical: int
    high: int
    medium: int
    low: int
    scale_db: float
    why: str

    def score(self, points: float) -> int:
        """Return the score 0..100 of a sum of points."""
        return round(100 / (1 + 10 ** (-points / self.scale_db)))

    def points(self, score: int) -> float:
        """Return the least points that round to this score."""
        share = (score - 0.5) / 100
        return -math.inf if share <= 0 else -self.scale_db * math.log10(1 / share - 1)

    def severity(self, score: int) -> Severity:
        """Return the severity of a score."""
        steps: tuple[tuple[int, Severity], ...] = (
            (self.critical, "critical"), (self.high, "high"), (self.medium, "medium"), (self.low, "low"),
        )  # fmt: skip
        return next((name for least, name in steps if score >= least), "informational")


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Correlated signals, capped together."""

    low: float
    high: float
    why: str


class Weight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signal's points."""

    group: str
    knots: tuple[tuple[float, float], ...]
    why: str


class AnalyticSignals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signals an analytic weighs."""

    signals: tuple[str, ...]
    why: str


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    verified: str
    provenance: str
    prior: Prior
    severity: Cutoffs
    group: Mapping[str, Group]
    signal: Mapping[str, Weight]
    analytic: Mapping[str, AnalyticSignals]


@cache
def load_weights(path: Path = _FILE) -> Weights:
    """Read and check the weights."""
    weights = fit(read_toml(path), Weights, path)
    for name, weight in weights.signal.items():
        if weight.group not in weights.group:
            raise settings_error(path, f"unknown group {weight.group!r}", f"signal.{name}.group")
        xs = [x for x, _ in weight.knots]
        if len(xs) < 2 or xs != sorted(set(xs)):
            raise settings_error(path, "knots must rise", f"signal.{name}.knots")
    for name, analytic in weights.analytic.items():
        for missing in set(analytic.signals) - set(weights.signal):
            raise settings_error(path, f"unknown signal {missing!r}", f"analytic.{name}.signals")
    return weights
