"""The path belongs to a known product's telemetry or transport.

What it measures: the share of the segment's rows whose host and path match a known service of the catalogue.
Why it matters: a known explanation is the cheapest one.
What else looks like this: an attacker can choose the same path; so it lowers the score, it never silences.
Limits: needs paths, so TLS inspection; knows the catalogue's services only.
References: `catalog/known_services.toml`, each with its source.
"""

import numpy as np

from sferic.catalog.known_services import known_service
from sferic.model.traffic import UNKNOWN, Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words

FIELDS = frozenset({"path"})


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of rows that a known service explains."""
    found = np.full(len(window), np.nan)
    for i in np.flatnonzero(wanted):
        hits = _matches(window, int(i))
        if hits is not None:
            found[i] = sum(n for name, n in hits.items() if name) / sum(hits.values())
    return found


def _matches(window: Window, i: int) -> dict[str, int] | None:
    traffic, rows = window.traffic, window.row_numbers(i)
    if not (traffic.path[rows] != UNKNOWN).any():
        return None
    hits: dict[str, int] = {}
    pairs, counts = np.unique(np.stack([traffic.host[rows], traffic.path[rows]], 1), axis=0, return_counts=True)
    for (host, path), count in zip(pairs[:1000], counts[:1000], strict=True):
        service = known_service(traffic.hosts[host], traffic.paths[path] if path != UNKNOWN else None)
        name = service.sentence if service else ""
        hits[name] = hits.get(name, 0) + int(count)
    return hits


def describe(window: Window, i: int, value: float) -> Words:
    """Name the service."""
    hits = _matches(window, i) or {}
    names = [n for n in hits if n]
    if not names:
        return Words("none", "no known service explains host and path")
    best = max(names, key=lambda n: hits[n])
    return Words(f"{value:.0%}", f"{value:.0%} of calls look like a known service: {best}")
