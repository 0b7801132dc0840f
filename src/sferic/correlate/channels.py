"""Picks the best explained level of each channel and makes one finding of it.

A channel is a machine (and its user, where several share an address) calling one owner. The same traffic stands in
several segments (per function, per software, per owner); the segment with the most points speaks for it.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from msgspec.structs import replace

from sferic.catalog.weights import Weights
from sferic.correlate.evidence import call_lines, program_lines
from sferic.correlate.picture import bars, days, interval, lineage
from sferic.correlate.sides import Side, far_sides, sides_of
from sferic.correlate.story import benign_explanations, needs, next_steps
from sferic.correlate.weigh import Weighed, reasons
from sferic.model.finding import Analytic, Finding, Sample
from sferic.model.hosts import is_address
from sferic.model.traffic import UNKNOWN, Bools, Ints, Small
from sferic.model.window import Window
from sferic.signals._kinds import Kinds

MIN_CHECKINS = 6
WRONG_DB = 6.0
"""Points against a program itself from which its calls are a finding without any rhythm."""
SHOWING_DB = 15.0
"""Timing evidence from which a channel is called a beacon at all."""
TECHNIQUES = {
    "beacon": ("T1071.001", "T1102.002", "T1584.007", "T1583.007"),
    "long_connection": ("T1071.001", "T1102.002", "T1584.007", "T1583.007"),
    "process": ("T1071.001", "T1102.002", "T1584.007", "T1583.007"),
}
TUNNEL_TECHNIQUES = ("T1071.001", "T1572", "T1090")
NEAR_DB = 5.0
MAX_HOSTS = 20
ALL_USERS = 4
"""The segment level that adds up all users of a client."""


class Candidate(msgspec.Struct, frozen=True):
    """A channel above the floor, with what it takes to see that it is another one's far side."""

    finding: Finding
    side: Side
    address: str
    """Under which name the client was logged; empty where under none."""
    before: tuple[float, float, int]
    """What orders candidates: those with the most points first, then the earliest, then by client."""


def candidates(weighed: Weighed, analytic: Analytic, weights: Weights, floor_db: float) -> list[Candidate]:
    """Return one candidate per channel at or above the floor. The window must hold all rows of its clients."""
    chosen = _best(weighed, _eligible(weighed, analytic), floor_db)
    window = weighed.window
    sides = sides_of(window, [i for _, i in chosen])
    return [
        Candidate(_finding(weighed, i, analytic, weights), side, _address(window, i), _before(weighed, first))
        for (first, i), side in zip(chosen, sides, strict=True)
    ]


def findings(found: Iterable[Candidate]) -> list[Finding]:
    """Return one finding per channel, highest first, of the candidates of all windows."""
    ordered = sorted(found, key=lambda c: c.before)
    far = far_sides([c.side for c in ordered])
    near = [i for i in range(len(ordered)) if i not in far]
    made = _told_apart([ordered[i].finding for i in near])
    beyond = {i: [j for j in far if i in far[j]] for i in near}
    made = [
        _with_far_sides(f, [ordered[j] for j in beyond[i]], [ordered[j] for j in beyond[i] if far[j] == [i]])
        for i, f in zip(near, made, strict=True)
    ]
    return sorted(made, key=lambda f: (-f.points, f.id))


def _before(weighed: Weighed, i: int) -> tuple[float, float, int]:
    window = weighed.window
    return -float(weighed.total[i]), float(window.time_s[window.checkins_at[i]]), int(window.client[i])


class Census(msgspec.Struct, frozen=True):
    """How many channels (client and owner) had enough check-ins to be judged, and how many had not."""

    judged: int = 0
    short: int = 0


def census(kinds: Kinds, window: Window, least: int = MIN_CHECKINS) -> Census:
    """Count channels by whether any of their segments has enough check-ins; a window leaves out those of few rows."""
    called = kinds.challenge == 0
    channels = len(np.unique(_channel(kinds.client[called], kinds.owner[called], len(kinds.owners))))
    if not least:
        return Census(channels)
    enough = window.checkins >= least
    judged = len(np.unique(_channel(window.client[enough], window.owner[enough], len(window.owners))))
    return Census(judged, channels - judged)


