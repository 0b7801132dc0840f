"""Time a hunt through an .evtx file against the Rust reader: `python benchmarks/windows_events.py FILE`.

Why: the reader's own Python binding, only counting records, is the least that any Python program pays for a file, so
the ratio says what selecting, judging and the account cost on top. Both forms of the binding are timed: XML, which it
gives unless told otherwise, and JSON. Every command is a process of its own, start-up included; they take turns; the
table gives medians. Memory is to be compared over files of different sizes. Numbers are printed, never tested.
"""

import argparse
import statistics
import sys
from pathlib import Path

from run import Contender, Cost, measure, table

_HUNT = "import sys; from sferic.cli import main; sys.exit(main())"
_COUNT = "import sys, evtx; print(sum(1 for _ in getattr(evtx.PyEvtxParser(sys.argv[1]), sys.argv[2])()))"


def contenders(file: Path) -> list[Contender]:
    """The binding, counting, and a hunt."""
    return [
        Contender("binding counts XML", [sys.executable, "-c", _COUNT, str(file), "records"]),
        Contender("binding counts JSON", [sys.executable, "-c", _COUNT, str(file), "records_json"]),
        Contender("sferic hunt", [sys.executable, "-c", _HUNT, "hunt", str(file)]),
        Contender("sferic hunt, 1 worker", [sys.executable, "-c", _HUNT, "hunt", str(file), "--workers", "1"]),
    ]


def main() -> None:
    """Time all for several rounds and print a table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    costs: dict[str, list[Cost]] = {}
    for _round in range(given.rounds):
        for contender in contenders(given.file):
            costs.setdefault(contender.name, []).append(measure(contender))
    size_bytes = given.file.stat().st_size
    print(f"{given.file.name}: {size_bytes / 1e6:,.0f} MB, medians of {given.rounds}\n")
    print(table(costs, size_bytes))
    reference, *others = ((name, statistics.median(c.cpu_s for c in runs)) for name, runs in costs.items())
    for name, cpu_s in others:
        print(f"{name}: {reference[1] / cpu_s:.0%} of the throughput of `{reference[0]}`, by CPU seconds")


if __name__ == "__main__":
    main()
