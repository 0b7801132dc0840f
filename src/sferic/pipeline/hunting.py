"""The main job: paths in, report out."""

import resource
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from sferic import __version__
from sferic.catalog.assets import load_assets
from sferic.catalog.platforms import load_catalogue
from sferic.catalog.weights import Weights, load_weights
from sferic.correlate.activity import Activity, activity
from sferic.correlate.channels import Census, census, findings
from sferic.correlate.missing import missing
from sferic.correlate.same import with_processes
from sferic.correlate.weigh import weigh
from sferic.engine.aliases import MAX_DOMAINS
from sferic.engine.crew import processes
from sferic.engine.gather import MAX_UNPLACED, Gathered, Gatherer, Watcher
from sferic.engine.inputs import Input, expand
from sferic.engine.names import MAX_SEEN
from sferic.engine.processes import MAX_PROCESSES, MAX_WANTED
from sferic.engine.quoting import quote
from sferic.model.errors import UsageError
from sferic.model.event import API
from sferic.model.finding import Finding
from sferic.model.report import Account, Missing, Report
from sferic.model.settings import Settings
from sferic.model.traffic import UNKNOWN, Bools, Traffic
from sferic.model.window import Window
from sferic.pipeline.checking import ACTIVITY, AS_PUBLISHED, check
from sferic.pipeline.listening import Listener
from sferic.pipeline.published import as_published
from sferic.signals._segments import Cutting, cut
from sferic.sources._clock import zone
from sferic.sources._contract import Source, source, sources

ONCE = (
    "can be read only once, so its flows without host names, and own domains that DNS shows to lead to a platform, "
    "were not looked for: give the log as a file"
)
DOMAINS_FULL = (
    "more own domains led to a platform, or more lines waited for the DNS answers that show so, than are remembered "
    f"({MAX_DOMAINS:,} and {MAX_UNPLACED:,}): the calls of the others were not looked for"
)
FULL = "more addresses had names than are remembered (20,000): flows to the others were not looked for"
FORGOTTEN = (
    "{:,} more times an address was called something, after {:,} that are remembered of one address: later flows to it "
    "may have no name, or an older one"
)
PROCESSES_FULL = (
    f"more processes called than are told apart ({MAX_PROCESSES:,}), or whose start is looked for ({MAX_WANTED:,} a "
    "reading): the others have no process, or no parent and command line"
)
HOUR_MS = 3_600_000


def hunt(paths: Sequence[str], settings: Settings | None = None, watch: Watcher | None = None) -> Report:
    """Read logs and return what was found, with the account of what was read.

    Raises UsageError or SettingsError for wrong settings; problems with inputs stand in the report's account.
    """
    settings = settings or Settings()
    check(settings)
    _check(paths, settings)
    began = time.perf_counter()
    chosen = {n: source(n) for n in settings.only_sources} or dict(sources())
    published = as_published(paths, chosen, settings, watch) if AS_PUBLISHED in settings.analytics else None
    if published and set(settings.analytics) == {AS_PUBLISHED}:
        report = Report(account=published.account)
    else:
        report = _hunted(paths, chosen, settings, watch)
    if published:
        report.activity, report.activity_notes = published.activity.rows, published.activity.notes
    spent(report.account, began, settings)
    report.version, report.made_at, report.paths = __version__, int(time.time() * 1e6), tuple(paths)
    return report


def _check(paths: Sequence[str], settings: Settings) -> None:
    asked = set(settings.analytics)
    if asked >= {ACTIVITY, AS_PUBLISHED}:
        raise UsageError("rows of the published search and of its repaired form could not be told apart",
                         expected=f"one of {ACTIVITY} and {AS_PUBLISHED}")  # fmt: skip
    if AS_PUBLISHED in asked and len(asked) > 1 and not _twice_readable(paths):
        raise UsageError("standard input or a pipe can be read once, and the published search reads on its own",
                         expected=f"{AS_PUBLISHED} alone, or a file")  # fmt: skip


def _twice_readable(paths: Sequence[str]) -> bool:
    return all(item.can_be_read_again for item in expand(paths) if isinstance(item, Input))


def _hunted(paths: Sequence[str], chosen: dict[str, Source], settings: Settings, watch: Watcher | None) -> Report:
    catalogue = load_catalogue([Path(p) for p in settings.platform_files])
    assets = load_assets(Path(settings.assets_file)) if settings.assets_file else ()
    clouds = Listener(settings, chosen) if "cloud_change" in settings.analytics else None
    gathered = Gatherer(catalogue, chosen, settings, assets, clouds).gather(paths, watch)
    window = _window(gathered, settings)
    audit = clouds.audit if clouds else None
    found = weigh_all(window, gathered.traffic, settings, load_weights(),
                      audit.may_add(gathered.traffic.hosts) if audit else 0.0)  # fmt: skip
    if audit:
        found = sorted(audit.findings(found, settings), key=lambda f: (-f.points, f.id))
    weighed = set(settings.analytics) - {ACTIVITY, AS_PUBLISHED}
    counted = census(window) if weighed else Census(0, 0)
    beacons = sum("beacon" in f.analytic for f in found)
    busy = activity(gathered.traffic, settings.activity) if ACTIVITY in settings.analytics else Activity((), ())
    account = account_of(gathered, window, counted, strict=settings.strict)
    account.missing += audit.notes() if audit else ()
    return Report(
        account=account, findings=quote(tuple(found), settings.limits),
        below=max(0, counted.judged - beacons), short=counted.short, activity=busy.rows, activity_notes=busy.notes,
    )  # fmt: skip


