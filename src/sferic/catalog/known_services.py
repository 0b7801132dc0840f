"""Names well-known services whose honest traffic is as regular as an implant's.

What is found here explains a finding to its reader; it must never suppress one, because the path
of a request is the attacker's choice. Processes and signers are not looked at here.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from sferic.catalog.platform import Evidence, Id, Suffix, Text, compiled
from sferic.catalog.suffixes import SuffixIndex
from sferic.catalog.toml_file import fit, read_toml
from sferic.model.hosts import normalise_host

_FILE = Path(__file__).with_name("known_services.toml")
_MAX_PATH = 2048


class KnownService(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A benign service, who calls it and how often; no period means it sends when something happens."""

    id: Id
    sentence: Text
    hosts: tuple[Suffix, ...] = ()
    path_regex: str | None = None
    periods_s: tuple[Annotated[float, msgspec.Meta(gt=0)], ...]
    callers: tuple[Literal["browser", "app", "server", "agent"], ...]
    evidence: Evidence
    reviewed: Text
    references: tuple[Text, ...]

    def is_at(self, path: str | None) -> bool:
        """Say whether the path fits; a service known by its host alone fits any path, also an unknown one."""
        if self.path_regex is None:
            return True
        return path is not None and compiled(self.path_regex).match(path) is not None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    service: tuple[KnownService, ...]


def known_service(host: str, path: str | None = None) -> KnownService | None:
    """Return the benign service that usually sits at this host and path, or None."""
    here = services_at(host)
    if here is None:
        return None
    return next((service for service in here if service.is_at(_bare(path))), None) or service_anywhere(path)


@lru_cache(maxsize=65_536)
def services_at(host: str) -> tuple[KnownService, ...] | None:
    """Return the services that have this host as theirs; None for what is no host."""
    name = normalise_host(host)
    if name is None:
        return None
    match = _loaded()[0].find(name)
    return match.value if match else ()


@lru_cache(maxsize=65_536)
def service_anywhere(path: str | None) -> KnownService | None:
    """Return the service that is known by this path, whatever the host."""
    return next((service for service in _loaded()[1] if service.is_at(_bare(path))), None)


def _bare(path: str | None) -> str | None:
    return path[:_MAX_PATH].partition("?")[0].partition("#")[0] if path is not None else None


def known_services() -> tuple[KnownService, ...]:
    """Return every known service, in the order of the file."""
    return fit(read_toml(_FILE), _File, _FILE).service


@lru_cache(maxsize=1)
def _loaded() -> tuple[SuffixIndex[tuple[KnownService, ...]], tuple[KnownService, ...]]:
    services = known_services()
    by_host: dict[str, tuple[KnownService, ...]] = {}
    for service in services:
        for suffix in service.hosts:
            by_host[suffix] = (*by_host.get(suffix, ()), service)
    return SuffixIndex(by_host.items()), tuple(s for s in services if not s.hosts)
