"""Says which evidence a run's logs did not give, what that silences, and which log would give it.

It goes by what the rows held, not by what their format could hold: a Squid log may carry user agents or not, and a
handshake gets its duration from the connection's own row.
"""

from collections.abc import Collection, Iterator, Mapping

import msgspec
import numpy as np

from sferic.model.event import DNS, PROCESS, Event
from sferic.model.hosts import is_address
from sferic.model.report import Missing
from sferic.model.traffic import LOOKUP, THINNED, UNKNOWN, Bools, Traffic
from sferic.signals._contract import signals


class _Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Something that logs may tell."""

    what: str
    fields: frozenset[str]
    """One of them is enough for it."""
    remedy: str
    rank: int = 2
    """As in `Missing`, where no log tells it."""
    analytic: tuple[str, ...] = ()
    """What finds nothing without it, beside the signals that say nothing."""
    is_shared: bool = False
    """Whether one log tells it for the others, so that only its absence from all is a lack."""
    needs: frozenset[str] = frozenset()
    """Unless one of these is known, its lack goes without saying."""


_SIZES = frozenset({"bytes_up", "bytes_down", "bytes_total"})
_PROGRAM = frozenset({"process_path"})
_STARTS = frozenset({"parent_path", "command_line"})
_EVIDENCE = (
    _Evidence(
        what="client software", fields=frozenset({"user_agent"}),
        remedy="a proxy or sensor that logs user agents (TLS inspection, Zeek http)",
    ),
    _Evidence(what="paths", fields=frozenset({"path"}), remedy="a proxy with TLS inspection"),
    _Evidence(what="sizes", fields=_SIZES, remedy="a proxy, firewall or sensor that counts bytes"),
    _Evidence(
        what="upload sizes", fields=frozenset({"bytes_up"}), remedy="a log with bytes in both directions", needs=_SIZES
    ),
    _Evidence(
        what="durations", fields=frozenset({"duration_ms"}), remedy="a log with durations", rank=1,
        analytic=("long_connection",),
    ),
    _Evidence(
        what="users", fields=frozenset({"user"}), rank=4,
        remedy="authentication on the proxy, or user-ID on the firewall,",
    ),
    _Evidence(
        what="names of machines", fields=frozenset({"device"}), rank=4, is_shared=True,
        remedy="an endpoint's log, or your own list of machines (`--assets`),",
    ),
    _Evidence(
        what="programs", fields=_PROGRAM, rank=1, is_shared=True, analytic=("process",),
        remedy="endpoint logs of the same machines (Sysmon 1, 3, 22, Microsoft Defender, Elastic Defend, CrowdStrike)",
    ),
    _Evidence(
        what="starts of programs", fields=_STARTS, is_shared=True, needs=_PROGRAM,
        remedy="process creation (Sysmon 1, DeviceProcessEvents, ProcessRollup2)",
    ),
)  # fmt: skip
_IN_SOME = 3
"""The least rank of what other logs tell."""
FIELDS = frozenset[str]().union(*(evidence.fields for evidence in _EVIDENCE))
"""What is asked of rows."""
_COLUMNS = {
    "user_agent": "agent", "path": "path", "bytes_up": "up", "bytes_down": "down", "bytes_total": "total",
    "duration_ms": "duration_ms", "user": "user", "process_path": "image",
}  # fmt: skip
NO_CALLS = (
    "none of these logs has calls to a platform, only look-ups of their names: what a proxy, firewall, sensor or "
    "endpoint logs of the same machines would tell of clients, paths, sizes and durations"
)


class Filled(msgspec.Struct):
    """Which of `FIELDS` any row of a log source held: of its calls, and of what is none."""

    calls: dict[str, set[str]] = {}
    beside: dict[str, set[str]] = {}
    """Of look-ups and starts of programs, of which most cannot be asked."""
    thinned: set[str] = set()
    """The sources of which any row is one of those that are left out where they repeat."""

    def add(self, other: "Filled") -> None:
        """Add what other rows held."""
        for mine, theirs in ((self.calls, other.calls), (self.beside, other.beside)):
            for source, fields in theirs.items():
                mine.setdefault(source, set()).update(fields)
        self.thinned |= other.thinned

    def note(self, event: Event) -> None:
        """Add what an event holds."""
        kept = self.beside if event.table in {DNS, PROCESS} else self.calls
        kept.setdefault(event.source, set()).update(f for f in FIELDS if getattr(event, f) is not None)


def filled(traffic: Traffic) -> Filled:
    """Return what settled rows hold."""
    found = Filled(thinned={traffic.sources[n] for n in np.unique(traffic.source[(traffic.flags & THINNED) != 0])})
    is_lookup = (traffic.flags & LOOKUP) != 0
    stream = traffic.source * 2 + is_lookup
    held = {number: set[str]() for number in np.unique(stream).tolist()}
    for field, rows in _held(traffic):
        for number in np.flatnonzero(np.bincount(stream[rows])).tolist():
            held[number].add(field)
    for number, fields in held.items():
        (found.beside if number % 2 else found.calls)[traffic.sources[number // 2]] = fields
    return found


def _held(traffic: Traffic) -> Iterator[tuple[str, Bools]]:
    """Yield each field with the rows that hold it; the last place is UNKNOWN's."""
    for field, column in _COLUMNS.items():
        yield field, np.asarray(getattr(traffic, column) != UNKNOWN)
    present, client = np.unique(traffic.client, return_inverse=True)
    yield "device", np.array([n != UNKNOWN and not is_address(traffic.clients[n]) for n in present], bool)[client]
    yield "parent_path", np.array([*(p.parent is not None for p in traffic.processes), False])[traffic.process]
    yield "command_line", np.array([*(bool(p.command_line) for p in traffic.processes), False])[traffic.process]


