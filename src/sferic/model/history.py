"""What a store of earlier runs holds, as the records that go in and come out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from sferic.model.finding import Finding, Severity
from sferic.model.traffic import Collected, Seen


class Mark(msgspec.Struct, frozen=True):
    """How far a file was taken, and by what it is known again under whatever name."""

    label: str
    size: int
    """Bytes on the disk when it was taken."""
    lines: int
    head: str
    """Digest of its first bytes, and of its name inside an archive."""
    tail: str
    """Digest of the last bytes that were taken."""
    grows: bool
    """Whether what is added to it can be read alone: lines of a plain file, the last of them whole."""


class Intake(msgspec.Struct, frozen=True):
    """What one batch of files adds; it is kept as a whole or not at all."""

    collected: Iterable[Collected]
    """The rows, some at a time; all have the same texts."""
    marks: Sequence[Mark]
    replaced: Sequence[str]
    """Files that are taken anew: what was kept of them goes."""
    names: Iterable[tuple[str, Seen]]
    """Addresses and what they were called; there may be millions."""
    domains: Mapping[str, Any]
    """Own domains and the places to which they lead."""


class Recalled(msgspec.Struct, frozen=True):
    """What is needed to weigh the clients that were heard of since the last weighing."""

    rows: Iterable[dict[str, Any]]
    """All rows of these clients, as columns of `Collected`, batch by batch; once."""
    texts: Collected
    """What their numbers mean, once all rows have been read; it has no rows itself."""
    callers: dict[str, Any]
    """Of all others, settled, the first call of each kind, by time; numbered alike."""
    clients: frozenset[str]
    """The clients whose rows these are."""
    span_s: tuple[float, float]
    """First and last moment of all that is kept."""


class Kept(msgspec.Struct, frozen=True):
    """A finding and its story in the store."""

    finding: Finding
    state: str
    """`open`, or `below` where the last weighing did not reach the floor any more."""
    told: Severity | None
    """The highest severity at which an output told of it since it opened; None if none did."""
    first_found: int
    """When a run found it first, epoch microseconds, and when one did last."""
    last_found: int


class Contents(msgspec.Struct, frozen=True):
    """What a store holds, in numbers."""

    schema: int
    bytes: int
    files: int
    rows: int
    clients: int
    owners: int
    unweighed: int
    """Clients that no run has weighed since they were heard of: the last one was killed, or goes on."""
    first_time: int | None
    last_time: int | None
    days: Sequence[tuple[str, int, int, int]]
    """Day, rows, clients, owners."""
    findings: Sequence[Kept]
