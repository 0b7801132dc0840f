"""Says whose code a host name leads to: platform, tenant, function and region.

The knowledge is in `platforms/*.toml`, one file per platform, plus the user's own files.
A user's file may hold `[[platform]]` tables with the same keys (an id that exists is replaced)
and `[[domain]]` tables for functions behind an own domain, which no name can reveal.
This module neither reads logs nor judges what it finds.
"""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from sferic.catalog.place import Place, alias_place, custom_place, host_place, path_place, unknown_place
from sferic.catalog.platform import (
    DEFAULT_TIERS,
    TIERS,
    CnameHint,
    Id,
    Platform,
    Suffix,
    VendorHost,
    compiled,
    defect,
)
from sferic.catalog.suffixes import SuffixIndex, as_expressions
from sferic.catalog.toml_file import fit, read_toml, settings_error
from sferic.model.errors import UsageError
from sferic.model.hosts import normalise_host

__all__ = ["DEFAULT_TIERS", "TIERS", "Catalogue", "Domain", "Place", "Platform", "load_catalogue"]

_FOLDER = Path(__file__).with_name("platforms")
_CACHED_HOSTS = 65_536


class Domain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer's own domain, and all below it, that leads to a platform; only the user can know that."""

    host: Suffix
    platform: Id
    tenant: str | None = None
    note: str | None = None


class _UserFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user's file may add."""

    platform: tuple[Platform, ...] = ()
    domain: tuple[Domain, ...] = ()


class _Found(NamedTuple):
    """The place a host name shows, and the platform whose path pattern may add to it."""

    place: Place
    platform: Platform | None


