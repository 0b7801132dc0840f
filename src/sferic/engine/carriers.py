"""Connections to an explicit proxy, which carry calls that the proxy's log has without a process.

An endpoint's log of such a connection names the proxy and never the function. It is of use only beside a call of the
same machine: from the same port, or, where the proxy logs no ports, opened within seconds of the call.

What it does not do: decide whose call it was; `sferic.engine.attribution` does, over all rows.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import numpy as np

from sferic.engine.attribution import EARLY_S, KEPT_S
from sferic.engine.selector import as_word
from sferic.model.event import NETWORK, Event
from sferic.model.hosts import address, in_networks, spellings
from sferic.model.machine import short_name
from sferic.model.traffic import LOOKUP, UNKNOWN

PORTS = (3128, 8000, 8080, 8081, 8088, 8888, 9000, 9090, 9400, 9480)
"""Where proxies and the local agents of cloud proxies usually listen."""


class Calls:
    """Calls without a process, by machine."""

    def __init__(self, columns: dict[str, Any], clients: Sequence[str], proxies: Sequence[str]) -> None:
        """Take collected rows, the names of their clients, and the networks of known proxies."""
        self._proxies = proxies
        rows = np.flatnonzero(
            (columns["process"] == UNKNOWN) & (columns["client"] != UNKNOWN) & ((columns["flags"] & LOOKUP) == 0)
        )
        order = rows[np.argsort(columns["time_s"][rows], kind="stable")]
        self._times: dict[tuple[str, int], list[float]] = {}
        known = (columns[name][order].tolist() for name in ("client", "port", "time_s"))
        for client, port, time_s in zip(*known, strict=True):
            self._times.setdefault((short_name(clients[client]), port), []).append(time_s)

    def __len__(self) -> int:
        return len(self._times)

    def expressions(self) -> list[str]:
        """Return what finds a connection to a proxy in a line."""
        alone = [found for network in self._proxies if (found := address(network.partition("/")[0]))]
        ports = "|".join(map(str, PORTS))
        return [rf"\b(?:{ports})\b", *(as_word(one) for known in alone for one in spellings(known))]

    def may_be_carried_by(self, event: Event) -> bool:
        """Say whether a connection is one to a proxy, and a call of the machine may have gone through it."""
        if event.table != NETWORK or event.dst_ip is None or not (event.process_path or event.process_guid):
            return False
        if event.dst_port not in PORTS and not next(iter(in_networks([event.dst_ip], self._proxies))):
            return False
        opened_s = event.time / 1e6
        names = {name for name in (event.src_ip, short_name(event.device or "")) if name}
        ports = ((UNKNOWN, EARLY_S), (UNKNOWN if event.src_port is None else event.src_port, KEPT_S))
        return any(self._calls(name, port, opened_s, later_s) for name in names for port, later_s in ports)

    def _calls(self, name: str, port: int, opened_s: float, later_s: float) -> bool:
        times = self._times.get((name, port), [])
        at = bisect_left(times, opened_s - EARLY_S)
        return at < len(times) and times[at] <= opened_s + later_s
