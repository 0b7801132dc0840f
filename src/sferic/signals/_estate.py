"""Surveys what is usual in the whole input: how many call each owner, how common each software is, when people work.

Only calls to serverless platforms are known here, since lines that name none are not read.
"""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import numpy as np

from sferic.model.hosts import is_address
from sferic.model.traffic import HAS_REFERER, PATH_STATIC, UNKNOWN, Bools, Ints, Traffic
from sferic.model.window import Estate

BUSY_OWNERS = 3
"""A client that calls this many owners within an hour is being used by somebody."""
SHARED_USERS = 5
SHARED_AGENTS = 25
"""From so many users or user agents on, an address is taken for that of a proxy or NAT."""
FULL_ESTATE = 100
"""In a smaller estate each caller counts for more."""
HOUR_S = 3600.0


def survey(
    traffic: Traffic, owner: Ints, owners: int, span_s: tuple[float, float], shared: Sequence[str] = ()
) -> Estate:
    """Count over all rows of the input; `shared` names networks whose addresses stand for many machines.

    Rows without a client are taken for a crowd: the last place of `Estate.shared`, where UNKNOWN points, says so.
    """
    client, user, agent = (getattr(traffic, n).astype(np.int64) for n in ("client", "user", "agent"))
    first = np.full(owners, np.inf)
    np.minimum.at(first, owner, traffic.time_s)
    named = user != UNKNOWN
    callers = np.maximum(_distinct(owner, client, owners), _distinct(owner[named], user[named], owners))
    known = agent != UNKNOWN
    pairs = np.unique(np.stack([client[known], agent[known], owner[known]], axis=1), axis=0)
    heads, counts = np.unique(pairs[:, :2], axis=0, return_counts=True)
    return Estate(
        clients=max(len(np.unique(client)), len(np.unique(user[named]))),
        owner_clients=callers,
        owner_first_s=first,
        source_first_s=np.array([traffic.time_s[traffic.source == n].min() for n in range(len(traffic.sources))]),
        agent_clients=_distinct(agent[known], client[known], len(traffic.agents)),
        shared=np.append(_shared(client, user, agent, len(traffic.clients)) | _listed(traffic, shared), True),
        pair_owners={(int(c), int(a)): int(n) for (c, a), n in zip(heads, counts, strict=True)},
        hours=_hours(span_s),
        client_hours=_used_hours(traffic, client, owner, span_s),
    )


def _shared(client: Ints, user: Ints, agent: Ints, clients: int) -> Bools:
    users = _distinct(client[user != UNKNOWN], user[user != UNKNOWN], clients)
    agents = _distinct(client[agent != UNKNOWN], agent[agent != UNKNOWN], clients)
    return np.asarray((users >= SHARED_USERS) | (agents >= SHARED_AGENTS))


def _listed(traffic: Traffic, networks: Sequence[str]) -> Bools:
    nets = [ip_network(n, strict=False) for n in networks]
    found = np.zeros(len(traffic.clients), bool)
    for number, name in enumerate(traffic.clients if nets else ()):
        text = name if is_address(name) else traffic.addresses.get(number)
        found[number] = text is not None and any(ip_address(text) in net for net in nets)
    return found


def _distinct(group: Ints, member: Ints, groups: int) -> Ints:
    pairs = np.unique(np.stack([group, member], axis=1), axis=0)[:, 0]
    return np.bincount(pairs[pairs != UNKNOWN], minlength=groups)


def _used_hours(traffic: Traffic, client: Ints, owner: Ints, span_s: tuple[float, float]) -> dict[int, Ints]:
    hours = _hours(span_s)
    hour = np.clip(((traffic.time_s - span_s[0]) // HOUR_S).astype(np.int64), 0, hours - 1)
    cell = client * hours + hour
    page = (traffic.flags & (PATH_STATIC | HAS_REFERER)) != 0
    visits = np.unique(np.stack([cell, owner], axis=1), axis=0)
    cells, counts = np.unique(visits[:, 0], return_counts=True)
    busy = np.union1d(cells[counts >= BUSY_OWNERS], cell[page])
    clients, starts = np.unique(busy // hours, return_index=True)
    return {int(c): used for c, used in zip(clients, np.split(busy % hours, starts)[1:], strict=True)}


def _hours(span_s: tuple[float, float]) -> int:
    return int((span_s[1] - span_s[0]) // HOUR_S) + 1