def _channel(client: Ints, owner: Ints, owners: int) -> Ints:
    """Number the channels of clients, of which one may be unknown."""
    return client * (owners + 1) + owner


def _eligible(weighed: Weighed, analytic: Analytic) -> Iterable[int]:
    """Yield the segments that may speak, best first: a beacon needs a rhythm, a process a program that is wrong."""
    enough = np.isfinite(weighed.total)
    if analytic == "beacon":
        enough &= (weighed.window.checkins >= MIN_CHECKINS) & (weighed.values["timing"] >= SHOWING_DB)
        enough &= ~_overheard(weighed)
    if analytic == "process":
        enough &= weighed.grouped("process") >= WRONG_DB
    order = np.lexsort((weighed.window.time_s[weighed.window.checkins_at[:-1]], -weighed.total))
    return (int(i) for i in order if enough[i])


def _overheard(weighed: Weighed) -> Bools:
    """Mark segments of DNS look-ups whose channel's calls were seen too: then the calls speak."""
    window = weighed.window
    key = _channel(window.client, window.owner, len(window.owners))
    asked = weighed.values["lookups_only"] == 1
    called = np.unique(key[~asked & (window.checkins >= MIN_CHECKINS)])
    return np.asarray(asked & np.isin(key, called))


def _best(weighed: Weighed, order: Iterable[int], floor_db: float) -> list[tuple[int, int]]:
    """Return for each channel its segment with the most points, and the one that speaks for it."""
    window = weighed.window
    taken: dict[tuple[int, int], list[int]] = {}
    for i in order:
        if weighed.total[i] < floor_db:
            break
        taken.setdefault((int(window.client[i]), int(window.owner[i])), []).append(i)
    return [(mine[0], _best_explained(weighed, one)) for mine in taken.values() for one in _by_person(weighed, mine)]


def _by_person(weighed: Weighed, mine: list[int]) -> list[list[int]]:
    """Divide a client's segments for one owner by user, unless a gap of all together says more than one of theirs."""
    window = weighed.window
    apart = [i for i in mine if window.level[i] != ALL_USERS]
    if not apart or (apart != mine and max(mine, key=lambda i: _clarity(weighed, i)) not in apart):
        return [mine]
    people: list[list[int]] = []
    for i in apart:
        same = next((several for several in people if not _other_user(window, i, several[0])), None)
        if same is None:
            people.append([i])
        else:
            same.append(i)
    return people


def _clarity(weighed: Weighed, i: int) -> float:
    fit = weighed.window.fits.get(i)
    return fit.evidence_db / fit.gaps if fit else 0.0


def _best_explained(weighed: Weighed, several: list[int]) -> int:
    """Of the segments nearly as good as the best, take the one whose rhythm is clearest (rotation, mixtures)."""
    near = [i for i in several if weighed.total[i] >= weighed.total[several[0]] - NEAR_DB]
    fits = weighed.window.fits
    return max(near, key=lambda i: (fits[i].evidence_db if i in fits else 0.0, weighed.total[i]))


def _other_user(window: Window, i: int, j: int) -> bool:
    """Say whether two segments of one client and owner are two people's channels."""
    one, two = window.user[i], window.user[j]
    return UNKNOWN not in (one, two) and one != two