class Catalogue:
    """All known platforms and domains, ready to be asked about host names."""

    def __init__(self, platforms: Iterable[Platform], domains: Iterable[Domain] = ()) -> None:
        """Index the platforms by id and by suffix; of two with one id the later counts."""
        self.platforms: Mapping[str, Platform] = MappingProxyType({p.id: p for p in platforms})
        self.domains: tuple[Domain, ...] = tuple(domains)
        known = self.platforms.values()
        entries: list[tuple[str, Platform | VendorHost | Domain]] = [(s, p) for p in known for s in p.suffixes]
        entries += [(v.suffix, v) for p in known for v in p.vendor_hosts]
        entries += [(d.host, d) for d in self.domains]
        self._suffixes = SuffixIndex(entries)
        self._cnames = SuffixIndex([(h.suffix, (h, p)) for p in known for h in p.cname_hints])
        self._at_host = lru_cache(maxsize=_CACHED_HOSTS)(self._find)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as what it was made of."""
        return Catalogue, (tuple(self.platforms.values()), self.domains)

    def identify(self, host: str, path: str | None = None) -> Place | None:
        """Return where a host, and the path if it was logged, leads to; None if no platform is known there.

        The vendor's own names (a bare suffix such as `workers.dev`, a listed vendor host) lead nowhere.
        """
        name = normalise_host(host)
        found = self._at_host(name) if name else None
        if found is None:
            return None
        if path is None or found.platform is None:
            return found.place
        return path_place(found.place, found.platform, path)

    def _find(self, host: str) -> _Found | None:
        match = self._suffixes.find(host)
        if match is None or isinstance(match.value, VendorHost):
            return None
        if isinstance(match.value, Domain):
            own = match.value
            platform = self.platforms[own.platform]
            return _Found(custom_place(platform, host, own.tenant or own.host), platform)
        platform = match.value
        shape = compiled(platform.host_regex).fullmatch(host)
        if shape is not None:
            return _Found(host_place(platform, host, shape.groupdict()), platform)
        return None if match.is_whole_host else _Found(unknown_place(platform, host), None)

    def identify_cname(self, target: str) -> Platform | None:
        """Return the platform that a DNS alias target points to, or None; the tenant is not visible there."""
        name = normalise_host(target)
        match = self._cnames.find(name) if name else None
        if name is None or match is None:
            return None
        hint, platform = match.value
        return platform if _has_shape(hint, name) else None

    def unmask(self, host: str, answers: Iterable[str], wanted: Container[str]) -> Place | None:
        """Return where somebody's own domain leads, by the names that DNS answered for it.

        `host` and `answers` are normalised; the first name of a `wanted` platform (ids) counts. A host that is known
        by its own name, the vendor's and the user's domains among them, needs no unmasking: None.
        """
        if self._suffixes.find(host) is not None:
            return None
        return next((p for a in answers if (p := self._aliased(host, a)) is not None and p.platform in wanted), None)

    def _aliased(self, host: str, target: str) -> Place | None:
        known = self._suffixes.find(target)
        if known is not None and isinstance(known.value, VendorHost):
            return None
        shown = self.identify(target)
        platform = self.platforms[shown.platform] if shown else self.identify_cname(target)
        if platform is None:
            return None
        return alias_place(platform, host, target, shown, self._evidence(target) or platform.evidence)

    def _evidence(self, target: str) -> str | None:
        """Return how well it is known that own domains point there."""
        hint = self._cnames.find(target)
        return hint.value[0].evidence if hint else None

    def below(self, place: Place, path: str | None) -> Place:
        """Return a place with what the path adds."""
        return place if path is None else path_place(place, self.platforms[place.platform], path)

    def alias_expressions(self, tiers: Collection[str] = DEFAULT_TIERS) -> list[str]:
        """Return what selects DNS lines that name a wanted platform by a name which is only pointed to.

        Most platforms' own domains point to names that `expressions` finds; these are the others.
        """
        wanted = [p for p in self.platforms.values() if p.is_selected(frozenset(tiers))]
        suffixes = {h.suffix for p in wanted for h in p.cname_hints if self._suffixes.find(_example(h.suffix)) is None}
        return as_expressions(suffixes, suffixes)

    def expressions(self, tiers: Collection[str] = DEFAULT_TIERS) -> list[str]:
        """Return regular expressions of which one is found, caseless, in every line that names a wanted host.

        They select lines, `identify` decides. Own domains always count.
        """
        wanted = frozenset(tiers)
        if wanted - TIERS:
            raise UsageError(
                f"unknown platform tier {', '.join(sorted(wanted - TIERS))}",
                expected=", ".join(sorted(TIERS)),
            )
        suffixes = [s for p in self.platforms.values() if p.is_selected(wanted) for s in p.suffixes]
        suffixes += [d.host for d in self.domains]
        return as_expressions(suffixes, {s for s in suffixes if "*" in s or self.identify(s) is not None})

    def search(self, text: str) -> list[Platform]:
        """Return the platforms whose description holds every word, ordered by id; all for an empty text."""
        words = text.lower().split()
        return [p for _, p in sorted(self.platforms.items()) if all(w in _description(p) for w in words)]


def load_catalogue(extra: Sequence[str | Path] = ()) -> Catalogue:
    """Return the built-in platforms together with those and the own domains of the user's files."""
    platforms = list(_built_in())
    domains: list[tuple[Path, str, Domain]] = []
    for path in map(Path, extra):
        added = _read_user_file(path)
        platforms += added.platform
        domains += [(path, f"domain[{i}].platform", d) for i, d in enumerate(added.domain)]
    ids = {p.id for p in platforms}
    for path, key, domain in domains:
        if domain.platform not in ids:
            raise settings_error(path, f"unknown platform {domain.platform!r}", key)
    return Catalogue(platforms, [domain for _, _, domain in domains])


@lru_cache(maxsize=1)
def _built_in() -> tuple[Platform, ...]:
    return tuple(fit(read_toml(path), Platform, path) for path in sorted(_FOLDER.glob("*.toml")))


def _read_user_file(path: Path) -> _UserFile:
    added = fit(read_toml(path), _UserFile, path)
    for i, platform in enumerate(added.platform):
        problem = defect(platform)
        if problem:
            raise settings_error(path, problem[1], f"platform[{i}].{problem[0]}")
    return added


def _example(suffix: str) -> str:
    """Return a host with that suffix."""
    return f"x.{suffix.replace('*', 'x')}"


def _has_shape(hint: CnameHint, name: str) -> bool:
    return hint.shape is None or compiled(hint.shape).search(name) is not None


def _description(platform: Platform) -> str:
    parts = (
        platform.id,
        platform.provider,
        platform.product,
        platform.sentence,
        platform.tier,
        platform.kind,
        *platform.suffixes,
        *platform.abuse,
    )
    return " ".join(parts).lower()
