"""Reads PAN-OS log lines in any of their three shapes, CSV, CEF and LEEF, into one kind of record.

Format: https://docs.paloaltonetworks.com/ngfw/administration/monitoring/use-syslog-for-monitoring/syslog-field-descriptions
and, for CEF and LEEF of the cloud service, https://docs.paloaltonetworks.com/strata-logging-service/log-reference

The CSV has no header; its order has only ever grown at the end, so a position is a name in every version.
Times are local to the firewall. Since PAN-OS 10 a late column repeats the time with its offset from UTC, and
that offset counts.

What it does not do: decide what becomes an event. `panos_threat` and `panos_traffic` share it and decide.
"""

import csv
import re
from functools import lru_cache

import msgspec

from sferic.model.words import counted
from sferic.sources import _cef
from sferic.sources._clock import Clock
from sferic.sources._syslog import iso_time

THREAT, TRAFFIC = "THREAT", "TRAFFIC"
OTHERS = (
    *("SYSTEM", "CONFIG", "USERID", "HIP-MATCH", "HIPMATCH", "GLOBALPROTECT", "AUTHENTICATION", "AUTH"),
    *("DECRYPTION", "CORRELATION", "TUNNEL", "GTP", "SCTP", "IPTAG"),
)
"""Log types of the same firewall that hold no connection, or one that TRAFFIC holds too."""

_TYPES = "|".join((THREAT, TRAFFIC, *OTHERS))
_CSV = re.compile(rf"\d{{4}}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d[^,]{{0,16}},[^,\s]{{0,40}},({_TYPES}),")
_WITHIN = 500
"""Characters in which the log type must come, behind any syslog headers: a URL further on cannot forge it."""
_VENDOR = "Palo Alto Networks|"
_TYPED = re.compile(rf"(?:\||[|\t ^](?:cat|Type)=)({_TYPES})(?![\w-])", re.IGNORECASE)
_OFFSET = re.compile(r"[+-]\d\d:\d\d")

_TYPE = 3
"""Position of the log type; the columns before it are not needed."""
_SHARED = {
    "subtype": 4, "time_generated": 6, "src": 7, "dst": 8, "srcuser": 12, "app": 14,
    "sport": 24, "dport": 25, "proto": 29, "action": 30,
}  # fmt: skip
_POSITIONS = {
    THREAT: _SHARED | {
        "misc": 31, "contenttype": 41, "user_agent": 46, "xff": 48, "referer": 49, "device_name": 59,
        "http_method": 63, "xff_ip": 79, "src_host": 86, "high_res_timestamp": 107,
    },
    TRAFFIC: _SHARED | {
        "session": 22, "bytes": 31, "bytes_sent": 32, "bytes_received": 33, "start": 35, "elapsed": 36,
        "device_name": 52, "src_host": 82, "high_res_timestamp": 102,
    },
}  # fmt: skip
_AT_LEAST = {THREAT: 34, TRAFFIC: 38}
"""Fewer columns mean a line cut inside, or right behind, a value that is used."""

_KEYS = {
    "src": ("src", "srcip"),
    "dst": ("dst", "dstip"),
    "sport": ("spt", "srcport", "sourceport"),
    "dport": ("dpt", "dstport", "destinationport"),
    "srcuser": ("suser", "usrname", "sourceuser"),
    "app": ("app", "application"),
    "proto": ("proto", "transportprotocol"),
    "action": ("act", "action"),
    "device_name": ("dvchost", "devicename"),
    "src_host": ("panossourcedevicehost", "sourcedevicehost"),
    "misc": ("request", "url", "miscellaneous"),
    "contenttype": ("requestcontext", "contenttype"),
    "user_agent": ("requestclientapplication", "useragent"),
    "xff": ("panosxforwarderfor", "identsrc"),
    "referer": ("panosreferer", "referer"),
    "http_method": ("requestmethod", "panoshttpmethod"),
    "bytes": ("flexnumber1", "panosbytes", "totalbytes", "bytes"),
    "bytes_sent": ("srcbytes",),
    "bytes_received": ("dstbytes",),
    "elapsed": ("elapsedtime", "sessionduration"),
    "session": ("sessionid",),
    "start": ("panossessionstarttime", "sessionstarttime", "starttime"),
}
"""PAN-OS name → keys in CEF (custom format guides, Strata) and LEEF (QRadar's formats, Strata)."""

