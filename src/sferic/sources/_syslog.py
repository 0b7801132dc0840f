"""Takes the syslog header off a line: RFC 3164 (BSD), RFC 5424 (IETF), the vendors' variants, or none.

What it does not do: judge the message. A source gets the rest of the line and what the header said.
"""

import re
from datetime import UTC, datetime

import msgspec

from sferic.sources._clock import MONTHS, ZONE_MINUTES, Clock, epoch_us

BEFORE = r"[^\"'{}|=\[]{0,300}(?:\[[^\]]{0,2000}\][^\"'{}|=\[]{0,80}){0,4}"
"""An expression for any header, but not for a line that quotes a message further on."""
_PRI = re.compile(r"<\d{1,3}>(?:1 )?:?")
_BSD = re.compile(
    r"(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(?P<day>\d{1,2}) (?:(?P<year>\d{4}) )?"
    r"(?P<h>\d{2}):(?P<m>\d{2}):(?P<s>\d{2})(?:\.(?P<frac>\d{1,9}))?(?: (?P<year2>20\d{2}))?"
    rf"(?: (?P<zone>{'|'.join(ZONE_MINUTES)}))?:?(?= |$)"
)
_ISO = re.compile(
    r"(?P<y>\d{4})[-/](?P<mo>\d{2})[-/](?P<d>\d{2})[T ](?P<h>\d{2}):(?P<m>\d{2}):(?P<s>\d{2})(?:[.,](?P<frac>\d{1,9}))?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?(?= |$)"
)
_HOST = re.compile(r" ([A-Za-z0-9](?:[A-Za-z0-9_.:-]{0,253}[A-Za-z0-9])?):?(?= )")
_IETF_REST = re.compile(
    r" (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (?:-|(?:\[(?:[^\]\\]|\\.){0,2000}\]){1,8})(?: |$)"
)
_COUNTED = re.compile(r"\d{1,7} (?=<\d)")
"""How long the message is, as syslog over TCP has it (RFC 6587)."""
_CONTAINER = re.compile(r"\S{20,35} (?:stdout|stderr) [FP](?::\w{1,20})? ")
_FLUENTD = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:?\d\d)\t[\w.*/-]{1,200}\t(?=\{)")
_TAG = re.compile(r"(?:[\w./@()-]{1,64}(?:\[[\w.-]{0,20}\])?:(?: |(?=[{<]))){1,2}")
"""The program that wrote the message, and rsyslog's word for JSON."""
_UTC = Clock(not_after=datetime(1970, 1, 1, tzinfo=UTC))


_ESCAPED_TAB = "#011"
"""What rsyslog makes of a tab."""


class Header(msgspec.Struct, frozen=True, gc=False):
    """What the header said, and where the message begins."""

    rest: str
    time: int | None = None
    host: str | None = None


def peel(line: str, clock: Clock) -> Header:
    """Split a line into header and message; a line without a header is all message."""
    start = m.end() if (m := _PRI.match(line)) else 0
    stamp = _BSD.match(line, start)
    if stamp:
        return _after(line, stamp.end(), _bsd_us(stamp, clock), ietf=False)
    stamp = _ISO.match(line, start)
    if stamp:
        return _after(line, stamp.end(), iso_us(stamp, clock), ietf=line.startswith("1 ", max(start - 2, 0)))
    return Header(line[start:].lstrip())


def unheaded(line: str) -> Header | None:
    """Take off whatever a relay put before a message, also the program's name; None for a line without a header.

    For lines that no source knows as they stand. The time is left out, as it may have no year and no zone.
    """
    if found := _FLUENTD.match(line) or (_CONTAINER.match(line) if _ISO.match(line) else None):
        return Header(line[found.end() :])
    counted = _COUNTED.match(line)
    line = line[counted.end() :] if counted else line
    if not (_PRI.match(line) or _BSD.match(line) or _ISO.match(line)):
        return None
    try:
        header = peel(line, _UTC)
    except (ValueError, OverflowError):
        return None
    tag = _TAG.match(header.rest)
    rest = header.rest[tag.end() :] if tag else header.rest
    if _ESCAPED_TAB in rest and "\t" not in rest:
        rest = rest.replace(_ESCAPED_TAB, "\t")
    return Header(rest, host=header.host)


def _after(line: str, end: int, time: int, *, ietf: bool) -> Header:
    if ietf and (m := _IETF_REST.match(line, end)):
        return Header(line[m.end() :].lstrip("\ufeff"), time, None if m[1] == "-" else m[1])
    if m := _HOST.match(line, end):
        return Header(line[m.end() :].lstrip(" :"), time, m[1])
    return Header(line[end:].lstrip(" :"), time)


def _bsd_us(m: re.Match[str], clock: Clock) -> int:
    month, day = MONTHS[m["mon"].lower()], int(m["day"])
    year = int(m["year"] or m["year2"] or clock.year_for(month, day))
    parts = (year, month, day, int(m["h"]), int(m["m"]), int(m["s"]))
    micro = fraction_us(m["frac"])
    minutes = ZONE_MINUTES.get(m["zone"])
    return clock.local(*parts, micro) if minutes is None else clock.offset(parts, micro, minutes)


def iso_us(m: re.Match[str], clock: Clock) -> int:
    """Turn a match with groups y mo d h m s frac zone into epoch microseconds."""
    parts = (int(m["y"]), int(m["mo"]), int(m["d"]), int(m["h"]), int(m["m"]), int(m["s"]))
    micro = fraction_us(m["frac"])
    zone = m["zone"]
    if zone is None:
        return clock.local(*parts, micro)
    sign = -1 if zone.startswith("-") else 1
    minutes = 0 if zone == "Z" else sign * (int(zone[1:3]) * 60 + int(zone[-2:]))
    return clock.offset(parts, micro, minutes)


def iso_time(text: str, clock: Clock) -> int:
    """Read an ISO 8601 / RFC 3339 time, or `YYYY/MM/DD hh:mm:ss`; without a zone in the log's own."""
    if len(text) == 19 and text[17:].isdecimal():
        return clock.written(text)
    if m := _ISO.match(text):
        return iso_us(m, clock)
    raise ValueError("time is not ISO 8601")


def fraction_us(digits: str | None) -> int:
    """Turn the digits after the decimal point into microseconds."""
    return int(digits[:6].ljust(6, "0")) if digits else 0


__all__ = ["BEFORE", "Header", "epoch_us", "fraction_us", "iso_time", "iso_us", "peel", "unheaded"]
