"""Knows which machine an address was at a time, from logs that name both, and from the user's list, which wins.

It knows which spellings of a user name are one account, too.
A proxy knows addresses, an endpoint's log device names; addresses move between machines (DHCP). A device holds an
address from the first to the last time that a log saw it there. Where the spans of two devices overlap, the address
is that of a crowd (a NAT, or the same private address in many homes), and nobody's name is given to it.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from sferic.catalog.assets import Asset
from sferic.model.traffic import UNKNOWN, Small

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
        """Note that a log saw a device at an address."""
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

    def renamed(self, clients: Small, time_s: Any, names: dict[str, int]) -> Small:
        """Give rows that know only an address the number of the device that held it; new devices get new numbers."""
        found = clients.copy()
        known = [(name, number) for name, number in names.items() if name in self._listed or name in self._seen]
        order = np.argsort(clients, kind="stable")
        ranked = clients[order]
        for address, number in known:
            low, high = np.searchsorted(ranked, number), np.searchsorted(ranked, number, side="right")
            rows = order[low:high]
            if len(rows):
                found[rows] = self._holders(address, time_s[rows], names, number)
        return found

    def _holders(self, address: str, time_s: Any, names: dict[str, int], unnamed: int) -> Small:
        listed = self._listed.get(address)
        spans, slack_s = (sorted(listed), 0.0) if listed else self._learned(address)
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

    `CORP\ann` and `corp\Ann` are one account. So is a bare `ann`, where the logs know one `ann` of some domain and no
    second: a proxy often drops the domain that an endpoint's log has.
    """
    first: dict[str, int] = {}
    full: dict[str, set[int]] = {}
    for number, name in enumerate(users):
        same = first.setdefault(name.casefold(), number)
        if (bare := _without_domain(name)) != name.casefold():
            full.setdefault(bare, set()).add(same)
    found = [*(first[name.casefold()] for name in users), UNKNOWN]
    for number, name in enumerate(users):
        named = full.get(name.casefold(), ())
        if len(named) == 1:
            found[number] = next(iter(named))
    return np.array(found, np.int32)


def _without_domain(name: str) -> str:
    return name.casefold().rpartition("\\")[2].partition("@")[0]
