"""What is known about a channel, in the words every format for people shares.

Values here are raw: whoever prints them passes them through `sferic.render.safe_text`.
"""

from itertools import dropwhile

from sferic.model.finding import Finding, Reason, Step
from sferic.model.words import counted, duration_text
from sferic.render.figures import between_text, bytes_text, interval_text, minute_text, second_text, span_text

CHANGE = "cloud_change"
JOINED = "cloud_change+beacon"
TOLD = frozenset({"repeated", "launched_elsewhere"})
"""Reasons that have no points by design, and say what a reader must know."""
MATTERS = 5.0
"""What takes so many points makes a channel a third as likely: it is said beside what speaks for it."""
_HEADLINES = {
    "beacon": "Regular check-ins",
    "long_connection": "Long connection",
    "process": "Unusual client",
    CHANGE: "Changed function",
    JOINED: "Check-ins with a changed function",
    "activity": "Steady serverless traffic",
}


def headline(finding: Finding) -> str:
    """Name the kind of finding."""
    return _HEADLINES[finding.analytic]


def caller(finding: Finding) -> str:
    """Name who calls, or changed a function, as exactly as the logs allow."""
    if finding.analytic == CHANGE:
        return finding.actor or finding.user or finding.src_ip or "unknown identity"
    return finding.src_ip or finding.device or finding.user or finding.actor or "unknown source"


def called(finding: Finding) -> str:
    """Name what is called or changed, as exactly as the logs allow, and how many more names it has."""
    if finding.analytic == CHANGE:
        return finding.function or finding.account or finding.provider or "unknown function"
    name = next(iter(finding.hosts), None) or finding.function or finding.tenant or finding.platform
    more = f" +{len(finding.hosts) - 1}" if len(finding.hosts) > 1 else ""
    return (name or "unknown function") + more


def title(finding: Finding) -> str:
    """Say in one line what was found."""
    if finding.analytic == CHANGE:
        return f"{headline(finding)}: {called(finding)} by {caller(finding)}"
    return f"{headline(finding)}: {caller(finding)} calls {called(finding)}"


def owner(finding: Finding) -> str:
    """Name the platform and, where a host name shows it, the customer; of one's own that was changed, who did that."""
    if finding.analytic == JOINED:
        who = (finding.actor or "somebody").rpartition("/")[2]
        return f"{finding.function or 'function'} changed by {who}"
    parts = (finding.provider, finding.account) if finding.analytic == CHANGE else (finding.platform, finding.tenant)
    return " · ".join(part for part in parts if part)


def seen(finding: Finding) -> str:
    """Say how often and for how long: check-ins beside a rhythm, connections where none is told."""
    span = span_text(finding.first_seen, finding.last_seen)
    times = finding.connections if finding.checkins is None else finding.checkins
    if finding.analytic == CHANGE:
        return counted(times, "operation") + (f" over {span}" if finding.last_seen > finding.first_seen else "")
    return f"{times:,} × over {span}" if span else f"{times:,} ×"


def news(finding: Finding) -> str:
    """Say what a store knows of a finding: `new`, or since when it is known; empty without a store."""
    since = f"first {minute_text(finding.known_since)}" if finding.known_since else ""
    new = {"new": "told for the first time", "risen": "more severe than told before", "closed": "not any more"}
    return ", ".join(part for part in (since, new.get(finding.news or "", "")) if part)


def telling(finding: Finding, most: int = 3) -> list[Reason]:
    """Pick what speaks most for the finding, and last what speaks most against it, if that matters.

    Prior and caps are no reasons, and neither is what has no effect.
    """
    found = [r for r in finding.reasons if r.signal != "prior" and not r.signal.startswith("cap_")]
    ranked = sorted(found, key=lambda r: -r.points)
    against = [r for r in ranked[-1:] if r.points <= -MATTERS]
    return [*[r for r in ranked if round(r.points, 1) > 0][: most - len(against)], *against]


def parts(finding: Finding) -> tuple[list[Reason], list[str]]:
    """Part the reasons, in reading order, into those that tell something and the ids of those without effect."""
    inert = [reason.signal for reason in finding.reasons if not _tells(reason)]
    moving = [reason for reason in finding.reasons if _tells(reason)]
    return sorted(moving, key=lambda r: (r.signal != "prior", -r.points)), inert


