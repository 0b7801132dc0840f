"""How a hunt on a Spark cluster grows: `python benchmarks/spark.py 500MB 1GB 2GB --master URL --folder DIR`.

Why: what a cluster costs before it wins must be known, and which part of a hunt more machines do not make faster. The
master must run, with as many cores as the most that are asked for. Files are hours of Squid of the same people and
functions (`generate.py`), each an hour later; with `--share` more of their lines name a platform. `--pids` are
processes of workers on this machine: what they and all that they started took is counted.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from generate import SERVERLESS_SHARE, chunks, parse_size
from growth import later
from run import Contender, measure

_HUNT = "import sys; from sferic.cli import main; sys.exit(main())"
_FILE_BYTES = 64_000_000
_HOUR_S = 3_600
_WALL = ("hunt", "GB a core", "million events a core", "million events")
_LABOUR = ("core", "GB", "million events")
"""What wall time, and the workers' processor time, are made of."""


@dataclass(frozen=True, slots=True)
class Run:
    """One hunt: what there was, on how many cores, and what it took."""

    gigabytes: float
    events: int
    cores: int
    wall_s: float
    driver_cpu_s: float
    workers_cpu_s: float

    def wall(self) -> list[float]:
        """How often each part of the wall time is paid for."""
        millions = self.events / 1e6
        return [1.0, self.gigabytes / self.cores, millions / self.cores, millions]

    def labour(self) -> list[float]:
        """How often each part of the workers' processor time is paid for."""
        return [self.cores, self.gigabytes, self.events / 1e6]


def fitted(paid: Sequence[Sequence[float]], seconds: Sequence[float]) -> list[float]:
    """The seconds of each part that explain all sums best, by their ratios; none is below 0."""
    times, left = np.array(paid), list(range(len(paid[0])))
    while left:
        parts, *_ = np.linalg.lstsq(times[:, left] / np.array(seconds)[:, None], np.ones(len(seconds)))
        if parts.min() >= 0:
            break
        left.pop(int(parts.argmin()))
    return [float(parts[left.index(n)]) if n in left else 0.0 for n in range(times.shape[1])]


def table(runs: Sequence[Run]) -> str:
    """Every run beside what the models say, as a Markdown table, and the models."""
    wall = fitted([run.wall() for run in runs], [run.wall_s for run in runs])
    labour = fitted([run.labour() for run in runs], [max(run.workers_cpu_s, 0.01) for run in runs])
    rows = [
        "| GB | events | cores | wall s | model s | workers' CPU s | model s | driver's Python CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        wall_s, labour_s = float(np.dot(run.wall(), wall)), float(np.dot(run.labour(), labour))
        rows.append(
            f"| {run.gigabytes:.2f} | {run.events:,} | {run.cores} | {run.wall_s:.1f} | {wall_s:.1f} | "
            f"{run.workers_cpu_s:.1f} | {labour_s:.1f} | {run.driver_cpu_s:.1f} |"
        )
    models = [("wall", _WALL, wall), ("workers' CPU", _LABOUR, labour)]
    told = [", ".join(f"{s:.2f} s a {n}" for n, s in zip(names, parts, strict=True)) for _, names, parts in models]
    return "\n".join([*rows, "", *(f"{what}: {said}" for (what, _, _), said in zip(models, told, strict=True))])


def files(folder: Path, count: int, share: float) -> list[Path]:
    """So many files; those that are missing are written."""
    paths = [folder / f"squid-{share}-{number:03d}.log" for number in range(count)]
    if not all(path.exists() for path in paths):
        first = b"".join(chunks("squid_access", _FILE_BYTES, 1, share))
        for hour, path in enumerate(paths):
            path.write_bytes(later(first, hour * _HOUR_S))
    return paths


def cpu_s(pid: int) -> float:
    """What a process and all that it started and has seen end took."""
    ticks = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:15]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def hunted(paths: Sequence[Path], master: str | None, cores: int, pids: Sequence[int]) -> Run:
    """Hunt once, here or on so many cores of a cluster."""
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--conf spark.cores.max={cores} pyspark-shell"
    where = ["--engine", "spark", "--master", master] if master else ["--workers", str(cores)]
    before = sum(map(cpu_s, pids))
    command = [sys.executable, "-c", _HUNT, "hunt", *map(str, paths), "--format", "ndjson", "--no-save", *where]
    cost = measure(Contender("sferic hunt", command))
    events = re.findall(r"^events +([0-9,]+)", cost.said, re.MULTILINE)[0]
    size = sum(path.stat().st_size for path in paths) / 1e9
    workers = sum(map(cpu_s, pids)) - before
    return Run(size, int(events.replace(",", "")), cores, cost.wall_s, cost.cpu_s, workers)


def main() -> None:
    """Hunt at every size on every number of cores, and print the table with the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=parse_size, nargs="+", help="such as 500MB")
    parser.add_argument("--master", help="of the cluster; without it the hunts run here, in so many processes")
    parser.add_argument("--folder", type=Path, required=True, help="where the files are written, and kept")
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--share", type=float, nargs="+", default=[SERVERLESS_SHARE])
    parser.add_argument("--pids", type=int, nargs="*", default=[])
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    runs = []
    for share in given.share:
        for size in given.sizes:
            paths = files(given.folder, max(1, round(size / _FILE_BYTES)), share)
            for cores in given.cores:
                for _round in range(given.rounds):
                    runs.append(hunted(paths, given.master, cores, given.pids))
                    print(runs[-1], file=sys.stderr, flush=True)
    print(table(runs))


if __name__ == "__main__":
    main()
