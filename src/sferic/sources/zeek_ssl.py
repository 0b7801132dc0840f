"""Zeek's ssl.log: the TLS, DTLS and QUIC handshakes a sensor saw, with the server name the client asked for.

Format: https://docs.zeek.org/en/master/logs/ssl.html

One line a connection, as TSV or JSON, also ssl_red and open_ssl. `app` is the TLS version, `outcome` whether the
handshake was established. The connection's bytes and duration stand in conn.log under the same `connection_id`.

Cannot show: bytes and durations (conn.log has them), paths, users and processes; the name, where the client
encrypts its hello (ECH) or sends none; the server behind a proxy that tunnels, whose address is in its place.
"""

from typing import TYPE_CHECKING, Any

from sferic.model.event import NETWORK, Event, Line
from sferic.sources import _wire, _zeek
from sferic.sources._bulk import Rows

if TYPE_CHECKING:
    from sferic.sources._zeek_bulk import Values

TABLES = (NETWORK,)
FIELDS = tuple("src_ip src_port dst_ip dst_port dst_host host_source observer connection_id app outcome".split())
STAMP = "start"
MARKS = _zeek.MARKS
NAMELESS_MARKS = (r"\bcloudflare-ech\.com\b",)
OPTIONS = _zeek.OPTIONS

_OUTCOMES = {True: "established", False: "failed", "T": "established", "F": "failed"}


class Handshake(_zeek.Record, gc=False):
    """The fields of ssl.log that matter here."""

    version: Any = None
    server_name: Any = None
    established: Any = None


class Reader(_zeek.BulkReader):
    """Reads the handshakes of one file."""

    kind = "ssl"
    record = Handshake
    keys = ("resumed", "cipher")

    def event(self, record: Handshake, line: Line) -> Event:
        """Turn a handshake into an event."""
        event = self.base(NETWORK, record, line)
        event.dst_host = _wire.name(record.server_name)
        event.host_source = "sni" if event.dst_host else None
        event.app = _wire.lower(record.version)
        established = record.established
        event.outcome = _OUTCOMES.get(established) if isinstance(established, bool | str) else None
        return event

    def rows(self, values: "Values") -> list[Rows]:
        """Turn columns into handshakes; objects that may be of another log are left."""
        if values.is_json:
            told = values.has("established", "resumed")
            if not told.all():
                told |= values.has("server_name", "cipher")
            values.keep &= values.has("orig_h") & told
        return values.rows({
            "table": NETWORK,
            **values.named("server_name", _wire.name, "sni"),
            "app": values.coded("version", _wire.lower),
            "outcome": values.coded("established", _OUTCOMES.get),
        })  # fmt: skip
