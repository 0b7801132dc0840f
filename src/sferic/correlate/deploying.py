"""Makes evidence of commands that deploy: of their own if somebody odd gave them, and beside what audit logs show.

The log of a machine knows the program that deployed and who started it, the cloud's log what was deployed, with which
identity. Where both tell of one deployment there is one finding. A command says little by itself: it may have failed.
"""

import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from sferic.catalog.cloud import cloud_weights
from sferic.catalog.deployers import Deployers
from sferic.catalog.weights import Weights
from sferic.correlate.breaks import DAY_US
from sferic.correlate.cloud import MOST, digest, unique
from sferic.correlate.history import HABIT_DAYS, HABIT_SPAN
from sferic.correlate.launches import Caller, ancestry, caller_of, machines
from sferic.model.deed import Deed
from sferic.model.finding import Change, Finding, Reason, Step
from sferic.model.launch import Launch

BEFORE_US, AFTER_US = 60_000_000, 900_000_000
"""How long before and after a command the cloud may have written down what it did: clocks differ, uploads take time."""
FEW = 3
"""Machines on which the same program may start the same tool before that is the company's way."""
_SHOWN = 160
"""Characters of a command in a sentence."""


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
        about = [
            told.get(deed.place, deed.function) if deed else launch.function
            for launch, deed in zip(self.launches, self.made, strict=True)
        ]
        for key in dict.fromkeys(about):
            mine = [at for at, its in enumerate(about) if its == key]
            launches, made = tuple(self.launches[at] for at in mine), tuple(self.made[at] for at in mine)
            yield key, replace(self, launches=launches, made=made)


def with_launches(
    changes: Sequence[Finding], launches: Sequence[Launch], deeds: Sequence[Deed], deployers: Deployers,
    weights: Weights,
) -> list[Finding]:  # fmt: skip
    """Return the findings of changes, completed by the commands that made them, and those of commands alone."""
    found = list(changes)
    told = {change.place: number for number, finding in enumerate(changes) for change in finding.changes}
    for order in _orders(launches, [deed for deed in deeds if deed.is_write]):
        expected = _expected(order, deployers)
        for about, part in order.parts(told):
            if isinstance(about, int):
                found[about] = _both(found[about], part, tuple(_beside(part, expected)), weights)
            elif part.caller.signs:
                found.append(_alone(part, tuple(_reasons(part, expected)), weights))
    return sorted(found, key=lambda f: (-f.points, f.id))


def _orders(launches: Sequence[Launch], writes: Sequence[Deed]) -> Iterator[Order]:
    groups: dict[tuple[object, ...], list[Launch]] = defaultdict(list)
    callers = [caller_of(launch) for launch in launches]
    spread = machines(launches, callers)
    for launch, caller in zip(launches, callers, strict=True):
        groups[launch.device, launch.user, launch.tool, caller.program, caller.signs].append(launch)
    for (_, _, tool, program, _), some in groups.items():
        made = tuple(_made(launch, writes) for launch in some)
        yield Order(tuple(some), made, caller_of(some[-1]), spread[str(tool), str(program)])


def _made(launch: Launch, writes: Sequence[Deed]) -> Deed | None:
    """Find what the cloud wrote down of a command: the nearest in time that nothing contradicts and something supports.

    Support is the function's name or the person's; or the same software, if in this time there is no other change.
    """
    begin = bisect.bisect_left(writes, launch.time - BEFORE_US, key=lambda deed: deed.time)
    end = bisect.bisect_right(writes, launch.time + AFTER_US, key=lambda deed: deed.time)
    possible = [deed for deed in writes[begin:end] if _may_be(launch, deed)]
    alone = bool(launch.agent) and len({(deed.where, deed.actor) for deed in possible}) == 1
    possible = [
        deed for deed in possible
        if _is_named(launch, deed) or _person(launch.user) in _people(deed) or (alone and deed.agent == launch.agent)
    ]  # fmt: skip
    return min(possible, key=lambda deed: abs(deed.time - launch.time), default=None)


def _may_be(launch: Launch, deed: Deed) -> bool:
    software = not launch.agent or not deed.agent or launch.agent == deed.agent
    function = not launch.function or not deed.function or _is_named(launch, deed)
    return software and function and launch.provider in {"", deed.provider}


def _is_named(launch: Launch, deed: Deed) -> bool:
    return bool(launch.function) and deed.function.lower().rpartition("/")[2] == launch.function.lower()


def _people(deed: Deed) -> set[str]:
    return {_person(deed.user), _person(deed.actor)} - {""}


def _person(name: str | None) -> str:
    r"""Return what `CORP\ada.byron`, `ada.byron@corp.example` and `arn:…/ada.byron` have in common."""
    return (name or "").rpartition("\\")[2].rpartition("/")[2].partition("@")[0].lower()


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


def _beside(order: Order, expected: str) -> Iterator[Reason]:
    """Yield what a command adds to a change that the audit log shows: half of what it says alone."""
    ranked = [] if expected or order.machines > FEW else _ranked(order)
    yield from (_sign(name, order, cloud_weights().sign[name].points / 2) for name in ranked[:1] or ["launched"])


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
    return f"the same on {len(days)} days, on the same machine from the same program" if is_habit else ""


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
    return _both(blank, order, parts, weights)


def _both(finding: Finding, order: Order, parts: tuple[Reason, ...], weights: Weights) -> Finding:
    """Add commands to a finding of a change, with the machine, its user and its programs."""
    last, signs = order.launches[-1], cloud_weights().sign
    reasons = (*finding.reasons, *parts)
    points = round(sum(reason.points for reason in reasons), 1)
    score = weights.severity.score(points)
    steps = tuple(Step(p.path, p.command_line, p.user, p.company, p.signer, p.session) for p in ancestry(last.process))
    changes = (*finding.changes, *(_change(launch) for launch in order.launches[-MOST:]))
    named = [signs[reason.signal] for reason in parts if reason.signal in signs]
    benign = (f"{sign.benign}." for sign in named if sign.points > 0)
    return replace(
        finding, score=score, points=points, severity=weights.severity.severity(score), reasons=reasons,
        device=last.device, user=finding.user or last.user, process=last.process.path, process_tree=steps[::-1],
        techniques=unique((*finding.techniques, *(technique for sign in named for technique in sign.techniques))),
        benign_explanations=unique((*finding.benign_explanations, *benign)),
        first_seen=min(finding.first_seen, order.launches[0].time), last_seen=max(finding.last_seen, last.time),
        connections=finding.connections + len(order.launches), changes=tuple(sorted(changes, key=lambda one: one.time)),
        sources=tuple(sorted({*finding.sources, *(launch.source for launch in order.launches)})),
    )  # fmt: skip


def _change(launch: Launch) -> Change:
    command, who = _command(launch), launch.user or ""
    return Change(launch.time, command, who, launch.function, None, None, "unknown", launch.place)


def _command(launch: Launch) -> str:
    line = launch.process.command_line or launch.tool
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _next_steps(launch: Launch) -> tuple[str, ...]:
    machine, who = launch.device or "the machine", launch.user or "whoever sat there"
    return (
        f"On {machine}, find what started {launch.tool} and what wrote that there; keep the folder it was started in.",
        f"Ask {who} whether this was theirs, not by way of that machine.",
        "Look into the cloud's audit log from that minute on: which function was changed, with which token.",
        f"If nobody claims it: isolate {machine}, take away every token that lay on it, and undo what was deployed.",
    )
