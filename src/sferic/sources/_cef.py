r"""Reads CEF and LEEF, the two ways in which security products write `key=value` logs behind a piped header.

Formats: https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.4/cef-implementation-standard/
and https://www.ibm.com/docs/en/dsm?topic=leef-overview

Keys come back in lower case and stripped, because vendors and administrators spell them differently.
`\\`, `\=` and `\|` are unescaped; `\n` and `\r` are not, because many senders do not escape at all and
`corp\nancy` is a user, while no field that matters here holds a line break.

What it does not do: know vendors. What a key means, and which way `in` and `out` point, the source says.
"""

import re

import msgspec

from sferic.sources._clock import Clock, epoch_us
from sferic.sources._syslog import peel

MAX_PAIRS = 512
"""Pairs read from one line; what comes after is ignored, so that a hostile line costs bounded work."""

_PART = r"((?:[^|\\]|\\.){0,512})\|"
HEADER = re.compile(rf"CEF: ?\d{{1,2}}(?:\.\d)?\|{_PART * 5}(?:([^|=\\]{{0,64}})\|)?")
_LEEF = re.compile(rf"LEEF: ?([12])(?:\.\d)?\|{_PART * 4}")
_DELIMITER = re.compile(r"(?:0?x([0-9A-Fa-f]{2,4})|([^=|\\\s\w])|(?:\\t|[\t ]?))\|")
_KEY = re.compile(r"[ \t]([\w.\[\]-]{1,64})=")
_ESCAPED = re.compile(r"\\([\\=|\"])")


class Message(msgspec.Struct, frozen=True, gc=False):
    """One CEF or LEEF line; where a header part is missing it is empty."""

    vendor: str
    product: str
    version: str
    event_id: str
    """CEF's signature id or LEEF's event id."""
    name: str
    """CEF's event name; LEEF has none."""
    fields: dict[str, str]
    """Values by key in lower case. A key that occurs twice keeps its first value."""

    def get(self, *keys: str) -> str | None:
        """Return the value of the first key that has one, or None."""
        for key in keys:
            if value := self.fields.get(key):
                return value
        return None

    def labelled(self, *labels: str) -> str | None:
        """Return a custom field by the name its label gives it: `cn3` where `cn3Label=Elapsed time`."""
        wanted = {label.lower() for label in labels}
        for key, label in self.fields.items():
            if key.endswith("label") and label.lower() in wanted:
                return self.fields.get(key[:-5])
        return None


def parse(text: str) -> Message | None:
    """Read the first CEF or LEEF message in a line, whatever stands before it; None if there is none."""
    if m := HEADER.search(text):
        vendor, product, version, event_id, name = (_plain(m[i]) for i in range(1, 6))
        return Message(vendor, product, version, event_id, name, spaced(text[m.end() :]))
    if m := _LEEF.search(text):
        vendor, product, version, event_id = (_plain(m[i]) for i in range(2, 6))
        fields = _leef_pairs(text[m.end() :], declared=m[1] == "2")
        return Message(vendor, product, version, event_id, "", fields)
    return None


def spaced(text: str) -> dict[str, str]:
    """Read `key=value key2=value two`: values may hold spaces and end where the next key begins."""
    text = f" {text}"
    fields: dict[str, str] = {}
    key, start = "", 0
    for count, m in enumerate(_KEY.finditer(text)):
        if key:
            fields.setdefault(key, _plain(text[start : m.start()].strip()))
        key, start = m[1].lower(), m.end()
        if count >= MAX_PAIRS:
            return fields
    if key:
        fields.setdefault(key, _plain(text[start:].strip()))
    return fields


def delimited(text: str, delimiter: str) -> dict[str, str]:
    """Read `key=value` pairs set apart by one character; pieces without an equals sign are ignored."""
    fields: dict[str, str] = {}
    for piece in text.split(delimiter, MAX_PAIRS)[:MAX_PAIRS]:
        key, equals, value = piece.partition("=")
        if equals:
            fields.setdefault(key.strip().lower(), _plain(value.strip()))
    return fields


def moment(text: str, clock: Clock, *, utc: bool = False) -> int:
    """Read a CEF time: epoch milliseconds, `Mar 01 2026 20:48:21[.123][ GMT]` or ISO 8601.

    A time without a zone is in UTC where `utc` says so (the line's `dtz`), else in the log's own zone.
    """
    text = text.strip()
    if text.isdigit():
        return epoch_us(text)
    time = peel(text, Clock() if utc else clock).time
    if time is None:
        raise ValueError("time is in no known form")
    return time


def _leef_pairs(text: str, *, declared: bool) -> dict[str, str]:
    """Split LEEF attributes at the declared delimiter; else at tabs, else at pipes (PAN-OS), else as CEF."""
    delimiter = "\t"
    if declared and (m := _DELIMITER.match(text)):
        text = text[m.end() :]
        delimiter = chr(int(m[1], 16)) if m[1] else m[2] or "\t"
    if delimiter == "\t" and "\t" not in text:
        delimiter = "|" if "|" in text else " "
    return spaced(text) if delimiter == " " else delimited(text, delimiter)


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text
