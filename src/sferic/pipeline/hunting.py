"""The main job: paths in, report out."""

import resource
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from sferic import __version__
from sferic.catalog.platforms import load_catalogue
from sferic.catalog.weights import Weights, load_weights
from sferic.correlate.channels import census, findings
from sferic.correlate.missing import missing
from sferic.correlate.weigh import weigh
from sferic.engine.gather import Gathered, Gatherer, Watcher
from sferic.engine.quoting import quote
from sferic.model.finding import Finding
from sferic.model.report import Account, Report
from sferic.model.settings import Settings
from sferic.model.traffic import Traffic
from sferic.model.window import Window
from sferic.signals._segments import Cutting, cut
from sferic.sources._clock import zone
from sferic.sources._contract import source, sources

HOUR_MS = 3_600_000


def hunt(paths: Sequence[str], settings: Settings | None = None, watch: Watcher | None = None) -> Report:
    """Read logs and return what was found, with the account of what was read.

    Raises UsageError or SettingsError for wrong settings; problems with inputs stand in the report's account.
    """
    settings = settings or Settings()
    began = time.perf_counter()
    chosen = {n: source(n) for n in settings.only_sources} or dict(sources())
    catalogue = load_catalogue([Path(p) for p in settings.platform_files])
    gathered = Gatherer(catalogue, chosen, settings).gather(paths, watch)
    weights = load_weights()
    window = _window(gathered, settings)
    found = tuple(_weigh_all(window, gathered.traffic, settings, weights))
    counted = census(window)
    account = _account(gathered, window)
    account.wall_s = time.perf_counter() - began
    return Report(
        version=__version__, made_at=int(time.time() * 1e6), paths=tuple(paths), account=account,
        findings=quote(found), below=max(0, counted.judged - len(found)), short=counted.short,
    )  # fmt: skip


def _window(gathered: Gathered, settings: Settings) -> Window:
    traffic = gathered.traffic
    tally = gathered.tally
    span = ((tally.first_time or 0) / 1e6, (tally.last_time or 0) / 1e6)
    if len(traffic):
        span = (min(span[0], float(traffic.time_s[0])), max(span[1], float(traffic.time_s[-1])))
    moment = datetime.fromtimestamp(sum(span) / 2, UTC)
    offset = moment.astimezone(zone(settings.timezone)).utcoffset()
    return cut(traffic, Cutting(int(offset.total_seconds()) if offset else 0, span, settings.shared_addresses))


def _weigh_all(window: Window, traffic: Traffic, settings: Settings, weights: Weights) -> list[Finding]:
    floor_db = weights.severity.points(settings.min_score)
    found: list[Finding] = []
    if "beacon" in settings.analytics and len(window):
        found += findings(weigh(window, "beacon", weights, floor_db), "beacon", weights, floor_db)
    if "long_connection" in settings.analytics:
        kept = _kept_connections(window, traffic)
        if kept is not None:
            found += findings(weigh(kept, "long_connection", weights, floor_db), "long_connection", weights, floor_db)
    return sorted(found, key=lambda f: (-f.points, f.id))


def _kept_connections(window: Window, traffic: Traffic) -> Window | None:
    long = np.flatnonzero(traffic.duration_ms >= HOUR_MS // 2)
    if not len(long):
        return None
    columns = {n: getattr(traffic, n)[long] for n in _COLUMNS}
    some = msgspec.structs.replace(traffic, **columns)
    span = (window.start_s, window.stop_s)
    return msgspec.structs.replace(cut(some, Cutting(window.zone_s, span, min_rows=1)), estate=window.estate)


_COLUMNS = (
    "time_s", "source", "client", "user", "agent", "host", "place", "up", "down", "total", "duration_ms", "path",
    "method", "flags", "file", "line",
)  # fmt: skip


def _account(gathered: Gathered, window: Window) -> Account:
    account = gathered.ledger.account()
    tally = gathered.tally
    account.missing = missing(
        {name: sources()[name].fields for name, lines in gathered.ledger.kinds.items() if lines},
        gathered.tally.joined,
        gathered.tally.nameless,
    )
    account.out_of_window, account.not_serverless = tally.out_of_window, tally.not_serverless
    account.duplicates = tally.duplicates
    account.first_time, account.last_time = tally.first_time, tally.last_time
    account.pairs, account.estate = len(window), window.estate.clients
    usage = resource.getrusage(resource.RUSAGE_SELF)
    account.cpu_s = usage.ru_utime + usage.ru_stime
    account.peak_mb = usage.ru_maxrss / 1024
    return account
