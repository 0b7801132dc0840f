"""Splunk Stream: DNS and HTTP transactions seen on the wire, one JSON object a line.

https://docs.splunk.com/Documentation/StreamApp/latest/DeployStreamApp/HowdoesSplunkStreamworkwithprotocols
Microseconds, UTC. `bytes_in` is what the client sent. `stream:http` sees clear or decrypted traffic only.
"""

import json
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime

from sferic.lab.records import Record
from sferic.lab.scenario import Site
from sferic.lab.transport import addresses

_RESOLVER = "192.0.2.53"


def dns(records: Iterable[Record], _site: Site) -> list[str]:
    """The lookups that came before connections, where the answer was not still known to the client."""
    ordered = sorted((record for record in records if record.looked_up), key=lambda record: record.start_s)
    return [_line(_lookup(record)) for record in ordered]


def http(records: Iterable[Record], _site: Site) -> list[str]:
    """The requests that could be read."""
    return [_line(_request(record)) for record in records if record.path is not None]


def _line(fields: dict[str, object]) -> str:
    return json.dumps(fields, separators=(",", ":"))


def _stamp(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _lookup(record: Record) -> dict[str, object]:
    answers, lifetime_s = addresses(record.host)
    answers = [record.dst_ip, *(answer for answer in answers if answer != record.dst_ip)]
    taken_s = 0.004 + zlib.crc32(record.host.encode()) % 40 / 1_000
    began_s = record.start_s - taken_s - 0.003
    return {
        "endtime": _stamp(began_s + taken_s),
        "timestamp": _stamp(began_s),
        "bytes": 90 + 2 * len(record.host) + 16 * len(answers),
        "bytes_in": 28 + len(record.host),
        "bytes_out": 62 + len(record.host) + 16 * len(answers),
        "dest_ip": _RESOLVER,
        "dest_port": 53,
        "host_addr": answers,
        "message_type": ["QUERY", "RESPONSE"],
        "name": [record.host] * len(answers),
        "query": [record.host],
        "query_type": ["A"],
        "reply_code": "NoError",
        "reply_code_id": 0,
        "response_time": round(taken_s * 1_000_000),
        "src_ip": record.src_ip,
        "src_port": 49_152 + record.src_port % 16_000,
        "time_taken": round(taken_s * 1_000_000),
        "transaction_id": zlib.crc32(f"{record.start_s:.6f}".encode()) % 65_536,
        "transport": "udp",
        "ttl": [int(lifetime_s)] * len(answers),
    }


def _request(record: Record) -> dict[str, object]:
    path, mark, query = (record.path or "/").partition("?")
    fields: dict[str, object] = {
        "endtime": _stamp(record.end_s),
        "timestamp": _stamp(record.start_s),
        "bytes": record.bytes_up + record.bytes_down,
        "bytes_in": record.bytes_up,
        "bytes_out": record.bytes_down,
        "dest_ip": record.dst_ip,
        "dest_port": record.port,
        "http_method": record.method,
        "http_user_agent": record.user_agent,
        "site": record.host,
        "src_ip": record.src_ip,
        "src_port": record.src_port,
        "ssl_version": "TLSv1.2" if record.scheme == "https" else None,
        "status": record.status,
        "time_taken": round(1_000_000 * (record.end_s - record.start_s)),
        "transport": "tcp",
        "uri_path": path,
        "uri_query": query if mark else None,
        "uri": record.path,
    }
    return {key: value for key, value in fields.items() if value is not None}
