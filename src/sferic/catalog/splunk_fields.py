"""What Splunk's stock add-ons call the fields of each log. Data only; `sferic.spl.fields` applies it."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from sferic.catalog.platform import Text
from sferic.catalog.toml_file import fit, read_toml

_FILE = Path(__file__).with_name("splunk_fields.toml")


class FieldSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The fields of one kind of event of one log; see the comments in the file."""

    source: Text
    sourcetype: Text
    table: str = ""
    contains: str = ""
    raw: Literal["", "pairs", "tabs", "json", "sysmon"] = ""
    fields: dict[str, Text] = {}
    constants: dict[str, Text] = {}
    defaults: dict[str, Text] = {}


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A data model of Splunk's Common Information Model: its root dataset, and whose events it holds."""

    name: Text
    dataset: Text
    sourcetypes: tuple[Text, ...]


class SplunkFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of them, in the order in which they are tried."""

    reviewed: Text
    references: tuple[Text, ...]
    unverified: tuple[Text, ...]
    """Sourcetypes whose add-on was not read: their names are those that public searches use."""
    extraction: tuple[FieldSet, ...]
    model: tuple[Model, ...]


@lru_cache(maxsize=1)
def splunk_fields() -> SplunkFields:
    """Read the file."""
    return fit(read_toml(_FILE), SplunkFields, _FILE)
