"""What a log box sees of the requests: tunnels instead of requests, challenges, lost entries, addresses.

A box that does not open TLS sees one connection with its bytes, handshake included, for as long as the client
keeps it open: several requests may hide in one entry. A box that opens it sees each request.
"""

import random
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sferic.lab.presence import DAY_S
from sferic.lab.records import Machine, Record, Request
from sferic.lab.scenario import Site

_POOLS = (
    # suffix, first address, size of the shared pool, addresses of one host, seconds an answer lives
    (".workers.dev", "198.51.100.10", 2, 2, 300.0),
    (".pages.dev", "198.51.100.12", 2, 2, 300.0),
    (".vercel.app", "198.51.100.20", 4, 2, 1_800.0),
    (".netlify.app", "198.51.100.30", 4, 2, 20.0),
    (".run.app", "198.51.100.40", 4, 1, 300.0),
    (".amazonaws.com", "203.0.113.16", 24, 4, 60.0),
    (".on.aws", "203.0.113.64", 24, 3, 60.0),
    (".azurewebsites.net", "203.0.113.128", 16, 1, 30.0),
    ("", "192.0.2.1", 250, 1, 300.0),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened at a site, as its log box has it and as it was."""

    records: list[Record]
    """All entries the box writes, ordered by the time they end."""
    connections: list[Record]
    """The connections as the machines opened them, none lost."""


def observe(rng: random.Random, site: Site, start_s: float, traffic: Iterable[tuple[Machine, Request]]) -> Seen:
    """Group requests to connections, and write down what the box sees of them."""
    per_client: dict[tuple[str, str, str | None], list[tuple[Machine, Request]]] = defaultdict(list)
    for machine, request in traffic:
        per_client[machine.name, request.host, request.user_agent].append((machine, request))
    resolver = Resolver(rng)
    records: list[Record] = []
    connections: list[Record] = []
    for key in sorted(per_client, key=repr):
        asked = sorted(per_client[key], key=lambda pair: pair[1].time_s)
        for connection in _connections([request for _, request in asked]):
            opened = _open(rng, site, start_s, asked[0][0], connection[0], resolver)
            connections.append(opened)
            records += _entries(rng, site, opened, connection)
    kept = [record for record in records if rng.random() >= site.loss]
    return Seen(sorted(kept, key=lambda record: (record.end_s, record.src_ip, record.src_port)), connections)


class Resolver:
    """The machines' name resolution: an answer is used until it expires, then asked for again."""

    def __init__(self, rng: random.Random) -> None:
        """Start with empty caches; the random stream picks one of several addresses."""
        self._rng = rng
        self._answers: dict[tuple[str, str], tuple[str, float]] = {}

    def resolve(self, machine: Machine, host: str, time_s: float) -> tuple[str, bool]:
        """The address the machine connects to, and whether it had to ask for it."""
        known = self._answers.get((machine.name, host))
        if known is not None and time_s < known[1]:
            return known[0], False
        pool, lifetime_s = addresses(host)
        answer = self._rng.choice(pool)
        self._answers[machine.name, host] = answer, time_s + lifetime_s
        return answer, True


def addresses(host: str) -> tuple[list[str], float]:
    """The addresses a host answers with, and for how many seconds. Hosts of one platform share addresses."""
    _, first, size, own, lifetime_s = next(pool for pool in _POOLS if host.endswith(pool[0]))
    network, _, low = first.rpartition(".")
    offset = zlib.crc32(host.encode())
    picked = {(offset + number * 7) % size for number in range(own)}
    return [f"{network}.{int(low) + number}" for number in sorted(picked)], lifetime_s


def _connections(requests: list[Request]) -> Iterator[list[Request]]:
    """Group one client's requests to one host by the connection they travel in."""
    current: list[Request] = []
    for request in requests:
        if current and request.time_s > current[-1].time_s + current[-1].duration_s + current[-1].keep_alive_s:
            yield current
            current = []
        current.append(request)
    yield current


def _open(
    rng: random.Random, site: Site, start_s: float, machine: Machine, first: Request, resolver: Resolver
) -> Record:
    address, asked = resolver.resolve(machine, first.host, first.time_s)
    if site.nat:
        machine = replace(machine, user=None)
    day = min(max(0, int((first.time_s - start_s) // DAY_S)), len(machine.addresses) - 1)
    return Record(
        start_s=first.time_s,
        end_s=first.time_s + rng.uniform(0.03, 0.12),
        machine=machine,
        src_ip=machine.addresses[day],
        src_port=rng.randint(49_152, 65_500),
        dst_ip=address,
        host=first.host,
        scheme=first.scheme,
        method="CONNECT" if first.scheme == "https" else first.method,
        path=None,
        user_agent=first.user_agent,
        status=200,
        bytes_up=rng.randint(210, 230),
        bytes_down=39,
        looked_up=asked,
        channel=first.channel,
    )


def _entries(rng: random.Random, site: Site, opened: Record, connection: list[Request]) -> list[Record]:
    first, challenged = connection[0], opened.machine.challenged
    entries = [replace(opened, status=407, denied=True, bytes_down=4_051, looked_up=False)] * challenged
    if first.scheme == "https" and not site.inspects:
        return [*entries, _tunnel(rng, opened, connection)]
    if first.scheme == "https" and site.logs_connect:
        entries.append(opened)
    return entries + [_seen(opened, request, opened.looked_up and request is first) for request in connection]


def _tunnel(rng: random.Random, opened: Record, connection: list[Request]) -> Record:
    """One entry for the whole connection, with what TLS adds: a full handshake or a resumed one."""
    own = zlib.crc32(opened.host.encode())
    resumed = rng.random() < 0.35
    up = (390 if resumed else 760 + own % 300) + rng.randint(0, 3)
    down = (340 if resumed else 3_300 + own % 1_700) + rng.randint(0, 3)
    last = connection[-1]
    return replace(
        opened,
        end_s=last.time_s + last.duration_s + min(last.keep_alive_s, rng.uniform(0.0, 90.0)) + 0.02,
        bytes_up=up + sum(request.bytes_up + 29 for request in connection),
        bytes_down=down + sum(request.bytes_down + 29 for request in connection),
    )


def _seen(opened: Record, request: Request, looked_up: bool) -> Record:
    return replace(
        opened,
        start_s=request.time_s,
        end_s=request.time_s + request.duration_s,
        method=request.method,
        path=request.path,
        status=request.status,
        bytes_up=request.bytes_up,
        bytes_down=request.bytes_down,
        looked_up=looked_up,
    )
