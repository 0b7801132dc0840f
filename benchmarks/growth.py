"""How a hunt grows with its input: `python benchmarks/growth.py 2GB 10GB 50GB --folder DIR`.

Why: memory must stay flat and time must grow no faster than the input, up to sizes that do not fit a disk unpacked.
One day of Squid (`generate.py`) is written once; every further day is the same lines, a day later, in a gzip file of
its own. So sizes are whole days, and a channel that is long at 50 GB was short at 2. `gzip -dc | wc -l` and `rg -z`
read the same files; beside them stands what one core can copy in memory. One round unless `--rounds` says more.
"""

import argparse
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from generate import DAY_S, chunks, parse_size
from isal import igzip
from run import Contender, Cost, account, literals, measure, table

_HUNT = "import sys; from sferic.cli import main; sys.exit(main())"
_STAMP_DIGITS = 10
"""A Squid line begins with the second, in so many digits."""
_COPY_BYTES = 1 << 28


def later(block: bytes, seconds: int) -> bytes:
    """Whole Squid lines, so many seconds later."""
    text = np.frombuffer(block, np.uint8).copy()
    starts = np.concatenate([[0], np.flatnonzero(text == ord("\n"))[:-1] + 1])
    at = starts[:, None] + np.arange(_STAMP_DIGITS)
    powers = 10 ** np.arange(_STAMP_DIGITS - 1, -1, -1, dtype=np.int64)
    stamps = (text[at].astype(np.int64) - ord("0")) @ powers + seconds
    text[at] = (stamps[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    return text.tobytes()


def days(folder: Path, day_bytes: int, count: int) -> list[Path]:
    """The gzip file of each day; those that are missing are written."""
    first = folder / f"day-{day_bytes}.log"
    paths = [folder / f"{first.stem}-{day:03d}.log.gz" for day in range(count)]
    if not all(path.exists() for path in paths) and not first.exists():
        with first.open("wb") as out:
            out.writelines(chunks("squid_access", day_bytes, 1))
    for day, path in enumerate(paths):
        if not path.exists():
            half = path.with_suffix(".half")
            with (
                first.open("rb") as lines,
                half.open("wb") as raw,
                igzip.IGzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as packed,
            ):
                while some := lines.readlines(1 << 24):
                    packed.write(later(b"".join(some), day * int(DAY_S)))
            half.rename(path)
    return paths


def contenders(paths: list[Path], patterns: Path, budgets: list[str]) -> list[Contender]:
    """The tools that read all of the files, those that are installed, and a hunt within each budget of memory."""
    files = [str(path) for path in paths]
    hunt = [sys.executable, "-c", _HUNT, "hunt", *files, "--format", "ndjson"]
    known = [
        Contender("gzip -dc, wc -l", ["sh", "-c", 'gzip -dc "$@" | wc -l', "sh", *files]),
        Contender("rg -z -j1 -c -F", ["rg", "-z", "-j1", "-c", "-F", "-f", str(patterns), *files]),
        Contender("sferic hunt", hunt),
        *(Contender(f"sferic hunt --memory {budget}", [*hunt, "--memory", budget]) for budget in budgets),
    ]
    return [one for one in known if shutil.which(one.command[0])]


def copied_bytes_per_s() -> float:
    """What one core copies in memory, the best of five."""
    source, best = np.ones(_COPY_BYTES, np.uint8), 0.0
    target = np.empty_like(source)
    for _round in range(5):
        began_s = time.perf_counter()
        np.copyto(target, source)
        best = max(best, _COPY_BYTES / (time.perf_counter() - began_s))
    return best


def main() -> None:
    """Time every tool at every size, and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=parse_size, nargs="+", help="unpacked, such as 2GB")
    parser.add_argument("--folder", type=Path, required=True, help="where the days are written, and kept")
    parser.add_argument("--day", type=parse_size, default=parse_size("2GB"), help="the size of one day, unpacked")
    parser.add_argument("--memory", nargs="*", default=[], help="budgets to hunt within, such as 500MB")
    parser.add_argument("--only-hunts", action="store_true", help="leave out the other tools")
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(1, max_tasks_per_child=1) as apart:
        # In a process of its own, because what this one takes counts as the memory of those it starts.
        print(f"one core copies {apart.submit(copied_bytes_per_s).result() / 1e9:.1f} GB/s in memory\n")
        patterns = Path(scratch) / "suffixes.txt"
        patterns.write_text("\n".join(literals()) + "\n")
        for size_bytes in given.sizes:
            count = max(1, round(size_bytes / given.day))
            paths = apart.submit(days, given.folder, given.day, count).result()
            costs: dict[str, list[Cost]] = {}
            for _round in range(given.rounds):
                for contender in contenders(paths, patterns, given.memory):
                    if given.only_hunts and "hunt" not in contender.name:
                        continue
                    costs.setdefault(contender.name, []).append(measure(contender))
            print(f"{len(paths)} days, {len(paths) * given.day / 1e9:,.0f} GB unpacked, rounds: {given.rounds}\n")
            print(table(costs, len(paths) * given.day), flush=True)
            for name, runs in costs.items():
                if said := account(runs[-1].said):
                    print(f"\n{name}:", said, sep="\n", flush=True)
            print()


if __name__ == "__main__":
    main()
