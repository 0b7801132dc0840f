"""Which program on a machine is behind a channel: the part of the made-up company that only endpoint sensors see.

The programs stand in `programs.toml` beside this module. They are drawn from random streams of their own, so that a
company's network logs are the same whether or not anybody looks at its endpoints.
"""

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from sferic.lab.names import load_names
from sferic.lab.records import Machine, seeded
from sferic.lab.scenario import Channel, Class

NOT_ON_MACHINES = frozenset({"N14"})
"""Phones behind an address carry no sensor."""


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of `programs.toml`, which explains the keys."""

    id: str
    classes: list[Class | Literal["browser"]]
    parent: str
    agent: str | None = None
    weight: float = 1.0
    image: str | None = None
    mac: str | None = None
    company: str = ""
    command: str | None = None
    session: Literal["user", "services"] = "user"
    ends_after_s: float | None = None


class _Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    program: list[Program]


@dataclass(frozen=True, slots=True)
class Installed:
    """A program as it lies on one machine, with everything invented filled in."""

    image: str
    company: str
    parent: str
    command: str
    user: str
    session: int
    ends_after_s: float | None


@cache
def programs() -> tuple[Program, ...]:
    """All programs, read once."""
    body = Path(__file__).with_name("programs.toml").read_bytes()
    return tuple(msgspec.toml.decode(body, type=_Catalogue).program)


def installed(seed: int, channel: Channel | None, machine: Machine) -> Installed | None:
    """The program behind a channel, or behind a person's browsing (None), on this machine.

    None where no sensor runs, and for what has no program on the machine's system.
    """
    # An implant that shows the browser's user agent is no browser.
    browsing = channel is None or (channel.user_agent == "browser" and channel.kind != "C2")
    kind = "browser" if browsing else channel.kind if channel else "browser"
    agent = machine.user_agent if browsing else channel.user_agent if channel else None
    rng = seeded(seed, "program", channel.name if channel else "browser", machine.system)
    if kind in NOT_ON_MACHINES:
        return None
    named = channel.program if channel else None
    fit = [one for one in programs() if (one.id == named if named else _fits(one, kind, agent)) and _path(one, machine)]
    if not fit:
        return None
    chosen = fit[0] if browsing else rng.choices(fit, [one.weight for one in fit])[0]
    return _install(rng, chosen, machine, agent)


def _path(program: Program, machine: Machine) -> str | None:
    return program.mac if machine.system == "macos" else program.image


def _fits(program: Program, kind: str, agent: str | None) -> bool:
    if kind not in program.classes:
        return False
    return program.agent is None or (program.agent in (agent or "") if program.agent else not agent)


def _install(rng: random.Random, program: Program, machine: Machine, agent: str | None) -> Installed:
    names = load_names()
    words = f"{rng.choice(names.adjectives)}-{rng.choice(names.nouns)}"
    user = machine.user or "svc-apps"
    filled = {
        "{name}": words,
        "{Name}": words.title().replace("-", ""),
        "{product}": (agent or words).partition("/")[0].strip(),
        "{user}": user,
    }

    def fill(template: str) -> str:
        for mark, word in filled.items():
            template = template.replace(mark, word)
        return template

    mac = machine.system == "macos"
    image = fill(_path(program, machine) or "")
    as_service = program.session == "services" or machine.user is None
    service = "root" if mac else "NT AUTHORITY\\SYSTEM"
    return Installed(
        image=image,
        company="" if mac else fill(program.company),
        parent="/sbin/launchd" if mac else fill(program.parent),
        command=image if mac or program.command is None else fill(program.command),
        user=service if as_service else user if mac else f"CORP\\{user}",
        session=0 if as_service else 1,
        ends_after_s=program.ends_after_s,
    )
