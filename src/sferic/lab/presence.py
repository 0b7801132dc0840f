"""When a machine is awake and when a person sits at it.

Kinds: `always` (servers, desktops left on), `office` (switched on in the morning, off in the evening),
`laptop` (several sessions a day, the lid closed between them). Weekends are free.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime

from sferic.lab.records import Span
from sferic.lab.scenario import Scenario, Site

DAY_S = 86_400.0
HOUR_S = 3_600.0
_SATURDAY = 5


def awake(rng: random.Random, kind: str, scenario: Scenario, site: Site) -> list[Span]:
    """The spans in which a machine of this kind is switched on, in order."""
    start_s = scenario.start.timestamp()
    if kind == "always":
        return [Span(start_s, start_s + scenario.days * DAY_S)]
    spans: list[Span] = []
    for day in range(scenario.days):
        midnight_s = start_s + day * DAY_S
        if datetime.fromtimestamp(midnight_s, UTC).weekday() >= _SATURDAY:
            continue
        morning_s = midnight_s + (8.2 - site.utc_offset_h + rng.uniform(-0.8, 1.1)) * HOUR_S
        evening_s = midnight_s + (17.4 - site.utc_offset_h + rng.uniform(-1.2, 1.3)) * HOUR_S
        spans += [Span(morning_s, evening_s)] if kind == "office" else _lid(rng, Span(morning_s, evening_s))
    return spans


def _lid(rng: random.Random, day: Span) -> list[Span]:
    """Cut a working day into sessions: meetings, lunch and travel close the lid."""
    spans, at_s = [], day.start_s
    while at_s < day.end_s:
        until_s = min(day.end_s, at_s + rng.uniform(1.0, 3.5) * HOUR_S)
        spans.append(Span(at_s, until_s))
        at_s = until_s + rng.uniform(0.2, 1.2) * HOUR_S
    if rng.random() < 0.3:
        late_s = day.end_s + rng.uniform(1.5, 3.0) * HOUR_S
        spans.append(Span(late_s, late_s + rng.uniform(0.4, 1.5) * HOUR_S))
    return spans


def clip(spans: Sequence[Span], start_s: float, end_s: float) -> list[Span]:
    """The parts of the spans that lie between two moments."""
    return [
        Span(max(span.start_s, start_s), min(span.end_s, end_s))
        for span in spans
        if span.end_s > start_s and span.start_s < end_s
    ]


def wake(rng: random.Random, spans: Sequence[Span], time_s: float) -> float | None:
    """The moment itself if the machine is awake, else soon after it wakes next; None if it never does."""
    for span in spans:
        if time_s < span.start_s:
            time_s = span.start_s + rng.uniform(4.0, 75.0)
        if time_s < span.end_s:
            return time_s
    return None


def sessions(rng: random.Random, spans: Sequence[Span], per_day: float, length_s: float) -> list[Span]:
    """Random non-overlapping stretches inside the spans, about `per_day` in each of a day's waking time."""
    found: list[Span] = []
    for span in spans:
        at_s = span.start_s
        mean_gap_s = max(60.0, min(DAY_S, span.end_s - span.start_s) / max(per_day, 0.01))
        while (at_s := at_s + rng.expovariate(1 / mean_gap_s)) < span.end_s:
            until_s = min(span.end_s, at_s + length_s * rng.uniform(0.4, 1.8))
            found.append(Span(at_s, until_s))
            at_s = until_s
    return found
