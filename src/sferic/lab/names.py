"""Names of people, machines and sites, drawn from short lists of synthetic words.

The words stand in `names.toml` beside this module. Nothing here is a real person, company or customer.
"""

import random
import string
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec

_BASE32 = string.ascii_lowercase + "234567"
_ALNUM = string.ascii_lowercase + string.digits


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The word lists of `names.toml`."""

    first: list[str]
    last: list[str]
    adjectives: list[str]
    nouns: list[str]
    browsers: list[str]
    serverless_sites: list[str]
    plain_sites: list[str]
    assets: list[str]
    pages: list[str]
    implant_hosts: list[str]


@cache
def load_names() -> Names:
    """The word lists, read once."""
    return msgspec.toml.decode(Path(__file__).with_name("names.toml").read_bytes(), type=Names)


def person(number: int) -> str:
    """The account name of the n-th employee; names repeat with a number behind them."""
    names = load_names()
    first = names.first[number % len(names.first)]
    last = names.last[(number // len(names.first) + number % len(names.first)) % len(names.last)]
    lap = number // (len(names.first) * len(names.last))
    return f"{first}.{last}{lap or ''}"


def host_from(rng: random.Random, template: str) -> str:
    """A synthetic host name of the shape a template gives."""
    names = load_names()
    draw: dict[str, Callable[[], str]] = {
        "{name}": lambda: f"{rng.choice(names.adjectives)}-{rng.choice(names.nouns)}",
        "{n}": lambda: str(rng.randint(100, 999)),
        "{hex}": lambda: f"{rng.getrandbits(32):08x}",
        "{base32}": lambda: _word(rng, _BASE32, 26),
        "{tail}": lambda: _word(rng, _ALNUM, 5),
        "{id10}": lambda: _word(rng, _ALNUM, 10),
    }
    for mark, make in draw.items():
        while mark in template:
            template = template.replace(mark, make(), 1)
    return template


def _word(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))
