"""Zeek's conn.log: every TCP, UDP and ICMP connection a sensor saw, as TSV or JSON, also open_conn and conn_red.

Format: https://docs.zeek.org/en/master/logs/conn.html and for long connections still open
https://github.com/activecm/zeek-open-connections and https://github.com/corelight/zeek-long-connections

The time is that of the first packet. Bytes are the payload of each side; where Zeek gives none (a single packet,
a connection that was not answered) they are the bytes of the IP packets, headers included. `outcome` is
`conn_state` in lower case: `sf` ended well, `s0` and `rej` were not answered or refused. A connection logged
while it is open is one line an hour, each with all its bytes so far, and a last line in conn.log: whoever counts
connections keeps the longest of one `connection_id`.

Every other Zeek log (files, x509, weird, notice, stats, …) is known here and gives no event. A TSV row without a
header before it is a reject; the option `fields` names its columns.

Cannot show: host names (ssl.log, http.log and dns.log of the same sensor have them, with the same uid or
address), paths, users, processes, and the client behind a proxy or an address translation.
"""

from typing import TYPE_CHECKING, Any

from sferic.model.event import NETWORK, Event, Line
from sferic.sources import _wire, _zeek
from sferic.sources._bulk import Rows

if TYPE_CHECKING:
    from sferic.sources._zeek_bulk import Values

TABLES = (NETWORK,)
FIELDS = tuple(
    "src_ip src_port dst_ip dst_port observer connection_id bytes_up bytes_down duration_ms protocol app"
    " outcome".split()
)
STAMP = "start"
MARKS = _zeek.MARKS
NAMELESS_MARKS = (r"\b(?:conn_state|missed_bytes|orig_ip_bytes)\b",)
OPTIONS = _zeek.OPTIONS


class Connection(_zeek.Record, gc=False):
    """The fields of conn.log that matter here."""

    proto: Any = None
    service: Any = None
    duration: Any = None
    orig_bytes: Any = None
    resp_bytes: Any = None
    conn_state: Any = None
    orig_ip_bytes: Any = None
    resp_ip_bytes: Any = None


class Reader(_zeek.BulkReader):
    """Reads the connections of one file."""

    kind = "conn"
    record = Connection
    takes_the_rest = True

    def event(self, record: Connection, line: Line) -> Event:
        """Turn a connection into an event; ICMP's types and codes are no ports."""
        event = self.base(NETWORK, record, line)
        event.protocol = _wire.lower(record.proto)
        if event.protocol == "icmp":
            event.src_port = event.dst_port = None
        event.app = _wire.lower(record.service)
        event.bytes_up = _bytes(record.orig_bytes, record.orig_ip_bytes)
        event.bytes_down = _bytes(record.resp_bytes, record.resp_ip_bytes)
        event.duration_ms = _wire.milliseconds(record.duration)
        event.outcome = _wire.lower(record.conn_state)
        return event

    def rows(self, values: "Values") -> list[Rows]:
        """Turn columns into connections; objects that may be of another log are left."""
        if values.is_json:
            values.keep &= values.has("orig_h") & values.has_any("conn_state", "orig_ip_bytes")
        return values.rows({
            "table": NETWORK,
            "protocol": values.coded("proto", _wire.lower),
            "app": values.coded("service", _wire.lower),
            "bytes_up": values.counts("orig_bytes", "orig_ip_bytes"),
            "bytes_down": values.counts("resp_bytes", "resp_ip_bytes"),
            "duration_ms": values.milliseconds("duration"),
            "outcome": values.coded("conn_state", _wire.lower),
        }, portless=values.is_a("proto", "icmp"))  # fmt: skip


def _bytes(payload: Any, packets: Any) -> int | None:
    found = _wire.count(payload)
    return _wire.count(packets) if found is None else found
