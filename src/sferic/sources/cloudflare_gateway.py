"""Cloudflare Zero Trust Gateway: HTTP requests, DNS queries, network sessions, as Logpush or an export has them.

Format: https://developers.cloudflare.com/logs/reference/log-fields/account/gateway_http/ and its neighbours
gateway_dns, gateway_network and zero_trust_network_sessions
One JSON object a line. Names are read without regard to case and underscores, so that exports with `http_host` are
read like `HTTPHost`; times are RFC 3339 or epoch seconds or nanoseconds, as the job was set up.

The user is the e-mail address of the enrolled device. `SourceInternalIP`, where logged, is the client.
`BytesSent` went from client to origin, `BytesReceived` came back; only zero_trust_network_sessions has them.

Cannot show: bytes of single HTTP requests; paths and methods where TLS is not inspected (then gateway_network has the
SNI); traffic of devices that bypass Gateway; the process.
"""

import re
from typing import Any

from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._meaning import Names, Record, from_json, moment, read

TABLES = (HTTP, DNS, NETWORK)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port dst_host host_source user device bytes_up bytes_down duration_ms method path"
    " status action user_agent referer protocol app answers outcome".split()
)
STAMP = "start"

_OWN = re.compile(r'"(?:resolver_?decision|http_?host|sni|session_?start_?time)" ?:', re.IGNORECASE)
_BESIDES = re.compile(
    r'"(?:query_?name|is_?isolated|policy_?id|session_?id|device_?id|account_?id|source_?internal_?ip)" ?:',
    re.IGNORECASE,
)
_ADDRESSED = re.compile(r'"(?:source_?ip|src_?ip)" ?:', re.IGNORECASE)
_NAMES: Names = {
    "src_ip": ("sourceinternalip", "internalip", "sourceip", "srcip"),
    "src_port": ("sourceport", "srcport"),
    "dst_ip": ("destinationip", "dstip", "originip"),
    "dst_port": ("destinationport", "dstport", "originport"),
    "url": ("url",),
    "http_host": ("httphost",),
    "sni": ("sni",),
    "query_name": ("queryname",),
    "answers": ("cnames", "resolvedips"),
    "user": ("email", "useremail", "userid"),
    "device": ("devicename", "deviceid"),
    "bytes_up": ("bytessent",),
    "bytes_down": ("bytesreceived",),
    "method": ("httpmethod",),
    "status": ("httpstatuscode",),
    "action": ("action", "resolverdecision"),
    "user_agent": ("useragent",),
    "referer": ("referer",),
    "protocol": ("transport", "protocol"),
    "app": ("detectedprotocol",),
    "outcome": ("rcode",),
}
_STAMPS = ("sessionstarttime", "datetime", "timestamp")


class Reader:
    """Reads the lines of one file; each stands alone."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim objects with a field only Gateway has, a client's address, and another field of its logs."""
        text = line.text
        if not text.startswith("{") or not _OWN.search(text):
            return NO
        return CERTAIN if _ADDRESSED.search(text) and _BESIDES.search(text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a record into a request, a look-up or a session."""
        fields = {key.replace("_", "").lower(): value for key, value in from_json(line.text).items()}
        event = read(Record(fields, _NAMES), 0)
        if not isinstance(event, Event):
            return event or Reject("no destination")
        stamped = next((value for key in _STAMPS if (value := fields.get(key)) is not None), None)
        event.time = self._stamp(stamped, line)
        ended = fields.get("sessionendtime")
        if ended is not None and fields.get("sessionstarttime") is not None:
            event.duration_ms = max(moment(ended, self._clock) - event.time, 0) // 1000
        return event

    def _stamp(self, stamped: Any, line: Line) -> int:
        if stamped is not None:
            return moment(stamped, self._clock)
        if line.sent_at is None:
            raise ValueError("no time")
        return line.sent_at
