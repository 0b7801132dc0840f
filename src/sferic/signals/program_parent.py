"""The program was started by one that usually starts no such thing.

What it measures: 0 a parent without anything odd, 1 a script host or a program at an odd place, 2 one that opens
documents or answers strangers, and started a script host, a tool or a program of no known kind.
Why it matters: documents and servers are what strangers reach first; what they start next is often theirs.
What else looks like this: add-ins and helpers of office programs, jobs that a server runs, administrators' scripts.
Limits: needs the process's start in a log, or the parent's name beside the connection; a parent can be forged.
References: parents as endpoint rules use them (ATT&CK T1059, T1204, T1505.003).
"""

import numpy as np

from sferic.catalog.programs import place_of, program_of
from sferic.model.process import Process
from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._programs import file_name, main_process, of_main_process

FIELDS = frozenset({"parent_path"})
_TEXT = {
    0.0: "whose parent is nothing odd", 1.0: "started by a script host, or by a program at an odd place",
    2.0: "started by a program that opens documents or answers strangers",
}  # fmt: skip


def measure(window: Window, wanted: Bools) -> Floats:
    """Return how odd the parent is, as a code."""
    del wanted
    return of_main_process(window, _code)


def _code(process: Process) -> float:
    if process.parent is None or process.parent.path is None:
        return np.nan
    kinds = program_of(process.path or "", process.company).kinds
    parents = program_of(process.parent.path).kinds
    if parents & {"document", "server"} and not kinds & {"browser", "app", "document", "server", "system"}:
        return 2.0
    is_shell = file_name(process.parent).lower() in {"cmd.exe", "powershell.exe", "pwsh.exe", "bash.exe"}
    if ("script_host" in parents and not is_shell) or place_of(process.parent.path) == "odd":
        return 1.0
    return 0.0


def describe(window: Window, i: int, value: float) -> Words:
    """Name the parent."""
    process = main_process(window, i)
    parent = process.parent or Process()
    return Words(f"by {file_name(parent)}", f"the caller is a program {_TEXT[value]}")
