"""Cisco ASA, PIX and Firepower (FTD) syslog: connections built and torn down, denied packets, URLs.

Formats, by message number: https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/b_syslog.html
Who began a connection:
https://www.cisco.com/c/en/us/support/docs/security/adaptive-security-appliance-asa-software/116149-qanda-ASA-00.html

Read are 302013, 302015, 302303, 302020 (`action` "built"); 302014, 302016, 302304, 302021 ("teardown");
106100, 106102 and 106103 ("allowed" or "blocked"); 304001, 303002 and 710002 ("allowed"); and, all "blocked",

- packets that a rule or a state denies: 106001, 106006, 106007, 106010, 106014, 106023, 313004, 313005, 304002;
- packets that no translation takes: 305005, 305006, 305013;
- requests to the firewall itself: 710003 to 710006.

Every other message number is a known line without an event, for it tells of no connection, or of one that the
messages above tell of too: stray packets of a connection already closed (106015), flows that go over to hardware
(805001, 805002), translations (305009 to 305012), local hosts (609001, 609002), VPN sessions and logins (113019 and
the like), commands (111008), ICMP that names no destination (313001, 313008), packets with a forged source (106016 to
106022), GRE and SCTP, and the follow-up lines of a URL too long for one 304001. Firepower's own events (430001 to
430005) are read by `cisco_ftd`.

One connection can leave three events: an access-list hit ("allowed"), "built" and "teardown". The teardown
is its best account (bytes, duration; it began at time minus duration), then "built", then the hit: whoever
counts connections keeps the best of these that the log holds. "Built" and "teardown" share a `connection_id`: the
device, its number for the connection, and the client's port, because numbers begin anew when a device starts.

Who is the client: in "Built inbound" the first side, in "Built outbound" the second, in a state bypass the
first. A teardown does not say; the reader remembers the connections it saw built. Where it saw none, the
private address is the client; if both or neither are private, the higher port; if the ports are equal, the
second side. In ICMP messages the local address is the client unless the line says inbound. Addresses are
the real ones, not the mapped.

In an address's place may stand a name from the firewall's configuration. A full domain name (an FQDN
object) becomes `dst_host`, without `host_source`, as nobody saw it on the wire; of other names (`mailsrv`)
nothing is kept.

Cannot show: the host name behind a connection (304001 and 304002 have URLs, of plain HTTP and FTP only),
which way the bytes went (one total per connection), the process, or connections whose messages the device
does not log.
"""

import re
from collections.abc import Callable

import msgspec

from sferic.model.event import HTTP, NETWORK, Event, Line, Reject
from sferic.model.hosts import address, is_address, normalise_host, split_target
from sferic.sources._cisco import Stamps, Tagged, tagged
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import is_inside, port

TABLES = (NETWORK, HTTP)
FIELDS = tuple(
    "src_ip src_port dst_ip dst_port user observer connection_id bytes_total duration_ms protocol action path"
    " app".split()
)
STAMP = "end"
NAMELESS_MARKS = (r"%(?:ASA|FTD|PIX)-(?:[a-z-]{1,30}-)?[0-7]-(?:3020(?:1[3-6]|2[01])|30230[34]|10610[023]): ",)

REMEMBERED = 200_000
"""Built connections kept in mind until their teardown; a busy firewall holds fewer at once."""

_GROUPS = r"(?: ?\([^()]{0,300}\)){0,3}"
_WORD = r"(?: [^\s():]{1,128})?"


def _side(name: str, extra: str = _GROUPS) -> str:
    """Write the expression of `interface:address/port` with what follows it in parentheses."""
    return rf"[^:]{{1,64}}:(?P<{name}>[^\s/()]{{1,255}})/(?P<{name}_port>\d{{1,5}})(?P<{name}_more>{extra})"


