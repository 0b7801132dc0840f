"""Draws a channel's rhythm as data: interval, histogram of gaps, day raster. Renderers turn it into text or SVG."""

from datetime import UTC, datetime

import numpy as np

from sferic.model.finding import Bar, Day, Interval, Step
from sferic.model.process import Process, ancestry
from sferic.model.traffic import UNKNOWN, Ints
from sferic.model.window import Window
from sferic.signals._programs import alone, guessed, main_processes

BARS = 14
FEW_GAPS = 10
"""With fewer a histogram shows nothing that the gaps themselves do not."""
MAX_DAYS = 31


def interval(window: Window, i: int) -> Interval | None:
    """Return the fitted interval of a segment."""
    fit = window.fits.get(i)
    if fit is None:
        return None
    return Interval(round(fit.median_s, 3), _rounded(fit.jitter), fit.law, _rounded(fit.sleep_s))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def bars(window: Window, i: int) -> tuple[Bar, ...]:
    """Return the histogram of gaps, whose last bar takes in all longer ones; a few gaps are a bar each, in order."""
    gaps = np.diff(window.times(i))
    gaps = gaps[gaps > 0]
    if len(gaps) < FEW_GAPS:
        return tuple(Bar(gap, gap, 1) for gap in gaps.tolist())
    low, high = np.quantile(gaps, [0.02, 0.9])
    high = max(high * 1.05, low * 1.2, low + BARS * window.resolution_s[i])
    edges = np.linspace(low * 0.95, high, BARS)
    counts, _ = np.histogram(np.clip(gaps, edges[0], edges[-1]), edges)
    beyond = int((gaps > high).sum())
    counts[-1] -= beyond
    drawn = [Bar(float(a), float(b), int(n)) for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)]
    return (*drawn, Bar(float(high), float(gaps.max()), beyond)) if beyond else tuple(drawn)


def days(window: Window, rows: Ints) -> tuple[Day, ...]:
    """Return connections per hour of each UTC day, at most the last 31 days."""
    hours, counts = np.unique((window.traffic.time_s[rows] // 3600).astype(np.int64), return_counts=True)
    table: dict[int, list[int]] = {int(d): [0] * 24 for d in range(int(hours[0] // 24), int(hours[-1] // 24) + 1)}
    for hour, count in zip(hours, counts, strict=True):
        table[int(hour // 24)][int(hour % 24)] = int(count)
    drawn = [Day(datetime.fromtimestamp(d * 86400, UTC).date().isoformat(), tuple(h)) for d, h in table.items()]
    return tuple(drawn[-MAX_DAYS:])


def lineage(window: Window, i: int) -> tuple[tuple[Step, ...], bool]:
    """Return a segment's process with its ancestors, oldest first, and whether it is only guessed."""
    one = alone(window, i)
    number = int(main_processes(one)[0])
    process = window.traffic.processes[number] if number != UNKNOWN else None
    is_guessed = process is not None and bool(guessed(one)[0])
    return steps_of(process) if process else (), is_guessed


def steps_of(process: Process) -> tuple[Step, ...]:
    """Return a process with its ancestors as a finding shows them, oldest first."""
    line = [Step(p.path, p.shown_command, p.user, p.company, p.signer, p.session) for p in ancestry(process)]
    return tuple(line[::-1])
