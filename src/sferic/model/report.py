"""The result of one run: what was read, what could not be, what that made impossible, and what was found.

Renderers see only this. Nothing here computes.
"""

import msgspec

from sferic.model.finding import ActivityRow, Finding

REPORT_SCHEMA = "sferic.report/1"


class RejectSample(msgspec.Struct, frozen=True):
    """A line that could not be read, as an example of its reason. The text is raw and hostile."""

    place: str
    source: str
    reason: str
    text: str


class ReasonCount(msgspec.Struct, frozen=True):
    """How many lines of a source were rejected for one reason."""

    source: str
    reason: str
    count: int


class FileAccount(msgspec.Struct, kw_only=True):
    """What became of one input file."""

    path: str
    codec: str = "plain"
    bytes: int = 0
    """Uncompressed bytes read."""
    lines: int = 0
    selected: int = 0
    """Lines that could name a platform (hunt) or every line (normalize)."""
    events: int = 0
    rejected: int = 0
    unknown: int = 0
    """Selected lines that no source knows."""
    sources: dict[str, int] = {}
    """Source id → events read by it."""
    surety: dict[str, int] = {}
    """Source id → how surely it knew the line that it knew best; what it says of that is in `sources._contract`."""
    problem: str = ""
    """What went wrong with the file as a whole; empty when nothing did."""
    exit_code: int = 0


class Missing(msgspec.Struct, frozen=True):
    """Evidence that these logs cannot give, and what would give it."""

    source: str
    evidence: str
    text: str
    rank: int = 0
    """0: it was there and was not used. Else what the logs lack: 1 silences an analytic or hides calls, 2 silences
    signals in all logs, 3 in some logs, 4 makes findings harder to read."""


class Account(msgspec.Struct, kw_only=True):
    """The honest ledger at the end of every run."""

    files: tuple[FileAccount, ...] = ()
    hidden: int = 0
    """Hidden files and folders that were met in folders and archives, and not read."""
    reject_reasons: tuple[ReasonCount, ...] = ()
    reject_samples: tuple[RejectSample, ...] = ()
    unknown_samples: tuple[RejectSample, ...] = ()
    missing: tuple[Missing, ...] = ()
    duplicates: int = 0
    """Events that were the same line twice (overlapping files); counted once."""
    openings: int = 0
    """Events that only announce a connection, without a name for it, in a log that has the ends: these count."""
    out_of_window: int = 0
    """Events before `--since` or after `--until`."""
    not_serverless: int = 0
    """Selected events whose host turned out not to be a platform's (a look-alike name)."""
    first_time: int | None = None
    last_time: int | None = None
    weighed: bool = True
    """Whether anything was; a run with a store that has nothing new only tells what stands."""
    judged: int = 0
    """Channels (machine and owner) with enough check-ins for every analytic that was asked for."""
    short: int = 0
    """Channels with too few check-ins to judge a rhythm; other analytics look at them, too."""
    estate: int = 0
    """Distinct sources seen."""
    kept: int = 0
    """Files of which an earlier run had taken all there is (`--store`); they were not read again."""
    continued: int = 0
    """Files of which only what had been added was read."""
    replaced: int = 0
    """Files that hold something else now than when they were taken under that name: rotated or truncated."""
    spilled: int = 0
    """Events that did not fit into memory and waited on the disk."""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    beside_workers: bool = False
    """Whether workers of a cluster read and weighed, whose CPU and memory are not counted here."""

    @property
    def pairs(self) -> int:
        """Return all channels that were looked at."""
        return self.judged + self.short

    @property
    def was_read(self) -> bool:
        """Say whether a log was read, now or by an earlier run that kept it; lines of no known kind are none."""
        return bool(self.kept) or any(file.sources or (file.lines and not file.problem) for file in self.files)

    @property
    def lines(self) -> int:
        """Return all lines read."""
        return sum(f.lines for f in self.files)

    @property
    def bytes(self) -> int:
        """Return all uncompressed bytes read."""
        return sum(f.bytes for f in self.files)

    @property
    def selected(self) -> int:
        """Return all lines that were parsed."""
        return sum(f.selected for f in self.files)

    @property
    def events(self) -> int:
        """Return all events read."""
        return sum(f.events for f in self.files)

    @property
    def rejected(self) -> int:
        """Return all lines that should have been events and could not be read."""
        return sum(f.rejected for f in self.files)

    @property
    def unknown(self) -> int:
        """Return all selected lines that no source knew."""
        return sum(f.unknown for f in self.files)


class Report(msgspec.Struct, kw_only=True):
    """Everything a run has to say."""

    schema: str = REPORT_SCHEMA
    version: str = ""
    made_at: int = 0
    paths: tuple[str, ...] = ()
    account: Account = msgspec.field(default_factory=Account)
    findings: tuple[Finding, ...] = ()
    """Ranked, highest score first."""
    standing: int = 0
    """Findings that a store holds as open, and that lie below the floor of this run (`--store`)."""
    known: int = 0
    """Findings that are left out because an earlier run told of them (`--new`)."""
    closed: tuple[Finding, ...] = ()
    """Findings of which an earlier run told, and which the last weighing did not find any more (`--store`)."""
    activity: tuple[ActivityRow, ...] = ()
    activity_notes: tuple[str, ...] = ()
    """What the seed's rule silently dropped, said aloud."""
