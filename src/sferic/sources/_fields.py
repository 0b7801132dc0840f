"""Small, exact conversions from log text to event values; `-`, empty and words for nothing become None."""

from functools import lru_cache
from ipaddress import ip_address, ip_network
from string import ascii_letters, digits
from urllib.parse import unquote_plus

from sferic.model.hosts import address, is_address, normalise_host

_PRIVATE = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 fc00::/7 fe80::/10"
_INSIDE = tuple(ip_network(net) for net in _PRIVATE.split())
NOTHING = frozenset(
    {
        "",
        "-",
        "--",
        "none",
        "na",
        "n/a",
        "null",
        "(null)",
        "unknown",
        "not-resolved",
        "notavailable",
        "not applicable",
        "not-applicable",
    }
)
_TOO_BIG = 10**18
_PLAIN_END = frozenset(ascii_letters + digits + "/")
_PLAIN_START = _PLAIN_END - {start for word in NOTHING for start in (word[:1], word[:1].upper())}
"""Between such characters a text is what it is: most are, and this is asked for every value of every line."""
_LONGEST_NOTHING = max(map(len, NOTHING))
_REMEMBERED = 64
"""Longer texts are no addresses, or odd ones that are judged anew each time."""


def text(value: str | None) -> str | None:
    """Return the text without surrounding quotes, or None where it says nothing."""
    if not value:
        return None
    if value[0] in _PLAIN_START and value[-1] in _PLAIN_END:
        return value
    value = value.strip()
    if value[:1] == '"' and len(value) > 1 and value[-1] == '"':
        value = value[1:-1].replace('""', '"')
    return None if len(value) <= _LONGEST_NOTHING and value.lower() in NOTHING else value


def number(value: str | int | float | None) -> int | None:
    """Return a non-negative whole number, or None where the log gives none."""
    if isinstance(value, str):
        bare = value if value.isdigit() else value.strip().strip('"')
        return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 19 else None
    return int(value) if value is not None and 0 <= value < _TOO_BIG else None


def ip(value: str | None) -> str | None:
    """Return a canonical address, or None."""
    if not value:
        return None
    return (_known_ip if len(value) <= _REMEMBERED else _ip)(value)


def _ip(value: str) -> str | None:
    cleaned = text(value)
    return address(cleaned) if cleaned else None


_known_ip = lru_cache(maxsize=65536)(_ip)


def forwarded(value: str | None, peer: str | None) -> str | None:
    """Return the first address of X-Forwarded-For, unless it is that of the peer itself.

    The first is the client where every proxy on the way is honest and each drops what clients send; the last would be
    the one that no client can invent, but behind two proxies it is only the inner one.
    """
    first = ip(value.partition(",")[0]) if value else None
    return None if first == peer else first


def another_name(value: str | None, host: str | None) -> str | None:
    """Return a host name beside another one, unless it is the same; None for an address."""
    name = normalise_host(value) if value and host else None
    return None if name is None or name == host or is_address(name) else name


def port(value: str | int | None) -> int | None:
    """Return a port number 1..65535, or None."""
    parsed = number(value)
    return parsed if parsed and parsed < 65536 else None


def status(value: str | int | None) -> int | None:
    """Return an HTTP status 100..599, or None (proxies write 0 for "no answer")."""
    parsed = number(value)
    return parsed if parsed and 100 <= parsed < 600 else None


def decoded(value: str | None) -> str | None:
    """Return percent-decoded text, for fields that a log encodes."""
    cleaned = text(value)
    return unquote_plus(cleaned) if cleaned and "%" in cleaned else cleaned


_ALLOWING = ("allow", "accept", "permit", "pass", "not block")
_BLOCKING = ("block", "den", "drop", "reset", "reject", "discard", "prevent", "refuse")


def verdict(value: str | None) -> str | None:
    """Return 'allowed' or 'blocked' for the words that most products have for it, else the word in lower case."""
    cleaned = text(value)
    if cleaned is None:
        return None
    word = cleaned.lower()
    if word.startswith(_ALLOWING):
        return "allowed"
    return "blocked" if word.startswith(_BLOCKING) else word


_TRANSPORTS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp"}


def transport(value: str | None) -> str | None:
    """Return a protocol's name in lower case, also where the log has IANA's number for it."""
    cleaned = text(value)
    return _TRANSPORTS.get(cleaned, cleaned.lower()) if cleaned else None


def own_address(told: object) -> str | None:
    """Return the address in `host.ip`, which a collector says of its machine, if there is just one of version 4."""
    known = {ip(one) for one in (told if isinstance(told, list) else [told]) if isinstance(one, str)}
    some = [one for one in known if one and "." in one and is_inside(one) and not one.startswith("169.254.")]
    return some[0] if len(some) == 1 else None


@lru_cache(maxsize=65536)
def is_inside(value: str) -> bool:
    """Say whether this is an address of a private range; documentation ranges are not private here."""
    known = address(value)
    return known is not None and any(ip_address(known) in net for net in _INSIDE)
