"""What the published search looks for, and which of its fields each log really has in Splunk.

Data only: names of hosts, sourcetypes and fields. How the search behaves is in `sferic.correlate.published`.
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from sferic.catalog.platform import Text
from sferic.catalog.toml_file import fit, read_toml

_FILE = Path(__file__).with_name("published_search.toml")

FieldName = Literal["src_ip", "c_ip", "cs_username", "cs_host", "url", "sc_bytes", "cs_bytes"]


class Stock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a stock add-on makes of one log source."""

    source: Text
    sourcetype: Text
    fields: tuple[FieldName, ...]
    url: Literal["full", "bare"] = "full"
    """Whether its `url` begins with a scheme."""
    empty_user: str | None = None
    """What stands in the user's place for nobody, where that is a value."""


class PublishedFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything about the published search that is data."""

    reviewed: Text
    references: tuple[Text, ...]
    fragments: tuple[Text, ...]
    sourcetypes: frozenset[Text]
    stock: tuple[Stock, ...]

    def expressions(self) -> list[str]:
        """Return the fragments as regular expressions, unanchored as the search has them."""
        return [f.replace(".", r"\.").replace("*", "[a-z0-9-]+") for f in self.fragments]


@lru_cache(maxsize=1)
def published_facts() -> PublishedFacts:
    """Read the facts."""
    return fit(read_toml(_FILE), PublishedFacts, _FILE)
