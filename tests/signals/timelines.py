"""Traffic and windows from compact timelines: who calls whom, when, with how many bytes, as which software.

A test writes `calls("10.0.0.1", WORKER, every(60, 40), up=600, agent=CHROME)`; the rows pass through the same
columns, catalogue and cuts as a log's would. Times are seconds after `T0`, the Monday on which every story begins.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import msgspec
import numpy as np

from sferic.catalog.platforms import Catalogue, load_catalogue
from sferic.catalog.weights import load_weights
from sferic.correlate.channels import candidates, findings
from sferic.correlate.weigh import Weighed, weigh
from sferic.engine.aliases import Aliases
from sferic.engine.columns import Columns
from sferic.model.event import HTTP, Event
from sferic.model.finding import Analytic, Finding, Reason
from sferic.model.traffic import Floats, Traffic
from sferic.model.window import Window
from sferic.signals._contract import Words, signals
from sferic.signals._segments import Cutting, cut
from sferic.signals._thinned import fit

T0 = 1_772_409_600.0
HOUR = 3600.0
DAY = 86_400.0
WORKER = "relay.alpha-lab.workers.dev"
SITE = "shop.beta-lab.workers.dev"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36"
)
CURL = "curl/8.5.0"
FLOOR_DB = -30.0
_SHORT = {"up": "bytes_up", "down": "bytes_down", "total": "bytes_total", "agent": "user_agent"}


def rng(seed: int = 7) -> np.random.Generator:
    """Give a random stream that is the same in every run."""
    return np.random.default_rng(seed)


def every(period_s: float, count: int, start_s: float = 0.0) -> Floats:
    """Give the moments of a strict timer."""
    return np.asarray(start_s + period_s * np.arange(count), float)


def after(gaps: Sequence[float] | Floats, start_s: float = 0.0) -> Floats:
    """Give the moments that lie the given gaps apart."""
    return start_s + np.concatenate([[0.0], np.cumsum(np.asarray(gaps, float))])


def one_sided(sleep_s: float, jitter: float, count: int, seed: int = 7) -> Floats:
    """Draw gaps as Cobalt Strike does: the jitter only shortens."""
    return rng(seed).uniform(sleep_s * (1 - jitter), sleep_s, count)


def irregular(mean_s: float, until_s: float, seed: int = 7, start_s: float = 0.0) -> Floats:
    """Give moments without a timer behind them, from one second to another."""
    drawn = start_s + np.cumsum(rng(seed).exponential(mean_s, int(3 * (until_s - start_s) / mean_s) + 10))
    return drawn[drawn < until_s]


def calls(
    who: str,
    whom: str,
    times: Floats | Sequence[float],
    *,
    log: str = "proxy",
    lasts_s: float | None = None,
    table: str = HTTP,
    file: str | None = None,
    **facts: Any,
) -> list[Event]:
    """Let a machine call a host at these seconds; a fact given as a list is used in turn, from row to row.

    Facts are an event's fields, or short `up`, `down`, `total`, `agent`.
    """
    told = {_SHORT.get(name, name): list(v) if isinstance(v, list | tuple) else [v] for name, v in facts.items()}
    return [
        Event(
            table=table, time=round((T0 + float(t)) * 1e6), source=log, file=file or f"{log}.log", line=n + 1, src_ip=who,
            dst_host=whom, duration_ms=None if lasts_s is None else round(lasts_s * 1000),
            **{name: values[n % len(values)] for name, values in told.items()},
        )
        for n, t in enumerate(times)
    ]  # fmt: skip


def browse(who: str, *, days: int = 1, seed: int = 3, hosts: Sequence[str] = (), **facts: Any) -> list[Event]:
    """Let a person visit pages in the office hours of each day, at random moments."""
    whom = hosts or [f"page-{n}.vercel.app" for n in range(6)]
    facts = {"agent": CHROME, "path": ["/", "/app.js", "/look.css"], **facts}
    rows: list[Event] = []
    for day in range(days):
        for n, host in enumerate(whom):
            times = irregular(2400.0, day * DAY + 17 * HOUR, seed * 100 + day * 10 + n, day * DAY + 9 * HOUR)
            rows += calls(who, host, times, **facts)
    return rows


def crowd(machines: int = 30, *, days: int = 1, **facts: Any) -> list[Event]:
    """Let many other machines look at two sites, so that there is an estate to compare with."""
    pages = ["page-0.vercel.app", "page-1.vercel.app"]
    return list(
        chain.from_iterable(
            browse(f"10.9.{n // 200}.{n % 200 + 1}", days=days, seed=50 + n, hosts=pages, **facts)
            for n in range(machines)
        )
    )


@cache
def catalogue() -> Catalogue:
    """Give the shipped catalogue."""
    return load_catalogue([])


def traffic(*stories: Iterable[Event]) -> Traffic:
    """Put all rows into columns, as a hunt does."""
    columns = Columns(lambda _source: False)
    aliases, events = Aliases(catalogue(), catalogue().platforms), list(chain(*stories))
    for event in events:
        aliases.learn(event)
    for event in events:
        place = aliases.identify(event.dst_host or "", event.path)
        assert place, event.dst_host
        columns.add(event, place, event.dst_host or "", other=event.tls_name)
    return columns.finish(aliases.same_owner)


def window(*stories: Iterable[Event], span_s: tuple[float, float] | None = None, shared: Sequence[str] = ()) -> Window:
    """Cut the rows into segments; the log covers the rows, or the given span if that is wider."""
    rows = traffic(*stories)
    low, high = span_s or (0.0, 0.0)
    bounds = [float(t) for t in (rows.time_s[[0, -1]] if len(rows) else (T0, T0))]
    if span_s:
        bounds = [min(bounds[0], T0 + low), max(bounds[1], T0 + high)]
    return cut(rows, Cutting(0, (bounds[0], bounds[1]), tuple(shared)))


def fitted(made: Window, which: Iterable[int] | None = None) -> Window:
    """Fit the timing of these segments, or of all, as weighing does for those that matter."""
    chosen = range(len(made)) if which is None else which
    fits = {i: fit(made, i) for i in chosen}
    return msgspec.structs.replace(made, fits={i: law for i, law in fits.items() if law is not None})


def segment(made: Window, who: str, whom: str, level: int = 0) -> int:
    """Find the segment of a machine and a host's owner at a level, or the finest level that has one."""
    owner = made.owners.index(_owner(whom))
    client = made.traffic.clients.index(who)
    found = np.flatnonzero((made.client == client) & (made.owner == owner) & (made.level >= level))
    assert len(found), (who, whom)
    return int(found[0])


