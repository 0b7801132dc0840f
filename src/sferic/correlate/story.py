"""Puts a finding into the words an analyst needs next: how sure, what else it could be, what to do.

No new judgement here: every sentence follows from the measurements that made the score.
"""

from collections.abc import Callable, Iterator

import numpy as np

from sferic.correlate.weigh import Weighed
from sferic.model.finding import Finding
from sferic.model.window import Window
from sferic.model.words import counted, duration_text

SURE_DB = 40.0
"""Timing evidence at which more check-ins change little."""
SETTLED_S = 3 * 3600.0
"""From here on a channel's life counts for it (`persistence`)."""

_EXPLANATIONS: tuple[tuple[str, str, str, Callable[[float], bool]], ...] = (
    (
        "prevalence",
        "A vendor's or the company's own agent: it would call from many machines",
        "{} machines call it",
        lambda v: v >= 5,
    ),
    (
        "software",
        "A page in a browser: its user agent would be a browser's",
        "the user agent is “{}”",
        lambda v: v == 0,
    ),
    (
        "browsing",
        "A site that is visited: it would fetch scripts, styles and pictures",
        "{} of the calls fetch such or carry a referrer",
        lambda v: v >= 0.1,
    ),
    (
        "idle_hours",
        "A tab or a person: it would stop when the machine is not used",
        "{} of the check-ins fall in hours without sign of a person",
        lambda v: v <= 0.15,
    ),
    (
        "alignment",
        "A scheduled job: it would start on full minutes or keep its phase",
        "the phase is {}",
        lambda v: v > 0.8,
    ),
    (
        "interruptions",
        "A developer's loop or a job: it would be started and stopped",
        "pauses of the rhythm: {}",
        lambda v: v >= 5,
    ),
    (
        "program",
        "A browser or an application that is known to call home: it would be one by path and maker",
        "the program is {}",
        lambda v: v <= 3,
    ),
    ("jitter", "A telemetry timer: it would not vary", "the timer's jitter is {}", lambda v: v <= 0.02),
    ("size", "Telemetry that grows with use: sizes would vary", "{} of the sizes are alike", lambda v: v <= 0.4),
    (
        "novelty",
        "A long-standing integration: it would have been called from the start",
        "anybody's first call comes {}",
        lambda v: v <= 0,
    ),
    (
        "known_service",
        "A documented product: its paths would match",
        "the match with one is {}",
        lambda v: v >= 0.5,
    ),
)
"""Signal, the ordinary explanation, what the signal's value says here, and whether the number speaks for it."""


def needs(facts: Finding, weighed: Weighed, i: int) -> str:
    """Say how much more of the log, and which other log, would make a finding surer."""
    more = {"beacon": _timing_needs(weighed.window, i), "process": _calls_need(facts)}.get(facts.analytic, "")
    return "; ".join(part for part in (more, *_logs_needed(facts, weighed, i)) if part)


def _calls_need(facts: Finding) -> str:
    calls = counted(facts.connections, "call")
    return f"{calls} so far, from which no rhythm can be told: more of this log would show one"


def _logs_needed(facts: Finding, weighed: Weighed, i: int) -> Iterator[str]:
    if "lookups_only" in weighed.values and weighed.values["lookups_only"][i] == 1:
        yield "only look-ups were seen: a log of the calls (proxy, firewall, endpoint) would show whether any were made"
    elif facts.bytes_up is None and facts.bytes_down is None:
        yield "no log here shows the sizes of the calls: that of the proxy, the firewall or a sensor would"
    if facts.process is None or facts.process_is_guessed:
        known = "names" if facts.process is None else "surely names"
        yield f"no log here {known} the program that calls: Sysmon's, Defender's or another of the machine itself would"


def _timing_needs(window: Window, i: int) -> str:
    fit, count = window.fits.get(i), int(window.checkins[i])
    if fit is None:
        return f"{count} check-ins so far: too few to judge their timing"
    if fit.evidence_db >= SURE_DB:
        return _history(count, float(np.ptp(window.times(i))))
    if fit.evidence_db <= 0:
        return ""
    more = int(np.ceil((SURE_DB - fit.evidence_db) / (fit.evidence_db / fit.gaps)))
    return f"{count} check-ins so far, about {more} more needed for firm timing"


def _history(count: int, lived_s: float) -> str:
    if lived_s >= SETTLED_S:
        return ""
    more = f"{duration_text(SETTLED_S - lived_s)} more of log would show whether it goes on"
    return f"{count} check-ins within {duration_text(lived_s)}: the timing is firm, the history short; {more}"


def benign_explanations(facts: Finding, weighed: Weighed, i: int) -> tuple[str, ...]:
    """Return the ordinary explanations considered, each with what speaks for or against it."""
    told = []
    values = {r.signal: r.value for r in facts.reasons}
    for signal, sentence, here, fits in _EXPLANATIONS:
        found = weighed.values.get(signal)
        if found is None or np.isnan(found[i]):
            continue
        verdict = "possible" if fits(float(found[i])) else "unlikely"
        told.append(f"{sentence}. Here {here.format(values[signal])} – {verdict}.")
    return tuple(told)


def next_steps(facts: Finding) -> tuple[str, ...]:
    """Return what to do, most telling first."""
    machine = facts.device or facts.src_ip or "the machine"
    host = facts.hosts[0] if facts.hosts else "the host"
    owner = facts.tenant or facts.function or host
    find = f"find the process that calls {host} (Sysmon 22, DeviceNetworkEvents): path, signer, parent"
    if facts.process and not facts.process_is_guessed:
        find = f"look at {facts.process}: who signed it, what started it, what wrote it there and when"
    steps = [
        f"On {machine}, {find}.",
        f"Search all logs for {owner}: who else, since when, and what happened on {machine} before the first call.",
    ]
    if facts.user:
        steps.append(
            f"Ask {facts.user} whether this application is theirs; a developer's own function is the usual answer."
        )
    steps.append(
        f"If nobody claims it: isolate {machine}, keep its memory, block {host}, "
        f"and report {owner} to {facts.provider}'s abuse desk."
    )
    return tuple(steps)
