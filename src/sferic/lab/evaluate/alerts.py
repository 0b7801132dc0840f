"""What every detector says, in one form: who, which hosts, how high it ranks, and whether it would raise an alert.

The baselines see the same rows as ours. Where a product wants an address or a process, a network log gives it the host
name or the user agent; each row says so on the page.
"""

from collections.abc import Iterator

import msgspec
import numpy as np

from sferic.lab.rivals.elastic import WINDOW_S, beaconing_score
from sferic.lab.rivals.rita import DAY_S, beacon_score, modifiers, threat
from sferic.lab.rivals.sentinel import asim_alerts, fortinet_alert
from sferic.model.traffic import CHALLENGE, Floats, Ints, Small, Traffic

_RITA_HIGH = 0.6
_TOP = 10


class Alert(msgspec.Struct, frozen=True):
    """One statement of a detector about one machine."""

    client: str
    """Device name or address."""
    hosts: frozenset[str]
    rank: float
    high: bool
    """Whether the detector's own threshold is crossed (for ours: `high`)."""


def rita(traffic: Traffic, span_s: tuple[float, float]) -> list[Alert]:
    """RITA v5 day by day, the best day of each pair; modifiers for prevalence and a rare user agent."""
    share = _share_of_clients(traffic)
    rare = _rare_signatures(traffic)
    best: dict[tuple[int, int], float] = {}
    for day in np.arange(span_s[0], span_s[1], DAY_S):
        for (client, host), rows in _groups(traffic, day, day + DAY_S, traffic.host):
            up = np.where(traffic.up[rows] < 0, np.nan, traffic.up[rows])
            base = threat(beacon_score(traffic.time_s[rows], up, (day, day + DAY_S)))
            if base:
                score = base + modifiers(share[host], rare_signature=(client, host) in rare)
                best[client, host] = max(best.get((client, host), 0.0), score)
    return [_alert(traffic, client, [host], score, high=score >= _RITA_HIGH) for (client, host), score in best.items()]


def elastic(traffic: Traffic, span_s: tuple[float, float]) -> list[Alert]:
    """Elastic's transform on windows of six hours side by side; it alerts at score 3."""
    return _elastic(traffic, span_s, traffic.agent)


def by_process(traffic: Traffic, span_s: tuple[float, float]) -> list[Alert]:
    """Elastic's transform with the program that a sensor names, as the product has it, in place of the user agent."""
    return _elastic(traffic, span_s, traffic.image)


def _elastic(traffic: Traffic, span_s: tuple[float, float], caller: Small) -> list[Alert]:
    best: dict[tuple[int, int], tuple[int, list[int]]] = {}
    for start in np.arange(span_s[0], span_s[1], WINDOW_S):
        for key, rows in _groups(traffic, start, start + WINDOW_S, caller):
            up, down = (np.where(v[rows] < 0, np.nan, v[rows].astype(float)) for v in (traffic.up, traffic.down))
            score = beaconing_score(traffic.time_s[rows], up, down)
            if score > best.get(key, (0, []))[0]:
                hosts, counts = np.unique(traffic.host[rows], return_counts=True)
                best[key] = score, [int(h) for h in hosts[np.argsort(-counts, kind="stable")][:_TOP]]
    return [_alert(traffic, client, hosts, score, high=score == 3) for (client, _), (score, hosts) in best.items()]


def asim(traffic: Traffic, span_s: tuple[float, float]) -> list[Alert]:
    """Sentinel's ASIM rule; of a machine's other traffic it sees only that to platforms, which favours it."""
    nobody = np.zeros(len(traffic), np.int32)
    return [
        _alert(traffic, client, [host], 1.0, high=True)
        for (client, _), rows in _groups(traffic, *span_s, nobody)
        for host in asim_alerts(traffic.time_s[rows], traffic.host[rows].astype(np.int64))
    ]


def fortinet(traffic: Traffic, span_s: tuple[float, float]) -> list[Alert]:
    """Sentinel's Fortinet rule, day by day."""
    found = {
        key
        for day in np.arange(span_s[0], span_s[1], DAY_S)
        for key, rows in _groups(traffic, day, day + DAY_S, traffic.host)
        if fortinet_alert(traffic.time_s[rows])
    }
    return [_alert(traffic, client, [host], 1.0, high=True) for client, host in sorted(found)]


def _alert(traffic: Traffic, client: int, hosts: list[int], rank: float, *, high: bool) -> Alert:
    return Alert(traffic.clients[client], frozenset(traffic.hosts[h] for h in hosts), rank, high)


def _groups(
    traffic: Traffic, start_s: float, end_s: float, second: np.ndarray
) -> Iterator[tuple[tuple[int, int], Ints]]:
    """Rows of each (client, second) with four or more in the stretch of time, credentials' challenges left out."""
    held = (traffic.time_s >= start_s) & (traffic.time_s < end_s) & ((traffic.flags & CHALLENGE) == 0)
    rows = np.flatnonzero(held)
    code = traffic.client[rows].astype(np.int64) * (int(second.max(initial=0)) + 2) + second[rows] + 1
    order = np.argsort(code, kind="stable")
    for part in np.split(rows[order], np.flatnonzero(np.diff(code[order])) + 1):
        if len(part) >= 4:
            yield (int(traffic.client[part[0]]), int(second[part[0]])), part


def _share_of_clients(traffic: Traffic) -> Floats:
    pairs = np.unique(np.stack([traffic.host, traffic.client]), axis=1)
    share: Floats = np.bincount(pairs[0], minlength=len(traffic.hosts)) / max(1, len(np.unique(traffic.client)))
    return share


def _rare_signatures(traffic: Traffic) -> set[tuple[int, int]]:
    """(client, host) whose user agent that client uses for one destination only."""
    known = traffic.agent >= 0
    triples = np.unique(np.stack([traffic.client[known], traffic.agent[known], traffic.host[known]]), axis=1)
    _, first, counts = np.unique(triples[:2], axis=1, return_index=True, return_counts=True)
    return {(int(triples[0, n]), int(triples[2, n])) for n, count in zip(first, counts, strict=True) if count == 1}