def _owner(whom: str) -> str:
    place = catalogue().identify(whom, None)
    assert place, whom
    return place.owner


def says(name: str, made: Window, i: int) -> tuple[float, Words]:
    """Let a signal measure one segment and put it into words; NaN comes with empty words."""
    signal = signals()[name]
    if signal.dear:
        made = fitted(made, [i])
    value = float(signal.measure(made, np.arange(len(made)) == i)[i])
    return value, Words("", "") if np.isnan(value) else signal.describe(made, i, value)


def weighed(made: Window, analytic: Analytic = "beacon", floor_db: float = FLOOR_DB) -> Weighed:
    """Weigh a window with the shipped weights; kept connections are cut from the long rows first, as in a hunt."""
    if analytic == "long_connection":
        from sferic.pipeline.weighing import of_analytic

        kept = of_analytic("long_connection", made)
        assert kept is not None, "no row is long enough"
        made = kept
    return weigh(made, analytic, load_weights(), floor_db)


def found(made: Window, analytic: Analytic = "beacon", floor_db: float = FLOOR_DB) -> list[Finding]:
    """Return the findings of a window, highest first."""
    return findings(candidates(weighed(made, analytic, floor_db), analytic, load_weights(), floor_db))


def of(everything: Iterable[Finding], who: str, whom: str | None = None) -> list[Finding]:
    """Return the findings of one machine (and host)."""
    return [f for f in everything if who in {f.src_ip, f.device} and (whom is None or whom in f.hosts)]


def reason(finding: Finding, name: str) -> Reason:
    """Return one reason of a finding."""
    return next(r for r in finding.reasons if r.signal == name)
