"""Surveys what is usual in the whole input: how many call each owner, how common each software is, when people work.

Only calls to serverless platforms are known here, since lines that name none are not read.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from sferic.model.hosts import in_networks, is_address
from sferic.model.traffic import BLOCKED, FAILED, HAS_REFERER, PATH_STATIC, UNKNOWN, Bools, Floats, Ints, Small, Traffic
from sferic.model.window import Estate
from sferic.model.grouping import joint, opens, rising

BUSY_OWNERS = 3
"""A client that calls this many owners within an hour is being used by somebody."""
SHARED_USERS = 5
SHARED_AGENTS = 25
"""From so many users or user agents on, an address is taken for that of a proxy or NAT."""
FULL_ESTATE = 100
"""In a smaller estate each caller counts for more."""
HOUR_S = 3600.0


class Sighted(msgspec.Struct, frozen=True):
    """What some clients' rows add to what is known of everybody. Parts that share no client can be added up."""

    clients: int
    users: Ints
    """Distinct users; unlike a client, one may stand in several parts."""
    owner_clients: Ints
    owner_users: Ints
    """Distinct pairs of owner and user, as one number each."""
    owner_first_s: Floats
    owner_company_s: Floats
    source_first_s: Floats
    source_refuses: Bools
    source_refers: Bools
    agent_clients: Ints
    image_clients: Ints
    callers: Ints
    """Distinct pairs of program and owner, as one number each, and on how many clients that is."""
    callers_clients: Ints


def sight(traffic: Traffic) -> Sighted:
    """Count over all rows of some clients."""
    names, owner = owners_of(traffic)
    owners = len(names)
    client, user, agent = (getattr(traffic, n).astype(np.int64) for n in ("client", "user", "agent"))
    image = traffic.image.astype(np.int64)
    named, ran, known = user != UNKNOWN, image != UNKNOWN, agent != UNKNOWN
    callers, callers_clients = _members(image[ran] << 32 | owner[ran], client[ran])
    return Sighted(
        clients=len(np.unique(client)),
        users=np.unique(user[named]),
        owner_clients=_distinct(owner, client, owners),
        owner_users=np.unique(owner[named] << 32 | user[named]),
        owner_first_s=_first(traffic.time_s, owner, owners),
        owner_company_s=_company(traffic.time_s, owner, client, owners),
        source_first_s=_first(traffic.time_s, traffic.source, len(traffic.sources)),
        source_refuses=_any(traffic, BLOCKED | FAILED),
        source_refers=_any(traffic, HAS_REFERER),
        agent_clients=_distinct(agent[known], client[known], len(traffic.agents)),
        image_clients=_distinct(image[ran], client[ran], len(traffic.images)),
        callers=callers, callers_clients=callers_clients,
    )  # fmt: skip


def together(one: Sighted, other: Sighted) -> Sighted:
    """Add up what two parts say."""
    callers, place = np.unique(np.concatenate([one.callers, other.callers]), return_inverse=True)
    clients = np.concatenate([one.callers_clients, other.callers_clients])
    return Sighted(
        clients=one.clients + other.clients,
        users=np.union1d(one.users, other.users),
        owner_clients=one.owner_clients + other.owner_clients,
        owner_users=np.union1d(one.owner_users, other.owner_users),
        owner_first_s=np.minimum(one.owner_first_s, other.owner_first_s),
        owner_company_s=np.minimum(one.owner_company_s, other.owner_company_s),
        source_first_s=np.minimum(one.source_first_s, other.source_first_s),
        source_refuses=one.source_refuses | other.source_refuses,
        source_refers=one.source_refers | other.source_refers,
        agent_clients=one.agent_clients + other.agent_clients,
        image_clients=one.image_clients + other.image_clients,
        callers=callers, callers_clients=np.bincount(place, clients, len(callers)).astype(np.int64),
    )  # fmt: skip


def everybody(sighted: Sighted, span_s: tuple[float, float]) -> Estate:
    """Return what is usual among all whose parts were added up; of single clients `at_home` tells."""
    users = np.bincount(sighted.owner_users >> 32, minlength=len(sighted.owner_clients))
    counts = zip(sighted.callers.tolist(), sighted.callers_clients.tolist(), strict=True)
    return Estate(
        clients=max(sighted.clients, len(sighted.users)),
        owner_clients=np.maximum(sighted.owner_clients, users),
        owner_first_s=sighted.owner_first_s, owner_company_s=sighted.owner_company_s,
        source_first_s=sighted.source_first_s,
        source_refuses=sighted.source_refuses, source_refers=sighted.source_refers,
        agent_clients=sighted.agent_clients, image_clients=sighted.image_clients,
        image_callers={(code >> 32, code & 0xFFFFFFFF): n for code, n in counts},
        hours=_hours(span_s),
    )  # fmt: skip


def at_home(estate: Estate, traffic: Traffic, span_s: tuple[float, float], shared: Sequence[str] = ()) -> Estate:
    """Add what is usual at each client of the traffic; `shared` names networks whose addresses stand for many machines.

    Rows without a client are taken for a crowd: the last place of `Estate.shared`, where UNKNOWN points, says so.
    """
    _, owner = owners_of(traffic)
    client, user, agent = (getattr(traffic, n).astype(np.int64) for n in ("client", "user", "agent"))
    known = agent != UNKNOWN
    software, counts = _members(client[known] * len(traffic.agents) + agent[known], owner[known])
    pairs = zip(*(part.tolist() for part in np.divmod(software, max(len(traffic.agents), 1))), strict=True)
    return msgspec.structs.replace(
        estate,
        shared=np.append(_shared(client, user, agent, len(traffic.clients)) | _listed(traffic, shared), True),
        pair_owners=dict(zip(pairs, counts.tolist(), strict=True)),
        client_hours=_used_hours(traffic, client, owner, span_s),
    )


def owners_of(traffic: Traffic) -> tuple[list[str], Ints]:
    """Return the owners, in the order of their places, and each row's."""
    owners: dict[str, int] = {}
    owner = np.array([owners.setdefault(p.owner, len(owners)) for p in traffic.places], np.int64)
    return list(owners), owner[traffic.place] if len(traffic) else np.empty(0, np.int64)


def _shared(client: Ints, user: Ints, agent: Ints, clients: int) -> Bools:
    users = _distinct(client[user != UNKNOWN], user[user != UNKNOWN], clients)
    agents = _distinct(client[agent != UNKNOWN], agent[agent != UNKNOWN], clients)
    return np.asarray((users >= SHARED_USERS) | (agents >= SHARED_AGENTS))


def _listed(traffic: Traffic, networks: Sequence[str]) -> Bools:
    known = (n if is_address(n) else traffic.addresses.get(i) for i, n in enumerate(traffic.clients))
    return np.array(in_networks(known, networks), bool)


def _any(traffic: Traffic, flag: int) -> Bools:
    """Mark the log sources of which any row bears the flag."""
    return np.asarray(np.bincount(traffic.source[(traffic.flags & flag) != 0], minlength=len(traffic.sources)) > 0)


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
