"""What a signal module must offer, and how they are found.

A module whose name does not begin with an underscore is a signal and defines

- `FIELDS`: event fields of which at least one must be in the log for the signal to say anything;
- `measure(window, wanted)`: one number per segment, NaN where it cannot say (`wanted` marks the segments asked for;
  signals without `DEAR` are asked for all, and measure all at once: see `sferic.signals._per_segment`);
- `describe(window, i, value)`: that number as a short value and one sentence.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache

import msgspec

from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window


class Words(msgspec.Struct, frozen=True):
    """A measurement in words."""

    value: str
    text: str


class Signal(msgspec.Struct, frozen=True):
    """A discovered signal module."""

    id: str
    fields: frozenset[str]
    dear: bool
    """Whether it needs the timing fit, which is done for promising segments only."""
    measure: Callable[[Window, Bools], Floats]
    describe: Callable[[Window, int, float], Words]


@cache
def signals() -> Mapping[str, Signal]:
    """Import every signal module of the folder, by id, sorted."""
    package = importlib.import_module("sferic.signals")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))
    return {name: _load(name) for name in names}


def _load(name: str) -> Signal:
    module = importlib.import_module(f"sferic.signals.{name}")
    return Signal(name, frozenset(module.FIELDS), getattr(module, "DEAR", False), module.measure, module.describe)
