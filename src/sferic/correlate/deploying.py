"""Makes evidence of commands that deploy: of their own if somebody odd gave them, and beside what audit logs show.

The log of a machine knows the program that deployed and who started it, the cloud's log what was deployed, with which
identity. Where both tell of one deployment there is one finding. A command says little by itself: it may have failed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from sferic.catalog.cloud import cloud_weights
from sferic.catalog.deployers import Deployers
from sferic.catalog.weights import Weights
from sferic.correlate.breaks import DAY_US
from sferic.correlate.cloud import MOST, digest, unique
from sferic.correlate.counterparts import Writes
from sferic.correlate.history import HABIT_DAYS, HABIT_SPAN
from sferic.correlate.launches import Caller, caller_of, machines
from sferic.correlate.picture import steps_of
from sferic.model.deed import Deed
from sferic.model.finding import Change, Finding, Reason, Sample
from sferic.model.launch import Launch
from sferic.model.words import counted

FEW = 3
"""Machines on which the same program may start the same tool before that is the company's way."""
_SHOWN = 160
"""Characters of a command in a sentence."""
_NAMED = 5
"""Others who gave commands that fit, by name."""


class Order(msgspec.Struct, frozen=True):
    """The deployments that one person began on one machine, with one tool, from one program."""

    launches: tuple[Launch, ...]
    made: tuple[Deed | None, ...]
    """What the audit logs show of each of them."""
    caller: Caller
    machines: int
    """On how many the same program starts the same tool."""

    @property
    def deeds(self) -> list[Deed]:
        """Return what the audit logs show of any."""
        return [deed for deed in self.made if deed is not None]

    def parts(self, told: Mapping[str, int]) -> Iterator[tuple[int | str, "Order"]]:
        """Divide it by the findings that tell of the places of its deeds, and what none of them tells by function."""
        parts: dict[int | str, list[tuple[Launch, Deed | None]]] = defaultdict(list)
        for launch, deed in zip(self.launches, self.made, strict=True):
            parts[told.get(deed.place, deed.function) if deed else launch.function].append((launch, deed))
        for key, mine in parts.items():
            launches, made = zip(*mine, strict=True)
            yield key, replace(self, launches=launches, made=made)


def with_launches(
    changes: Sequence[Finding], launches: Sequence[Launch], deeds: Sequence[Deed], deployers: Deployers,
    weights: Weights,
) -> list[Finding]:  # fmt: skip
    """Return the findings of changes, completed by the commands that made them, and those of commands alone."""
    if not launches:
        return list(changes)
    found = list(changes)
    told = {change.place: number for number, finding in enumerate(changes) for change in finding.changes}
    beside: dict[int, list[tuple[Order, str]]] = defaultdict(list)
    for order in _orders(launches, [deed for deed in deeds if deed.is_write]):
        expected = _expected(order, deployers)
        for about, part in order.parts(told):
            if isinstance(about, int):
                beside[about].append((part, expected))
            elif part.caller.signs:
                found.append(_alone(part, tuple(_reasons(part, expected)), weights))
    for number, orders in beside.items():
        found[number] = _beside(found[number], orders, weights)
    return sorted(found, key=lambda f: (-f.points, f.id))


def _orders(launches: Sequence[Launch], writes: Sequence[Deed]) -> Iterator[Order]:
    groups: dict[tuple[object, ...], list[Launch]] = defaultdict(list)
    callers = [caller_of(launch) for launch in launches]
    spread, audited = machines(launches, callers), Writes(writes)
    for launch, caller in zip(launches, callers, strict=True):
        groups[launch.device, launch.user, launch.tool, caller.program, caller.signs].append(launch)
    for (_, _, tool, program, _), some in groups.items():
        made = tuple(audited.made_by(launch) for launch in some)
        yield Order(tuple(some), made, caller_of(some[-1]), spread[str(tool), str(program)])


def _reasons(order: Order, expected: str) -> Iterator[Reason]:
    """Yield the parts of the score but for the prior: the strongest sign, others a little, what makes it expected."""
    weights = cloud_weights()
    for at, name in enumerate(_ranked(order)):
        yield _sign(name, order, min(weights.sign[name].points, weights.bonus) if at else weights.sign[name].points)
    if order.machines > FEW:
        yield _sign("launched_likewise", order, weights.sign["launched_likewise"].points)
    if expected:
        yield Reason("expected_deployer", weights.expected, expected, weights.expected_why)
    elif order.deeds:
        deed, sign = order.deeds[-1], weights.sign["launch_in_audit_log"]
        text = sign.text.format(actor=deed.actor or "somebody", what=deed.function or "a function")
        yield Reason("launch_in_audit_log", sign.points, sign.title, text, (deed.place,))


def _beside(finding: Finding, orders: Sequence[tuple[Order, str]], weights: Weights) -> Finding:
    """Add orders that fit to a change which an audit log shows; each comes with why it was expected.

    Told of is the one that adds most, the latest of equals: half of what it says alone. The others are named.
    """
    said = [(_added(order, expected), order) for order, expected in orders]
    added, lead = max(said, key=lambda one: (one[0].points, one[1].launches[-1].time))
    others = [order for order, _ in orders if order is not lead]
    return _both(finding, (lead, *others), (added, *_elsewhere(others)), weights)


