"""The main job: paths in, report out."""

import resource
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from sferic import __version__
from sferic.catalog.assets import load_assets
from sferic.catalog.platforms import load_catalogue
from sferic.catalog.weights import load_weights
from sferic.correlate.channels import Census
from sferic.correlate.missing import Filled, left_out, missing
from sferic.engine.aliases import MAX_DOMAINS
from sferic.engine.crew import processes
from sferic.engine.gather import MAX_UNPLACED, Gatherer
from sferic.engine.gathered import Gathered
from sferic.engine.gauge import Gauge
from sferic.engine.memory import room_of
from sferic.engine.names import MAX_ADDRESSES, MAX_SEEN
from sferic.engine.part import Cluster
from sferic.engine.processes import MAX_PROCESSES, MAX_WANTED
from sferic.engine.progress import Watcher
from sferic.engine.quoting import input_of, quote
from sferic.engine.spool import Spool
from sferic.model.errors import UsageError
from sferic.model.event import API
from sferic.model.report import Account, Missing, Report
from sferic.model.settings import Settings
from sferic.model.words import counted
from sferic.pipeline.checking import ACTIVITY, AS_PUBLISHED, check
from sferic.pipeline.listening import Listener
from sferic.pipeline.published import as_published
from sferic.pipeline.weighing import Weighing
from sferic.sources._contract import Source, chosen_sources, sources

DOMAINS_FULL = (
    "more own domains led to a platform, or more lines waited for the DNS answers that show so, than are remembered "
    f"({MAX_DOMAINS:,} and {MAX_UNPLACED:,}): the calls of the others were not looked for"
)
FULL = f"more addresses had names than are remembered ({MAX_ADDRESSES:,}): flows to the others were not looked for"
FORGOTTEN = (
    "addresses were called something {} more, after {:,} times that are remembered of one: later flows to them may "
    "have no name, or an older one"
)
OVER = "{:,} MiB of memory were asked for and about {:,} taken"
PERHAPS_OVER = "{:,} MiB of memory were asked for and at most {:,} taken, with what processes share counted in each"
NOT_ON_DISK = (
    ": names, addresses and paths, flows that wait for a name, and all events of one client stay in memory; what waits "
    "on the disk is the events of the others"
)
PROCESSES_FULL = (
    f"more processes called than are told apart ({MAX_PROCESSES:,}), or whose start is looked for ({MAX_WANTED:,} a "
    "reading): the others have no process, or no parent and command line"
)


def hunt(
    paths: Sequence[str], settings: Settings | None = None, watch: Watcher | None = None, *,
    cluster: Cluster | None = None,
) -> Report:  # fmt: skip
    """Read logs, by a cluster if there is one, and return what was found, with the account of what was read.

    Raises UsageError or SettingsError for wrong settings; problems with inputs stand in the report's account.
    """
    settings = settings or Settings()
    check(settings)
    _check(settings)
    began = Began()
    with Gauge(wanted=settings.memory_bytes > 0) as gauge:
        report = _report(paths, settings, watch, cluster)
        spent(report.account, began, settings, gauge)
    report.version, report.made_at, report.paths = __version__, int(time.time() * 1e6), tuple(paths)
    return report


def _report(
    paths: Sequence[str], settings: Settings, watch: Watcher | None, cluster: Cluster | None
) -> Report:
    chosen = chosen_sources(settings.only_sources)
    if cluster and AS_PUBLISHED in settings.analytics:
        raise UsageError("the search as published reads on this machine alone", hint="leave out `--engine spark`")
    if AS_PUBLISHED not in settings.analytics:
        return _hunted(paths, chosen, settings, watch, cluster, Spool())
    spool = Spool() if set(settings.analytics) > {AS_PUBLISHED} else None
    published = as_published(paths, chosen, settings, watch, spool)
    report = _hunted(paths, chosen, settings, watch, None, spool) if spool else Report(account=published.account)
    report.activity, report.activity_notes = published.activity.rows, published.activity.notes
    return report


def _check(settings: Settings) -> None:
    if {ACTIVITY, AS_PUBLISHED} <= set(settings.analytics):
        raise UsageError("rows of the published search and of its repaired form could not be told apart",
                         expected=f"one of {ACTIVITY} and {AS_PUBLISHED}")  # fmt: skip


