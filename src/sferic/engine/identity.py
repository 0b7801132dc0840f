"""Knows which machine an address was at a time, from logs that name both, and from the user's list, which wins.

It knows which spellings of a device's name are one machine, and which of a user's name are one account, too.
A proxy knows addresses, an endpoint's log device names; addresses move between machines (DHCP). A device holds an
address from the first to the last time that a log saw it there. Where the spans of two devices overlap, the address
is that of a crowd (a NAT, or the same private address in many homes), and nobody's name is given to it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from sferic.catalog.assets import Asset
from sferic.model.machine import same_machines
from sferic.model.traffic import UNKNOWN, Bools, Small

LEASE_S = 8 * 3600.0
"""So long before or after a device was seen at an address, the address is still taken for its."""
MAX_ADDRESSES = 200_000
MAX_DEVICES = 64
"""An address with more devices is a crowd's, whatever their spans."""
Span = tuple[float, float, str]
"""From when to when which device."""


class Identities:
    """Address → devices that logs saw there, and when."""

    def __init__(self, assets: Sequence[Asset] = ()) -> None:
        self._seen: dict[str, dict[str, list[float]]] = {}
        self._homes: dict[str, set[str]] = {}
        self._listed: dict[str, list[Span]] = {}
        for one in assets:
            self._listed.setdefault(one.address, []).append((one.from_s, one.until_s, one.device))

    def learn(self, address: str, device: str, time_s: float) -> None:
        """Note that a log saw a device at an address; an address that is every machine's own says nothing."""
        if address.startswith("127.") or address == "::1":
            return
        devices = self._seen.get(address)
        if devices is None:
            if len(self._seen) >= MAX_ADDRESSES:
                return
            devices = self._seen[address] = {}
        span = devices.get(device)
        if span is None:
            if len(devices) <= MAX_DEVICES:
                devices[device] = [time_s, time_s]
                self._homes.setdefault(device, set()).add(address)
        elif time_s < span[0]:
            span[0] = time_s
        elif time_s > span[1]:
            span[1] = time_s

    def adopt(self, others: "Identities") -> None:
        """Note what others know from logs."""
        for address, device, time_s in others.told():
            self.learn(address, device, time_s)

    def told(self) -> Iterator[tuple[str, str, float]]:
        """Yield what logs said, as much of it as matters: each device at each address, first and last."""
        for address, devices in self._seen.items():
            for device, span in devices.items():
                for time_s in span:
                    yield address, device, time_s

    def pairs(self) -> set[tuple[str, str]]:
        """Return each address with each device that it may have been."""
        listed = {(address, device) for address, spans in self._listed.items() for _, _, device in spans}
        return listed | {(address, device) for address, devices in self._seen.items() for device in devices}

    def sole_devices(self) -> dict[str, str]:
        """Return the addresses that one device alone was seen at, or is listed at, and which."""
        found: dict[str, set[str]] = {}
        for address, device in self.pairs():
            found.setdefault(address, set()).add(device)
        return {address: devices.pop() for address, devices in found.items() if len(devices) == 1}

    def spellings(self, names: Iterable[str]) -> dict[str, str]:
        """Return which of these names, and of all devices, are another's spelling, and whose."""
        listed = (device for spans in self._listed.values() for _, _, device in spans)
        return same_machines(dict.fromkeys([*names, *self._homes, *listed]))

    def united(self, spellings: Mapping[str, str]) -> "Identities":
        """Return what is known of machines rather than of spellings of their names."""
        if not spellings:
            return self
        found = Identities()
        for address, spans in self._listed.items():
            found._listed[address] = [(since, until, spellings.get(name, name)) for since, until, name in spans]
        for address, devices in self._seen.items():
            for name, span in devices.items():
                for time_s in span:
                    found.learn(address, spellings.get(name, name), time_s)
        return found

    def known(self, names: dict[str, int]) -> dict[int, str]:
        """Return which of the names are addresses that devices held; the devices get numbers too, if they have none."""
        found = {number: name for name, number in names.items() if name in self._listed or name in self._seen}
        for address in found.values():
            for _, _, device in self._spans(address)[0]:
                names.setdefault(device, len(names))
        return found

    def renamed(self, clients: Small, time_s: Any, known: Mapping[int, str], names: Mapping[str, int]) -> Small:
        """Give rows that know only an address the number of the device that held it; `known` is what `known` said."""
        if not known:
            return clients
        found = clients.copy()
        order = np.argsort(clients, kind="stable")
        ranked = clients[order]
        at = np.append(np.flatnonzero(np.diff(ranked, prepend=ranked[:1] - 1)), len(ranked))
        for number, low, high in zip(ranked[at[:-1]].tolist(), at[:-1].tolist(), at[1:].tolist(), strict=True):
            if number in known:
                rows = order[low:high]
                found[rows] = self._holders(known[number], time_s[rows], names, number)
        return found

    def _holders(self, address: str, time_s: Any, names: Mapping[str, int], unnamed: int) -> Small:
        spans, slack_s = self._spans(address)
        if not spans:
            return np.full(len(time_s), unnamed, np.int32)
        first, last = (np.array([span[n] for span in spans], float) for n in (0, 1))
        after = np.searchsorted(first, time_s, side="right")
        before = after - 1
        since_s, until_s = time_s - last[before], first[np.minimum(after, len(spans) - 1)] - time_s
        was, will = (before >= 0) & (since_s <= slack_s), (after < len(spans)) & (until_s <= slack_s)
        holds = np.where(was & (~will | (since_s <= 0)), before, len(spans))
        holds = np.where(will & ~was, after, holds)
        who = np.array([names[device] for _, _, device in spans] + [unnamed], np.int32)
        return np.asarray(who[holds], np.int32)

    def _spans(self, address: str) -> tuple[list[Span], float]:
        listed = self._listed.get(address)
        return (sorted(listed), 0.0) if listed else self._learned(address)

    def _learned(self, address: str) -> tuple[list[Span], float]:
        """Return who held an address, and how long before and after they may have held it too."""
        devices = self._seen[address]
        spans = sorted((first, last, device) for device, (first, last) in devices.items())
        if len(spans) == 1 and self._homes[spans[0][2]] == {address}:
            return spans, np.inf
        crowded = len(spans) > MAX_DEVICES or any(b[0] <= a[1] for a, b in pairwise(spans))
        return ([], 0.0) if crowded else (spans, LEASE_S)

    def addresses(self, names: Mapping[str, int]) -> dict[int, str]:
        """Return device → the address at which it was seen last, or that the list gives it."""
        last: dict[str, tuple[float, str]] = {}
        for address, devices in self._seen.items():
            for device, (_, until_s) in devices.items():
                last[device] = max(last.get(device, (-np.inf, "")), (until_s, address))
        for address, spans in self._listed.items():
            for _, _, device in spans:
                last.setdefault(device, (-np.inf, address))
        return {names[device]: address for device, (_, address) in last.items() if device in names}