def _finding(weighed: Weighed, i: int, analytic: Analytic, weights: Weights) -> Finding:
    window = weighed.window
    traffic, rows = window.traffic, window.row_numbers(i)
    place = traffic.places[traffic.place[rows[0]]]
    client = _address(window, i)
    user = _single(traffic.user[rows], traffic.users)
    parts = reasons(weighed, i, weights)
    points = round(sum(r.points for r in parts), 1)
    score = weights.severity.score(points)
    one_function = len(np.unique(traffic.place[rows])) == 1
    address = client if is_address(client) else traffic.addresses.get(int(window.client[i]))
    sized = window.row_numbers(int(weighed.lenders["volume"][i])) if "volume" in weighed.lenders else rows
    tree, is_guessed = lineage(window, i)
    facts = Finding(
        id=_digest(analytic, client, place.owner),
        analytic=analytic, score=score, points=points, severity=weights.severity.severity(score),
        src_ip=address, device=None if is_address(client) else client or None,
        user=user or (tree[-1].user if tree and not is_guessed else None),
        process=tree[-1].path if tree else None, process_tree=tree, process_is_guessed=is_guessed,
        platform=place.platform, provider=place.provider, tenant=place.tenant,
        function=place.function if one_function else None, hosts=_hosts(window, rows),
        first_seen=int(traffic.time_s[rows].min() * 1e6), last_seen=int(traffic.time_s[rows].max() * 1e6),
        connections=len(rows), checkins=int(window.checkins[i]) if analytic == "beacon" else None,
        interval=interval(window, i), bytes_up=_sum(traffic.up[sized]), bytes_down=_sum(traffic.down[sized]),
        reasons=parts,
        techniques=TUNNEL_TECHNIQUES if place.tier == "tunnel" else TECHNIQUES[analytic],
        sources=_sources(window, i), platform_evidence=place.evidence,
        gaps=bars(window, i), days=days(window, rows), samples=_samples(window, i),
    )  # fmt: skip
    return _told(facts, weighed, i)


def _with_far_sides(finding: Finding, far: Sequence[Candidate], its_own: Sequence[Candidate]) -> Finding:
    """Name the addresses under which the channel was logged beyond a proxy, and the logs that did.

    Amounts that the client's own log has not are those of a far side that shows no other client's calls.
    """
    if not far:
        return finding
    names = {candidate.address for candidate in far if candidate.address}
    sources = {source for candidate in far for source in candidate.finding.sources}
    amounts = {
        name: next((more for one in its_own if (more := getattr(one.finding, name)) is not None), None)
        for name in ("bytes_up", "bytes_down") if getattr(finding, name) is None
    }  # fmt: skip
    told = {"also_seen_as": tuple(sorted(names)), "sources": tuple(sorted(sources.union(finding.sources)))}
    return replace(finding, **told, **amounts)


def _told(facts: Finding, weighed: Weighed, i: int) -> Finding:
    return replace(
        facts,
        needs=needs(facts, weighed, i),
        benign_explanations=benign_explanations(facts, weighed, i),
        next_steps=next_steps(facts),
    )


def _told_apart(made: list[Finding]) -> list[Finding]:
    """Give the channels of several people behind one address ids of their own.

    One person's channel is named without the person: not every log and not every row knows the user.
    """
    times = Counter(f.id for f in made)
    return [replace(f, id=_digest(f.id, f.user or "")) if times[f.id] > 1 else f for f in made]


def _address(window: Window, i: int) -> str:
    return window.traffic.clients[window.client[i]] if window.client[i] != UNKNOWN else ""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _single(numbers: Ints | Small, words: list[str]) -> str | None:
    """Return the one known word of the rows, or None for none or several."""
    known = np.unique(numbers[numbers != UNKNOWN])
    return words[known[0]] if len(known) == 1 else None


def _hosts(window: Window, rows: Ints) -> tuple[str, ...]:
    hosts, counts = np.unique(window.traffic.host[rows], return_counts=True)
    ranked = sorted(zip(-counts, (window.traffic.hosts[h] for h in hosts), strict=True))
    return tuple(name for _, name in ranked[:MAX_HOSTS])


def _sum(values: Ints) -> int | None:
    known = values[values >= 0]
    return int(known.sum()) if len(known) else None


def _samples(window: Window, i: int) -> tuple[Sample, ...]:
    """Return the lines of the program and of the calls; the engine adds their text."""
    places = dict.fromkeys((*program_lines(window, i), *call_lines(window, i)))
    return tuple(Sample(place, "") for place in places)


def _sources(window: Window, i: int) -> tuple[str, ...]:
    """Return every log source in which the client called the owner."""
    same = (window.client == window.client[i]) & (window.owner == window.owner[i])
    return tuple(sorted({window.traffic.sources[s] for s in np.unique(window.source[same])}))
