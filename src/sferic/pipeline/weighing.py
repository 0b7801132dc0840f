"""Weighs settled traffic, part by part: first what is usual among all, then each part against that.

A part holds all rows of its clients, so parts are weighed apart, also in several processes. What looks across clients
is added up between the two: the estate, and at the end the far sides of proxies. One part is the usual case.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec
import numpy as np

from sferic.catalog.weights import Weights
from sferic.correlate.activity import Activity, Counted, activity, count
from sferic.correlate.channels import MIN_CHECKINS, Candidate, Census, candidates, census, findings
from sferic.correlate.missing import Filled, filled
from sferic.correlate.same import with_processes
from sferic.correlate.weigh import weigh
from sferic.engine.part import Tally
from sferic.engine.parts import Held, Parts
from sferic.engine.settling import Dropped
from sferic.model.finding import Analytic, Finding
from sferic.model.settings import Settings
from sferic.model.traffic import COLUMNS, UNKNOWN, Bools, Traffic
from sferic.model.window import Estate, Window
from sferic.pipeline.checking import ACTIVITY, AS_PUBLISHED
from sferic.signals._estate import Sighted, at_home, everybody, sight, together
from sferic.signals._kinds import kinds_of
from sferic.signals._segments import Cutting, cut
from sferic.sources._clock import zone

HOUR_MS = 3_600_000
_BY_SEGMENT: tuple[Analytic, ...] = ("beacon", "long_connection", "process")
_AT_ONCE = 16
"""So many parts are added up at a time."""
Found = dict[Analytic, list[Candidate]]


class Weighed(msgspec.Struct, frozen=True):
    """What came of all parts."""

    findings: list[Finding]
    counted: Census
    activity: Activity
    estate: int
    """How many machines there are."""
    filled: Filled


class Weighing:
    """One hunt's weighing."""

    def __init__(
        self, parts: Parts, span_s: tuple[float, float], settings: Settings, weights: Weights, hands: int,
        *, below_db: float = 0.0, others: Sequence[Sighted] = (),
    ) -> None:  # fmt: skip
        """Take the traffic, the span that logs cover, epoch seconds, and how many processes may weigh it.

        `below_db` is how far below the floor to look, `others` what is known of machines that are not weighed.
        """
        self._parts, self._settings, self._weights, self._hands = parts, settings, weights, hands
        self._floor_db = weights.severity.points(settings.min_score) - below_db
        self._span, self._others = span_s, others

    def weigh(self, tally: Tally) -> Weighed:
        """Settle every part, then weigh every part against all; tally what rows were left out."""
        estate, held = self._settled(tally)
        task = partial(_weighed, self._settings, self._weights, self._floor_db, self._span, estate)
        parts = list(self._parts.each(task, self._hands))
        counted = Census(sum(p.counted.judged for p in parts), sum(p.counted.short for p in parts))
        busy = Activity((), ())
        if ACTIVITY in self._settings.analytics:
            busy = activity((p.activity for p in parts), self._settings.activity)
        return Weighed(_joined([p.found for p in parts]), counted, busy, estate.clients, held)

    def _settled(self, tally: Tally) -> tuple[Estate, Filled]:
        seen: list[Sighted] = list(self._others)
        held = Filled()
        for part in self._parts.each(_settled, self._hands):
            tally.duplicates += part.dropped.duplicates
            tally.joined -= part.dropped.announced
            tally.openings += part.dropped.openings
            if part.span:
                self._span = min(self._span[0], part.span[0]), max(self._span[1], part.span[1])
            seen = [together(seen), part.sighted] if len(seen) == _AT_ONCE else [*seen, part.sighted]
            held.add(part.filled)
        return everybody(together(seen), self._span), held


def cutting(span_s: tuple[float, float], settings: Settings) -> Cutting:
    """Return how the settings ask traffic to be cut; the logs cover `span_s`, epoch seconds."""
    moment = datetime.fromtimestamp(sum(span_s) / 2, UTC)
    offset = moment.astimezone(zone(settings.timezone)).utcoffset()
    return Cutting(int(offset.total_seconds()) if offset else 0, span_s, settings.shared_addresses)


