"""Adds up what the signals measured: points per segment against the prior, capped in groups.

Signals that need the timing fit are asked only for segments that could still reach the floor with them: cheap
points plus the most the rest can give is an upper bound, so nothing that matters is skipped.
"""

from collections.abc import Mapping

import msgspec
import numpy as np

from sferic.catalog.weights import Weights
from sferic.correlate.evidence import call_lines, program_lines
from sferic.model.finding import Reason
from sferic.model.grouping import joint, opens, rising
from sferic.model.traffic import UNKNOWN, Bools, Floats, Ints
from sferic.model.window import Fit, Window
from sferic.signals._contract import Signal, signals
from sferic.signals._per_segment import tallies
from sferic.signals._programs import main_images
from sferic.signals._thinned import fit

_OWN = frozenset({"persistence", "lookups_only"})
"""Like the signals that need the fit, they are about a segment's own rhythm: not lent, each log shows its own."""
_OF_PROCESSES = frozenset({"process_path", "parent_path", "command_line"})
"""What is read off these is lent between segments of one program alone: processes are joined row by row before."""


class Weighed(msgspec.Struct, frozen=True):
    """Values and points of every signal for every segment."""

    window: Window
    values: Mapping[str, Floats]
    points: Mapping[str, Floats]
    lenders: Mapping[str, Ints]
    """Signal → the segment whose log answered for each segment (mostly itself)."""
    caps: Mapping[str, Floats]
    """Group → what its cap takes away or gives back."""
    total: Floats
    """Sum with prior and caps; -inf for segments that were ruled out early."""
    groups: Mapping[str, str]
    """Signal → the group in which it is capped."""

    def grouped(self, group: str) -> Floats:
        """Return what one group's signals give each segment, before the cap."""
        return sum((p for name, p in self.points.items() if self.groups[name] == group), np.zeros(len(self.window)))


def weigh(window: Window, analytic: str, weights: Weights, floor_db: float) -> Weighed:
    """Weigh every segment that can reach `floor_db` points."""
    chosen = {name: signals()[name] for name in weights.weighed_by(analytic)}
    everyone = np.ones(len(window), bool)
    values = {n: s.measure(window, everyone) for n, s in chosen.items() if not s.dear}
    points = {n: _points(v, weights, n) for n, v in values.items()}
    lenders = _borrow(window, values, points)
    dear = {n: s for n, s in chosen.items() if s.dear}
    prior = weights.prior.of(window.estate.clients)[0]
    hopeful = prior + _upper_bound(points, dear, weights, len(window)) >= floor_db
    if dear:
        window = msgspec.structs.replace(window, fits=_fits(window, hopeful))
        for name, signal in dear.items():
            values[name] = signal.measure(window, hopeful)
            points[name] = _points(values[name], weights, name)
            lenders[name] = np.arange(len(window))
    caps = _caps(points, weights, len(window))
    total = sum(points.values(), np.zeros(len(window))) + sum(caps.values(), np.zeros(len(window)))
    total = np.where(hopeful, total + prior, -np.inf)
    return Weighed(window, values, points, lenders, caps, total, {n: weights.signal[n].group for n in points})


def _borrow(window: Window, values: dict[str, Floats], points: dict[str, Floats]) -> dict[str, Ints]:
    """Let a segment whose log cannot answer take the answer from another log's segment of the same channel.

    A URL log knows the software, the flow log of the same firewall the bytes: one channel, both facts. Two people
    behind one address lend each other nothing.
    """
    lenders = {name: np.arange(len(window)) for name in values}
    lent = [name for name in values if name not in _OWN]
    image, any_program = main_images(window), np.zeros(len(window), int)
    key = joint(window.client, window.owner)
    order = rising(key)
    at = np.append(opens(key[order]), len(order))
    logs = np.bincount(tallies(window.source[order], at).segment)
    for channel in np.flatnonzero(logs > 1):
        members = order[at[channel] : at[channel + 1]]
        for name in lent:
            known = members[~np.isnan(values[name][members])]
            unknown = members[np.isnan(values[name][members])]
            program = image if _is_of_program(name) else any_program
            for user, runs in {(int(window.user[i]), int(program[i])) for i in unknown if program[i] != UNKNOWN}:
                mine = unknown[(window.user[unknown] == user) & (program[unknown] == runs)]
                asked = known[program[known] == runs]
                theirs = asked[(user == UNKNOWN) | np.isin(window.user[asked], (user, UNKNOWN))]
                if len(theirs):
                    best = theirs[np.argmax(window.checkins[theirs])]
                    others = mine[window.source[mine] != window.source[best]]
                    lenders[name][others] = best
                    values[name][others], points[name][others] = values[name][best], points[name][best]
    return lenders


def _points(values: Floats, weights: Weights, name: str) -> Floats:
    xs, ys = zip(*weights.signal[name].knots, strict=True)
    return np.where(np.isnan(values), 0.0, np.interp(np.nan_to_num(values), xs, ys)).round(1)


def _upper_bound(points: Mapping[str, Floats], dear: Mapping[str, Signal], weights: Weights, size: int) -> Floats:
    """Return the most the evidence can give: known points, and the best of the signals not asked yet."""
    total = np.zeros(size)
    for name, group in weights.group.items():
        known = sum((p for n, p in points.items() if weights.signal[n].group == name), np.zeros(size))
        best = sum(max(0.0, *(y for _, y in weights.signal[n].knots)) for n in dear if weights.signal[n].group == name)
        total = total + np.clip(known + best, group.low, group.high)
    return total


def _caps(points: Mapping[str, Floats], weights: Weights, size: int) -> dict[str, Floats]:
    caps = {}
    for name, group in weights.group.items():
        raw = sum((p for n, p in points.items() if weights.signal[n].group == name), np.zeros(size))
        caps[name] = (np.clip(raw, group.low, group.high) - raw).round(1)
    return caps


def _fits(window: Window, wanted: Bools) -> dict[int, Fit]:
    found = {i: fit(window, i) for i in np.flatnonzero(wanted).tolist()}
    return {i: law for i, law in found.items() if law is not None}


def reasons(weighed: Weighed, i: int, weights: Weights) -> tuple[Reason, ...]:
    """Return a segment's parts, prior first, then by weight; they add up to its total."""
    lenders = {int(numbers[i]) for numbers in weighed.lenders.values()}
    calls = {j: call_lines(weighed.window, j) for j in lenders}
    programs = {j: program_lines(weighed.window, j) or calls[j] for j in lenders}
    parts = [
        _reason(weighed, i, name, float(points[i]), programs if _is_of_program(name) else calls)
        for name, points in weighed.points.items()
        if not np.isnan(weighed.values[name][i])
    ]
    parts.sort(key=lambda r: -abs(r.points))
    capped = [
        Reason(f"cap_{name}", float(cap[i]), "", f"correlated evidence about {name} counts only up to its cap")
        for name, cap in weighed.caps.items()
        if cap[i]
    ]
    points, why = weights.prior.of(weighed.window.estate.clients)
    return (Reason("prior", points, "", why), *parts, *capped)


def _reason(weighed: Weighed, i: int, name: str, points: float, lines: Mapping[int, tuple[str, ...]]) -> Reason:
    window, lender = weighed.window, int(weighed.lenders[name][i])
    words = signals()[name].describe(window, lender, float(weighed.values[name][i]))
    told = f" (told by {window.traffic.sources[window.source[lender]]})" if lender != i else ""
    return Reason(name, points, words.value, words.text + told, lines[lender])


def _is_of_program(name: str) -> bool:
    return bool(signals()[name].fields & _OF_PROCESSES)
