"""Joins what traffic shows with what audit logs show: check-ins with a function of one's own that somebody changed.

Both sides are evidence of their own, so their points add up, each with its own prior taken once. A function of one's
own that nothing unexpected was done to is a good explanation of a rhythm; one of nobody known stays as it is.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from sferic.catalog.cloud import cloud_weights
from sferic.catalog.weights import Weights
from sferic.correlate.own import Inventory, OwnFunction, Where
from sferic.model.finding import Finding, Reason
from sferic.model.words import duration_text

RECENT_US = 30 * 86_400_000_000
"""A change counts for check-ins that begin within so long after it."""
UNEXPECTED = 25
"""Score from which a change counts as unexpected."""
JOINED = "cloud_change+beacon"
AFTER = "called_after_change"


def may_add(changes: Iterable[Finding], inventory: Inventory, hosts: Iterable[str]) -> float:
    """Return the most points that an unexpected change adds to check-ins with one of these hosts."""
    called = {own.where for host in hosts for own in inventory.behind([host])}
    more = cloud_weights().sign[AFTER].points - cloud_weights().prior
    return max((one.points + more for one in changes if one.score >= UNEXPECTED and _where(one) in called), default=0)


def joined(
    traffic: Sequence[Finding], changes: Sequence[Finding], inventory: Inventory, weights: Weights
) -> list[Finding]:
    """Return the findings of both sides, those about one function joined; a change is told once."""
    unexpected: dict[Where, Finding] = {}
    for one in sorted(changes, key=lambda f: f.points):
        if one.score >= UNEXPECTED:
            unexpected[_where(one)] = one
    found: list[Finding] = []
    told: set[str] = set()
    for one in traffic:
        behind = inventory.behind(one.hosts)
        changed = [unexpected[own.where] for own in behind if own.where in unexpected]
        change = max(changed, key=lambda f: f.points, default=None)
        if not behind:
            found.append(one)
        elif change is not None and _is_recent(one, change):
            told.add(change.id)
            found.append(_both(one, change, weights))
        else:
            found.append(_of_ones_own(one, behind[0], weights))
    return found + [change for change in changes if change.id not in told]


def _where(change: Finding) -> Where:
    return (change.provider or "", change.account or "", change.function or "")


def _is_recent(one: Finding, change: Finding) -> bool:
    return change.first_seen <= one.last_seen and one.first_seen - change.last_seen <= RECENT_US


def _both(one: Finding, change: Finding, weights: Weights) -> Finding:
    """Make one finding of a channel and the change of the function that it calls, with both timelines.

    First and last are the calls'; the changes have times of their own.
    """
    parts = (*one.reasons, *_after(one, change), *(reason for reason in change.reasons if reason.signal != "prior"))
    return _weighed(one, parts, weights, {
        "id": hashlib.sha256(f"{JOINED}\x1f{one.id}\x1f{change.id}".encode()).hexdigest()[:12],
        "analytic": JOINED, "actor": change.actor, "account": change.account, "function": change.function,
        "changes": change.changes, "sources": tuple(sorted({*one.sources, *change.sources})),
        "techniques": _unique(one.techniques + change.techniques), "samples": one.samples + change.samples,
        "benign_explanations": one.benign_explanations + change.benign_explanations,
        "next_steps": change.next_steps[:3] + one.next_steps[:-1] + change.next_steps[3:],  # none to a provider
    })  # fmt: skip


def _after(one: Finding, change: Finding) -> Iterator[Reason]:
    """Yield that the calls began after the change, and how long after."""
    later_s = (one.first_seen - change.last_seen) / 1e6
    if later_s > 0:
        sign, later = cloud_weights().sign[AFTER], duration_text(later_s)
        text = sign.text.format(what=change.function or "the function", detail=later)
        yield Reason(AFTER, sign.points, f"{later} after", text)


def _of_ones_own(one: Finding, own: OwnFunction, weights: Weights) -> Finding:
    sign = cloud_weights().sign["own_function"]
    by = f", made by {own.created_by}" if own.created_by else ""
    name = " ".join(part for part in (own.provider, own.account, own.function) if part)
    parts = (*one.reasons, Reason("own_function", sign.points, f"{name}{by}", sign.text))
    return _weighed(one, parts, weights, {"account": own.account or None})


def _weighed(one: Finding, parts: tuple[Reason, ...], weights: Weights, more: dict[str, object]) -> Finding:
    points = round(sum(reason.points for reason in parts), 1)
    score = weights.severity.score(points)
    return replace(one, reasons=parts, points=points, score=score, severity=weights.severity.severity(score), **more)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
