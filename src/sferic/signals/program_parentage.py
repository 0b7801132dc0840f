"""On other machines other programs start this one.

What it measures: the share of the machines calling with the segment's program on which a parent of this name started
it; of machines whose logs name a parent.
Why it matters: what an estate's programs are started by is the same nearly everywhere; no list of odd parents is whole.
What else looks like this: a tool that one developer starts from an editor, a second way to roll out an agent.
Limits: needs logs of starts from five machines on which the program calls; parents are compared by file name, because
some logs have no more; a parent can be forged. From a store only the machines that are weighed anew are counted.
References: prevalence of (image, parent) as endpoint products use it.
"""

import numpy as np

from sferic.model.process import Process
from sferic.model.traffic import UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._programs import file_name, main_images, main_process, main_processes

FIELDS = frozenset({"parent_path"})
MIN_MACHINES = 5
"""With fewer machines whose parents are known, one of them is no stranger."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of the program's machines on which such a parent starts it."""
    del wanted
    found = np.full(len(window), np.nan)
    parents = [_parent(process) for process in window.traffic.processes]
    if not any(parents):
        return found
    machines = _machines(window, parents)
    images, processes = main_images(window).tolist(), main_processes(window).tolist()
    for i, (image, process) in enumerate(zip(images, processes, strict=True)):
        parent = parents[process] if process != UNKNOWN else None
        if parent is None:
            continue
        everywhere = machines.get((image, None), set())
        if len(everywhere) >= MIN_MACHINES:
            found[i] = len(machines.get((image, parent), ())) / len(everywhere)
    return found


def _machines(window: Window, parents: list[str | None]) -> dict[tuple[int, str | None], set[int]]:
    """Return (program, parent) → the machines on which the one called and the other had started it; None is any."""
    traffic = window.traffic
    code = traffic.client.astype(np.int64) << 32 | traffic.process.clip(0)
    rows = np.flatnonzero((traffic.client != UNKNOWN) & (traffic.process != UNKNOWN) & (traffic.image != UNKNOWN))
    found: dict[tuple[int, str | None], set[int]] = {}
    for row in rows[np.unique(code[rows], return_index=True)[1]].tolist():
        parent = parents[traffic.process[row]]
        if parent is not None:
            for key in (None, parent):
                found.setdefault((int(traffic.image[row]), key), set()).add(int(traffic.client[row]))
    return found


def _parent(process: Process) -> str | None:
    known = process.parent is not None and process.parent.path is not None
    return file_name(process.parent).lower() if known and process.parent else None


def describe(window: Window, i: int, value: float) -> Words:
    """Name the parent, and say how usual it is."""
    process = main_process(window, i)
    parent = file_name(process.parent or Process())
    text = f"on {value:.0%} of the machines on which {file_name(process)} calls it was started by {parent}"
    return Words(f"by {parent}, {value:.0%}", text)
