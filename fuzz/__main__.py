"""Fuzzes the log sources for a stated time: half by damaged golden lines, half guided by coverage where that installs.

Usage: python -m fuzz [--seconds 60] [ID]. Ends with 1 at the first input that breaks the contract, which is shown, made
as small as it can be. Not a test: it explores, so two runs differ.
"""

import argparse
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, note, settings

from fuzz.cases import Case, cases, damaged
from fuzz.contract import hold

EXAMPLES = 100
"""Inputs tried of one case before the next one's turn."""


def damage(seconds: float, chosen: Sequence[Case]) -> Counter[str]:
    """Try damaged lines, case by case in a new order each round, for so long; return how many, by source."""
    ends, tried = time.monotonic() + seconds, Counter[str]()
    while time.monotonic() < ends:
        for case in random.sample(chosen, len(chosen)):
            _probe(case, tried)
            if time.monotonic() > ends:
                break
    return tried


def _probe(case: Case, tried: Counter[str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(lines=damaged(case))
    def holds(lines: list[bytes]) -> None:
        tried[case.source] += 1
        note(f"{case.source}/{case.name}: {lines!r}")
        hold(case.source, case.setup, lines)

    holds()


def guided(seconds: int, only: str) -> int:
    """Run the coverage-guided fuzzer for so long in a process of its own, and return its exit code."""
    folder = Path(tempfile.mkdtemp(prefix="sferic-fuzz-"))
    print(f"coverage-guided for {seconds} s; an input that breaks the contract will be kept in {folder}")
    return subprocess.run([sys.executable, "-m", "fuzz.guided", str(seconds), folder, only], check=False).returncode


def main() -> int:
    """Parse the command line and fuzz."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("id", nargs="?", default="")
    asked = parser.parse_args()
    chosen = [case for case in cases() if asked.id in {"", case.source}]
    if not chosen:
        parser.error(f"no source {asked.id!r} has a golden case")
    can_guide = importlib.util.find_spec("atheris") is not None
    tried = damage(asked.seconds / (1 + can_guide), chosen)
    print(f"{tried.total():,} damaged inputs of {len(tried)} sources, none breaks the contract")
    if can_guide:
        return guided(asked.seconds // 2, asked.id)
    print("atheris is not installed (it has no wheel for this Python or platform): no coverage-guided part")
    return 0


if __name__ == "__main__":
    sys.exit(main())