def _added(order: Order, expected: str) -> Reason:
    if expected or order.machines > FEW or not (ranked := _ranked(order)):
        return _sign("launched", order, cloud_weights().sign["launched"].points)
    return _sign(ranked[0], order, cloud_weights().sign[ranked[0]].points / 2)


def _elsewhere(orders: Sequence[Order]) -> Iterator[Reason]:
    """Yield who else gave commands that fit."""
    last = [order.launches[-1] for order in orders]
    who = unique(f"{one.user or 'somebody'} on {one.device or 'a machine'}" for one in last)
    if who:
        sign, more = cloud_weights().sign["launched_elsewhere"], len(who) - _NAMED
        detail = ", ".join([*who[:_NAMED], *([f"{more:,} more"] if more > 0 else [])])
        places = unique(one.place for one in last[-MOST:])
        yield Reason("launched_elsewhere", sign.points, sign.title, sign.text.format(detail=detail), places)


def _ranked(order: Order) -> list[str]:
    return sorted(order.caller.signs, key=lambda name: -cloud_weights().sign[name].points)


def _sign(name: str, order: Order, points: float) -> Reason:
    sign, last = cloud_weights().sign[name], order.launches[-1]
    text = sign.text.format(
        actor=last.user or "somebody", what=last.device or "a machine", command=_command(last),
        detail=order.caller.path or "an unknown program", machines=order.machines,
    )  # fmt: skip
    return Reason(name, points, sign.title, text, unique(launch.place for launch in order.launches[-MOST:]))


def _expected(order: Order, deployers: Deployers) -> str:
    """Say why somebody was to deploy; empty if nothing says so."""
    launch = order.launches[-1]
    for deed in order.deeds:
        if (listed := deployers.expected(deed)) is not None:
            return f"expected deployer {listed.name}: principal and network of what the audit log shows fit"
    if (known := deployers.person(launch.user or "", launch.time)) is not None:
        return f"expected deployer {known.name}: the machine's user is its principal"
    days = sorted({launch.time // DAY_US for launch in order.launches})
    is_habit = len(days) >= HABIT_DAYS and days[-1] - days[0] >= HABIT_SPAN
    return f"the same on {counted(len(days), 'day')}, on the same machine from the same program" if is_habit else ""


def _alone(order: Order, parts: tuple[Reason, ...], weights: Weights) -> Finding:
    first, last = order.launches[0], order.launches[-1]
    known = order.deeds[-1] if order.deeds else Deed(time=last.time, source=last.source, place=last.place, provider="")
    function = known.function or last.function
    who = (last.device or "", last.user or "", last.tool, order.caller.program, *order.caller.signs)
    blank = Finding(
        id=digest("cloud_change", "launch", function, *who),
        analytic="cloud_change", score=0, points=0.0, severity="informational",
        provider=known.provider or last.provider or None, account=known.account or None, actor=known.actor or None,
        function=function or None, first_seen=first.time, last_seen=last.time,
        hosts=tuple(dict.fromkeys(host for one in order.deeds for host in one.hosts))[:MOST], connections=0,
        reasons=(Reason("prior", cloud_weights().prior, "", cloud_weights().prior_why),), next_steps=_next_steps(last),
    )  # fmt: skip
    return _both(blank, (order,), parts, weights)


def _both(finding: Finding, orders: Sequence[Order], parts: tuple[Reason, ...], weights: Weights) -> Finding:
    """Add commands to a finding of a change, with the machine, the user and the programs of the first order."""
    launches = sorted((launch for order in orders for launch in order.launches), key=lambda one: one.time)
    last, signs = orders[0].launches[-1], cloud_weights().sign
    reasons = (*finding.reasons, *parts)
    points = round(sum(reason.points for reason in reasons), 1)
    score = weights.severity.score(points)
    changes = (*finding.changes, *(_change(launch) for launch in launches[-MOST:]))
    named = [signs[reason.signal] for reason in parts if reason.signal in signs]
    benign = (f"{sign.benign}." for sign in named if sign.points > 0)
    return replace(
        finding, score=score, points=points, severity=weights.severity.severity(score), reasons=reasons,
        device=last.device, user=finding.user or last.user,
        process=last.process.path, process_tree=steps_of(last.process),
        techniques=unique((*finding.techniques, *(technique for sign in named for technique in sign.techniques))),
        benign_explanations=unique((*finding.benign_explanations, *benign)),
        first_seen=min(finding.first_seen, launches[0].time), last_seen=max(finding.last_seen, launches[-1].time),
        connections=finding.connections + len(launches), changes=tuple(sorted(changes, key=lambda one: one.time)),
        sources=tuple(sorted({*finding.sources, *(launch.source for launch in launches)})),
        samples=(*finding.samples, Sample(last.place, "")),
    )  # fmt: skip


def _change(launch: Launch) -> Change:
    command, who = _command(launch), launch.user or ""
    return Change(launch.time, command, who, launch.function, None, None, "unknown", launch.place)


def _command(launch: Launch) -> str:
    line = launch.process.shown_command or launch.tool
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _next_steps(launch: Launch) -> tuple[str, ...]:
    machine, who = launch.device or "the machine", launch.user or "whoever sat there"
    return (
        f"On {machine}, find what started {launch.tool} and what wrote that there; keep the folder it was started in.",
        f"Ask {who} whether this was theirs, not by way of that machine.",
        "Look into the cloud's audit log from that minute on: which function was changed, with which token.",
        f"If nobody claims it: isolate {machine}, take away every token that lay on it, and undo what was deployed.",
    )
