"""What a sensor on the machines sees of the same traffic: programs that start, look names up and connect.

It sees each connection as the machine makes it, before any box on the way and whatever that box loses; it sees neither
bytes nor requests. Behind an explicit proxy it sees the proxy's address and no look-up of the name.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from sferic.lab.programs import Installed, installed
from sferic.lab.records import Machine, Record, seeded
from sferic.lab.scenario import Scenario, Site

PROXY_PORT = 3128
_LIFETIME_S = 300.0
"""For how long a program does not ask for a name again."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program on one machine."""

    machine: Machine
    program: Installed
    guid: str
    """Sysmon's name for the run."""
    pid: int
    parent_pid: int
    start_s: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing the sensor noted."""

    kind: Literal["started", "asked", "connected"]
    time_s: float
    run: Run
    connection: Record
    """For `started` the run's first one."""
    proxy: str | None = None
    """The explicit proxy that it was made to, if there is one."""


def is_watched(site: Site, machine: Machine) -> bool:
    """Whether a sensor runs on a machine: Windows' one does not on a Mac."""
    return site.endpoint is not None and not (site.endpoint == "windows_sysmon" and machine.system == "macos")


def sightings(scenario: Scenario, site: Site, connections: Iterable[Record]) -> list[Sighting]:
    """Everything the sensors of a site note, in order of time."""
    found: list[Sighting] = []
    for (machine, channel), own in _by_program(connections).items():
        known = next((one for one in scenario.channels if one.name == channel), None)
        program = installed(scenario.seed, known, machine) if is_watched(site, machine) else None
        if program is None:
            continue
        rng = seeded(scenario.seed, "runs", machine.name, channel)
        unseen = known is not None and known.start_h == 0 and program.ends_after_s is None
        for number, part in enumerate(_runs(own, program.ends_after_s)):
            run = _run(rng, machine, program, part[0].start_s)
            if number or not unseen:  # else it has been running since before the logs begin
                found.append(Sighting("started", run.start_s, run, part[0]))
            found += _noted(rng, run, part, site.proxy_address)
    return sorted(found, key=lambda one: (one.time_s, one.run.guid, one.kind))


def _by_program(connections: Iterable[Record]) -> dict[tuple[Machine, str], list[Record]]:
    grouped: dict[tuple[Machine, str], list[Record]] = defaultdict(list)
    for connection in sorted(connections, key=lambda one: one.start_s):
        grouped[connection.machine, connection.channel].append(connection)
    return grouped


def _runs(connections: list[Record], ends_after_s: float | None) -> Iterator[list[Record]]:
    part: list[Record] = []
    for connection in connections:
        if part and ends_after_s is not None and connection.start_s - part[-1].start_s > ends_after_s:
            yield part
            part = []
        part.append(connection)
    yield part


def _run(rng: random.Random, machine: Machine, program: Installed, first_s: float) -> Run:
    pid, parent = 4 * rng.randint(300, 8_000), 4 * rng.randint(100, 2_000)
    start_s = first_s - rng.uniform(0.05, 0.4 if program.ends_after_s == 0 else 20.0)
    guid = f"{{{_machine_part(machine.name)}-{rng.getrandbits(16):04x}-{int(start_s):012x}}}"
    return Run(machine, program, guid, pid, parent, start_s)


@cache
def _machine_part(name: str) -> str:
    bits = seeded("guid", name).getrandbits(64)
    return f"{bits >> 32:08x}-{bits >> 16 & 0xFFFF:04x}-{bits & 0xFFFF:04x}"


def _noted(rng: random.Random, run: Run, connections: list[Record], proxy: str | None) -> Iterator[Sighting]:
    asked: dict[str, float] = {}
    for connection in connections:
        jitter_s = rng.uniform(0.0, 0.004)
        if proxy is None and connection.start_s - asked.get(connection.host, 0.0) > _LIFETIME_S:
            asked[connection.host] = connection.start_s
            yield Sighting("asked", connection.start_s - 0.02 - jitter_s, run, connection)
        yield Sighting("connected", connection.start_s + jitter_s, run, connection, proxy)
