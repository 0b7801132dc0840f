"""Keeps what several signals ask of the same window, as long as that window lives."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from sferic.model.window import Window

T = TypeVar("T")


def once_a_window(measure: Callable[[Window], T]) -> Callable[[Window], T]:
    """Let a function of a window be worked out once for each window."""
    known: WeakKeyDictionary[Window, T] = WeakKeyDictionary()

    @wraps(measure)
    def remembered(window: Window) -> T:
        if window not in known:
            known[window] = measure(window)
        return known[window]

    return remembered
