"""The schema of a platform file: one serverless or hosting product, its host names and what they reveal.

A contributor adds a platform by adding one file to `platforms/`; nothing else changes.
Patterns use bounded repeats only, because they run on names and paths that attackers choose.
"""

import re
from functools import lru_cache
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

Tier = Literal["core", "wide", "noisy", "tunnel"]
Evidence = Literal["documented", "observed", "listed", "recalled"]
Visible = Literal["function", "app", "project", "account", "platform"]
Kind = Literal[
    "function",
    "edge-function",
    "container",
    "app-host",
    "api-gateway",
    "workflow",
    "backend",
    "cdn",
    "tunnel",
]
TIERS: frozenset[str] = frozenset(get_args(Tier))
DEFAULT_TIERS: frozenset[str] = frozenset({"core", "wide"})

Id = Annotated[str, Meta(pattern="^[a-z0-9]+(?:-[a-z0-9]+)*$")]
Suffix = Annotated[str, Meta(pattern=r"^[a-z0-9_*-]{1,63}(?:\.[a-z0-9_*-]{1,63})*\.[a-z0-9-]{2,63}$", max_length=253)]
Text = Annotated[str, Meta(min_length=1)]


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file; a key that the schema does not know is an error."""


class Example(_Record, frozen=True, kw_only=True):
    """An invented host of the platform with what must be read from it; the catalogue's own test."""

    host: Text
    path: str | None = None
    tenant: str | None = None
    function: str | None = None
    region: str | None = None


class CnameHint(_Record, frozen=True, kw_only=True):
    """A name that a customer's own domain points to when this platform is behind it."""

    suffix: Suffix
    shape: str | None = None
    evidence: Evidence
    reference: str | None = None


class VendorHost(_Record, frozen=True, kw_only=True):
    """A name below a platform's suffix that belongs to the vendor: never a customer's function."""

    suffix: Suffix
    meaning: Text


class Platform(_Record, frozen=True, kw_only=True):
    """One product that runs other people's code behind a provider's name.

    `tenant` and `function` name groups of the two patterns, the first that matched counting:
    the smallest owner that is visible, and the code. `visible` is the most that the name alone can show.
    A host with the suffix but without the shape is still this platform, its identity unknown.
    """

    id: Id
    provider: Text
    product: Text
    sentence: Text
    kind: Kind = msgspec.field(name="class")
    tier: Tier
    hunted_by_default: bool | None = None
    evidence: Evidence
    reviewed: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}(?:-\d{2})?$")]
    suffixes: Annotated[tuple[Suffix, ...], Meta(min_length=1)]
    host_regex: Text
    path_regex: str | None = None
    tenant: tuple[str, ...] = ()
    function: tuple[str, ...] = ()
    visible: Visible
    id_shape: str | None = None
    limits: str | None = None
    public_suffix: Literal["yes", "partly", "no"] | None = None
    public_suffix_note: str | None = None
    abuse: tuple[Text, ...] = ()
    note: str | None = None
    references: Annotated[tuple[Text, ...], Meta(min_length=1)]
    examples: tuple[Example, ...] = ()
    not_examples: tuple[str, ...] = ()
    cname_hints: tuple[CnameHint, ...] = ()
    vendor_hosts: tuple[VendorHost, ...] = ()

    @property
    def is_hunted(self) -> bool:
        """Say whether a hunt with default settings looks at this platform."""
        return self.tier in DEFAULT_TIERS if self.hunted_by_default is None else self.hunted_by_default

    def is_selected(self, tiers: frozenset[str]) -> bool:
        """Say whether these tiers select it; the default tiers bring all that is hunted by default."""
        return self.tier in tiers or (self.is_hunted and tiers >= DEFAULT_TIERS)


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern; compiled late, because most hunts meet a handful of platforms."""
    return re.compile(pattern)


def defect(platform: Platform) -> tuple[str, str] | None:
    """Return (key, problem) of the first thing a schema cannot check, or None: patterns and their groups."""
    groups: set[str] = set()
    for key, pattern in (("host_regex", platform.host_regex), ("path_regex", platform.path_regex)):
        try:
            groups |= set(compiled(pattern or "").groupindex)
        except re.error as error:
            return key, f"is not a regular expression: {error}"
    for key, names in (("tenant", platform.tenant), ("function", platform.function)):
        unknown = set(names) - groups
        if unknown:
            return key, f"names no group of host_regex or path_regex: {', '.join(sorted(unknown))}"
    return None
