"""Zscaler Internet Access firewall and DNS logs: a line for each session, or for each name asked for.

Format: https://help.zscaler.com/zia/nss-feed-output-format-firewall-logs and
https://help.zscaler.com/zia/nss-feed-output-format-dns-logs
JSON (Cloud NSS, bare or inside `event`), tab-separated `key=value`, and CEF (`NSSFWlog`, `NSSDNSlog`).
`outbytes` goes from client to server, `inbytes` comes back. The destination is the server side of the session
(`sdip`), or the client side (`cdip`) where nothing was sent on; `cdfqdn` is its name, where the feed has it.

Cannot show: paths, user agents and processes, and host names in a feed without `cdfqdn`.
With the standard subscription Zscaler adds allowed sessions of one user to one application up for 15 minutes
(`aggregate=Yes`): such a line is one event, with the last session's addresses and everybody's bytes.
"""

import re
from ipaddress import IPv4Address

from sferic.model.event import DNS, NETWORK, Event, Line, Reject
from sferic.model.hosts import is_address, normalise_host
from sferic.sources import _zscaler
from sferic.sources._contract import CERTAIN, LIKELY, NO, Setup
from sferic.sources._fields import ip, number, port
from sferic.sources._zscaler import Fields, decoded, value

TABLES = (NETWORK, DNS)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port user device bytes_up bytes_down duration_ms action protocol app answers".split()
)
STAMP = "end"
NAMELESS_MARKS = (r"\bzscaler-?nss-fw\b", r"\|Zscaler\|NSSFWlog\|", r"(?:\"|\t|#011)cdip(?:\" ?:|=)")

_SOURCETYPES = ("zscalernss-fw", "zscaler-nss-fw", "zscalernss-dns", "zscaler-nss-dns")
_CEF = re.compile(r"\|Zscaler\|NSS(?:FW|DNS)log\|", re.IGNORECASE)
_KEYED = re.compile(r'(?:"|\t|#011)(?:cdip|dns_req)(?:" ?:|=)')
_WORDS = re.compile(r"[\s,;|]+")
_NOWHERE = str(IPv4Address(0))


class Reader:
    """Reads firewall and DNS records in any of the feed's formats."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim records that name one of the two logs or hold a key that only they have."""
        text, sourcetype = line.text, line.sourcetype or ""
        if sourcetype.startswith(("zscalernss", "zscaler-nss")):
            return CERTAIN if sourcetype in _SOURCETYPES else NO
        if any(f'"{name}"' in text for name in _SOURCETYPES) or _CEF.search(text):
            return CERTAIN
        return LIKELY if _KEYED.search(text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a record into a session or a query."""
        fields = _fields(line.text)
        time = _zscaler.when(fields, self._clock)
        asked = decoded(value(fields, "dns_req", "req", "dnsreq"))
        return _query(fields, time, asked) if asked else _session(fields, time)


def _fields(text: str) -> Fields:
    if _CEF.search(text):
        return _zscaler.from_cef(text)
    return _zscaler.from_json(text) if "{" in text else _zscaler.from_pairs(text)


def _session(fields: Fields, time: int) -> Event | Reject:
    source, inside = ip(value(fields, "csip", "src")), ip(value(fields, "cdip", "dst"))
    outside = ip(value(fields, "sdip", "destinationtranslatedaddress"))
    destination = outside if outside and outside != _NOWHERE else inside
    if source is None and destination is None:
        return Reject("no addresses")
    name = normalise_host(decoded(value(fields, "cdfqdn", "cltdomain")) or "")
    name = None if name is None or is_address(name) else name
    labelled = value(fields, "cn1") if fields.get("cn1label") == "durationms" else None
    return Event(
        table=NETWORK,
        time=time,
        src_ip=source,
        src_port=port(value(fields, "csport", "spt")),
        dst_ip=destination,
        dst_port=port(value(fields, "sdport", "destinationtranslatedport")) or port(value(fields, "cdport", "dpt")),
        dst_host=name,
        host_source="http_host" if name else None,
        user=_user(fields),
        device=decoded(value(fields, "devicehostname")),
        bytes_up=number(value(fields, "outbytes", "out")),
        bytes_down=number(value(fields, "inbytes", "in")),
        duration_ms=number(value(fields, "durationms") or labelled),
        action=_action(value(fields, "action", "act")),
        protocol=_lower(value(fields, "proto", "ipproto")),
        app=value(fields, "nwapp", "cs3", "nwsvc"),
    )


def _query(fields: Fields, time: int, asked: str) -> Event | Reject:
    name = normalise_host(asked)
    if name is None:
        return Reject("name asked for is no host name")
    answers = tuple(found for word in _WORDS.split(value(fields, "dns_resp", "res") or "") if (found := ip(word)))
    return Event(
        table=DNS,
        time=time,
        src_ip=ip(value(fields, "clt_sip", "cip", "src")),
        dst_ip=ip(value(fields, "srv_dip", "sip", "dst")),
        dst_port=port(value(fields, "srv_dport", "dpt")),
        dst_host=name,
        host_source="dns_query",
        user=_user(fields),
        device=decoded(value(fields, "devicehostname")),
        duration_ms=number(value(fields, "durationms")),
        action=_action(value(fields, "reqaction", "act")),
        protocol=_lower(value(fields, "proto")),
        answers=answers or None,
    )


def _user(fields: Fields) -> str | None:
    return decoded(value(fields, "user", "login", "elogin", "suser") or value(fields, "deviceowner"))


def _action(word: str | None) -> str | None:
    """Translate `Allow`, `Drop`, `Block ICMP`, `REQ_ALLOW`, `Block`, ...; another word stays as it is."""
    word = word.lower().removeprefix("req_") if word else None
    if word and word.startswith("allow"):
        return "allowed"
    return "blocked" if word and word.startswith(("block", "drop", "deny", "reset")) else word


def _lower(word: str | None) -> str | None:
    return word.lower() if word else None
