"""PAN-OS URL filtering logs: one line for each request or TLS connection that a URL profile looked at.

Format: https://docs.paloaltonetworks.com/ngfw/administration/monitoring/use-syslog-for-monitoring/syslog-field-descriptions/threat-log-fields
They are THREAT logs of subtype `url`: CSV behind any syslog header or none, PAN-OS 4 to 12 and the cloud
service's default order; CEF and LEEF as Palo Alto and IBM document them.
The URL has no scheme. The time is Generated Time, where the shape has it, else Receive Time.

THREAT lines of other subtypes (virus, spyware, vulnerability, wildfire, file, data, scan and so on) are known
and give no event: their request, if any, has a URL line of its own.

Cannot show: bytes, durations and HTTP statuses; paths, methods and user agents of TLS that the firewall does
not decrypt, where the host is the SNI's or the certificate's; sites of categories whose action is `allow`,
which write no line at all.
"""

from sferic.model.errors import UsageError
from sferic.model.event import HTTP, Event, Line, Reject
from sferic.model.hosts import is_address, split_target
from sferic.sources import _panos
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip, port, text

TABLES = (HTTP,)
FIELDS = frozenset(
    "src_ip src_port forwarded_for dst_ip dst_port dst_host host_source user device observer method path action"
    " user_agent referer content_type protocol app".split()
)
STAMP = "start"
OPTIONS = {
    "client": "`xff` takes the client from X-Forwarded-For (behind a proxy of your own), `source` does not.",
}

_FORWARDED = "x-fwd-for:"
"""Told to use X-Forwarded-For for User-ID, the firewall puts this and an address into the user column."""


class Reader:
    """Reads THREAT lines in CSV, CEF or LEEF."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        client = setup.options.get("client", "source")
        if client not in {"source", "xff"}:
            raise UsageError(f"panos_threat has no client {client!r}", expected="source or xff")
        self._forwarded = client == "xff"

    def claims(self, line: Line) -> int:
        """Claim every THREAT line, whichever shape it has."""
        return CERTAIN if _panos.kind(line.text) == _panos.THREAT else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a URL line into an event; other threats give none."""
        if _panos.kind(line.text) != _panos.THREAT:
            return None
        record = _panos.record(line.text, _panos.THREAT, self._clock)
        if record.subtype != "url":
            return None
        target = split_target(record.fields.get("misc", "").strip('"\\ '))
        if target.host is None:
            return Reject("url has no host")
        return self._event(record.time, record.fields, target.host, target.path)

    def _event(self, time: int, fields: dict[str, str], host: str, path: str | None) -> Event:
        get = fields.get
        literal = is_address(host)
        method, proto, user = text(get("http_method")), text(get("proto")), text(get("srcuser"))
        forwarded = user.startswith(_FORWARDED) if user else False
        method = method.upper() if method else None
        peer, client = ip(get("src")), self._client(fields)
        return Event(
            table=HTTP,
            time=time,
            src_ip=(client if self._forwarded else None) or peer,
            src_port=port(get("sport")),
            forwarded_for=None if self._forwarded or client == peer else client,
            dst_ip=ip(get("dst")) or (host if literal else None),
            dst_port=port(get("dport")),
            dst_host=None if literal else host,
            host_source=None if literal else "connect" if method == "CONNECT" else "url",
            user=None if forwarded else user,
            device=text(get("src_host")),
            observer=text(get("device_name")),
            method=method,
            path=None if method == "CONNECT" else path,
            action=_panos.action(text(get("action"))),
            user_agent=text(get("user_agent")),
            referer=text(get("referer")),
            content_type=text(get("contenttype")),
            protocol=proto.lower() if proto else None,
            app=text(get("app")),
        )

    @staticmethod
    def _client(fields: dict[str, str]) -> str | None:
        """Return the first address that X-Forwarded-For names: the client's own, if the proxy is honest."""
        user = fields.get("srcuser", "").strip('" ')
        for chain in (fields.get("xff", ""), fields.get("xff_ip", ""), user.removeprefix(_FORWARDED)):
            if first := ip(chain.strip('" ').partition(",")[0]):
                return first
        return None
