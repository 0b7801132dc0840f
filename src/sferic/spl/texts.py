"""The few functions over texts that the database does not have: addresses in networks, URL escapes, JSON paths."""

import ipaddress
import json
import re
from functools import lru_cache
from urllib.parse import unquote

from sferic.spl.clock import Function

MAX_VALUES = 10_000
_STEP = re.compile(r"([^.{}]+)|\{(\d{0,6})\}|\.")


@lru_cache(maxsize=1024)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def cidr_match(network: str, address: str) -> bool:
    """Say whether an address lies in a network; what is neither does not."""
    within = _network(network)
    try:
        return within is not None and ipaddress.ip_address(address.strip()) in within
    except ValueError:
        return False


def url_decode(text: str) -> str:
    """Take URL escapes off."""
    return unquote(text, errors="replace")


def json_path(text: str, path: str) -> list[str] | None:
    """Return the values at a path such as `a.b{}.c` in a JSON text; None if there is nothing."""
    try:
        found = [json.loads(text)]
    except (ValueError, RecursionError):
        return None
    for step in _STEP.finditer(path):
        if step[1]:
            found = [one[step[1]] for one in found if isinstance(one, dict) and step[1] in one]
        elif step[2] is not None:
            lists = [one for one in found if isinstance(one, list)]
            found = [v for one in lists for v in (one if not step[2] else one[int(step[2]) : int(step[2]) + 1])]
    return [written(one) for one in found[:MAX_VALUES] if one is not None] or None


def written(value: object) -> str:
    """Write a JSON value as Splunk shows it: a text as it is, an object as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def flat(value: object, name: str = "", into: dict[str, list[str]] | None = None) -> dict[str, list[str]]:
    """Flatten JSON into Splunk's field names: `a.b`, and `a{}` for the items of a list."""
    into = {} if into is None else into
    if len(into) > MAX_VALUES:
        return into
    if isinstance(value, dict):
        for key, inner in value.items():
            flat(inner, f"{name}.{key}" if name else str(key), into)
    elif isinstance(value, list):
        for inner in value[:MAX_VALUES]:
            flat(inner, f"{name}{{}}", into)
    elif value is not None and name:
        into.setdefault(name, []).append(written(value))
    return into


def based(text: str, base: float) -> float | None:
    """Read a whole number written to a base from 2 to 36."""
    try:
        return float(int(text[:64], int(base))) if 2 <= base <= 36 else None
    except ValueError:
        return None


def duration(seconds: float) -> str | None:
    """Write seconds as `1+02:03:04`, the days only where there are any."""
    if abs(seconds) > 1e12:
        return None
    days, rest = divmod(int(abs(seconds)), 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{'-' if seconds < 0 else ''}{f'{days}+' if days else ''}{clock}"


FUNCTIONS: tuple[Function, ...] = (
    ("spl_cidr", cidr_match, ("VARCHAR", "VARCHAR"), "BOOLEAN"),
    ("spl_urldecode", url_decode, ("VARCHAR",), "VARCHAR"),
    ("spl_json", json_path, ("VARCHAR", "VARCHAR"), "VARCHAR[]"),
    ("spl_based", based, ("VARCHAR", "DOUBLE"), "DOUBLE"),
    ("spl_duration", duration, ("DOUBLE",), "VARCHAR"),
)
