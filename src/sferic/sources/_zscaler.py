"""Reads one Zscaler NSS record into fields by name, whichever output format its feed was given.

Formats: https://help.zscaler.com/zia/nss-feed-output-format-web-logs (fields, encodings) and
https://help.zscaler.com/zia/general-guidelines-nss-feeds-and-feed-formats

An administrator writes the feed's output format, so there are JSON, tab-separated `key=value` (the form for
Splunk), CEF and plain columns, with Zscaler's field names or names of the administrator's choice.
Names come back in lower case. Text may be percent-encoded (fields with the prefix `e`) or Base64 (`b64`).

What it does not do: decide what the fields mean; the sources of the NSS log types do.
"""

import binascii
import csv
import re
from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import msgspec

from sferic.model.errors import SettingsError
from sferic.model.words import counted
from sferic.sources import _cef
from sferic.sources._clock import MONTHS, Clock, zone
from sferic.sources._fields import text as meaning
from sferic.sources._syslog import iso_time

Fields = dict[str, str]
_NEVER: tuple[str, ...] = ()
"""No text starts with one of no texts: a cell without a key is looked at anew in each line."""

_JSON = msgspec.json.Decoder()
_NAMES = re.compile(r"\{(\w{1,64})\}")
_WRITTEN = re.compile(
    r"(?:[A-Z][a-z]{2},? +)?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(\d{1,2}) {1,2}"
    r"(\d{1,2}):(\d\d):(\d\d) (\d{4})"
)
_FIRST_PAIR = re.compile(r"(?:^| )(\w{1,64})=(.*)")
_AT_END = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d$")


def from_json(text: str) -> Fields:
    """Read a JSON object, or the `event` object inside it; only texts and numbers are kept."""
    try:
        found = _JSON.decode(text[text.index("{") :])
    except (ValueError, RecursionError):
        raise ValueError("not a JSON object") from None
    inner = found.get("event")
    found = inner if isinstance(inner, dict) else found
    return {key.lower(): _as_text(value) for key, value in found.items() if isinstance(value, str | int | float)}


class Pairs:
    """Reads tab-separated `key=value`; where the keys come as in the line before, the values' places are known."""

    def __init__(self, wanted: Collection[str] = ()) -> None:
        """Take the names of the fields that are of use; none means all."""
        self._wanted = wanted
        self._starts: list[str | tuple[str, ...]] = []
        self._places: list[tuple[str, int, int]] = []
        """Name in lower case, number of the cell, and where in it the value begins."""

    def read(self, text: str) -> Fields:
        """Read a line (rsyslog may write tabs as #011); a bare first column is the time."""
        text = text if "\t" in text else text.replace("#011", "\t")
        head, *rest = text.split("\t", _cef.MAX_PAIRS)[: _cef.MAX_PAIRS]
        if len(rest) != len(self._starts) or not all(map(str.startswith, rest, self._starts)):
            self._learn(rest)
        fields = {name: rest[cell][start:] for name, cell, start in self._places}
        if "=" in head and (m := _FIRST_PAIR.search(head)):
            fields[m[1].lower()] = m[2]
        elif m := _AT_END.search(head):
            fields["datetime"] = m[0]
        return fields

    def _learn(self, cells: Sequence[str]) -> None:
        places: dict[str, tuple[str, int, int]] = {}
        self._starts = []
        for cell, text in enumerate(cells):
            key, equals, _ = text.partition("=")
            self._starts.append(f"{key}=" if equals else _NEVER)
            name = key.strip().lower()
            if equals and (not self._wanted or name in self._wanted):
                places.setdefault(name, (name, cell, len(key) + 1))
        self._places = list(places.values())


def from_pairs(text: str) -> Fields:
    """Read one line of tab-separated `key=value`."""
    return Pairs().read(text)