def _hunted(
    paths: Sequence[str], chosen: dict[str, Source], settings: Settings, watch: Watcher | None,
    cluster: Cluster | None, spool: Spool,
) -> Report:  # fmt: skip
    catalogue = load_catalogue(settings.platform_files)
    assets = load_assets(Path(settings.assets_file)) if settings.assets_file else ()
    clouds = Listener(settings, chosen) if "cloud_change" in settings.analytics else None
    room = room_of(settings)
    gathered = Gatherer(catalogue, chosen, settings, assets, clouds, room, cluster, spool).gather(paths, watch)
    audit = clouds.audit if clouds else None
    weighing = Weighing(
        gathered.parts, gathered.period.span_s, settings, load_weights(), room.processes,
        below_db=audit.may_add(gathered.parts.hosts) if audit else 0.0,
    )  # fmt: skip
    weighed = weighing.weigh(gathered.tally)
    found = weighed.findings
    if audit:
        found = sorted(audit.findings(found, settings), key=lambda f: (-f.points, f.id))
    account = account_of(gathered, weighed.filled, weighed.estate, weighed.counted, strict=settings.strict)
    account.missing += audit.notes() if audit else ()
    account.spilled, account.beside_workers = gathered.parts.spilled, cluster is not None
    anywhere = cluster.find if cluster else input_of
    quoted = quote(tuple(found), settings.limits, find=lambda label: spool.find(label) or anywhere(label))
    return Report(
        account=account, findings=quoted,
        activity=weighed.activity.rows, activity_notes=weighed.activity.notes,
    )  # fmt: skip


def account_of(gathered: Gathered, held: Filled, estate: int, channels: Census, *, strict: bool) -> Account:
    """Return what was read from an estate of so many machines, and what the rows, with what they held, cannot tell."""
    account = gathered.ledger.account(strict=strict)
    tally = gathered.tally
    account.missing = missing(held, without_names(gathered.ledger.kinds), (tally.linked, tally.joined, tally.nameless))
    account.missing += left_out({name: sources()[name].leaves_out for name in sorted(held.thinned)})
    if gathered.names_full:
        account.missing += (Missing("all", "more addresses", FULL),)
    if gathered.names_forgotten:
        times = counted(gathered.names_forgotten, "time")
        account.missing += (Missing("all", "more names", FORGOTTEN.format(times, MAX_SEEN)),)
    if gathered.processes_full:
        account.missing += (Missing("all", "more processes", PROCESSES_FULL),)
    if gathered.domains_full:
        account.missing += (Missing("all", "more own domains", DOMAINS_FULL),)
    account.not_serverless, account.duplicates = tally.not_serverless, tally.duplicates
    account.openings = tally.openings
    gathered.period.tell(account)
    gathered.audited.tell(account)
    account.judged, account.short, account.estate = channels.judged, channels.short, estate
    return account


def without_names(names: Iterable[str]) -> list[str]:
    """Return the sources of traffic that know only addresses of what was called."""
    return [name for name in names if is_traffic(name) and "dst_host" not in sources()[name].fields]


def is_traffic(name: str) -> bool:
    """Say whether a source tells of more than what was done in a cloud."""
    return set(sources()[name].tables) != {API}


class Began:
    """The moment when work begins, with what this process and those it has waited for have used until then."""

    def __init__(self) -> None:
        self._wall_s, self._cpu_s = time.perf_counter(), _cpu_s()

    def since(self) -> tuple[float, float]:
        """Return seconds by the clock and of processors since then."""
        return time.perf_counter() - self._wall_s, _cpu_s() - self._cpu_s


def _cpu_s() -> float:
    used = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def spent(account: Account, began: Began, settings: Settings, gauge: Gauge | None = None) -> None:
    """Note time and memory, and say if more was taken than was asked for.

    Where the gauge saw nothing, what processes share is counted for each of them.
    """
    account.wall_s, account.cpu_s = began.since()
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    most = (mine.ru_maxrss + processes(settings.workers) * theirs.ru_maxrss) * unit
    seen = gauge.peak_bytes() if gauge else None
    took = seen or most
    account.peak_mb = took / (1 << 20)
    if 0 < settings.memory_bytes < took:
        how = OVER if seen else PERHAPS_OVER
        text = how.format(settings.memory_bytes >> 20, took >> 20) + NOT_ON_DISK
        account.missing += (Missing("all", "as little memory", text),)
