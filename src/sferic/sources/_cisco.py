"""Reads what stands before a Cisco firewall's message: any syslog header, then the tag with the message's number.

Format: https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/b_syslog.html

The device's own header may stand inside the collector's: the innermost counts.
What it does not do: read messages. `cisco_asa` and `cisco_ftd` share it, and between them have every number.
"""

import re
from functools import lru_cache

import msgspec

from sferic.sources._clock import Clock
from sferic.sources._syslog import peel

_TAG = re.compile(
    r"(?P<header>[^%\"'{}|=/\[]{0,200}(?:\[[^\]]{0,2000}\][^%\"'{}|=/\[]{0,80})?)"
    r"%(?:ASA|FTD|PIX|NGIPS)-(?:[a-z][a-z-]{0,30}-)?[0-7]-(?P<id>\d{6}): {0,2}"
)
_KIWI = re.compile(
    r"[A-Za-z]{2,9}\d?\.(?:Emerg|Alert|Critical|Error|Warning|Notice|Info|Debug) {1,3}(?P<host>\S{1,255})"
)
"""The facility and severity that Kiwi Syslog puts between time and host."""


class Tagged(msgspec.Struct, frozen=True, gc=False):
    """A line cut at its tag."""

    header: str
    number: str
    message: str


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """What a header says: epoch microseconds and the device's name, each if there."""

    time: int | None
    host: str | None


@lru_cache(maxsize=1)
def tagged(text: str) -> Tagged | None:
    """Cut a line at its tag; None where no tag follows a syslog header. Claiming and reading a line ask the same."""
    m = _TAG.match(text)
    return Tagged(m["header"], m["id"], text[m.end() :]) if m else None


class Stamps:
    """Reads the headers of one file's lines; the same header is read once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.of = lru_cache(maxsize=1024)(self._of)

    def _of(self, header: str) -> Stamp:
        """Read the header, or the device's own header inside the collector's."""
        time: int | None = None
        host: str | None = None
        rest = header.replace("\t", " ")
        for _ in range(3):
            part = peel(rest, self._clock)
            if part.time is None:
                break
            kiwi = _KIWI.match(f"{part.host} {part.rest}")
            time, host, rest = part.time, kiwi["host"] if kiwi else part.host or host, part.rest
        return Stamp(time, host)
