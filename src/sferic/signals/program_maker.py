"""Somebody signed the program, or at least claims to have made it, or nobody does.

What it measures: 0 a signer that the log names, 1 a company by the file's own word, 2 neither, though the log of the
process's start would have said.
Why it matters: vendors sign what they ship; most implants are built without either.
What else looks like this: home-made and open-source tools; stolen certificates; anybody can write a company's name.
Limits: needs a log of the process's start, or Defender's columns; of the system's own files, which all are signed, and
of interpreters, whose maker says nothing of the script, it says nothing.
References: code signing as endpoint rules use it.
"""

import numpy as np

from sferic.catalog.programs import place_of, program_of
from sferic.model.process import Process
from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._programs import main_process, of_main_process

FIELDS = frozenset({"process_path"})
_TEXT = {
    0.0: "the program is signed, as the log says",
    1.0: "the program names a company as its maker, which proves nothing",
    2.0: "the log knows of no signer and no maker of the program",
}  # fmt: skip


def measure(window: Window, wanted: Bools) -> Floats:
    """Return who answers for the program, as a code."""
    del wanted
    return of_main_process(window, _code)


def _code(process: Process) -> float:
    path = process.path or ""
    if place_of(path) == "system" or program_of(path).kinds & {"tool", "script_host"}:
        return np.nan
    if process.signer:
        return 0.0
    if process.company:
        return 1.0
    return 2.0 if process.is_detailed else np.nan


def describe(window: Window, i: int, value: float) -> Words:
    """Name the signer or the company."""
    process = main_process(window, i)
    return Words(process.signer or process.company or "none", _TEXT[value])
