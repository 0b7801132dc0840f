"""The traffic of one hunt cut into segments (who calls whom) and check-ins, ready to be measured.

A segment is one (client, user, software, function), or a coarser key; the same row may stand in several segments.
A check-in is what a program does at once: a retry, a redirect's second leg or a POST after a GET is not a second one.
Records only; `sferic.signals` cuts and measures.
"""

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.model.traffic import Bools, Floats, Ints, Traffic


class Fit(msgspec.Struct, frozen=True):
    """The best bounded timing law of a series of gaps, against memoryless and bursty alternatives."""

    gaps: int
    evidence_db: float
    """10·log10 of the likelihood ratio bounded law : best alternative, less what its free parameters cost."""
    low_s: float
    """Shortest and longest gap of the law."""
    high_s: float
    median_s: float
    share: float
    """Share of gaps the law explains, lost records and off-periods aside."""
    lost: float
    """Estimated share of check-ins missing from the log."""
    law: str
    sleep_s: float | None
    jitter: float | None
    timers: int = 1
    """How many timers of one period seem to be interleaved (several devices or implants behind one key)."""
    changed: bool = False
    """Whether gaps are equal in a row but differ over all: somebody changed the pause."""
    spread: float = 0.0
    """Half-width of the law against its middle, as one timer shows it from call to call."""


NOBODY: Bools = np.zeros(0, bool)


class Estate(msgspec.Struct, frozen=True):
    """What is usual here: counts over all traffic of the input, by number in the vocabularies."""

    clients: int
    """Distinct machines (or users, where more) with any call to a platform."""
    owner_clients: Ints
    """Owner → how many machines (or users, where more) call it."""
    owner_first_s: Floats
    """Owner → first call by anybody."""
    owner_company_s: Floats
    """Owner → when any of its callers first called another owner; infinity where they call nobody else."""
    source_first_s: Floats
    """Log source → first row of it."""
    source_refuses: Bools
    """Log source → whether it shows that any call was refused."""
    source_refers: Bools
    """Log source → whether it shows any referrer."""
    agent_clients: Ints
    """User agent → on how many machines it is seen."""
    image_clients: Ints
    """Program → on how many machines it calls any platform."""
    image_callers: Mapping[tuple[int, int], int]
    """(program, owner) → on how many machines that program calls that owner."""
    hours: int
    """How many hours the input covers."""
    shared: Bools = NOBODY
    """Client → whether many people or devices hide behind it (a NAT or proxy address)."""
    pair_owners: Mapping[tuple[int, int], int] = {}
    """(client, agent) → how many owners that software calls from there."""
    client_hours: Mapping[int, Ints] = {}
    """Client → in which of those hours people used it, ascending: many owners or page assets. One bad stamp can
    stretch the input over decades, so the other hours are not written down."""


class Window(msgspec.Struct, frozen=True, eq=False, weakref=True):
    """Segments with their rows and check-ins. Arrays named `*_at` hold offsets, one longer than the segments."""

    traffic: Traffic
    estate: Estate
    owners: list[str]
    channels: list[str]
    client: Ints
    """Per segment, like the next six; -1 where the segment's level does not look at it."""
    user: Ints
    agent: Ints
    image: Ints
    owner: Ints
    channel: Ints
    source: Ints
    level: Ints
    """0 function and software, 1 function, 2 owner and software, 3 owner, 4 owner over all users of the client."""
    rows: Ints
    """Row numbers of the traffic, segment by segment, by time."""
    rows_at: Ints
    time_s: Floats
    """When each check-in began."""
    up: Floats
    """Bytes up of each check-in; NaN where unknown."""
    down: Floats
    """Bytes down of each check-in, or its total where the log has no direction; NaN where unknown."""
    checkins_at: Ints
    resolution_s: Floats
    """Per segment: 1.0 where its source stamps whole seconds, else 0.001."""
    start_s: float
    """First and last moment that the input covers."""
    stop_s: float
    zone_s: int
    """Offset of the analyst's zone in the middle of the window."""
    fits: Mapping[int, Fit] = {}

    def __len__(self) -> int:
        """Return the number of segments."""
        return len(self.client)

    @property
    def checkins(self) -> Ints:
        """Return the number of check-ins of each segment."""
        return np.diff(self.checkins_at)

    def times(self, i: int) -> Floats:
        """Return the check-in times of one segment."""
        return self.time_s[self.checkins_at[i] : self.checkins_at[i + 1]]

    def ups(self, i: int) -> Floats:
        """Return the bytes up of one segment's check-ins."""
        return self.up[self.checkins_at[i] : self.checkins_at[i + 1]]

    def downs(self, i: int) -> Floats:
        """Return the bytes down of one segment's check-ins."""
        return self.down[self.checkins_at[i] : self.checkins_at[i + 1]]

    def row_numbers(self, i: int) -> NDArray[np.int64]:
        """Return the traffic rows of one segment."""
        return self.rows[self.rows_at[i] : self.rows_at[i + 1]]
