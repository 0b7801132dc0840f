"""The program's file lies where an installer puts it, or where anybody may write.

What it measures: the kind of folder: 0 installed programs, 1 the system's own, 2 a person's own, 3 one where no
installer puts anything, 4 a name that belongs elsewhere (a browser or a system process outside its folder).
Why it matters: what came without an administrator lies where anybody may write; a borrowed name is meant to deceive.
What else looks like this: tools that were downloaded and run, per-user installers, portable programs.
Limits: needs a path, not a bare name; says nothing of code inside a well-placed process. Silent of browsers, which are
known by their place: `program` has said it.
References: `catalog/programs.toml`.
"""

import numpy as np

from sferic.catalog.programs import place_of, program_of
from sferic.model.process import Process
from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._programs import main_process, of_main_process

FIELDS = frozenset({"process_path"})
DISGUISED = 4.0
_CODE = {"programs": 0.0, "system": 1.0, "personal": 2.0, "odd": 3.0}
_TEXT = {
    0.0: "where an administrator installs programs", 1.0: "among the system's own files",
    2.0: "in a person's own folders", 3.0: "where no installer puts a program",
    DISGUISED: "outside the folders to which its name belongs",
}  # fmt: skip


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the place's code."""
    del wanted
    return of_main_process(window, _code)


def _code(process: Process) -> float:
    path = process.path or ""
    known = program_of(path, process.company)
    if known.is_disguised:
        return DISGUISED
    if "browser" in known.kinds:
        return np.nan
    place = place_of(path)
    return np.nan if place is None else _CODE[place]


def describe(window: Window, i: int, value: float) -> Words:
    """Name the file and what kind of place it is."""
    return Words(main_process(window, i).path or "unknown", f"the program's file lies {_TEXT[value]}")
