"""Surveys what is usual in the whole input: how many call each owner, how common each software is, when people work.

Only calls to serverless platforms are known here, since lines that name none are not read.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from sferic.model.grouping import joint, opens, rising
from sferic.model.hosts import in_networks, is_address
from sferic.model.traffic import BLOCKED, FAILED, HAS_REFERER, PATH_STATIC, UNKNOWN, Bools, Floats, Ints, Small, Traffic
from sferic.model.window import Estate
from sferic.signals._kinds import Kinds

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


def sight(kinds: Kinds) -> Sighted:
    """Count over all rows of some clients."""
    traffic, owners = kinds.traffic, len(kinds.owners)
    client, user, agent, image, owner = kinds.client, kinds.user, kinds.agent, kinds.image, kinds.owner
    named, ran, known = user != UNKNOWN, image != UNKNOWN, agent != UNKNOWN
    callers, callers_clients = _members(image[ran] << 32 | owner[ran], client[ran])
    first_s = traffic.time_s[kinds.first]
    return Sighted(
        clients=len(np.unique(client)),
        users=np.unique(user[named]),
        owner_clients=_distinct(owner, client, owners),
        owner_users=np.unique(owner[named] << 32 | user[named]),
        owner_first_s=_first(first_s, owner, owners),
        owner_company_s=_company(kinds),
        source_first_s=_first(first_s, kinds.source, len(traffic.sources)),
        source_refuses=_any(traffic, BLOCKED | FAILED),
        source_refers=_any(traffic, HAS_REFERER),
        agent_clients=_distinct(agent[known], client[known], len(traffic.agents)),
        image_clients=_distinct(image[ran], client[ran], len(traffic.images)),
        callers=callers, callers_clients=callers_clients,
    )  # fmt: skip


def together(parts: Sequence[Sighted]) -> Sighted:
    """Add up what parts say."""

    def every(name: str) -> list[Any]:
        return [getattr(part, name) for part in parts]

    callers, place = np.unique(np.concatenate(every("callers")), return_inverse=True)
    clients = np.bincount(place, np.concatenate(every("callers_clients")), len(callers))
    counted = {n: np.sum(every(n), axis=0) for n in ("owner_clients", "agent_clients", "image_clients")}
    first = {n: np.min(every(n), axis=0) for n in ("owner_first_s", "owner_company_s", "source_first_s")}
    distinct = {n: np.unique(np.concatenate(every(n))) for n in ("users", "owner_users")}
    any_of = {n: np.any(every(n), axis=0) for n in ("source_refuses", "source_refers")}
    return Sighted(
        clients=sum(part.clients for part in parts), callers=callers, callers_clients=clients.astype(np.int64),
        **counted, **first, **distinct, **any_of,
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


def at_home(estate: Estate, kinds: Kinds, span_s: tuple[float, float], shared: Sequence[str] = ()) -> Estate:
    """Add what is usual at each client of the traffic; `shared` names networks whose addresses stand for many machines.

    Rows without a client are taken for a crowd: the last place of `Estate.shared`, where UNKNOWN points, says so.
    """
    traffic, client, agent = kinds.traffic, kinds.client, kinds.agent
    known = agent != UNKNOWN
    software, counts = _members(client[known] * len(traffic.agents) + agent[known], kinds.owner[known])
    pairs = zip(*(part.tolist() for part in np.divmod(software, max(len(traffic.agents), 1))), strict=True)
    crowds = _shared(client, kinds.user, agent, len(traffic.clients))
    return msgspec.structs.replace(
        estate,
        shared=np.append(crowds | _listed(traffic, shared) if shared else crowds, True),
        pair_owners=dict(zip(pairs, counts.tolist(), strict=True)),
        client_hours=_used_hours(kinds, span_s),
    )


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


def _company(kinds: Kinds) -> Floats:
    """Return when anybody who calls an owner first called another one; infinity where they call nobody else."""
    time_s, client, owner = kinds.traffic.time_s, kinds.client, kinds.owner
    code = joint(client, owner, kinds.first)
    order = rising(code)
    pairs = order[opens(joint(client, owner)[order])]  # the first kind of each client and owner
    pairs = pairs[rising(joint(client[pairs], kinds.first[pairs]))]
    at = np.append(opens(client[pairs]), len(pairs))
    first = pairs[at[:-1]]
    later = np.full(len(first), np.inf)
    several = np.diff(at) > 1
    later[several] = time_s[kinds.first[pairs[at[:-1][several] + 1]]]
    place = np.repeat(np.arange(len(first)), np.diff(at))
    is_first = pairs == first[place]
    met_s = np.where(is_first, later[place], time_s[kinds.first[first]][place])
    return _first(met_s, owner[pairs], len(kinds.owners))


def _distinct(group: Ints, member: Ints, groups: int) -> Ints:
    """Return how many distinct members each of the groups 0, 1, … has."""
    numbers, counts = _members(group[group != UNKNOWN], member[group != UNKNOWN])
    found = np.zeros(groups, np.int64)
    found[numbers] = counts
    return found


def _members(group: Ints, member: Ints) -> tuple[Ints, Ints]:
    """Return the groups, ascending, and how many distinct members each has."""
    code = joint(group, member)
    order = rising(code)
    heads = group[order[opens(code[order])]]
    at = opens(heads)
    return heads[at], np.diff(at, append=len(heads))


def _used_hours(kinds: Kinds, span_s: tuple[float, float]) -> dict[int, Ints]:
    traffic, hours = kinds.traffic, _hours(span_s)
    client = traffic.client.astype(np.int64)
    hour = np.clip(((traffic.time_s - span_s[0]) // HOUR_S).astype(np.int64), 0, hours - 1)
    cell = client * hours + hour
    page = (traffic.flags & (PATH_STATIC | HAS_REFERER)) != 0
    cells, counts = _members(cell, kinds.owner_of[traffic.place])
    busy = np.union1d(cells[counts >= BUSY_OWNERS], cell[page])
    clients, starts = np.unique(busy // hours, return_index=True)
    return {int(c): used for c, used in zip(clients, np.split(busy % hours, starts)[1:], strict=True)}


def _hours(span_s: tuple[float, float]) -> int:
    return int((span_s[1] - span_s[0]) // HOUR_S) + 1
