"""Others call this tenant too, but with other programs.

What it measures: the share of the machines calling the owner that do so with the segment's program.
Why it matters: pages of a shared tenant are opened in browsers; the one machine on which a script calls it stands out,
though the tenant itself is not rare.
What else looks like this: the tenant's own developer.
Limits: needs endpoint logs of most of these machines: it counts only those whose program is known.
References: prevalence of (image, tenant); what no rival keys by.
"""

import numpy as np

from sferic.model.traffic import UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._programs import file_name, main_images, main_process

FIELDS = frozenset({"process_path"})
MIN_MACHINES = 5
"""With fewer callers whose programs are known, one of them is no stranger."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of the owner's known callers that use the program."""
    del wanted
    totals: dict[int, int] = {}
    for (_, owner), machines in window.estate.image_callers.items():
        totals[owner] = totals.get(owner, 0) + machines
    found = np.full(len(window), np.nan)
    images = main_images(window)
    for i in np.flatnonzero(images != UNKNOWN):
        owner = int(window.owner[i])
        if totals.get(owner, 0) >= MIN_MACHINES:
            found[i] = window.estate.image_callers.get((int(images[i]), owner), 0) / totals[owner]
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Say how usual the program is among the owner's callers."""
    name = file_name(main_process(window, i))
    return Words(f"{value:.0%}", f"{value:.0%} of the machines that call this tenant do so with this program ({name})")