_BUILT = re.compile(
    r"Built (?:(?P<way>inbound|outbound) (?P<protocol>TCP|UDP)|TCP state-bypass) connection (?P<id>\d{1,20}) "
    rf"(?:for|from) {_side('a')} to {_side('b')}"
)
_TEARDOWN = re.compile(
    r"Teardown (?P<protocol>TCP|UDP)(?: state-bypass)? connection (?P<id>\d{1,20}) (?P<role>for|from) "
    rf"{_side('a', _GROUPS + _WORD)} to {_side('b', _GROUPS + _WORD)} "
    r"duration (?P<h>\d{1,7}):(?P<m>\d{2}):(?P<s>\d{2}) bytes (?P<bytes>\d{1,18})(?!\d)(?P<tail>.{0,300})"
)
_ICMP = re.compile(
    rf"(?:Built (?P<way>inbound|outbound)|Teardown) ICMP connection (?:\d{{1,20}} )?"
    rf"for faddr (?P<a>[^\s/()]{{1,255}})(?:/\d{{1,5}})?(?P<a_more>{_GROUPS}) "
    rf"gaddr [^\s()]{{1,255}}{_GROUPS} laddr (?P<b>[^\s/()]{{1,255}})(?:/\d{{1,5}})?(?P<b_more>{_GROUPS})"
)
_REFUSED = (
    r"(?:Deny(?: inbound)?|No translation group found for|[a-z]{1,20} translation creation failed for"
    r"|No matching connection for ICMP error message:"
    r"|Asymmetric NAT rules matched for forward and reverse flows; Connection(?: for)?)"
)
"""How the messages begin whose packet is written alike; interface and address may stand apart."""
_DENY = re.compile(
    rf"{_REFUSED} (?P<protocol>(?:protocol )?\S{{1,40}}) "
    rf"src [^:]{{1,64}}: ?(?P<a>[^\s/()]{{1,255}})(?:/(?P<a_port>\d{{1,5}}))?(?P<a_more>{_GROUPS}) "
    rf"dst [^:]{{1,64}}: ?(?P<b>[^\s/()]{{1,255}})(?:/(?P<b_port>\d{{1,5}}))?(?P<b_more>{_GROUPS})"
)
_UNASKED = re.compile(
    r"Denied ICMP type=\d{1,3}, (?:code=\d{1,3},? )?from (?P<a>[^\s()]{1,255}) on interface \S{1,64} "
    r"to (?P<b>[^\s()]{1,255}?): ?no matching session"
)
_ACL = re.compile(
    r"access-list \S{1,241} (?P<verdict>permitted|denied|est-allowed) (?P<protocol>\S{1,40}) "
    rf"(?:for user (?P<user>\S{{1,128}}) )?"
    rf"[^/]{{1,64}}/(?P<a>[^\s()]{{1,255}})\((?P<a_port>\d{{1,5}})\)(?P<a_more>{_GROUPS}) ?-> ?"
    rf"[^/]{{1,64}}/(?P<b>[^\s()]{{1,255}})\((?P<b_port>\d{{1,5}})\)(?P<b_more>{_GROUPS})"
)
_INBOUND = re.compile(
    r"(?:Inbound|Deny inbound) (?P<protocol>TCP|UDP) (?:connection denied )?"
    r"from (?P<a>[^\s/()]{1,255})/(?P<a_port>\d{1,5})(?P<a_more>) "
    r"to (?P<b>[^\s/()]{1,255})/(?P<b_port>\d{1,5})(?P<b_more>)"
)
_TO_FIREWALL = re.compile(
    r"(?P<protocol>\S{1,40}) (?P<verdict>access permitted|access denied by ACL|connection limit exceeded"
    r"|request discarded) from (?P<a>[^\s/()]{1,255})(?:/(?P<a_port>\d{1,5}))?(?P<a_more>) "
    r"to [^:]{1,64}: ?(?P<b>[^\s/()]{1,255})(?:/(?P<b_port>[\w-]{1,40}))?(?P<b_more>)"
)
_FTP = re.compile(
    rf"FTP connection from {_side('a')} to {_side('b')}, user (?P<user>\S{{1,128}}) (?P<verb>Stored|Retrieved)"
)
_WHO = rf"(?:(?P<user>[^\s@()]{{1,128}})@)?(?P<src>[^\s()]{{1,255}})(?P<more>{_GROUPS})"
_ACCESSED = re.compile(
    rf"{_WHO} Accessed URL "
    r"(?P<dst>\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:.]{2,45}|[^\s:/]{1,255}): ?(?P<url>.*)"
)
_DENIED_URL = re.compile(rf"Access denied URL (?P<url>\S{{1,8192}}) SRC {_WHO} DEST (?P<dst>[^\s()]{{1,255}})")

_GROUP = re.compile(r"\(([^()]*)\)")
_MAPPED = re.compile(r"[^\s/]+/\d+")
_FULL_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.){1,30}[a-z][a-z0-9-]{0,61}[a-z]", re.IGNORECASE)


class _End(msgspec.Struct, frozen=True, gc=False):
    """One side of a connection as written: address or name, port, and what follows in parentheses."""

    place: str
    port: int | None
    more: str

    @classmethod
    def of(cls, match: re.Match[str], name: str, *, ports: bool = True) -> "_End":
        return cls(match[name], port(match[f"{name}_port"]) if ports else None, match[f"{name}_more"])


