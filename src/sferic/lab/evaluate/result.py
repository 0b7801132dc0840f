"""Everything an evaluation found, as rows that can be written and compared."""

from collections.abc import Iterator, Sequence

import msgspec

from sferic.lab.evaluate.calls import Cell
from sferic.lab.evaluate.grid import Recall
from sferic.lab.evaluate.judged import Judged
from sferic.lab.evaluate.measures import Ranked, Share, average_precision, false_high, precision_at, recall_at_high

OURS = "Sferic"
OURS_WITH_SENSORS = "Sferic with sensors"
_BINS = ((0, 25), (25, 50), (50, 75), (75, 90), (90, 101))


class Without(msgspec.Struct, frozen=True, order=True):
    """Average precision when a scenario, its alerts and its implants, is left out."""

    average_precision: float
    scenario: str


class Verdict(msgspec.Struct, frozen=True):
    """One detector over all draws."""

    detector: str
    average_precision: float
    without_one: tuple[Without, Without]
    """The lowest and the highest average precision when one scenario is left out."""
    recall_at_high: Share
    false_high: float
    """For 1,000 machines and a day."""
    precision_at_20: Share


class Evaluation(msgspec.Struct, frozen=True):
    """The grid and the drawn companies."""

    command: str
    recalls: tuple[Recall, ...]
    repeats: int
    judged: Judged


def verdicts(judged: Judged) -> list[Verdict]:
    """Every detector's numbers, ours first, then the best first."""
    made = [_verdict(judged, name, alerts) for name, alerts in judged.alerts.items()]
    return sorted(made, key=lambda v: (not v.detector.startswith(OURS), -v.average_precision))


def _verdict(judged: Judged, name: str, alerts: Sequence[Ranked]) -> Verdict:
    total = len(judged.implants)
    rest = [_without(judged, alerts, scenario) for scenario in sorted(scenarios(judged))]
    return Verdict(
        name, average_precision(alerts, total), (min(rest), max(rest)), recall_at_high(alerts, total),
        false_high(alerts, judged.size.machine_days), precision_at(alerts, 20),
    )  # fmt: skip


def scenarios(judged: Judged) -> set[str]:
    """Everything that an alert can be about: ways of implants, classes of software, people."""
    return set(judged.implants.values()) | {a.scenario for alerts in judged.alerts.values() for a in alerts}


def _without(judged: Judged, alerts: Sequence[Ranked], scenario: str) -> Without:
    left = sum(one != scenario for one in judged.implants.values())
    return Without(average_precision([a for a in alerts if a.scenario != scenario], left), scenario)


def calibration(alerts: Sequence[Ranked], score: Sequence[int]) -> list[tuple[str, float, Share]]:
    """For each band of our score: what its points say the share of implants is, and what it was."""
    rows = []
    for low, high in _BINS:
        inside = [a for a, one in zip(alerts, score, strict=True) if low <= one < high]
        if inside:
            told = sum(1 / (1 + 10 ** (-a.rank / 10)) for a in inside) / len(inside)
            rows.append((f"{low} to {high - 1}", told, Share(sum(a.implant is not None for a in inside), len(inside))))
    return rows


def recall_of(recalls: Sequence[Recall], cell: Cell) -> Share | None:
    """The recall of one setting, if it was made."""
    return next((r.found for r in recalls if r.cell == cell), None)


def rows(evaluation: Evaluation) -> Iterator[dict[str, object]]:
    """One record for each setting of the grid and each detector, for NDJSON."""
    for recall in evaluation.recalls:
        yield {"kind": "recall", **msgspec.to_builtins(recall.cell), **_share(recall.found)}
    for verdict in verdicts(evaluation.judged):
        plain = msgspec.to_builtins(verdict)
        plain["recall_at_high"], plain["precision_at_20"] = (
            _share(verdict.recall_at_high),
            _share(verdict.precision_at_20),
        )
        yield {"kind": "detector", **plain, "false_high_by_class": dict(evaluation.judged.false_high[verdict.detector])}
    for detector in (OURS, OURS_WITH_SENSORS):
        for missed in evaluation.judged.missed[detector]:
            yield {"kind": "missed", "detector": detector, **msgspec.to_builtins(missed)}


def _share(share: Share) -> dict[str, object]:
    return {"hits": share.hits, "of": share.of, "low": round(share.interval[0], 3), "high": round(share.interval[1], 3)}
