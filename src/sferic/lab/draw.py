"""Vary a scenario so that a detector meets parameters nobody tuned it to.

Sleeps and jitters of the implants follow the distribution counted over 150 public Cobalt Strike profiles; the
harmless twins get other periods that such software is known to use. Sites, hosts, machines and times are
drawn anew; an implant in eight holds its connection open, so that an uninspected tunnel hides its timing.
"""

import random
from typing import TypeVar

import msgspec

from sferic.lab.names import host_from, load_names
from sferic.lab.records import seeded
from sferic.lab.scenario import Channel, Law, Presence, Scenario, Site

_SLEEPS_S = (
    (30.0, 43),
    (60.0, 15),
    (5.0, 7),
    (45.0, 7),
    (37.5, 7),
    (38.5, 7),
    (90.0, 4),
    (120.0, 5),
    (180.0, 5),
)
_JITTERS = ((0.2, 49), (0.0, 13), (0.37, 10), (0.33, 9), (0.27, 5), (0.1, 5), (0.5, 5), (0.65, 4))
_LAWS: tuple[tuple[Law, int], ...] = (("one_sided", 70), ("two_sided", 12), ("additive", 8), ("integer", 10))
_PERIODS_S: dict[str, tuple[float, ...]] = {
    "N1": (300.0, 600.0, 900.0, 1_800.0),
    "N2": (10.0, 30.0),
    "N4": (15.0, 30.0, 60.0),
    "N6": (300.0, 900.0, 3_600.0),
    "N7": (10.0, 20.0, 30.0, 60.0),
    "N8": (120.0, 300.0, 600.0, 900.0),
    "N9": (300.0, 900.0, 1_800.0, 3_600.0),
    "N11": (20.0, 45.0, 120.0),
    "N12": (1_800.0, 3_600.0, 14_400.0),
    "N13": (60.0, 300.0),
}
_SLOW_FROM_S = 900.0
Value = TypeVar("Value")


def variant(scenario: Scenario, seed: int) -> Scenario:
    """The same company with another seed and other drawn parameters."""
    rng = seeded("variant", scenario.seed, seed)
    return msgspec.structs.replace(
        scenario,
        name=f"{scenario.name}-{seed}",
        seed=rng.getrandbits(32),
        sites=[_site(rng, site) for site in scenario.sites],
        channels=[
            _implant(rng, channel, scenario) if channel.kind == "C2" else _twin(rng, channel)
            for channel in scenario.channels
        ],
    )


def _site(rng: random.Random, site: Site) -> Site:
    squid = site.format in {"squid_access", "squid_recommended"}
    return msgspec.structs.replace(
        site,
        format=rng.choice(("squid_access", "squid_recommended")) if squid else site.format,
        challenged=min(1.0, site.challenged * rng.uniform(0.3, 1.8)),
        loss=min(1.0, site.loss * rng.choice((0.2, 1.0, 3.0))),
        visits_per_day=site.visits_per_day * rng.uniform(0.6, 1.4),
    )


def _implant(rng: random.Random, channel: Channel, scenario: Scenario) -> Channel:
    slow = channel.period_s >= _SLOW_FROM_S
    sleep_s = rng.choice((900.0, 1_800.0, 3_600.0)) if slow else _weighted(rng, _SLEEPS_S)
    presence: tuple[Presence | None, ...] = ("always", channel.presence, "office")
    fixed = channel.echo_host is not None
    several = len(channel.hosts) > 1
    template = "{name}.{name}-lab.workers.dev" if several else rng.choice(load_names().implant_hosts)
    return msgspec.structs.replace(
        channel,
        site=channel.site if fixed else rng.choice([site.name for site in scenario.sites]),
        period_s=sleep_s,
        jitter=_weighted(rng, _JITTERS),
        law=_weighted(rng, _LAWS),
        presence="always" if slow else rng.choice(presence),
        start_h=rng.uniform(0.0, 24.0 * scenario.days * (0.2 if slow else 0.6)),
        hosts=channel.hosts if fixed else _hosts(rng, template, len(channel.hosts)),
        rotation=rng.choice(("random", "round_robin")),
        bytes_up=rng.randint(320, 1_100),
        bytes_down=rng.randint(180, 900),
        noise_bytes=rng.choice((0, 0, 16, 100, 4_096)),
        tasking_per_day=rng.choice((0.0, 1.0, 3.0)),
        loss=rng.choice((0.0, 0.0, 0.02, 0.05, 0.2)),
        keep_alive_s=rng.choice((0.0,) * 7 + (90.0,)),
    )


def _twin(rng: random.Random, channel: Channel) -> Channel:
    return msgspec.structs.replace(
        channel,
        period_s=rng.choice(_PERIODS_S.get(channel.kind, (channel.period_s,))),
        noise_bytes=rng.choice((channel.noise_bytes, 0, channel.noise_bytes * 2)),
        sessions_per_day=channel.sessions_per_day * rng.uniform(0.6, 1.5),
        session_s=channel.session_s * rng.uniform(0.6, 1.5),
    )


def _hosts(rng: random.Random, template: str, count: int) -> list[str]:
    """Several functions of one owner share all but the first label."""
    first = host_from(rng, template)
    return [first, *(f"{host_from(rng, '{name}')}.{first.partition('.')[2]}" for _ in range(count - 1))]


def _weighted(rng: random.Random, table: tuple[tuple[Value, int], ...]) -> Value:
    return rng.choices([value for value, _ in table], [weight for _, weight in table])[0]
