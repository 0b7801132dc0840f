"""On hardly any other machine does this program call serverless platforms.

What it measures: on how many machines the segment's program is seen to call any platform, scaled for small estates.
Why it matters: an implant's file is on few machines; a system's program that never calls out elsewhere is misused.
What else looks like this: a tool of one developer, a program that few have installed.
Limits: only calls to platforms are known; programs are compared by path, so a random name is alone by itself. Silent
of browsers: that everybody has them says nothing more than that they are browsers.
References: image prevalence as endpoint products use it.
"""

import numpy as np

from sferic.catalog.programs import program_of
from sferic.catalog.weights import MIN_ESTATE
from sferic.model.traffic import UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.model.words import counted
from sferic.signals._contract import Words
from sferic.signals._estate import FULL_ESTATE
from sferic.signals._programs import alone, main_images

FIELDS = frozenset({"process_path"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the effective number of machines on which the program calls."""
    del wanted
    found = np.full(len(window), np.nan)
    images = main_images(window)
    if window.estate.clients >= MIN_ESTATE:
        browsers = [bool(program_of(image).kinds & {"browser"}) for image in window.traffic.images]
        known = (images != UNKNOWN) & ~np.append(np.array(browsers, bool), False)[images]
        scale = max(1.0, FULL_ESTATE / window.estate.clients)
        found[known] = window.estate.image_clients[images[known]] * scale
    return found


def describe(window: Window, i: int, value: float) -> Words:
    """Say on how many machines."""
    del value
    machines = int(window.estate.image_clients[main_images(alone(window, i))[0]])
    text = f"this program calls serverless platforms on {machines} of {counted(window.estate.clients, 'machine')}"
    return Words(f"{machines} of {window.estate.clients}", text)
