"""The host names of the platforms that are hunted, in the spellings that rule languages have.

A suffix may hold `*` for a region or a shard. Every spelling is anchored at label borders, unlike most published
lists, so `run.app.evil.example` and `notworkers.dev` never match.
"""

import re
from collections.abc import Iterable

import msgspec

from sferic.catalog.platforms import Catalogue, Platform
from sferic.model.hosts import normalise_host

_LABEL = "[a-z0-9-]+"


class Hosts(msgspec.Struct, frozen=True):
    """What is looked for, and what is taken out again."""

    suffixes: tuple[str, ...]
    """A customer's host stands below one of these."""
    exact: tuple[str, ...]
    """Suffixes that are hosts themselves: shared by all customers, or with the customer in place of `*`."""
    vendor: tuple[str, ...]
    """Names of the vendors' own below those suffixes."""

    @classmethod
    def of(cls, catalogue: Catalogue) -> "Hosts":
        """Collect the names of every platform that a hunt looks at by default."""
        hunted = [p for p in catalogue.platforms.values() if p.is_hunted]
        suffixes = sorted({s for p in hunted for s in p.suffixes})
        exact = [s for p in hunted for s in p.suffixes if catalogue.identify(s) or _is_example(s, p)]
        vendor = sorted({v.suffix for p in hunted for v in p.vendor_hosts})
        return cls(tuple(suffixes), tuple(sorted(exact)), tuple(vendor))

    @property
    def plain(self) -> tuple[str, ...]:
        """Return the suffixes without `*`, each with the dot before it."""
        return tuple(f".{s}" for s in self.suffixes if "*" not in s)

    @property
    def wildcards(self) -> tuple[str, ...]:
        """Return the suffixes with `*`, as patterns of whole host names."""
        return tuple(f"*.{s}" for s in self.suffixes if "*" in s)

    @property
    def patterns(self) -> tuple[str, ...]:
        """Return every name to look for as a pattern of whole host names, `*` being any run of characters."""
        return (*self.exact, *(f"*.{s}" for s in self.suffixes))

    @property
    def vendor_patterns(self) -> tuple[str, ...]:
        """Return the vendors' own names as patterns of whole host names."""
        return tuple(f"{star}{name}" for name in self.vendor for star in ("", "*."))

    @property
    def regex(self) -> str:
        """Return one anchored expression for lower-case host names; RE2, PCRE and Lucene read it alike."""
        return f"^(?:{_either(self.exact)}|.+\\.(?:{_either(self.suffixes)}))$"

    @property
    def vendor_regex(self) -> str:
        """Return one anchored expression for the vendors' own names."""
        return f"^(?:.+\\.)?(?:{_either(self.vendor)})$"

    @property
    def expressions(self) -> dict[str, str]:
        """Return both expressions under the names that texts use for them."""
        return {"platforms": self.regex, "vendors": self.vendor_regex}


def _is_example(suffix: str, platform: Platform) -> bool:
    """Say whether the suffix, something in place of its `*`, is a whole host in one of the platform's examples."""
    shape = re.compile(_either([suffix]))
    return any(shape.fullmatch(normalise_host(example.host) or "") for example in platform.examples)


def _either(names: Iterable[str]) -> str:
    return "|".join(re.escape(name).replace(r"\*", _LABEL).replace(r"\-", "-") for name in names)