_WAYS = {
    "PAN-OS": {"bytes_sent": "in", "bytes_received": "out"},
    "LF": {"bytes_sent": "out", "bytes_received": "in"},
}
"""CEF's byte counts: the firewall's own guide and the cloud service mean opposite ways. In doubt, neither."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One log line: epoch microseconds and the texts found, by the name PAN-OS gives the field."""

    subtype: str
    """In lower case; empty where the line has none."""
    time: int
    fields: dict[str, str]


@lru_cache(maxsize=1)
def _csv_type(text: str) -> re.Match[str] | None:
    """Find the log type of a CSV line; claiming and reading a line ask for the same one."""
    return _CSV.search(text, 0, _WITHIN)


def kind(text: str) -> str | None:
    """Return the log type of a PAN-OS line in any shape, or None for another product's line."""
    if m := _csv_type(text):
        return m[1]
    at = text.find(_VENDOR)
    if at < 0 or not (m := _TYPED.search(text, at)):
        return None
    return m[1].upper()


def record(text: str, log_type: str, clock: Clock) -> Record:
    """Read a line whose `kind` is THREAT or TRAFFIC."""
    if m := _csv_type(text):
        return _from_csv(text[m.start(1) :], _POSITIONS[log_type], _AT_LEAST[log_type], clock)
    message = _cef.parse(text)
    if message is None:
        raise ValueError("header is neither CEF nor LEEF")
    return _from_pairs(message, log_type, clock)


def action(word: str | None) -> str | None:
    """Translate the firewall's action; a word that is neither allowing nor blocking stays as it is."""
    if not word:
        return None
    word = word.lower()
    if word in {"allow", "alert", "continue", "override"}:
        return "allowed"
    if word.startswith(("block", "deny", "drop", "reset")) or word in {"override-lockout", "sinkhole"}:
        return "blocked"
    return word


def _from_csv(text: str, positions: dict[str, int], at_least: int, clock: Clock) -> Record:
    cells = _cells(text)
    count = len(cells) + _TYPE
    if count < at_least:
        raise ValueError(f"{counted(count, 'field')}, expected at least {at_least}")
    found = {name: cells[at - _TYPE] for name, at in positions.items() if at < count}
    generated = found["time_generated"]
    offset = _OFFSET.fullmatch(found.get("high_res_timestamp", "")[-6:])
    time = iso_time(generated + offset[0] if offset else generated, clock)
    return Record(found["subtype"].lower(), time, found)


def _cells(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=False))
    except csv.Error:
        raise ValueError("fields are not CSV") from None


def _from_pairs(message: _cef.Message, log_type: str, clock: Clock) -> Record:
    found = {name: value for name, keys in _KEYS.items() if (value := message.get(*keys))}
    if elapsed := message.labelled("Elapsed time in seconds", "SessionDuration"):
        found["elapsed"] = elapsed
    if session := message.labelled("SessionID", "Session ID"):
        found["session"] = session
    for name, key in _WAYS.get(message.product, {}).items():
        if value := message.get(key):
            found[name] = value
    if log_type == TRAFFIC and "action" not in found:
        found["action"] = message.event_id  # LEEF of PAN-OS 4 to 6
    generated = message.get("start", "rt", "devtime", "receivetime", "timereceived")
    if generated is None:
        raise ValueError("no time")
    utc = message.fields.get("dtz", "").upper() in {"UTC", "GMT"}
    return Record(_subtype(message), _cef.moment(generated, clock, utc=utc), found)


def _subtype(message: _cef.Message) -> str:
    """Find the subtype: LEEF has a key for it, CEF `cat` or the header part that is not the log type."""
    if stated := message.fields.get("subtype"):
        return stated.lower()
    heads = [part.lower() for part in (message.event_id, message.name) if part.upper() not in {THREAT, TRAFFIC}]
    if (category := message.fields.get("cat", "").lower()) == "url":
        return category
    return heads[0] if heads else ""