def _tells(reason: Reason) -> bool:
    """Say whether a reason moves the score, or was never meant to and is there for what it says."""
    return bool(round(reason.points, 3)) or reason.signal in TOLD


def precision(finding: Finding) -> tuple[int, float]:
    """Find the fewest decimals at which the shown parts add up to the shown total, and what is left over."""
    for decimals in (1, 2, 3):
        shown = sum(round(reason.points, decimals) for reason in finding.reasons)
        rest = round(round(finding.points, decimals) - shown, decimals)
        if not rest:
            return decimals, 0.0
    return 1, round(round(finding.points, 1) - sum(round(reason.points, 1) for reason in finding.reasons), 1)


def facts(finding: Finding) -> list[tuple[str, str]]:
    """List what is known, label and value; what is unknown has no row."""
    rows = [
        ("source", ", ".join(part for part in (finding.src_ip, finding.device, finding.user) if part)),
        ("seen as", ", ".join(finding.also_seen_as)),
        ("client", _client(finding)),
        ("started by", _ancestors(finding)),
        ("command", (finding.process_tree[-1].command_line or "") if finding.process_tree else ""),
        ("actor", finding.actor or ""),
        ("names" if finding.analytic == CHANGE else "calls", ", ".join(finding.hosts)),
        ("platform", _platform(finding)),
        ("tenant", finding.tenant or ""),
        ("account", finding.account or ""),
        ("function", finding.function or ""),
        ("rhythm", _rhythm(finding)),
        ("seen", f"{_times(finding)}, {between_text(finding.first_seen, finding.last_seen)}"),
        ("found", news(finding)),
        ("bytes", _traffic(finding)),
        ("logs", ", ".join(finding.sources)),
        ("ATT&CK", ", ".join(finding.techniques)),
    ]
    return [(label, value) for label, value in rows if value]


def program(finding: Finding) -> str:
    """Name the program without its folders, where it has any."""
    path = (finding.process or "").replace("\\", "/")
    return path.rpartition("/")[2] if path[1:3] == ":/" or path.startswith("/") else finding.process or ""


def _client(finding: Finding) -> str:
    """Name the program and who answers for it."""
    if not finding.process:
        return ""
    last = finding.process_tree[-1] if finding.process_tree else Step(finding.process)
    made = f"signed by {last.signer}" if last.signer else f"says it is by {last.company}" if last.company else ""
    session = "session of services" if last.session == 0 else ""
    doubt = "guessed from the time of the calls" if finding.process_is_guessed else ""
    return ", ".join(part for part in (finding.process, made, session, doubt) if part)


def _ancestors(finding: Finding) -> str:
    """Name what started the program, oldest first, from the first that has a name."""
    if not finding.process_tree:
        return ""
    named = [step.path or "unknown" for step in dropwhile(lambda step: not step.path, finding.process_tree[:-1])]
    return " → ".join(named) or "unknown: no log here shows the start of this program or its parent"


def changes(finding: Finding) -> list[str]:
    """List what was done to the function, a line each, in order."""
    return [
        " ".join(
            part
            for part in (
                second_text(change.time),
                change.operation,
                change.resource,
                f"by {change.actor}" if change.actor else "",
                f"from {change.src_ip}" if change.src_ip else "",
                f"with {change.agent}" if change.agent else "",
                "(failed)" if change.outcome == "failure" else "",
            )
            if part
        )
        for change in finding.changes
    ]


def _platform(finding: Finding) -> str:
    known = f"name pattern {finding.platform_evidence}" if finding.platform_evidence else ""
    return ", ".join(part for part in (finding.platform, finding.provider, known) if part)


def _rhythm(finding: Finding) -> str:
    law = finding.interval
    if law is None:
        return ""
    return f"{interval_text(law)}, law {law.law}, median gap {duration_text(law.median_s)}"


def _times(finding: Finding) -> str:
    connections = counted(finding.connections, "operation" if finding.analytic == CHANGE else "connection")
    return connections if finding.checkins is None else f"{counted(finding.checkins, 'check-in')} in {connections}"


def _traffic(finding: Finding) -> str:
    if finding.bytes_up is None and finding.bytes_down is None:
        return ""
    return f"{bytes_text(finding.bytes_up)} up, {bytes_text(finding.bytes_down)} down"