def _window(gathered: Gathered, settings: Settings) -> Window:
    traffic = gathered.traffic
    span = ((gathered.period.first or 0) / 1e6, (gathered.period.last or 0) / 1e6)
    if len(traffic):
        span = (min(span[0], float(traffic.time_s[0])), max(span[1], float(traffic.time_s[-1])))
    return window_of(traffic, span, settings)


def window_of(traffic: Traffic, span_s: tuple[float, float], settings: Settings) -> Window:
    """Cut traffic as the settings ask for it; the logs cover `span_s`, epoch seconds."""
    moment = datetime.fromtimestamp(sum(span_s) / 2, UTC)
    offset = moment.astimezone(zone(settings.timezone)).utcoffset()
    return cut(traffic, Cutting(int(offset.total_seconds()) if offset else 0, span_s, settings.shared_addresses))


def weigh_all(
    window: Window, traffic: Traffic, settings: Settings, weights: Weights, below_db: float = 0.0
) -> list[Finding]:
    """Return what the settings' analytics find in a window, highest first, down to so much below the floor."""
    floor_db = weights.severity.points(settings.min_score) - below_db
    found: list[Finding] = []
    if "beacon" in settings.analytics and len(window):
        found += findings(weigh(window, "beacon", weights, floor_db), "beacon", weights, floor_db)
    if "long_connection" in settings.analytics:
        kept = _kept_connections(window, traffic)
        if kept is not None:
            found += findings(weigh(kept, "long_connection", weights, floor_db), "long_connection", weights, floor_db)
    if "process" in settings.analytics:
        named = _some_rows(window, traffic, traffic.image != UNKNOWN)
        if named is not None:
            alone = findings(weigh(named, "process", weights, floor_db), "process", weights, floor_db)
            found = with_processes(found, alone)
    return sorted(found, key=lambda f: (-f.points, f.id))


def _kept_connections(window: Window, traffic: Traffic) -> Window | None:
    return _some_rows(window, traffic, traffic.duration_ms >= HOUR_MS // 2)


def _some_rows(window: Window, traffic: Traffic, wanted: Bools) -> Window | None:
    """Cut some of the rows into segments, however few rows they have; the estate stays that of all."""
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return None
    columns = {n: getattr(traffic, n)[rows] for n in _COLUMNS}
    present, columns["source"] = np.unique(columns["source"], return_inverse=True)  # a source without rows is none
    some = msgspec.structs.replace(
        traffic, **columns,
        sources=[traffic.sources[n] for n in present], subsecond=[traffic.subsecond[n] for n in present],
    )  # fmt: skip
    span = (window.start_s, window.stop_s)
    estate = msgspec.structs.replace(window.estate, source_first_s=window.estate.source_first_s[present])
    return msgspec.structs.replace(cut(some, Cutting(window.zone_s, span, min_rows=1)), estate=estate)


_COLUMNS = (
    "time_s", "source", "client", "via", "user", "process", "image", "agent", "host", "other_host", "place", "up",
    "down", "total", "duration_ms", "path", "method", "flags", "file", "line",
)  # fmt: skip


def account_of(gathered: Gathered, window: Window, counted: Census, *, strict: bool) -> Account:
    """Return what was read, and what these logs cannot tell."""
    account = gathered.ledger.account(strict=strict)
    tally = gathered.tally
    account.missing = missing(
        {name: sources()[name].fields for name, lines in gathered.ledger.kinds.items() if lines and is_traffic(name)},
        tally.joined,
        tally.nameless,
        tally.linked,
    )
    account.missing += tuple(Missing(path, "a second reading", ONCE) for path in sorted(gathered.once))
    if gathered.names_full:
        account.missing += (Missing("all", "more addresses", FULL),)
    if gathered.names_forgotten:
        account.missing += (Missing("all", "more names", FORGOTTEN.format(gathered.names_forgotten, MAX_SEEN)),)
    if gathered.processes_full:
        account.missing += (Missing("all", "more processes", PROCESSES_FULL),)
    if gathered.domains_full:
        account.missing += (Missing("all", "more own domains", DOMAINS_FULL),)
    account.not_serverless, account.duplicates = tally.not_serverless, tally.duplicates
    account.openings = tally.openings
    gathered.period.tell(account)
    gathered.audited.tell(account)
    account.pairs, account.estate = counted.judged + counted.short, window.estate.clients
    return account


def is_traffic(name: str) -> bool:
    """Say whether a source tells of more than what was done in a cloud."""
    return set(sources()[name].tables) != {API}


def spent(account: Account, began: float, settings: Settings) -> None:
    """Note time and memory; what processes share is counted once for each of them."""
    account.wall_s = time.perf_counter() - began
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    account.cpu_s = mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime
    account.peak_mb = (mine.ru_maxrss + processes(settings.workers) * theirs.ru_maxrss) / 1024
