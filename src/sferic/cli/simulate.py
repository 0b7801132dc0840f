"""`sferic simulate`: write the logs of a made-up company, and the truth about them, into a folder."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sferic.cli._streams import refuse_mixture
from sferic.lab.draw import variant
from sferic.lab.estate import write_estate
from sferic.lab.named import find_scenario, named
from sferic.lab.truth import ANSWERS
from sferic.model.errors import UsageError
from sferic.model.words import counted


def simulate(
    scenario: str | None = None,
    *,
    to: Path | None = None,
    draw: int | None = None,
    show: Annotated[bool, Parameter(name="--list")] = False,
) -> int:
    """Write the logs of a made-up company, with known answers, into a folder.

    The logs are in vendors' own formats; the hidden file `.truth.json` beside them says what really happened.

    Args:
        scenario: The name of one of ours, or a TOML file of your own.
        to: Folder for the logs.
        draw: Give the scenario other parameters first, drawn by this seed; a named case is then no longer that case.
        show: List the scenarios that come with Sferic.
    """
    if show:
        width = max(map(len, named()))
        sys.stdout.writelines(f"{name:<{width}}  {sentence}\n" for name, sentence in named().items())
        return 0
    if scenario is None or to is None:
        raise UsageError(
            "a scenario and a folder are needed", expected="sferic simulate SCENARIO --to DIR",
            hint="`sferic simulate --list` shows the scenarios",
        )  # fmt: skip
    chosen = find_scenario(scenario)
    refuse_mixture(to)
    write_estate(chosen if draw is None else variant(chosen, draw), to)
    wrote = f"the logs of {counted(chosen.days, 'day')} and their {ANSWERS}"
    sys.stderr.write(f"sferic: wrote {wrote}; `sferic demo --folder` compares them\n")
    return 0