class Meanings:
    """Says what a record's fields mean, by one name each, whichever of several names the feed has for it."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Take meaning → the feed's names for it, the first that says something counting."""
        self._names = {meant: tuple(given.split()) for meant, given in names.items()}
        self.names = frozenset(name for given in self._names.values() for name in given)
        self._present = lru_cache(maxsize=16)(self._find)

    def of(self, fields: Fields) -> Fields:
        """Return what the record says by meaning; what it does not say is missing."""
        found: Fields = {}
        for meant, name in self._present(tuple(fields)):
            if meant not in found and (said := meaning(fields[name])):
                found[meant] = said
        return found

    def _find(self, given: tuple[str, ...]) -> list[tuple[str, str]]:
        known = frozenset(given)
        return [(meant, name) for meant, names in self._names.items() for name in names if name in known]


def from_cef(text: str) -> Fields:
    """Read a CEF message."""
    message = _cef.parse(text)
    if message is None:
        raise ValueError("header is not CEF")
    return message.fields


def from_columns(text: str, names: Sequence[str], at_least: int) -> Fields:
    """Read plain columns, set apart by tabs or commas, by the names of the feed's format."""
    delimiter = "\t" if "\t" in text else ","
    try:
        cells = next(csv.reader([text], delimiter=delimiter), []) if '"' in text else text.split(delimiter)
    except csv.Error:
        raise ValueError("fields are not CSV") from None
    if not at_least <= len(cells) <= len(names):
        raise ValueError(f"{counted(len(cells), 'field')}, expected {len(names)}")
    return dict(zip(names, cells, strict=False))


def column_names(option: str) -> list[str]:
    """Read a list of field names, or a feed's output format such as `"%s{time}","%s{login}"`, in order."""
    names = []
    for column in option.replace("\\t", "\t").split("\t" if "\t" in option or "\\t" in option else ","):
        placeholders = _NAMES.findall(column) or [column.strip('" ')]
        names.append("time" if "hh" in placeholders else placeholders[0].lower())
    return names


def value(fields: Fields, *names: str) -> str | None:
    """Return the first of the fields that says something."""
    for name in names:
        if (found := fields.get(name)) and (found := meaning(found)):
            return found
    return None


def from_base64(fields: Fields) -> Fields:
    """Add the plain form of every field that the feed gives in Base64 (`b64url` as `url`)."""
    for key in [key for key in fields if key.startswith("b64")]:
        try:
            plain = b64decode(meaning(fields[key]) or "", validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("field is not Base64") from None
        fields.setdefault(key.removeprefix("b64"), plain.decode("utf-8", "replace"))
    return fields


def decoded(text: str | None) -> str | None:
    """Undo percent-encoding, for text that the feed may have encoded (a plus sign is a plus sign)."""
    return unquote(text) if text and "%" in text else text


TIMES = frozenset({"epochtime", "time", "datetime", "timegenerated", "rt", "tz", "timezone"})
"""The fields that `when` looks at."""


def when(fields: Fields, clock: Clock) -> int:
    """Read the record's time: epoch, ctime or ISO, in the record's own zone where it names one we know."""
    if "epochtime" in fields and (epoch := value(fields, "epochtime")):
        return _cef.moment(epoch, clock)
    written = value(fields, "time", "datetime", "timegenerated", "rt")
    if not written:
        raise ValueError("no time")
    named = value(fields, "tz", "timezone")
    clock = (_clock_of(named) if named else None) or clock
    if m := _WRITTEN.fullmatch(written):
        day, hour, minute, second, year = (int(m[i]) for i in range(2, 7))
        return clock.local(year, MONTHS[m[1].lower()], day, hour, minute, second)
    return iso_time(written, clock) if written[4:5] == "-" else _cef.moment(written, clock)


@lru_cache(maxsize=64)
def _clock_of(name: str) -> Clock | None:
    """Return the clock of a zone by the name NSS gives it; None for a name that is no zone's."""
    try:
        return Clock(zone(name))
    except (SettingsError, ValueError):
        return None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
