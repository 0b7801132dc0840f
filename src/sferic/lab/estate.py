"""Write the logs of a made-up company, and the truth about them, into a folder.

Called as `python -m sferic.lab.estate SCENARIO --to DIR`. The same scenario gives the same lines everywhere.
With `--draw SEED` the scenario is varied first, so that a detector can be judged on estates nobody has looked
at while building it.
"""

import argparse
import gzip
import ipaddress
import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sferic.lab.benign import TWINS
from sferic.lab.browsing import browse, build_web
from sferic.lab.draw import variant
from sferic.lab.endpoint import is_watched, sightings
from sferic.lab.implant import implant
from sferic.lab.names import load_names, person
from sferic.lab.presence import DAY_S, HOUR_S, awake, clip
from sferic.lab.programs import installed
from sferic.lab.records import Machine, Record, Request, Span, seeded
from sferic.lab.scenario import Channel, Scenario, Site, load_scenario
from sferic.lab.transport import observe
from sferic.lab.truth import ANSWERS, Truth, tell
from sferic.lab.writers import BOXES, SENSORS

Perform = Callable[[list[tuple[Machine, Request]]], list[tuple[Machine, Request]]]
_KINDS = {"desktop": "office", "laptop": "laptop", "server": "always"}


@dataclass(frozen=True, slots=True)
class Talk:
    """One channel on one machine, with all it asks for."""

    channel: Channel
    machine: Machine
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """One site with what its machines did and what its log box saw of that."""

    site: Site
    talks: list[Talk]
    records: list[Record]
    connections: list[Record]
    """What a sensor on the machines would see, before the box lost anything; empty where none runs."""

    def truth(self, files: list[str], seed: int) -> list[Truth]:
        """The answers for every channel of the site; the company's seed says which programs are behind them."""
        own: dict[str, list[Record]] = defaultdict(list)
        for record in self.records:
            own[record.machine.name].append(record)
        return [
            tell(talk.channel, talk.machine, own[talk.machine.name], files, self._process(talk, seed))
            for talk in self.talks
        ]

    def _process(self, talk: Talk, seed: int) -> str | None:
        if not is_watched(self.site, talk.machine):
            return None
        program = installed(seed, talk.channel, talk.machine)
        return program.image if program else None


def write_estate(scenario: Scenario, to: Path, perform: Perform | None = None) -> None:
    """Write the log files of each site, and the answer sheet, into a folder; `perform` makes the requests real."""
    to.mkdir(parents=True, exist_ok=True)
    truth: list[Truth] = []
    for watched in watch(scenario, perform):
        site, records = watched.site, watched.records
        files: list[str] = []
        for number, (source, write) in enumerate(BOXES[site.format].items()):
            lines = write(records, site)
            if number == 0:
                lines = _damage(seeded(scenario.seed, "damage", site.name), lines, site.malformed)
            files.append(f"{site.name}-{source}.log.gz")
            _write(to / files[-1], lines)
        if site.endpoint is not None:
            files.append(f"{site.name}-{site.endpoint}.log.gz")
            _write(to / files[-1], SENSORS[site.endpoint](sightings(scenario, site, watched.connections)))
        truth += watched.truth(files, scenario.seed)
    ordered = sorted(truth, key=lambda one: (one.label != "c2", one.channel, one.device))
    body = b",\n".join(msgspec.json.encode(one) for one in ordered)
    (to / ANSWERS).write_bytes(b"[\n" + body + b"\n]\n")


def watch(scenario: Scenario, perform: Perform | None = None) -> Iterator[Watched]:
    """What the log box of each site sees of everything that its machines and people do."""
    web = build_web(seeded(scenario.seed, "web"))
    start_s = scenario.start.timestamp()
    kept = Span(
        start_s + scenario.since_h * HOUR_S,
        math.inf if scenario.until_h is None else start_s + scenario.until_h * HOUR_S,
    )
    for site in scenario.sites:
        machines = build_machines(scenario, site)
        talks = list(build_talks(scenario, site, machines))
        traffic = [(talk.machine, request) for talk in talks for request in talk.requests]
        for machine in machines:
            if site.visits_per_day and machine.user is not None:
                rng = seeded(scenario.seed, "browse", machine.name)
                spans = awake(rng, _KINDS[site.kind], scenario, site)
                traffic += [(machine, request) for request in browse(rng, machine, site, web, spans)]
        if perform is not None:
            traffic = perform([one for one in traffic if kept.start_s <= one[1].time_s < kept.end_s])
        seen = observe(seeded(scenario.seed, "box", site.name), site, start_s, traffic)
        yield Watched(
            site,
            talks,
            [record for record in seen.records if kept.start_s <= record.end_s < kept.end_s],
            [one for one in seen.connections if kept.start_s <= one.start_s < kept.end_s] if site.endpoint else [],
        )


