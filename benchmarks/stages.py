"""Split a hunt's time by stage, in this process: `python benchmarks/stages.py FILE`.

Why: a whole hunt is start-up, reading and weighing, and each has its own cause. `run.py` times the whole against
other tools; this says where the time went, and what reading costs for each line that survives the selection.
One round, processor seconds beside the clock: run it several times. Other tools are not called here.
"""

import argparse
import resource
import time
from pathlib import Path

from sferic.catalog.platforms import load_catalogue
from sferic.engine.gather import Gatherer
from sferic.engine.gathered import Gathered
from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from sferic.sources._contract import sources


class Watch:
    """Wall and processor seconds since the last look."""

    def __init__(self) -> None:
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    def split(self) -> tuple[float, float]:
        """Seconds of wall and processor since the last call."""
        now = time.perf_counter(), time.process_time()
        spent = now[0] - self._wall_s, now[1] - self._cpu_s
        self._wall_s, self._cpu_s = now
        return spent


def peak_mb() -> float:
    """The most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000


def main() -> None:
    """Read once alone, then hunt, and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--workers", type=int, default=Settings().workers)
    given = parser.parse_args()
    settings = Settings(workers=given.workers)
    chosen, catalogue = dict(sources()), load_catalogue()
    watch = Watch()
    gatherer = Gatherer(catalogue, chosen, settings)
    print(_row("compile the selection", watch.split()))
    before_mb = peak_mb()
    gathered: Gathered = gatherer.gather([str(given.file)])
    reading = watch.split()
    print(_row("read", reading))
    selected = sum(file.selected for file in gathered.ledger.files)
    print(f"selected lines {selected:,}, {reading[1] / max(selected, 1) * 1e6:.1f} us of processor each")
    print(f"peak {peak_mb():.0f} MB, {before_mb:.0f} MB of it before reading")
    report: Report = hunt([str(given.file)], settings)
    whole = watch.split()
    print(_row("whole hunt", whole))
    print(_row("weigh (the difference)", (whole[0] - reading[0], whole[1] - reading[1])))
    print(f"{report.account.pairs:,} channels, {len(report.findings)} findings, peak {peak_mb():.0f} MB")


def _row(name: str, spent: tuple[float, float]) -> str:
    return f"{name}: {spent[0]:.2f} s, {spent[1]:.2f} s of processor"


if __name__ == "__main__":
    main()
