"""Tells what kind of program a path belongs to, and what kind of place it lies in.

Names are easily borrowed: a browser is one by its path, and a known application by path and maker. Windows' script
hosts are known by name, because whoever renames one gives up what makes it useful: that nobody looks at it.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from sferic.catalog.platform import Text
from sferic.catalog.toml_file import fit, read_toml

_FILE = Path(__file__).with_name("programs.toml")
_MAX_PATH = 1024
_DRIVE = re.compile(r"^(?://[?.]/|/\?\?/)?(?:[a-z]:|/?device/harddiskvolume\d{1,4})(?=/)|^/volumes/[^/]{1,80}(?=/)")
_PERSON = re.compile(r"^(/users|/home)/(?!public/)[^/]+(?=/)")
_VERSION = re.compile(r"\d+(?:\.\d+)+")

PlaceKind = Literal["odd", "personal", "programs", "system"]
ProgramKind = Literal["browser", "app", "tool", "script_host", "document", "server", "system"]


class PlacePattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Folders of one kind."""

    kind: PlaceKind
    pattern: Text
    reference: Text


class ProgramPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs of one kind, by their files' names."""

    kind: ProgramKind
    name: Text
    files: tuple[Text, ...]
    reference: Text
    path: Text | None = None
    company: Text | None = None


class Programs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, in its order, which decides."""

    reviewed: Text
    place: tuple[PlacePattern, ...]
    program: tuple[ProgramPattern, ...]


class Known(msgspec.Struct, frozen=True):
    """What a path says."""

    kinds: frozenset[str] = frozenset()
    """Kinds that name, path and maker allow; an office program is both an app and what opens documents."""
    is_disguised: bool = False
    """The name is one that lies elsewhere, always."""


@lru_cache(maxsize=65_536)
def spelt(path: str) -> str:
    """Return a path in the spelling that the catalogue compares: one for all drives, people and versions."""
    plain = path[:_MAX_PATH].strip().strip('"').lower().replace("\\", "/")
    plain = _PERSON.sub(r"\1/*", _DRIVE.sub("", plain))
    return _VERSION.sub("#", plain)


@lru_cache(maxsize=65_536)
def place_of(path: str) -> PlaceKind | None:
    """Return what kind of place a program's file lies in; None for a bare name or an unknown place."""
    plain = spelt(path)
    return next((kind for kind, pattern in _places() if pattern.search(plain)), None)


@lru_cache(maxsize=65_536)
def program_of(path: str, company: str | None = None) -> Known:
    """Return what kind of program this is; a bare name without a folder is no proof of a browser or an app."""
    plain = spelt(path)
    folder, _, file = plain.rpartition("/")
    kinds: set[str] = set()
    borrowed = False
    for program, where, maker in _programs().get(file, ()):
        if where is None or (where.search(plain) and _is_made_by(maker, company, plain)):
            kinds.add(program.kind)
        elif folder and not where.search(plain) and program.kind in {"browser", "system"}:
            borrowed = True
    return Known(frozenset(kinds), borrowed and not kinds)


def _is_made_by(maker: re.Pattern[str] | None, company: str | None, plain: str) -> bool:
    """Say whether the maker is the expected one; unknown is enough only where administrators alone install."""
    if maker is None:
        return True
    if company is None:
        return place_of(plain) in {"programs", "system"}
    return maker.match(company) is not None


@lru_cache(maxsize=1)
def programs() -> Programs:
    """Return the catalogue of programs and places."""
    return fit(read_toml(_FILE), Programs, _FILE)


@lru_cache(maxsize=1)
def _places() -> list[tuple[PlaceKind, re.Pattern[str]]]:
    return [(place.kind, re.compile(place.pattern)) for place in programs().place]


_Row = tuple[ProgramPattern, re.Pattern[str] | None, re.Pattern[str] | None]


@lru_cache(maxsize=1)
def _programs() -> dict[str, list[_Row]]:
    """File name → the programs that have it."""
    found: dict[str, list[_Row]] = {}
    for program in programs().program:
        where = re.compile(program.path) if program.path else None
        maker = re.compile(program.company, re.IGNORECASE) if program.company else None
        for file in program.files:
            found.setdefault(file, []).append((program, where, maker))
    return found