def build_machines(scenario: Scenario, site: Site) -> list[Machine]:
    """The computers of a site, each with an owner where people work, and an address for each day."""
    rng = seeded(scenario.seed, "machines", site.name)
    network = ipaddress.ip_network(site.network)
    offset = sum(one.machines for one in scenario.sites[: scenario.sites.index(site)])
    short = {"desktop": "WS", "laptop": "NB", "server": "SRV"}[site.kind]
    machines = []
    for number in range(site.machines):
        home = str(network[10 + (0 if site.nat else number)])
        days = [
            str(network[10 + rng.randrange(network.num_addresses - 20)])
            if site.roaming and rng.random() < 0.35
            else home
            for _ in range(scenario.days)
        ]
        machines.append(
            Machine(
                name=f"{site.name.upper()}-{short}{number + 1:03d}",
                site=site.name,
                kind=site.kind,
                user=None if site.kind == "server" else person(offset + number),
                addresses=tuple(days),
                user_agent=rng.choice(load_names().browsers),
                challenged=rng.random() < site.challenged,
            )
        )
    return machines


def build_talks(scenario: Scenario, site: Site, machines: list[Machine]) -> Iterator[Talk]:
    """Every channel of the site on each machine it is put on; no machine carries two implants."""
    infected: set[str] = set()
    for channel in scenario.channels:
        if channel.site != site.name:
            continue
        rng = seeded(scenario.seed, "place", channel.name)
        free = [machine for machine in machines if channel.kind != "C2" or machine.name not in infected]
        chosen = free if channel.machines == "all" else rng.sample(free, channel.machines)
        if channel.kind == "C2":
            infected |= {machine.name for machine in chosen}
        for machine in chosen:
            own = seeded(scenario.seed, "talk", channel.name, machine.name)
            yield Talk(channel, machine, tuple(_talk(own, scenario, site, channel, machine)))


def _talk(rng: random.Random, scenario: Scenario, site: Site, channel: Channel, machine: Machine) -> list[Request]:
    start_s = scenario.start.timestamp()
    end_s = start_s + scenario.days * DAY_S
    kind = channel.presence or _KINDS[site.kind]
    # The person's own rhythm is drawn from the machine, so that all its software wakes and sleeps together.
    spans = awake(seeded(scenario.seed, "browse", machine.name), kind, scenario, site)
    until_s = end_s if channel.end_h is None else min(end_s, start_s + channel.end_h * HOUR_S)
    spans = clip(spans, start_s + channel.start_h * HOUR_S, until_s)
    user_agent = machine.user_agent if channel.user_agent == "browser" else channel.user_agent
    requests = (
        implant(rng, channel, spans, user_agent)
        if channel.kind == "C2"
        else list(TWINS[channel.kind](rng, channel, spans, user_agent))
    )
    return [request for request in requests if request.time_s < until_s and rng.random() >= channel.loss]


def _damage(rng: random.Random, lines: list[str], count: int) -> list[str]:
    """Mix in what real files contain: cut lines, glued lines, binary remains, empty lines, rotation notes."""
    lines = list(lines)
    for number in range(count):
        place = rng.randrange(min(10, len(lines)), len(lines))
        whole = lines[place]
        broken = (
            whole[: rng.randint(5, max(6, len(whole) // 2))],
            whole[: len(whole) // 3] + lines[place - 1],
            "\x00\x00\x00" + whole[rng.randint(10, 30) :],
            "",
            "logfile turned over",
            whole.replace(whole[:4], "\u00ff\u00fe\u00ff", 1),
        )[number % 6]
        lines.insert(place, broken)
    return lines


def _write(path: Path, lines: list[str]) -> None:
    body = "".join(line + "\n" for line in lines).encode("utf-8")
    path.write_bytes(gzip.compress(body, compresslevel=9, mtime=0))


def main() -> None:
    """Read the command line and write the estate."""
    parser = argparse.ArgumentParser(prog="python -m sferic.lab.estate", description=__doc__)
    parser.add_argument("scenario", nargs="?", type=Path, default=Path("examples/estate.toml"))
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder for the log files")
    parser.add_argument("--draw", type=int, metavar="SEED", help="vary the scenario by this seed first")
    given = parser.parse_args()
    scenario = load_scenario(given.scenario)
    write_estate(scenario if given.draw is None else variant(scenario, given.draw), given.to)


if __name__ == "__main__":
    main()
