"""`sferic evaluate`: how well it detects, beside what others compute, on simulated traffic whose truth is known."""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from sferic.lab.evaluate import grid
from sferic.lab.evaluate.alerts import Alert, asim, by_process, elastic, fortinet, rita
from sferic.lab.evaluate.judged import Detector, Size, judge_draws
from sferic.lab.evaluate.page import page, pictures
from sferic.lab.evaluate.result import OURS, OURS_WITH_SENSORS, Evaluation, rows
from sferic.model.finding import ActivityRow
from sferic.model.traffic import Traffic
from sferic.pipeline.judging import as_published, busy, judge, read_lines

FLOOR = 25
GRID_FLOOR = 40
HIGH = 75
MACHINES = 300
FIRST_SEED = 2001
"""Far from the seeds that curves were looked at with."""


def evaluate(
    *,
    full: bool = False,
    companies_only: bool = False,
    to: Path | None = None,
    draws: int | None = None,
    repeats: int | None = None,
    quiet: bool = False,
) -> int:
    """Measure recall and precision on simulated traffic, beside what other products compute.

    Prints NDJSON: a record for each setting, each detector, each implant that was missed.

    Args:
        full: The whole grid, and companies of 1,000 machines over a week. Hours; each part says how long is left.
        companies_only: Leave out the grid of sleeps, jitters and what blurs them.
        to: Also write the page `detection-quality.md` and its pictures into this folder.
        draws: How many companies are drawn.
        repeats: How many implants are made for each setting of the grid.
        quiet: Do not say how far it is.
    """
    tell = _Progress(quiet=quiet)
    size = Size(1_000, 7, _seeds(draws or 10)) if full else Size(MACHINES, 3, _seeds(draws or 20))
    with_sensors = {OURS_WITH_SENSORS: _ours, "Elastic transform by process": by_process}
    judged = judge_draws(size, _detectors(), tell, with_sensors, read_lines)
    times = repeats or 40
    recalls = [] if companies_only else grid.run(grid.full() if full else grid.reduced(), times, _rank, tell)
    options = [f"--{name} {value}" for name, value in (("draws", draws), ("repeats", repeats)) if value]
    options += ["--companies-only"] * companies_only
    command = " ".join(["sferic evaluate", *["--full"] * full, *options]) if options else "make evaluate"
    result = Evaluation(command + " full=1" * (full and not options), tuple(recalls), times, judged)
    sys.stdout.writelines(msgspec.json.encode(row).decode() + "\n" for row in rows(result))
    if to is not None:
        (to / "pictures").mkdir(parents=True, exist_ok=True)
        (to / "detection-quality.md").write_text(page(result), encoding="utf-8")
        for name, drawing in pictures(result).items():
            (to / "pictures" / name).write_text(drawing, encoding="utf-8")
    return 0


class _Progress:
    """Says on standard error how far the run is, how long it has taken, and how long this part will take still."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._began = self._part_began = time.monotonic()

    def __call__(self, text: str, share: float) -> None:
        now = time.monotonic()
        if not share:
            self._part_began = now
        left_s = (now - self._part_began) * (1 - share) / share if share else None
        left = "" if left_s is None else f", about {left_s / 60:.1f} min left of this part"
        if not self._quiet:
            sys.stderr.write(f"sferic: {text}, {(now - self._began) / 60:.1f} min so far{left}\n")


def _seeds(count: int) -> tuple[int, ...]:
    return tuple(range(FIRST_SEED, FIRST_SEED + count))


def _detectors() -> dict[str, Detector]:
    return {
        OURS: _ours,
        "RITA v5": rita,
        "Elastic transform": elastic,
        "Sentinel ASIM rule": asim,
        "Sentinel Fortinet rule": fortinet,
        "Published search": _rows(as_published),
        "Published, repaired": _rows(busy),
    }


def _ours(traffic: Traffic, span_s: tuple[float, float]) -> list[Alert]:
    return [
        Alert(f.device or f.src_ip or "", frozenset(f.hosts), f.points, f.score >= HIGH)
        for f in judge(traffic, span_s, FLOOR)
    ]


def _rows(search: Callable[[Traffic], Iterable[ActivityRow]]) -> Detector:
    """Take the search's rows for alerts, ranked by connections as it sorts them."""

    def detect(traffic: Traffic, _span_s: tuple[float, float]) -> list[Alert]:
        return [
            Alert(row.src_ip, frozenset(row.destinations), float(row.connection_count), high=True)
            for row in search(traffic)
        ]

    return detect


def _rank(traffic: Traffic, span_s: tuple[float, float]) -> dict[str, float]:
    """Each machine's best points."""
    best: dict[str, float] = {}
    for finding in reversed(judge(traffic, span_s, GRID_FLOOR)):
        best[finding.src_ip or ""] = finding.points
    return best
