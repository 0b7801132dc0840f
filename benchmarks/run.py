"""Time a whole hunt against plain text tools on the same file: `python benchmarks/run.py FILE`.

Why: seconds depend on the machine, ratios to ripgrep, `gzip -dc` and `wc -l` measured in the same run much
less. Every command is a process of its own, start-up included; the commands take turns, so that a noisy
minute hits all of them; the table gives medians. Peak memory is never below this program's own, because Linux
counts the moment before the start; what ripgrep maps of the file counts as its memory, too. Numbers are
printed, never tested. `--core 0` keeps every command on one core.
"""

import argparse
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sferic.catalog.platforms import DEFAULT_TIERS, load_catalogue

_HUNT = "import sys; from sferic.cli import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took."""

    wall_s: float
    cpu_s: float
    peak_rss_bytes: int
    said: str = ""
    """What the process wrote to its error stream."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One command to time; others are compared with the first reference."""

    name: str
    command: Sequence[str]


def literals() -> list[str]:
    """Fixed strings that occur in every host of a platform hunted by default, for `rg -F`.

    `*.` in front of a suffix is dropped; a `*` label further in cuts it there.
    """
    catalogue = load_catalogue()
    found: set[str] = set()
    for platform in catalogue.platforms.values():
        if platform.is_selected(DEFAULT_TIERS):
            found |= {suffix.removeprefix("*.").partition("*")[0] for suffix in platform.suffixes}
    return sorted(found)


def candidate() -> str:
    """The candidate rule as a Splunk search: the names above in the URL, then busy and steady channels."""
    names = " OR ".join(f'url="*{name}*"' for name in literals())
    return f"""index=proxy ({names})
| eval host=lower(replace(replace(url, "^[a-z]+://", ""), "[:/?].*$", "")), hour=floor(_time / 3600)
| stats count as connections dc(hour) as hours avg(bytes_out) as down min(_time) as first max(_time) as last
    by src_ip host
| where connections >= 12 AND hours >= 3 AND down < 16384
| sort 0 - connections
"""


def contenders(file: Path, patterns: Path, core: int | None = None, search: Path | None = None) -> list[Contender]:
    """The commands that make sense for the file and are installed here, kept on one core if one is given."""
    keep = [] if core is None else ["taskset", "-c", str(core)]
    zipped, sferic = file.suffix == ".gz", [sys.executable, "-c", _HUNT]
    grep = ["rg", "-j1", "-c", "-F", "-f", str(patterns)]
    all_of_them = [
        Contender("rg -j1 -c -F", [*grep, *(["-z"] if zipped else []), str(file)]),
        Contender("gzip -dc", ["gzip", "-dc", str(file)]) if zipped else None,
        Contender("wc -l", ["wc", "-l", str(file)]) if not zipped else None,
        Contender("sferic hunt", [*sferic, "hunt", str(file), "--format", "ndjson"]),
        Contender("sferic spl", [*sferic, "spl", "run", str(search), str(file)]) if search else None,
    ]
    return [
        Contender(one.name, [*keep, *one.command])
        for one in all_of_them
        if one is not None and shutil.which(one.command[0])
    ]


def measure(contender: Contender) -> Cost:
    """Run one command to its end, its output thrown away.

    A hunt may end with 0 or with 3 (findings); anything else is no measurement and stops the run.
    """
    began_s = time.perf_counter()
    with subprocess.Popen(contender.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        complaint = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    said = complaint.decode(errors="replace")
    if process.returncode not in {0, 3} and not (process.returncode == 1 and contender.name.startswith("rg")):
        raise SystemExit(f"{contender.name} ended with {process.returncode}: {said[-500:]}")
    return Cost(time.perf_counter() - began_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1_024, said)


def table(costs: dict[str, list[Cost]], size_bytes: int) -> str:
    """Medians as a Markdown table; ratios are to the first row."""
    rows = [
        "| command | wall s | CPU s | peak MB | MB/s | wall ratio | CPU ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    base: Cost | None = None
    for name, runs in costs.items():
        cost = Cost(
            statistics.median(run.wall_s for run in runs),
            statistics.median(run.cpu_s for run in runs),
            int(statistics.median(run.peak_rss_bytes for run in runs)),
        )
        base = base or cost
        rows.append(
            f"| {name} | {cost.wall_s:.2f} | {cost.cpu_s:.2f} | {cost.peak_rss_bytes / 1e6:.0f} | "
            f"{size_bytes / 1e6 / cost.wall_s:,.0f} | {cost.wall_s / base.wall_s:.2f} | "
            f"{cost.cpu_s / max(base.cpu_s, 1e-3):.2f} |"
        )
    return "\n".join(rows)


def account(said: str) -> str:
    """What the hunt says that it read and weighed, without which its time means little, and what it says it took."""
    return "\n".join(line.rstrip() for line in said.splitlines() if line.startswith(("events", "weighed", "cost")))


def text_bytes(file: Path) -> int:
    """The uncompressed size of the file."""
    if file.suffix != ".gz":
        return file.stat().st_size
    with gzip.open(file) as text:
        return sum(len(block) for block in iter(lambda: text.read(1 << 20), b""))


def main() -> None:
    """Time every contender in turn, several rounds, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--core", type=int, help="run everything on this core only")
    parser.add_argument("--spl", action="store_true", help="run the candidate rule as a Splunk search, too")
    given = parser.parse_args()
    costs: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        patterns = Path(folder) / "suffixes.txt"
        patterns.write_text("\n".join(literals()) + "\n")
        search = Path(folder) / "candidate.spl"
        search.write_text(candidate())
        entries = contenders(given.file, patterns, given.core, search if given.spl else None)
        for _round in range(given.rounds):
            for contender in entries:
                costs.setdefault(contender.name, []).append(measure(contender))
    size_bytes = text_bytes(given.file)
    print(f"{given.file.name}: {size_bytes / 1e6:,.0f} MB, medians of {given.rounds} on {os.cpu_count()} cores")
    print()
    print(table(costs, size_bytes))
    print()
    print(account(costs["sferic hunt"][-1].said))


if __name__ == "__main__":
    main()