def weigh_all(window: Window, settings: Settings, weights: Weights) -> list[Finding]:
    """Return what the settings' analytics find in a window that holds everything, highest first."""
    return _joined([_found(window, settings, weights, weights.severity.points(settings.min_score))])


class _Settled(msgspec.Struct, frozen=True):
    """What a part says before it is weighed."""

    dropped: Dropped
    span: tuple[float, float] | None
    sighted: Sighted
    filled: Filled


class _Part(msgspec.Struct, frozen=True):
    """What came of one part."""

    found: Found
    counted: Census
    activity: Counted


def _settled(parts: Held, part: int) -> _Settled:
    settled = parts.settle(part)
    time_s = settled.traffic.time_s
    span = (float(time_s[0]), float(time_s[-1])) if len(time_s) else None
    return _Settled(settled.dropped, span, sight(kinds_of(settled.traffic)), filled(settled.traffic))


def _weighed(
    settings: Settings, weights: Weights, floor_db: float, span: tuple[float, float], estate: Estate,
    parts: Held, part: int,
) -> _Part:  # fmt: skip
    traffic, how = parts.load(part), cutting(span, settings)
    kinds = kinds_of(traffic)
    window = cut(traffic, how, at_home(estate, kinds, span, settings.shared_addresses), kinds)
    weighed = set(settings.analytics) - {ACTIVITY, AS_PUBLISHED}
    return _Part(
        found=_found(window, settings, weights, floor_db),
        counted=census(kinds, window, MIN_CHECKINS if "beacon" in weighed else 0) if weighed else Census(),
        activity=count(traffic, settings.activity) if ACTIVITY in settings.analytics else Counted(),
    )  # fmt: skip


def _found(window: Window, settings: Settings, weights: Weights, floor_db: float) -> Found:
    found: Found = {}
    for analytic in _BY_SEGMENT:
        mine = of_analytic(analytic, window) if analytic in settings.analytics else None
        if mine is not None:
            found[analytic] = candidates(weigh(mine, analytic, weights, floor_db), analytic, weights, floor_db)
    return found


def of_analytic(analytic: Analytic, window: Window) -> Window | None:
    """Return what an analytic weighs, if there is anything."""
    traffic = window.traffic
    if analytic == "beacon":
        return window if len(window) else None
    if analytic == "long_connection":
        return _some_rows(window, traffic, traffic.duration_ms >= HOUR_MS // 2)
    return _some_rows(window, traffic, traffic.image != UNKNOWN)


def _some_rows(window: Window, traffic: Traffic, wanted: Bools) -> Window | None:
    """Cut some of the rows into segments, however few rows they have; the estate stays that of all."""
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return None
    columns = {n: getattr(traffic, n)[rows] for n in COLUMNS}
    present, columns["source"] = np.unique(columns["source"], return_inverse=True)  # a source without rows is none
    some = msgspec.structs.replace(
        traffic, **columns,
        sources=[traffic.sources[n] for n in present], subsecond=[traffic.subsecond[n] for n in present],
    )  # fmt: skip
    span = (window.start_s, window.stop_s)
    of_sources = {n: getattr(window.estate, n)[present] for n in ("source_first_s", "source_refuses", "source_refers")}
    estate = msgspec.structs.replace(window.estate, **of_sources)
    return cut(some, Cutting(window.zone_s, span, min_rows=1), estate)


def _joined(parts: list[Found]) -> list[Finding]:
    """Make findings of the candidates of all parts, highest first."""
    by = {a: findings(c for part in parts for c in part.get(a, ())) for a in _BY_SEGMENT}
    found = with_processes([*by["beacon"], *by["long_connection"]], by["process"])
    return sorted(found, key=lambda f: (-f.points, f.id))
