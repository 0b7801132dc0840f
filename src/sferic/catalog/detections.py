"""What is detected, said once: the facts from which the rules of every other product are written.

Each detection is one file in `detections/`; its name is the id. The harmless look-alikes and the ATT&CK techniques
have a file each. How a product says it stands in `sferic.content`; how our own engine detects, in `sferic.signals`.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from sferic.catalog.platform import Text
from sferic.catalog.toml_file import fit, read_toml, settings_error

_HERE = Path(__file__).parent
Level = Literal["low", "medium", "high"]
Technique = Annotated[str, Meta(pattern=r"^T\d{4}(?:\.\d{3})?$")]


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of a file; a key that the schema does not know is an error."""


class Detection(_Record, frozen=True, kw_only=True):
    """One thing that is detected, with its numbers and what is known to be wrong with it."""

    id: str = ""
    """The name of its file."""
    uuid: Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    title: Text
    sentence: Text
    level: Level
    risk: Annotated[int, Meta(ge=1, le=100)]
    """What a product that adds up risk is told, 1..100."""
    techniques: tuple[Technique, ...]
    """What is seen when it fires."""
    may_mean: tuple[Technique, ...]
    """What it may point to and cannot show."""
    lookback_h: Annotated[int, Meta(ge=1)]
    every_min: Annotated[int, Meta(ge=5)]
    false_positives: Annotated[tuple[str, ...], Meta(min_length=1)]
    cannot: Text
    limits: dict[str, int | float]
    lists: dict[str, tuple[str, ...]] = {}


class FalsePositive(_Record, frozen=True, kw_only=True):
    """One class of harmless traffic that fires, and how an analyst tells it apart."""

    id: Text
    title: Text
    what: Text
    told_apart: Text
    tune: Text
    still_look: Text


class Attack(_Record, frozen=True, kw_only=True):
    """One ATT&CK technique, and what of it is really seen here."""

    name: Text
    tactic: Text
    seen: Literal["wire", "audit", "inferred"]
    why: Text


class AttackFile(_Record, frozen=True, kw_only=True):
    """All techniques that detections are mapped to."""

    version: Text
    reviewed: Text
    reference: Text
    techniques: dict[Technique, Attack]


class AbuseContact(_Record, frozen=True, kw_only=True):
    """Where one provider takes reports of abuse, and what it wants to be told."""

    where: Text
    evidence: Literal["documented", "listed"]
    say: Text


class AbuseContacts(_Record, frozen=True, kw_only=True):
    """All that are known, by the provider's name in the platform files."""

    reviewed: Text
    contacts: dict[str, AbuseContact]


class _FalsePositives(_Record, frozen=True, kw_only=True):
    classes: tuple[FalsePositive, ...] = msgspec.field(name="class")


@lru_cache(maxsize=1)
def detections() -> dict[str, Detection]:
    """Read every detection, by id; one that names an unknown technique or look-alike is a SettingsError."""
    found = {}
    for path in sorted((_HERE / "detections").glob("*.toml")):
        one = msgspec.structs.replace(fit(read_toml(path), Detection, path), id=path.stem)
        unknown = [*({*one.techniques, *one.may_mean} - set(attack().techniques))]
        unknown += [name for name in one.false_positives if name not in false_positives()]
        if unknown:
            raise settings_error(path, f"names what no file of the catalogue describes: {', '.join(unknown)}")
        found[one.id] = one
    return found


@lru_cache(maxsize=1)
def false_positives() -> dict[str, FalsePositive]:
    """Read the classes of harmless look-alikes, by id, in the order of the file."""
    path = _HERE / "false_positives.toml"
    return {one.id: one for one in fit(read_toml(path), _FalsePositives, path).classes}


@lru_cache(maxsize=1)
def attack() -> AttackFile:
    """Read the techniques."""
    path = _HERE / "attack.toml"
    return fit(read_toml(path), AttackFile, path)


@lru_cache(maxsize=1)
def abuse_contacts() -> AbuseContacts:
    """Read where providers take reports of abuse."""
    path = _HERE / "abuse_contacts.toml"
    return fit(read_toml(path), AbuseContacts, path)
