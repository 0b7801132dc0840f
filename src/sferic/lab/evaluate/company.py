"""A company of any size with the hard benign classes at an honest density, and a few implants, drawn by a seed."""

import random
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sferic.lab.draw import variant
from sferic.lab.names import host_from
from sferic.lab.records import seeded
from sferic.lab.scenario import Channel, Class, Scenario, Site

_FILE = Path(__file__).with_name("company.toml")


class Talker(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One class of harmless software: how much of it there is, and how it talks."""

    kind: Class = msgspec.field(name="class")
    per_1000: float
    user_agents: list[str]
    paths: list[str]
    machines: tuple[int, int] = (1, 1)
    method: str = "GET"
    period_s: float = 300.0
    jitter: float = 0.0
    sessions_per_day: float = 3.0
    session_s: float = 1_500.0
    bytes_up: int = 600
    bytes_down: int = 300
    noise_bytes: int = 0
    keep_alive_s: float = 0.0


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What stands in `company.toml`."""

    hosts: list[str]
    """Templates of host names (`sferic.lab.names.host_from`)."""
    implants: float
    least_implants: int
    implant_agents: list[str]
    """User agents that implants show; `browser` is the machine's own, nothing no header."""
    sites: list[dict[str, str | float | bool]] = msgspec.field(name="site")
    talkers: list[Talker] = msgspec.field(name="talker")


def company(machines: int, days: int, seed: int) -> Scenario:
    """Draw a company; implants have settings as in public profiles, everything else its class's known periods."""
    plan = msgspec.toml.decode(_FILE.read_bytes(), type=Plan)
    rng, agents = seeded("company", machines, days, seed), seeded("agents", machines, days, seed)
    sites = [_site(one, machines) for one in plan.sites]
    channels = [
        _channel(rng, plan, talker, sites, number)
        for talker in plan.talkers
        for number in range(_count(rng, talker.per_1000 * machines / 1_000))
    ]
    implants = [
        Channel(
            name=f"implant-{n}", kind="C2", site=sites[0].name, hosts=["a.workers.dev"], period_s=_sleep(n),
            user_agent=agents.choice(plan.implant_agents) or None,
        )
        for n in range(max(plan.least_implants, round(plan.implants * machines / 1_000)))
    ]  # fmt: skip
    start = datetime(2026, 3, 2, tzinfo=UTC)
    return variant(
        Scenario(name="company", seed=seed, start=start, days=days, sites=sites, channels=implants + channels), seed
    )


def _site(fields: dict[str, str | float | bool], machines: int) -> Site:
    count = max(4, round(float(fields["share"]) * machines))
    return msgspec.convert({k: v for k, v in fields.items() if k != "share"} | {"machines": count}, Site)


def _count(rng: random.Random, mean: float) -> int:
    """A whole number near the mean, so that small companies have their share of rare things."""
    return int(mean) + (rng.random() < mean % 1)


def _sleep(number: int) -> float:
    """Every fourth implant is a slow one; how slow, and how fast the others are, is drawn later."""
    return 3_600.0 if number % 4 == 3 else 60.0


def _channel(rng: random.Random, plan: Plan, talker: Talker, sites: list[Site], number: int) -> Channel:
    site = rng.choices(sites, [one.machines for one in sites])[0]
    machines = sum(one.machines for one in sites)
    scale = machines / 1_000 if talker.machines[1] > 4 else 1.0  # what is common grows with the company
    wanted = max(1, round(rng.randint(*talker.machines) * scale))
    return Channel(
        name=f"{talker.kind}-{number}", kind=talker.kind, site=site.name,
        hosts=[host_from(rng, rng.choice(plan.hosts))], machines=min(wanted, site.machines),
        user_agent=rng.choice(talker.user_agents) or None, paths=[rng.choice(talker.paths)], method=talker.method,
        period_s=talker.period_s, jitter=talker.jitter, sessions_per_day=talker.sessions_per_day,
        session_s=talker.session_s, bytes_up=rng.randint(300, 2 * talker.bytes_up),
        bytes_down=rng.randint(180, 2 * talker.bytes_down), noise_bytes=talker.noise_bytes,
        keep_alive_s=talker.keep_alive_s,
    )  # fmt: skip
