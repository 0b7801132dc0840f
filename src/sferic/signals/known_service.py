"""The path belongs to a known product's telemetry or transport.

What it measures: the share of the segment's rows whose host and path match a known service of the catalogue.
Why it matters: a known explanation is the cheapest one.
What else looks like this: an attacker can choose the same path; so it lowers the score, it never silences.
Limits: needs paths, so TLS inspection; knows the catalogue's services only.
References: `catalog/known_services.toml`, each with its source.
"""

from collections import Counter

import numpy as np

from sferic.catalog.known_services import KnownService, known_service, service_anywhere, services_at
from sferic.model.grouping import joint
from sferic.model.traffic import UNKNOWN, Bools, Floats, Ints, Traffic
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._per_segment import kept_at, segment_of, tallies, totals

FIELDS = frozenset({"path"})
MAX_PAIRS = 1000
"""Of a segment's pairs of host and path no more are looked up."""


def measure(window: Window, wanted: Bools) -> Floats:
    """Return the share of rows that a known service explains."""
    del wanted
    traffic, at = window.traffic, window.rows_at
    speaks = totals(traffic.path[window.rows] != UNKNOWN, at) > 0
    asked = speaks[segment_of(at)]
    rows = window.rows[asked]
    _, first, pair = np.unique(joint(traffic.host[rows], traffic.path[rows]), return_index=True, return_inverse=True)
    seen = tallies(pair, kept_at(asked, at))
    near = np.arange(len(seen.segment)) - np.searchsorted(seen.segment, seen.segment) < MAX_PAIRS
    segment, pair, count = seen.segment[near], seen.member[near], seen.count[near]
    wanted, explained = np.unique(pair), np.zeros(len(first), bool)
    explained[wanted] = _explained(traffic, rows[first[wanted]])
    looked_up = np.bincount(segment, count, minlength=len(window))
    hits = np.bincount(segment, count * explained[pair], minlength=len(window))
    found = np.full(len(window), np.nan)
    found[speaks] = hits[speaks] / looked_up[speaks]
    return found


def _explained(traffic: Traffic, rows: Ints) -> Bools:
    """Say of rows, of which no two have the same host and path, whether a known service explains them.

    Few services have hosts of their own, so most rows are told by their path alone.
    """
    hosts, host = np.unique(traffic.host[rows], return_inverse=True)
    paths, path = np.unique(traffic.path[rows], return_inverse=True)
    here = [services_at(traffic.hosts[n]) for n in hosts.tolist()]
    anywhere = [service_anywhere(traffic.paths[n] if n != UNKNOWN else None) is not None for n in paths.tolist()]
    explained: Bools = np.array(anywhere, bool)[path] & np.array([one is not None for one in here], bool)[host]
    for place in np.flatnonzero(np.array([bool(one) for one in here], bool)[host]).tolist():
        explained[place] = _service(traffic, int(rows[place])) is not None
    return explained


def _service(traffic: Traffic, row: int) -> KnownService | None:
    path = traffic.path[row]
    return known_service(traffic.hosts[traffic.host[row]], traffic.paths[path] if path != UNKNOWN else None)


def _explanations(window: Window, i: int) -> Counter[str]:
    """Return how many of a segment's rows each known service explains, by its sentence."""
    rows = window.row_numbers(i)
    pairs = joint(window.traffic.host[rows], window.traffic.path[rows])
    _, first, counts = np.unique(pairs, return_index=True, return_counts=True)
    hits: Counter[str] = Counter()
    for row, count in zip(rows[first[:MAX_PAIRS]], counts[:MAX_PAIRS], strict=True):
        service = _service(window.traffic, int(row))
        if service:
            hits[service.sentence] += int(count)
    return hits


def describe(window: Window, i: int, value: float) -> Words:
    """Name the service."""
    hits = _explanations(window, i)
    if not hits:
        return Words("none", "no known service explains host and path")
    best = max(hits, key=lambda name: hits[name])
    return Words(f"{value:.0%}", f"{value:.0%} of calls look like a known service: {best}")
