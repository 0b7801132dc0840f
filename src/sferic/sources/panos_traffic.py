"""PAN-OS TRAFFIC logs: one line where a firewall session starts, ends or is refused.

Format: https://docs.paloaltonetworks.com/ngfw/administration/monitoring/use-syslog-for-monitoring/syslog-field-descriptions/traffic-log-fields
CSV behind any syslog header or none, PAN-OS 4 to 12 and the cloud service's default order; CEF and LEEF as
Palo Alto and IBM document them. In CEF, PAN-OS's own guide maps `in` to the bytes that the client *sent*,
while the cloud service (product `LF`) maps `out` to them. LEEF of PAN-OS 4 to 6 names `BytesIn` and
`BytesOut` without saying whose: only their total is used.

Every subtype becomes an event (`start`, `end`, `drop`, `deny`); by default the firewall logs `end` only. All lines of
one session share a `connection_id`, so that whoever counts connections counts it once.
The time is Generated Time: for `end` the close of the session, which began `duration_ms` earlier.
Other log types of the same firewall (SYSTEM, CONFIG, USERID, GLOBALPROTECT, DECRYPTION, TUNNEL and so on) are
known and give no event.

Cannot show: host names (App-ID is the only hint what a destination is), users where User-ID is off, and the
requests inside a session: a keep-alive connection that beacons for a day is one line at its end.
"""

from sferic.model.event import NETWORK, Event, Line
from sferic.sources import _panos
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip, number, port, text

TABLES = (NETWORK,)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port user device observer connection_id bytes_up bytes_down bytes_total duration_ms"
    " action protocol app".split()
)
STAMP = "end"
NAMELESS_MARKS = (r",TRAFFIC,[a-z]{0,16},", r"\|TRAFFIC\|", r"\bcat=TRAFFIC\b")


class Reader:
    """Reads TRAFFIC lines in CSV, CEF or LEEF."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim every PAN-OS line but THREAT, whichever shape it has."""
        return CERTAIN if _panos.kind(line.text) not in {None, _panos.THREAT} else NO

    def read(self, line: Line) -> Event | None:
        """Turn a TRAFFIC line into an event; other log types give none."""
        if _panos.kind(line.text) != _panos.TRAFFIC:
            return None
        record = _panos.record(line.text, _panos.TRAFFIC, self._clock)
        get = record.fields.get
        up, down, elapsed_s = number(get("bytes_sent")), number(get("bytes_received")), number(get("elapsed"))
        refused = record.subtype in {"drop", "deny"}
        proto = text(get("proto"))
        return Event(
            table=NETWORK,
            time=record.time,
            src_ip=ip(get("src")),
            src_port=port(get("sport")),
            dst_ip=ip(get("dst")),
            dst_port=port(get("dport")),
            user=text(get("srcuser")),
            device=text(get("src_host")),
            observer=text(get("device_name")),
            connection_id=_session(record),
            bytes_up=up,
            bytes_down=down,
            bytes_total=number(get("bytes")) if up is None and down is None else None,
            duration_ms=None if elapsed_s is None else number(elapsed_s * 1000),
            action="blocked" if refused else _panos.action(text(get("action"))),
            protocol=proto.lower() if proto else None,
            app=text(get("app")),
        )


def _session(record: _panos.Record) -> str | None:
    """Name the session by its number and its start, because numbers are used again."""
    session, start = text(record.fields.get("session")), text(record.fields.get("start"))
    return f"{session}@{start}" if session and start and session != "0" else None
