"""Host names in one form: lower case, without port, user, brackets or final dot, in A-label form.

Everything that is compared with the catalogue or shown as a destination passes through here once.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network

import msgspec

MAX_HOST = 253
_REMEMBERED = 512
"""Longer texts are judged anew each time: what is remembered of hostile input must stay small."""
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_-])?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}://")
_AUTHORITY_END = re.compile(r"[/?#]")


class Target(msgspec.Struct, frozen=True, gc=False):
    """Where a request went."""

    host: str | None
    port: int | None
    path: str | None


def normalise_host(text: str) -> str | None:
    """Return the one form of a host name or address, or None if it is neither.

    Accepts a port, userinfo, brackets, a trailing dot, upper case and non-ASCII (IDNA) names.
    """
    return (_known_host if len(text) <= _REMEMBERED else _host)(text)


def _host(text: str) -> str | None:
    name = text.strip().rpartition("@")[2]
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    name = name.rstrip(".").lower()
    if not name or len(name) > MAX_HOST:
        return None
    if ":" in name:
        return address(name)
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return name if _NAME.fullmatch(name) and ".." not in name else None


def address(text: str) -> str | None:
    """Return an IP address in its canonical text form (IPv4-mapped IPv6 as IPv4), or None."""
    return (_known_address if len(text) <= _REMEMBERED else _address)(text)


def _address(text: str) -> str | None:
    try:
        parsed = ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


def is_address(host: str) -> bool:
    """Say whether a normalised host is an address rather than a name."""
    return (host[-1:].isdigit() or ":" in host) and address(host) is not None


def spellings(known: str) -> list[str]:
    """Return how logs write an address: as it is here; IPv6 also in full, with groups filled with zeros or not."""
    parsed = ip_address(known)
    if parsed.version == 4:
        return [known]
    full = parsed.exploded
    return list(dict.fromkeys([known, ":".join(f"{int(group, 16):x}" for group in full.split(":")), full]))


def split_target(text: str) -> Target:
    """Split `scheme://user@host:port/path?query`, `host/path` or `host:port` into its parts.

    A missing scheme is normal (CONNECT, Zscaler, PAN-OS); the path is None when the text has none.
    """
    match = _SCHEME.match(text) if "://" in text else None
    rest = text[match.end() :] if match else text
    end = _AUTHORITY_END.search(rest)
    authority, path = (rest[: end.start()], rest[end.start() :]) if end else (rest, None)
    if path is not None and not path.startswith("/"):
        path = "/" + path
    return Target(*(_known_place if len(authority) <= _REMEMBERED else _place)(authority), path)


def _place(authority: str) -> tuple[str | None, int | None]:
    return normalise_host(authority), _port(authority)


def _port(authority: str) -> int | None:
    tail = authority.rpartition("@")[2].rpartition("]")[2] if "]" in authority else authority.rpartition("@")[2]
    digits = tail.rpartition(":")[2] if tail.count(":") == 1 else ""
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 5):
        return None
    return int(digits) if 0 < int(digits) < 65536 else None


_known_host = lru_cache(maxsize=65536)(_host)
_known_address = lru_cache(maxsize=65536)(_address)
_known_place = lru_cache(maxsize=65536)(_place)


def in_networks(addresses: Iterable[str | None], networks: Sequence[str]) -> list[bool]:
    """Say of each address whether one of the networks (CIDR) holds it; what is no address is in none."""
    nets = [ip_network(network, strict=False) for network in networks]
    known = (ip_address(text) if nets and text and is_address(text) else None for text in addresses)
    return [one is not None and any(one in net for net in nets) for one in known]
