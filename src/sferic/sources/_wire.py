"""Reads what sensors on the wire (Zeek, Suricata) have in common: loosely typed JSON, and requests to proxies.

A sensor sees a request on its way to a server as well as one on its way to a proxy. The latter says in its target
where it wants to go (CONNECT, or an absolute URI); the address it is sent to is only the proxy's.

What it does not do: know the keys of a record; `_zeek` and `suricata_eve` do.
"""

import re
from typing import Any

import msgspec

from sferic.model.event import Event
from sferic.model.hosts import address, is_address, normalise_host, split_target
from sferic.sources._clock import Clock, epoch_us
from sferic.sources._fields import number
from sferic.sources._syslog import iso_time

_BEFORE = re.compile(r'(?:<|[A-Z][a-z]{2} |20\d\d-)[^{"]{5,300}(?=\{")')
"""A syslog header; no client can write a brace or a quote into one."""
_LATEST = 10**11
"""Seconds since the epoch are below this number, milliseconds above."""
_PORTS = {"http": 80, "https": 443}


class Destination(msgspec.Struct, frozen=True, gc=False):
    """Where a request seen on the wire went."""

    host: str | None = None
    source: str | None = None
    """How the name was learned."""
    address: str | None = None
    """The literal address that stands in the name's place."""
    port: int | None = None
    """The port that stands beside the name, or the scheme's."""
    path: str | None = None
    proxied: bool = False
    """Whether it was sent to a proxy, whose address is then the connection's."""


def destination(method: str | None, target: str | None, header: str | None) -> Destination:
    """Judge by a request's method, target (URI) and Host header; a target that names a server wins (RFC 9112 3.2.2)."""
    target = target or ""
    if method == "CONNECT":
        asked = split_target(target)
        return Destination(*_named(asked.host, "connect"), asked.port, None, proxied=True)
    scheme, _, rest = target[:12].partition("://")
    if rest and scheme.isalpha():
        asked = split_target(target)
        port = asked.port or _PORTS.get(scheme.lower())
        return Destination(*_named(asked.host, "url"), port, asked.path or "/", proxied=True)
    named = split_target(header) if header else None
    path = target if target.startswith("/") else None
    if named is None:
        return Destination(path=path)
    return Destination(*_named(named.host, "http_host"), named.port, path)


def send(event: Event, to: Destination) -> None:
    """Write the destination into an event that has the connection's address and port."""
    event.dst_host, event.host_source, event.path = to.host, to.source, to.path
    if to.proxied:
        event.proxy_ip, event.dst_ip, event.dst_port = event.dst_ip, to.address, to.port


def host_header(value: str) -> str | None:
    """Return the name in a Host header; None for an address or for what is neither."""
    return _named(split_target(value).host, "http_host")[0] if value else None


def _named(host: str | None, source: str) -> tuple[str | None, str | None, str | None]:
    if host is None:
        return None, None, None
    return (None, None, host) if is_address(host) else (host, source, None)


def object_text(text: str) -> str | None:
    """Return the JSON object of a line, which may stand behind a syslog header; None if there is none."""
    if text.startswith('{"'):
        return text
    match = _BEFORE.match(text)
    return text[match.end() :] if match else None


def moment(value: Any, clock: Clock) -> int:
    """Read epoch seconds (number or text), epoch milliseconds or ISO 8601, as epoch microseconds."""
    if isinstance(value, str):
        return iso_time(value, clock) if value[4:5] == "-" else epoch_us(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LATEST * 1000:
        return round(value * 1_000_000) if value < _LATEST else round(value) * 1000
    raise ValueError("time is not a number")


def count(value: Any) -> int | None:
    """Return a whole number of at most 18 digits, not below 0, from a number or its digits."""
    if type(value) is int:
        return value if 0 <= value < 10**18 else None
    return number(value) if isinstance(value, str) else None


def milliseconds(value: Any) -> int | None:
    """Turn seconds, as a number or text, into milliseconds."""
    try:
        seconds = float(value) if isinstance(value, str | int | float) else -1.0
    except (ValueError, OverflowError):
        return None
    return round(seconds * 1000) if 0 <= seconds < _LATEST else None


def word(value: Any) -> str | None:
    """Return a text that is not empty."""
    return value if isinstance(value, str) and value else None


def lower(value: Any) -> str | None:
    """Return a text that is not empty in lower case."""
    return value.lower() if isinstance(value, str) and value else None


def place(value: Any) -> str | None:
    """Return a canonical address."""
    return address(value) if isinstance(value, str) else None


def name(value: Any) -> str | None:
    """Return a normalised host name; None for an address or for what is neither."""
    host = normalise_host(value) if isinstance(value, str) else None
    return None if host is None or is_address(host) else host


def answers(values: list[Any], asked: str | None) -> tuple[str, ...] | None:
    """Return the addresses and names among DNS answers, in order, each once, without the name asked for."""
    found = (normalise_host(value) for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(host for host in found if host and host != asked)) or None
