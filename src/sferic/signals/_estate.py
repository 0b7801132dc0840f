"""Surveys what is usual in the whole input: how many call each owner, how common each software is, when people work.

Only calls to serverless platforms are known here, since lines that name none are not read.
"""

from collections.abc import Sequence

import numpy as np

from sferic.model.hosts import in_networks, is_address
from sferic.model.traffic import HAS_REFERER, PATH_STATIC, UNKNOWN, Bools, Floats, Ints, Small, Traffic
from sferic.model.window import Estate
from sferic.signals._grouping import joint, opens, rising

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
    image = traffic.image.astype(np.int64)
    named, ran = user != UNKNOWN, image != UNKNOWN
    callers = np.maximum(_distinct(owner, client, owners), _distinct(owner[named], user[named], owners))
    known = agent != UNKNOWN
    software, counts = _members(client[known] * len(traffic.agents) + agent[known], owner[known])
    pairs = zip(*(part.tolist() for part in np.divmod(software, max(len(traffic.agents), 1))), strict=True)
    return Estate(
        clients=max(len(np.unique(client)), len(np.unique(user[named]))),
        owner_clients=callers,
        owner_first_s=_first(traffic.time_s, owner, owners),
        owner_company_s=_company(traffic.time_s, owner, client, owners),
        source_first_s=_first(traffic.time_s, traffic.source, len(traffic.sources)),
        agent_clients=_distinct(agent[known], client[known], len(traffic.agents)),
        image_clients=_distinct(image[ran], client[ran], len(traffic.images)),
        image_callers=_callers(image[ran], owner[ran], client[ran]),
        shared=np.append(_shared(client, user, agent, len(traffic.clients)) | _listed(traffic, shared), True),
        pair_owners=dict(zip(pairs, counts.tolist(), strict=True)),
        hours=_hours(span_s),
        client_hours=_used_hours(traffic, client, owner, span_s),
    )


def _shared(client: Ints, user: Ints, agent: Ints, clients: int) -> Bools:
    users = _distinct(client[user != UNKNOWN], user[user != UNKNOWN], clients)
    agents = _distinct(client[agent != UNKNOWN], agent[agent != UNKNOWN], clients)
    return np.asarray((users >= SHARED_USERS) | (agents >= SHARED_AGENTS))


def _listed(traffic: Traffic, networks: Sequence[str]) -> Bools:
    known = (n if is_address(n) else traffic.addresses.get(i) for i, n in enumerate(traffic.clients))
    return np.array(in_networks(known, networks), bool)


def _first(time_s: Floats, group: Ints | Small, groups: int) -> Floats:
    """Return the earliest moment of each group; infinity for one without rows."""
    first = np.full(groups, np.inf)
    np.minimum.at(first, group, time_s)
    return first


def _company(time_s: Floats, owner: Ints, client: Ints, owners: int) -> Floats:
    """Return when anybody who calls an owner first called another one; infinity where they call nobody else."""
    code = joint(client, owner)
    order = rising(code)
    pairs = order[opens(code[order])]  # the first row of each client and owner, for rows stand by time
    pairs = pairs[np.lexsort((pairs, client[pairs]))]
    at = np.append(opens(client[pairs]), len(pairs))
    first = pairs[at[:-1]]
    later = np.full(len(first), np.inf)
    several = np.diff(at) > 1
    later[several] = time_s[pairs[at[:-1][several] + 1]]
    place = np.repeat(np.arange(len(first)), np.diff(at))
    is_first = pairs == first[place]
    return _first(np.where(is_first, later[place], time_s[first[place]]), owner[pairs], owners)


def _distinct(group: Ints, member: Ints, groups: int) -> Ints:
    """Return how many distinct members each of the groups 0, 1, … has."""
    numbers, counts = _members(group[group != UNKNOWN], member[group != UNKNOWN])
    found = np.zeros(groups, np.int64)
    found[numbers] = counts
    return found


def _members(group: Ints, member: Ints) -> tuple[Ints, Ints]:
    """Return the groups, ascending, and how many distinct members each has."""
    code = joint(group, member)
    order = np.argsort(code)
    return np.unique(group[order[opens(code[order])]], return_counts=True)


def _callers(image: Ints, owner: Ints, client: Ints) -> dict[tuple[int, int], int]:
    """Return on how many machines each program calls each owner."""
    codes, counts = _members(image << 32 | owner, client)
    return {(code >> 32, code & 0xFFFFFFFF): n for code, n in zip(codes.tolist(), counts.tolist(), strict=True)}


def _used_hours(traffic: Traffic, client: Ints, owner: Ints, span_s: tuple[float, float]) -> dict[int, Ints]:
    hours = _hours(span_s)
    hour = np.clip(((traffic.time_s - span_s[0]) // HOUR_S).astype(np.int64), 0, hours - 1)
    cell = client * hours + hour
    page = (traffic.flags & (PATH_STATIC | HAS_REFERER)) != 0
    cells, counts = _members(cell, owner)
    busy = np.union1d(cells[counts >= BUSY_OWNERS], cell[page])
    clients, starts = np.unique(busy // hours, return_index=True)
    return {int(c): used for c, used in zip(clients, np.split(busy % hours, starts)[1:], strict=True)}


def _hours(span_s: tuple[float, float]) -> int:
    return int((span_s[1] - span_s[0]) // HOUR_S) + 1