class Reader:
    """Reads the lines of one file; remembers who began the connections it saw built."""

    def __init__(self, setup: Setup) -> None:
        self._stamps = Stamps(setup.clock)
        self._clients: dict[str, str] = {}
        self._kinds: dict[str, Callable[[str, str | None], Event | Reject | None]] = {
            "302013": self._built, "302015": self._built, "302303": self._built,
            "302014": self._teardown, "302016": self._teardown, "302304": self._teardown,
            "302020": self._icmp, "302021": self._icmp,
            "106001": self._inbound, "106006": self._inbound, "106007": self._inbound,
            "106010": self._deny, "106014": self._deny, "106023": self._deny, "313005": self._deny,
            "305005": self._deny, "305006": self._deny, "305013": self._deny, "313004": self._unasked,
            "106100": self._acl, "106102": self._acl, "106103": self._acl,
            "303002": self._ftp, "304001": self._accessed, "304002": self._denied_url,
            **dict.fromkeys(("710002", "710003", "710004", "710005", "710006"), self._to_firewall),
        }  # fmt: skip

    def claims(self, line: Line) -> int:
        """Claim lines with a `%ASA-`, `%FTD-` or `%PIX-` tag right behind a syslog header."""
        return CERTAIN if _own(line.text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Read one message; None for message numbers that are no connection."""
        tag = _own(line.text)
        if tag is None:
            return Reject("no %ASA-, %FTD- or %PIX- tag behind a syslog header")
        kind = self._kinds.get(tag.number)
        if kind is None:
            return None
        stamp = self._stamps.of(tag.header)
        time = line.sent_at if stamp.time is None else stamp.time
        if time is None:
            return Reject("no time before the message")
        observer = stamp.host or line.sender
        event = kind(tag.message, observer)
        if not isinstance(event, Event):
            return event
        event.time, event.observer = time, observer
        return event

    def _built(self, text: str, observer: str | None) -> Event | Reject:
        m = _BUILT.match(text)
        if m is None:
            return Reject("not the connection its message number promises")
        a, b = _End.of(m, "a"), _End.of(m, "b")
        client, server = (b, a) if m["way"] == "outbound" else (a, b)
        if len(self._clients) >= REMEMBERED:
            del self._clients[next(iter(self._clients))]
        self._clients[f"{observer}/{m['id']}"] = f"{client.place}/{client.port}"
        event = _network(client, server, m["protocol"] or "tcp", "built", tail=b.more)
        event.connection_id = _connection_id(observer, m["id"], client)
        return event

    def _teardown(self, text: str, observer: str | None) -> Event | Reject:
        m = _TEARDOWN.match(text)
        if m is None:
            return Reject("not the connection its message number promises")
        a, b = _End.of(m, "a"), _End.of(m, "b")
        known = self._clients.pop(f"{observer}/{m['id']}", None)
        if m["role"] == "from" or known == f"{a.place}/{a.port}":
            client, server = a, b
        elif known == f"{b.place}/{b.port}":
            client, server = b, a
        else:
            client, server = (a, b) if _is_client(a, b) else (b, a)
        event = _network(client, server, m["protocol"], "teardown", tail=m["tail"])
        event.connection_id = _connection_id(observer, m["id"], client)
        event.bytes_total = int(m["bytes"])
        event.duration_ms = (int(m["h"]) * 3600 + int(m["m"]) * 60 + int(m["s"])) * 1000
        return event

    def _icmp(self, text: str, _observer: str | None) -> Event | Reject:
        m = _ICMP.match(text)
        if m is None:
            return Reject("not the connection its message number promises")
        foreign, local = _End(m["a"], None, m["a_more"]), _End(m["b"], None, m["b_more"])
        client, server = (foreign, local) if m["way"] == "inbound" else (local, foreign)
        return _network(client, server, "icmp", "built" if m["way"] else "teardown", tail=local.more)

    def _deny(self, text: str, _observer: str | None) -> Event | Reject:
        m = _DENY.match(text)
        if m is None:
            return Reject("not the denied packet its message number promises")
        return _packet(m, "blocked")

    def _acl(self, text: str, _observer: str | None) -> Event | Reject:
        m = _ACL.match(text)
        if m is None:
            return Reject("not the access-list hit its message number promises")
        event = _packet(m, "blocked" if m["verdict"] == "denied" else "allowed")
        event.user = event.user or ((m["user"] or "").strip("'") or None)
        return event

    def _inbound(self, text: str, _observer: str | None) -> Event | Reject:
        m = _INBOUND.match(text)
        if m is None:
            return Reject("not the denied packet its message number promises")
        return _packet(m, "blocked")

    def _unasked(self, text: str, _observer: str | None) -> Event | Reject:
        m = _UNASKED.match(text)
        if m is None:
            return Reject("not the denied packet its message number promises")
        return _network(_End(m["a"], None, ""), _End(m["b"], None, ""), "icmp", "blocked")

    def _to_firewall(self, text: str, _observer: str | None) -> Event | Reject:
        m = _TO_FIREWALL.match(text)
        if m is None:
            return Reject("not the request its message number promises")
        return _packet(m, "allowed" if m["verdict"] == "access permitted" else "blocked")

    def _ftp(self, text: str, _observer: str | None) -> Event | Reject:
        m = _FTP.match(text)
        if m is None:
            return Reject("not the transfer its message number promises")
        event = _network(_End.of(m, "a"), _End.of(m, "b"), "tcp", "allowed")
        event.user, event.app = event.user or m["user"], "ftp"
        return event

    def _accessed(self, text: str, _observer: str | None) -> Event | Reject | None:
        m = _ACCESSED.match(text)
        if m is None:
            return Reject("not the URL its message number promises")
        url = m["url"].strip()
        if url.startswith("partial "):
            return None
        url = url.removeprefix("Hostname not present URI:").removesuffix(" partial")
        return _request(m, url.strip(), "allowed")

    def _denied_url(self, text: str, _observer: str | None) -> Event | Reject:
        m = _DENIED_URL.match(text)
        if m is None:
            return Reject("not the URL its message number promises")
        return _request(m, m["url"], "blocked")


def _own(text: str) -> Tagged | None:
    tag = tagged(text) if "%" in text else None
    return tag if tag and not tag.number.startswith("43000") else None


def _connection_id(observer: str | None, number: str, client: _End) -> str:
    return f"{observer or ''}/{number}/{client.port}"


def _network(client: _End, server: _End, protocol: str, action: str, tail: str = "") -> Event:
    return Event(
        table=NETWORK,
        time=0,
        src_ip=address(client.place),
        src_port=client.port,
        dst_ip=address(server.place),
        dst_port=server.port,
        dst_host=_full_name(server.place),
        user=_user(client.more) or _logged_in(tail),
        protocol=protocol.lower(),
        action=action,
    )


def _packet(m: re.Match[str], action: str) -> Event:
    """Make the event of a judged packet; here the destination's FQDN object may stand behind its address."""
    protocol = m["protocol"].removeprefix("protocol ")
    ports = "icmp" not in protocol.lower()
    client, server = _End.of(m, "a", ports=ports), _End.of(m, "b", ports=ports)
    event = _network(client, server, protocol, action)
    if event.dst_host is None and (group := _GROUP.search(server.more)):
        event.dst_host = _full_name(group[1].partition(",")[0].strip())
    return event


def _request(m: re.Match[str], url: str, action: str) -> Event:
    target = split_target(url)
    host = None if target.host is None or is_address(target.host) else target.host
    return Event(
        table=HTTP,
        time=0,
        src_ip=address(m["src"]),
        dst_ip=address(m["dst"].rstrip(":")),
        dst_port=target.port,
        dst_host=host,
        host_source="url" if host else None,
        user=_user(m["more"]) or m["user"],
        path=target.path,
        action=action,
    )


def _user(more: str) -> str | None:
    """Find the identity firewall's user behind an address: with its domain in parentheses, or a bare word."""
    if not more:
        return None
    named = [group for group in _GROUP.findall(more) if "\\" in group]
    name = (named[0].partition(",")[0] if named else more.rpartition(")")[2]).strip()
    return (name.rpartition("\\")[2] if name.startswith("LOCAL\\") else name) or None


def _logged_in(tail: str) -> str | None:
    """Find the user who logged in at the firewall, in parentheses at a message's end: always the client's."""
    groups = _GROUP.findall(tail)
    known = groups and "\\" not in groups[-1] and not _MAPPED.fullmatch(groups[-1])
    return groups[-1] or None if known else None


def _full_name(place: str) -> str | None:
    return normalise_host(place) if _FULL_NAME.fullmatch(place) and len(place) <= 253 else None


def _is_client(a: _End, b: _End) -> bool:
    """Judge by the addresses, then by the ports, whether the first side is the client."""
    inside = is_inside(a.place), is_inside(b.place)
    return inside[0] if inside[0] != inside[1] else (a.port or 0) > (b.port or 0)
