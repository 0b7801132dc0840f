"""Makes findings of what was done to functions: by function, identity and manner, the strongest hit speaking.

Everything that one identity does to one function within a day is one episode, however many entries its deployment
writes. Episodes that are alike make one finding, which shows the gravest. Each further rule, chain or sign of the
episode adds a little, to a bound; rules that one and the same deed sets off count once. Being expected (a list of the
user's own, or a habit that the log shows) takes away from what rules and signs say, never from a chain that is grave
by itself.
"""

import bisect
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from sferic.catalog.cloud import cloud_weights
from sferic.catalog.deployers import Deployers
from sferic.catalog.deployments import Deployments
from sferic.catalog.weights import Weights
from sferic.correlate.breaks import HOUR_US
from sferic.correlate.chains import chained
from sferic.correlate.history import History
from sferic.correlate.hits import Hit, of_rule, of_sign
from sferic.model.deed import WRITES, Deed
from sferic.model.finding import Change, Finding, Reason, Sample
from sferic.model.words import counted
from sferic.rules.rulebook import Rulebook

MOST = 20
"""Operations of a timeline that are kept."""
_DEPLOYS = frozenset({"create", "code"})
Key = tuple[str, str, str, str]


class Judged(msgspec.Struct, frozen=True):
    """A hit, and why its deed was expected; empty if it was not."""

    hit: Hit
    expected: str = ""

    @property
    def net(self) -> float:
        """Return the points, less what being expected takes away."""
        return self.hit.points + (cloud_weights().expected if self.expected else 0.0)


class Changes:
    """All deeds of a run, and what is to be said of them."""

    def __init__(
        self, deeds: Sequence[Deed], book: Rulebook, deployers: Deployers, deployments: Deployments
    ) -> None:
        self._deeds = deeds
        self._book = {rule.id: rule for rule in book.rules}
        self._deployers = deployers
        self._deployments = deployments
        self._history = History(deeds)
        self._mine: dict[Key, list[Deed]] = defaultdict(list)
        for deed in deeds:
            self._mine[*deed.where, deed.actor].append(deed)

    def findings(self, weights: Weights) -> list[Finding]:
        """Return the findings, highest first: one for each function and identity, and for each way in which it came."""
        groups: dict[Key, list[Judged]] = defaultdict(list)
        for hit in self._hits():
            about = _about(hit)
            function = about.function if hit.deed.is_write or len({d.function for d in hit.deeds}) == 1 else ""
            groups[about.provider, about.account, function, about.actor].append(Judged(hit, self._expected(hit)))
        made = [
            self._finding(key, number, alike, weights)
            for key, judged in groups.items()
            for number, alike in enumerate(_kinds(judged))
        ]
        return sorted(made, key=lambda f: (-f.points, f.id))

    def _hits(self) -> Iterator[Hit]:
        for deed in self._deeds:
            yield from (of_rule(self._book[rule], deed) for rule in deed.rules)
            if deed.is_write and deed.kind in _DEPLOYS and self._deployments.lacks(deed.time, deed.function):
                yield of_sign("no_deployment_on_record", (deed,))
        yield from chained(self._deeds, {rule.name: rule.id for rule in self._book.values()}, self._is_known)
        yield from self._history.signs()

    def _is_known(self, deed: Deed) -> bool:
        return self._deployers.expected(deed) is not None or self._history.is_known(deed)

    def _expected(self, hit: Hit) -> str:
        if hit.firm:
            return ""
        listed = self._deployers.expected(_about(hit))
        if listed is not None:
            software = f", with {hit.deed.agent}" if listed.agents else ""
            return f"expected deployer {listed.name}: principal and network fit{software}"
        if hit.rule is None:
            return ""
        if (others := self._history.allowed_before(hit.deed)):
            return f"{counted(others, 'other')} allowed the same application on earlier days"
        days = self._history.habit_days(hit.deed, hit.rule.id)
        return f"the same on {counted(days, 'day')}, from the same network with the same software" if days else ""

    def _finding(self, key: Key, number: int, alike: Sequence[list[Judged]], weights: Weights) -> Finding:
        """Show the strongest of some episodes that are alike, of equals the latest."""
        episode = max(reversed(alike), key=lambda some: sum(r.points for r in _reasons(some, self._deployers)))
        parts = _reasons(episode, self._deployers)
        if len(alike) > 1:
            parts = (*parts, _repeated([_about(some[0].hit) for some in alike]))
        best = max(episode, key=lambda one: one.net).hit
        about = _about(best)
        deeds = self._timeline(key, episode)
        points = round(sum(reason.points for reason in parts), 1)
        score = weights.severity.score(points)
        provider, account, function, actor = key
        return Finding(
            id=digest("cloud_change", *key, *([str(number)] if number else [])),
            analytic="cloud_change", score=score, points=points,
            severity=weights.severity.severity(score), src_ip=about.src_ip, user=about.user, provider=provider,
            account=account or None, function=function or None, actor=actor or None,
            hosts=tuple(dict.fromkeys(host for deed in deeds for host in deed.hosts))[:MOST],
            first_seen=deeds[0].time, last_seen=deeds[-1].time, connections=len(deeds), reasons=parts,
            techniques=unique(technique for one in episode for technique in one.hit.techniques),
            benign_explanations=unique(f"{text}." for one in episode for text in one.hit.benign),
            next_steps=_next_steps(about, function), sources=tuple(sorted({deed.source for deed in deeds})),
            changes=tuple(_change(deed) for deed in deeds[:MOST]),
            samples=tuple(Sample(place, "") for place in unique(deed.place for deed in best.deeds)[:3]),
        )  # fmt: skip

    def _timeline(self, key: Key, episode: Sequence[Judged]) -> list[Deed]:
        """Return the episode's deeds and what else the identity did to the function, up to an hour before and after."""
        mine = {id(deed): deed for one in episode for deed in one.hit.deeds}
        first, last = min(d.time for d in mine.values()), max(d.time for d in mine.values())
        begin = bisect.bisect_left(self._mine[key], first - HOUR_US, key=lambda deed: deed.time)
        end = bisect.bisect_right(self._mine[key], last + HOUR_US, key=lambda deed: deed.time)
        mine |= {id(deed): deed for deed in self._mine[key][begin:end]}
        return sorted(mine.values(), key=lambda deed: deed.time)