def accounts(users: Sequence[str]) -> Small:
    r"""Return for each user name the number of the name that stands for the account; the last place is UNKNOWN's.

    `CORP\ann` and `corp\Ann` are one account, and so is `ann@corp.example` unless there is an `ann@corp.other.example`.
    So is a bare `ann`, where the logs know one `ann` of some domain and no second: a proxy often drops the domain.
    """
    known: dict[str, dict[str, int]] = {}
    for number, name in enumerate(users):
        bare, domain = _parted(name)
        known.setdefault(bare, {}).setdefault(domain, number)
    stands = {(bare, domain): number for bare, domains in known.items() for domain, number in _united(domains).items()}
    return np.array([*(stands[_parted(name)] for name in users), UNKNOWN], np.int32)


def _parted(name: str) -> tuple[str, str]:
    before, backslash, after = name.casefold().rpartition("\\")
    bare, _, domain = after.partition("@")
    return (bare, before) if backslash else (bare, domain)


def _united(domains: Mapping[str, int]) -> dict[str, int]:
    """Return domain → the number that stands for the account there; a short name is that of the one it begins."""
    full: dict[str, list[int]] = {}
    for domain, number in domains.items():
        if "." in domain:
            full.setdefault(domain.partition(".")[0], []).append(number)
    found = {}
    for domain, number in domains.items():
        longer = full.get(domain, []) if domain else []
        found[domain] = longer[0] if len(longer) == 1 else number
    one_of_all = {number for domain, number in found.items() if domain}
    if "" in found and len(one_of_all) == 1:
        found[""] = one_of_all.pop()
    return found


def one_person(clients: Small, numbers: Small, users: Sequence[str], devices: Bools) -> Small:
    r"""Return user numbers with one for `CORP\ann` and `ann@example.com` on one device that knows no other `ann`.

    Mail domains are seldom called as Windows' domains are. `devices` marks the clients that are one machine each.
    """
    told = np.flatnonzero(devices[clients] & (numbers != UNKNOWN))
    pairs, pair = np.unique(clients[told].astype(np.int64) << 32 | numbers[told].astype(np.int64), return_inverse=True)
    alike: dict[tuple[int, str], list[int]] = {}
    stands: list[int] = (pairs & 0xFFFFFFFF).tolist()
    for place, client in enumerate((pairs >> 32).tolist()):
        alike.setdefault((client, _parted(users[stands[place]])[0]), []).append(place)
    for places in alike.values():
        by_form = sorted(places, key=lambda place: "\\" not in users[stands[place]])
        if ["\\" in users[stands[place]] for place in by_form] == [True, False]:
            stands[by_form[1]] = stands[by_form[0]]
    found = numbers.copy()
    found[told] = np.array(stands, np.int32)[pair]
    return found
