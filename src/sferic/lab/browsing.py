"""People looking at web sites, many of which are hosted on serverless platforms today.

Why: the platform's name alone must not raise an alert, so the estate is full of ordinary visits to it. A few
favourites per person, a long tail for all, bursts of requests per visit, heavy-tailed pauses between visits.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sferic.lab.implant import fill
from sferic.lab.names import host_from, load_names
from sferic.lab.presence import DAY_S, HOUR_S
from sferic.lab.records import Machine, Request, Span
from sferic.lab.scenario import Site

_KEEP_ALIVE_S = 120.0


@dataclass(frozen=True, slots=True)
class Web:
    """The sites that exist for everybody in the estate, the most popular first."""

    serverless: tuple[str, ...]
    plain: tuple[str, ...]


def build_web(rng: random.Random) -> Web:
    """Invent the sites people go to."""
    names = load_names()
    return Web(
        serverless=tuple(host_from(rng, rng.choice(names.serverless_sites)) for _ in range(90)),
        plain=tuple(host_from(rng, rng.choice(names.plain_sites)) for _ in range(140)),
    )


def browse(rng: random.Random, machine: Machine, site: Site, web: Web, awake: Sequence[Span]) -> Iterator[Request]:
    """All page visits of one person while the machine is awake."""
    favourites = [_pick(rng, web.serverless) for _ in range(3)]
    mean_pause_s = 9 * HOUR_S / site.visits_per_day if site.visits_per_day else DAY_S * 1_000
    for span in awake:
        at_s = span.start_s
        while (at_s := at_s + _pause(rng, mean_pause_s)) < span.end_s:
            if rng.random() >= site.serverless_share:
                host = _pick(rng, web.plain)
            else:
                host = rng.choice(favourites) if rng.random() < 0.5 else _pick(rng, web.serverless)
            yield from _visit(rng, machine, host, at_s)


def _pause(rng: random.Random, mean_s: float) -> float:
    """A heavy-tailed pause: people come in bursts."""
    return min(rng.lognormvariate(0.0, 1.3) * mean_s / 2.33, 6 * HOUR_S)


def _pick(rng: random.Random, hosts: Sequence[str]) -> str:
    """A site by popularity: the n-th is visited about 1/n times as often as the first."""
    return hosts[int(len(hosts) ** rng.random()) - 1]


def _visit(rng: random.Random, machine: Machine, host: str, time_s: float) -> Iterator[Request]:
    names = load_names()
    scheme = "http" if host.endswith((".example.net", ".intranet.corp.example")) else "https"
    for number in range(rng.choice((1, 1, 1, 2, 3))):
        path = rng.choice(names.pages if number == 0 else names.assets)
        yield Request(
            time_s=time_s,
            host=host,
            path=fill(rng, path),
            user_agent=machine.user_agent,
            status=rng.choice((200, 200, 200, 200, 304, 404)),
            bytes_up=rng.randint(520, 1_400),
            bytes_down=int(rng.lognormvariate(8.6, 1.4)) + 300,
            duration_s=rng.lognormvariate(-1.6, 0.7),
            keep_alive_s=_KEEP_ALIVE_S,
            scheme=scheme,
        )
        time_s += rng.uniform(0.1, 1.5)
    if host.endswith(".vercel.app") and rng.random() < 0.4:
        yield Request(
            time_s=time_s + rng.expovariate(1 / 40),
            host=host,
            method="POST",
            path="/_vercel/insights/event",
            user_agent=machine.user_agent,
            bytes_up=rng.randint(600, 1_900),
            bytes_down=260,
            keep_alive_s=_KEEP_ALIVE_S,
        )