def _about(hit: Hit) -> Deed:
    """Return the deed that a hit is about: the last change among its deeds, else the last."""
    return next((deed for deed in reversed(hit.deeds) if deed.is_write), hit.deed)


def _episodes(judged: Sequence[Judged]) -> Iterator[list[Judged]]:
    within = cloud_weights().bonus_hours * HOUR_US
    episode: list[Judged] = []
    for one in sorted(judged, key=lambda one: _about(one.hit).time):
        if episode and _about(one.hit).time - _about(episode[0].hit).time >= within:
            yield episode
            episode = []
        episode.append(one)
    yield episode


def _kinds(judged: Sequence[Judged]) -> list[list[list[Judged]]]:
    """Put episodes together in which the same was found of the same software: a pipeline is one finding, not thirty."""
    kinds: dict[object, list[list[Judged]]] = {}
    for episode in _episodes(judged):
        alike = frozenset(one.hit.name for one in episode), frozenset(_about(one.hit).agent for one in episode)
        kinds.setdefault(alike, []).append(episode)
    return list(kinds.values())


def _repeated(deeds: Sequence[Deed]) -> Reason:
    """Say when and from where else the same was done."""
    days = unique(f"{datetime.fromtimestamp(deed.time / 1e6, UTC):%Y-%m-%d}" for deed in deeds)
    whence = unique(deed.src_ip or "an unknown address" for deed in deeds)
    text = f"The same on {', '.join(days[-MOST:])} (UTC), from {', '.join(whence[-MOST:])}; the gravest is shown."
    return Reason("repeated", 0.0, f"{len(deeds)} ×", text)


def _reasons(episode: Sequence[Judged], deployers: Deployers) -> tuple[Reason, ...]:
    """Return the parts of the score: prior, the strongest hit, a bounded bonus for others, and who was expected."""
    weights = cloud_weights()
    ranked = sorted(episode, key=lambda one: (-one.net, -one.hit.points, one.hit.deed.time))
    best = ranked[0]
    parts = [Reason("prior", weights.prior, "", weights.prior_why)]
    counted: dict[str, Judged] = {}
    bonus = 0.0
    for one in ranked:
        if one.hit.name in counted:
            continue
        alike = any(one.hit.is_alike(other.hit) for other in counted.values())
        adds = not counted or not (alike or one.expected or bonus >= weights.most_bonus)
        points = one.hit.points if one is best else weights.bonus if adds else 0.0
        bonus += points if counted else 0.0
        counted[one.hit.name] = one
        places = unique(deed.place for deed in one.hit.deeds)
        parts.append(Reason(one.hit.name, points, one.hit.title, one.hit.text, places))
    if best.expected:
        parts.append(Reason("expected_deployer", weights.expected, best.expected, weights.expected_why))
    elif deployers.deployer and not best.hit.firm:
        text = "No expected deployer fits: principal and network must both be those of one."
        parts.append(Reason("expected_deployer", 0.0, "none", text))
    return tuple(parts)


def _change(deed: Deed) -> Change:
    return Change(deed.time, deed.operation, deed.actor, deed.function, deed.src_ip, deed.agent or None,
                  "failure" if deed.failed else "success", deed.place)  # fmt: skip


def _next_steps(deed: Deed, function: str) -> tuple[str, ...]:
    what = function or "the account's functions"
    who = deed.user or deed.actor or "whoever did it"
    ask = f"Ask {who}, not by way of the account itself, whether this was theirs; look for the ticket or commit."
    if deed.kind not in WRITES:
        return (
            ask,
            "Look up what was opened, granted or used, by whom and for how long, and keep the record of it.",
            "List what else the same credential did since, in every region and project.",
            "If nobody claims it: take the credential or the grant away, and renew the secrets that it could read.",
        )
    return (
        ask,
        f"Keep a copy of {what} as it is now, and compare it with the repository and the version before.",
        "List what else the same credential did since, in every region and project.",
        f"If nobody claims it: take the credential away, put the old version of {what} back, and look for its callers.",
    )


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Return each text once, in order."""
    return tuple(dict.fromkeys(texts))


def digest(*parts: str) -> str:
    """Return an id made of these words."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]
