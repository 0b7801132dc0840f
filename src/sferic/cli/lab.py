"""`sferic lab`: the published page's four tests, played on this machine or from templates, as logs to hunt in."""

import sys
import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from sferic.cli._streams import refuse_mixture
from sferic.lab.audit import load_plan, write_plan
from sferic.lab.estate import write_estate
from sferic.lab.live import PLATFORM, play, under_test, write_platform
from sferic.lab.named import find_scenario
from sferic.model.errors import UsageError

app = App(name="lab", help="Play the published page's four tests, for logs to hunt in.", help_epilogue="")

_PLAYED = {"beacon": "page-beacon", "lambda": "page-lambda"}


@app.command(name="run")
def run(
    test: Literal["beacon", "lambda", "enumerate", "deploy"],
    *,
    to: Path,
    speed: Annotated[float, Parameter(name="--speed")] = 60.0,
    quiet: bool = False,
) -> int:
    """Play one of the page's tests with its negatives, and write the logs that each product would show.

    `beacon` and `lambda` exchange real requests between a client and a listener on 127.0.0.1: no name is resolved,
    nothing leaves the machine. `enumerate` and `deploy` call no cloud: their records follow the providers' fields.

    Args:
        test: Which of the four.
        to: Folder for the logs.
        speed: How many times as fast the clock runs; 1 for real time.
        quiet: Do not say how far it is.
    """
    if not 1 <= speed <= 100_000:
        raise UsageError(f"--speed {speed:g}", expected="1 to 100000", hint="60 makes an hour a minute")
    refuse_mixture(to)
    if test not in _PLAYED:
        write_plan(load_plan(test), to)
        sys.stderr.write(f"sferic: wrote the records of `{test}`; `sferic hunt {to}` looks at them\n")
        return 0
    tell = _Progress(quiet=quiet)
    scenario = under_test(find_scenario(_PLAYED[test]))
    write_estate(scenario, to, lambda traffic: play(traffic, speed, tell))
    write_platform(to)
    sys.stderr.write(f"sferic: wrote what was exchanged; `sferic hunt {to} --platforms {to / PLATFORM}` looks at it\n")
    return 0


class _Progress:
    """Says every few seconds how many requests were made."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._next = time.monotonic() + 2

    def __call__(self, done: int, of: int) -> None:
        if not self._quiet and time.monotonic() >= self._next:
            self._next += 5
            sys.stderr.write(f"sferic: {done:,} of {of:,} requests\n")
