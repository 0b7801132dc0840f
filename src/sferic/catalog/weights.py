"""Loads what a score is made of: prior, severity cut-offs, groups with caps, and each signal's points.

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
WHOLE_ESTATE = 50
"""From so many machines on the ordinary prior holds, and being the only caller says what it can."""
_FILE = Path(__file__).with_name("weights.toml")


class Prior(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Odds before any evidence, decibans."""

    points: float
    why: str
    few_machines: float
    """The same where the input holds too few machines to judge prevalence."""
    few_machines_why: str

    def of(self, machines: int) -> tuple[float, str]:
        """Return the prior points for an estate of this size, and why; between the two sizes they move smoothly."""
        if machines >= WHOLE_ESTATE:
            return self.points, self.why
        grown = max(0, machines - MIN_ESTATE + 1) / (WHOLE_ESTATE - MIN_ESTATE + 1)
        return round(self.few_machines + grown * (self.points - self.few_machines), 1), self.few_machines_why


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
    """One signal's points (`signals/<id>.toml`)."""

    group: str
    analytics: tuple[str, ...]
    """Analytics that weigh it."""
    knots: tuple[tuple[float, float], ...]
    """[measurement, points], rising; between knots the points are interpolated, beyond them they stay."""
    why: str
    verified: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in `weights.toml`."""

    verified: str
    provenance: str
    prior: Prior
    severity: Cutoffs
    group: Mapping[str, Group]


class Weights(_File, frozen=True, forbid_unknown_fields=True):
    """Everything a score is made of."""

    signal: Mapping[str, Weight]

    def weighed_by(self, analytic: str) -> tuple[str, ...]:
        """Return the ids of the signals that an analytic weighs."""
        return tuple(name for name, weight in self.signal.items() if analytic in weight.analytics)


@cache
def load_weights(path: Path = _FILE) -> Weights:
    """Read and check the weights: the file, and the folder `signals` beside it."""
    shared = fit(read_toml(path), _File, path)
    signal = {file.stem: _weight(file, shared.group) for file in sorted((path.parent / "signals").glob("*.toml"))}
    return Weights(**{f: getattr(shared, f) for f in shared.__struct_fields__}, signal=signal)


def _weight(path: Path, groups: Mapping[str, Group]) -> Weight:
    weight = fit(read_toml(path), Weight, path)
    if weight.group not in groups:
        raise settings_error(path, f"unknown group {weight.group!r}, expected one of {', '.join(groups)}", "group")
    xs = [x for x, _ in weight.knots]
    if len(xs) < 2 or xs != sorted(set(xs)):
        raise settings_error(path, "knots must rise, and be two or more", "knots")
    return weight
