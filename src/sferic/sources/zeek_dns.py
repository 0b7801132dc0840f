"""Zeek's dns.log: each DNS query a sensor saw, with its answers, as TSV or JSON, also dns_red.

Format: https://docs.zeek.org/en/master/logs/dns.html

The time is that of the query, the duration how long the answer took, `outcome` the reply's code in lower case
(absent where no reply was seen). Answers are the addresses and names in the order of the reply; texts and other
records are left out. NetBIOS, multicast DNS and LLMNR are in the log too; their names are read alike.

Cannot show: lookups over TLS or HTTPS; the client behind a resolver, where the sensor stands behind it;
whether anything was sent to the address that was answered; the process.
"""

from typing import Any

from sferic.model.event import DNS, Event, Line
from sferic.sources import _wire, _zeek

TABLES = (DNS,)
FIELDS = tuple(
    "src_ip src_port dst_ip dst_port dst_host host_source observer connection_id duration_ms protocol answers"
    " outcome".split()
)
STAMP = "start"
MARKS = _zeek.MARKS
OPTIONS = _zeek.OPTIONS


class Lookup(_zeek.Record, gc=False):
    """The fields of dns.log that matter here."""

    proto: Any = None
    query: Any = None
    rtt: Any = None
    rcode_name: Any = None
    answers: Any = None


class Reader(_zeek.Reader):
    """Reads the lookups of one file."""

    kind = "dns"
    record = Lookup

    def event(self, record: Lookup, line: Line) -> Event:
        """Turn a lookup into an event."""
        event = self.base(DNS, record, line)
        event.protocol = _wire.lower(record.proto)
        event.dst_host = _wire.name(record.query)
        event.host_source = "dns_query" if event.dst_host else None
        event.duration_ms = _wire.milliseconds(record.rtt)
        event.outcome = _wire.lower(record.rcode_name)
        if isinstance(record.answers, list):
            event.answers = _wire.answers(record.answers, event.dst_host)
        return event