def missing(found: Filled, nameless: Collection[str], named: tuple[int, int, int] | None = None) -> tuple[Missing, ...]:
    """Return what cannot be said of these logs: each lack once for all, or once for each that has it.

    The flows of `nameless` sources were `named` by their connection's id, by their address, or not at all; None where
    nobody has tried.
    """
    told = [_nameless(name, named) for name in sorted(nameless)]
    if found.beside and not found.calls:
        return (*told, Missing("all", "calls", NO_CALLS, 1))
    everywhere: set[str] = set().union(*found.calls.values(), *found.beside.values())
    for evidence in _EVIDENCE if found.calls else ():
        if evidence.fields.isdisjoint(everywhere):
            text = f"no log here tells of {evidence.what}{_silent(evidence, everywhere)}: {evidence.remedy} would"
            worth = _is_worth_saying(evidence, everywhere)
            told += [Missing("all", evidence.what, text, evidence.rank)] if worth else []
        elif not evidence.is_shared:
            told += [
                _lack(evidence, name, held) for name, held in sorted(found.calls.items())
                if evidence.fields.isdisjoint(held) and _is_worth_saying(evidence, held)
            ]  # fmt: skip
    return tuple(told)


def left_out(which: Mapping[str, str]) -> tuple[Missing, ...]:
    """Say which logs leave out repeated calls, and how their timing is judged; source → what it leaves out."""
    judged = (
        "its calls are judged as a sample, of which up to 85 % may be missing; a rhythm of an hour or a day is taken "
        "for the log's own, and only pauses count that are too long for chance"
    )
    return tuple(Missing(name, "all calls", f"{name} leaves out {what}: {judged}", 1) for name, what in which.items())


def _is_worth_saying(evidence: _Evidence, held: Collection[str]) -> bool:
    return not evidence.needs or not evidence.needs.isdisjoint(held)


def _lack(evidence: _Evidence, name: str, held: Collection[str]) -> Missing:
    silent = _silent(evidence, held, " there")
    text = f"{name} has no {evidence.what}{silent}: {evidence.remedy} would add them"
    return Missing(name, evidence.what, text, max(_IN_SOME, evidence.rank))


def _silent(evidence: _Evidence, held: Collection[str], scope: str = "") -> str:
    """Say what cannot speak without this evidence."""
    lacking = FIELDS.difference(held)
    silent = [s.id for s in signals().values() if s.fields <= lacking and not s.fields.isdisjoint(evidence.fields)]
    names = ", ".join((*evidence.analytic, *sorted(silent)))
    return f" ({names} cannot speak{scope})" if names else ""


def _nameless(name: str, named: tuple[int, int, int] | None) -> Missing:
    linked, joined, lost = named or (0, 0, 0)
    ways = [(linked, "by their connection's id"), (joined, "by address from other logs")]
    told = " and ".join(f"{way} ({count:,})" for count, way in ways if count)
    if named is None:
        text = "a hunt names its flows by what other logs of the same time say of the address"
    elif told:
        text = f"flows were named {told}, {lost:,} were not"
    else:
        return Missing(name, "host names", f"{name} has no host names and nothing here names its addresses: "
                       "give me DNS or TLS logs of the same time", 1)  # fmt: skip
    return Missing(name, "host names", f"{name} has no host names: {text}", 1 if lost or named is None else 4)
