"""What a hunt concludes about one channel, with the parts that add up to its score.

Times are epoch microseconds UTC here; renderers write RFC 3339. Points are decibans (10·log10 of a likelihood ratio):
+10 means "ten times as likely under C2 as under ordinary traffic".
"""

from typing import Literal

import msgspec

SCHEMA = "sferic.finding/1"
Severity = Literal["informational", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("informational", "low", "medium", "high", "critical")
News = Literal["new", "risen", "known", "closed"]
"""What a finding is to whoever read the outputs of earlier runs over a store."""
Analytic = Literal["beacon", "long_connection", "process", "cloud_change", "cloud_change+beacon", "activity"]


class Reason(msgspec.Struct, frozen=True):
    """One signed part of a score."""

    signal: str
    """Id of the signal (`sferic.signals`), or `prior`."""
    points: float
    value: str
    """The measured value, short (`1 of 312 sources`)."""
    text: str
    """One sentence for a ticket."""
    events: tuple[str, ...] = ()
    """Places of log lines that show it, `file:line`."""


class Interval(msgspec.Struct, frozen=True):
    """The timing law read off the gaps between check-ins."""

    median_s: float
    jitter: float | None
    """Share of the sleep by which gaps vary, 0..1; None when no law fits."""
    law: str
    """fixed, one_sided, two_sided, additive, uniform, integer, or irregular."""
    sleep_s: float | None


class Bar(msgspec.Struct, frozen=True):
    """One bar of the interval histogram: gaps from `low_s` up to `high_s`; of few gaps each is one, without a width."""

    low_s: float
    high_s: float
    count: int


class Day(msgspec.Struct, frozen=True):
    """One row of the day raster: connections per hour of a UTC day."""

    date: str
    hours: tuple[int, ...]


class Step(msgspec.Struct, frozen=True):
    """One process of the line from an ancestor to the caller; raw and hostile text."""

    path: str | None
    command_line: str | None = None
    user: str | None = None
    company: str | None = None
    signer: str | None = None
    session: int | None = None
    """Logon session on Windows; 0 is that of services."""


class Sample(msgspec.Struct, frozen=True):
    """A log line kept as proof; the text is raw and hostile, cut to 500 characters."""

    place: str
    text: str


class Change(msgspec.Struct, frozen=True):
    """One operation on a function, as an audit log has it."""

    time: int
    operation: str
    actor: str
    resource: str
    src_ip: str | None
    agent: str | None
    """Family of the software that asked for it."""
    outcome: str
    place: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One channel that deserves a look, and why."""

    id: str
    """Stable across runs: a digest of analytic, source and owner."""
    schema: str = SCHEMA
    analytic: Analytic
    score: int
    """0..100, monotone in `points`; not a probability."""
    points: float
    """Sum of the reasons' points."""
    severity: Severity
    news: News | None = None
    """Whether an earlier run over the store told of it: `new`, `risen` in severity, `known`, `closed`; or no store."""
    known_since: int | None = None
    """When a run over the store found it first."""
    src_ip: str | None = None
    device: str | None = None
    user: str | None = None
    also_seen_as: tuple[str, ...] = ()
    """Addresses of proxies or NATs behind which other logs saw the same channel."""
    process: str | None = None
    """Path of the program that calls."""
    process_is_guessed: bool = False
    """Whether it is only the program that called or asked for the host at that time."""
    process_tree: tuple[Step, ...] = ()
    """The process that calls, last, and its ancestors as far as they are known, oldest first."""
    platform: str | None = None
    provider: str | None = None
    tenant: str | None = None
    function: str | None = None
    hosts: tuple[str, ...] = ()
    actor: str | None = None
    """Who changed the function, as exactly as the audit log says."""
    account: str | None = None
    """Account, project, subscription or team that the function is in."""
    first_seen: int = 0
    last_seen: int = 0
    connections: int = 0
    """Rows of the log: a proxy may write two for one request, and several requests make one check-in."""
    checkins: int | None = None
    """How often the rhythm beat (`sferic.model.window`); None where no rhythm is told."""
    interval: Interval | None = None
    bytes_up: int | None = None
    bytes_down: int | None = None
    techniques: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    needs: str = ""
    """What would make it surer, such as "9 check-ins so far, about 6 more needed"; empty when nothing is."""
    benign_explanations: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Ids of the log sources in which the channel was seen."""
    platform_evidence: str = ""
    """How well the platform's host pattern is known: documented, observed, listed or recalled."""
    changes: tuple[Change, ...] = ()
    """What was done to the function, in order."""
    gaps: tuple[Bar, ...] = ()
    days: tuple[Day, ...] = ()
    samples: tuple[Sample, ...] = ()


class ActivityRow(msgspec.Struct, frozen=True):
    """A row of the seed's rule, columns in the published order."""

    first_seen: str
    last_seen: str
    src_ip: str
    cs_username: str
    destinations: tuple[str, ...]
    connection_count: int
    hourly_buckets: int
    avg_connections_per_hour: float
    avg_bytes_sent_per_conn: int | None
    avg_bytes_recv_per_conn: int | None
    beaconing_likely: int
