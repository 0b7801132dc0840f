"""Time the hourly increment on a store of many days: `python benchmarks/history.py --days 7 --lines 10M`.

Why: a hunt with history must cost the new hour, not the history. The store is built from those lines only that reach
a platform, one in a hundred, because the others leave nothing in it; the new hour holds all lines. Every one of the
3,000 people calls in every hour, so every client is heard of in the increment: the least favourable case.
It times whole processes, start included, and copies the store before each round.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from generate import DAY_S, SERVERLESS_SHARE, SOURCES, START_S, Hit, build_world, squid_access

HOUR_S = 3600.0
_UNITS = {"K": 10**3, "M": 10**6}


def write(path: Path, first_s: float, lines: int, share: float, seed: int) -> None:
    """Write an hour of Squid lines, of which this share reaches a platform."""
    world, rng = build_world(1), np.random.default_rng(seed)
    times = first_s + np.sort(rng.random(lines)) * HOUR_S
    sources = rng.integers(0, SOURCES, lines)
    functions = world.favourites[sources, rng.integers(0, 5, lines)]
    plain = rng.integers(0, len(world.plain), lines) + len(world.serverless)
    hosts = np.where(rng.random(lines) < share, functions, plain)
    known = world.serverless + world.plain
    sizes = rng.lognormal(7.0, 0.8, (2, lines)).astype(np.int64)
    columns = (one.tolist() for one in (times, np.arange(lines), sources, hosts, *sizes))
    with path.open("w", encoding="utf-8") as stream:
        for at_s, number, source, host, up, down in zip(*columns, strict=True):
            stream.write(squid_access(Hit(at_s, number, world.sources[source], known[host], up, down)))


def hunt(log: Path, store: Path) -> tuple[float, float, float]:
    """Take a log into a store; return seconds of wall and of processor, and megabytes at the peak of one process."""
    command = [sys.executable, "-m", "sferic", "hunt", str(log), "--store", str(store), "--no-save", "--quiet"]
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit("the hunt failed, and a failed round is no measurement")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def count(text: str) -> int:
    """Read `10M`, `400K` or a plain number."""
    unit = _UNITS.get(text[-1:].upper(), 1)
    return int(float(text[:-1] if unit > 1 else text) * unit)


def main() -> None:
    """Build the store, then time rounds of one hour more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--lines", type=count, default=10**7, help="raw lines a day")
    parser.add_argument("--hour", type=count, default=400_000, help="raw lines of the new hour")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, copy, log = folder / "history.db", folder / "copy.db", folder / "hour.log"
        (folder / "before").mkdir()
        for hour in range(given.days * 24):
            reach = int(given.lines / 24 * SERVERLESS_SHARE)
            write(folder / "before" / f"{hour:04d}.log", START_S + hour * HOUR_S, reach, 1.0, hour)
        wall_s, cpu_s, peak_mb = hunt(folder / "before", store)
        rows = given.days * 24 * int(given.lines / 24 * SERVERLESS_SHARE)
        size_mb = store.stat().st_size / 1e6
        print(f"store    {rows:10,} rows {size_mb:7.1f} MB   {wall_s:6.1f} s {cpu_s:6.1f} s of CPU {peak_mb:6.0f} MB")
        write(log, START_S + given.days * DAY_S, given.hour, SERVERLESS_SHARE, 10**6)
        for _ in range(given.rounds):
            shutil.copyfile(store, copy)
            wall_s, cpu_s, peak_mb = hunt(log, copy)
            print(f"new hour {given.hour:10,} lines {'':10}   {wall_s:6.1f} s {cpu_s:6.1f} s of CPU {peak_mb:6.0f} MB")


if __name__ == "__main__":
    main()
