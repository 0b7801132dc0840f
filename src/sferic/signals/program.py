"""The calls come from a script host, a tool, a browser or a known application.

What it measures: the kind of the segment's program by its path and maker: 0 browser, 2 known application, 4 any
other, 5 developer's tool, 6 script host or loader of the system; 1 and 3 instead of 0 and 2 where the process was
only guessed.
Why it matters: on the wire a beacon and a telemetry client look alike; a script host that calls a function by itself
is rare outside administration.
What else looks like this: administrators' scripts and developers' tools; an implant inside a browser's process.
Limits: needs a log of the endpoint; a program is known by what the catalogue holds.
References: `catalog/programs.toml`, with LOLBAS.
"""

import numpy as np

from sferic.catalog.programs import program_of
from sferic.model.process import Process
from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._programs import file_name, guessed, main_process, of_main_process

FIELDS = frozenset({"process_path"})
_CODES = (("browser", 0.0), ("app", 2.0), ("script_host", 6.0), ("tool", 5.0))
"""The first kind that a program is of decides."""
OTHER = 4.0
_TEXT = {
    0.0: "a browser, at a browser's place", 1.0: "a browser, if the process is rightly guessed",
    2.0: "an application that is known to call home", 3.0: "a known application, if the process is rightly guessed",
    4.0: "a program of no known kind", 5.0: "an interpreter or a transfer tool",
    6.0: "a script host or loader that comes with the system",
}  # fmt: skip


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the kind's code."""
    del wanted
    codes = of_main_process(window, _code)
    return np.where(guessed(window) & (codes < OTHER), codes + 1, codes)


def _code(process: Process) -> float:
    kinds = program_of(process.path or "", process.company).kinds
    return next((code for kind, code in _CODES if kind in kinds), OTHER)


def describe(window: Window, i: int, value: float) -> Words:
    """Name the program and its kind."""
    return Words(file_name(main_process(window, i)), f"the calls come from {_TEXT[value]}")
