"""Zeek's conn.log and ssl.log as JSON: connections with their bytes, and the names that TLS shows of them.

https://docs.zeek.org/en/master/logs/conn.html and ssl.html. The uid joins the two. A sensor on the wire opens nothing:
it sees whole connections. Times have microseconds; `orig_bytes` is what the client sent.
"""

import json
import random
from collections.abc import Iterable
from typing import Any

from sferic.lab.records import Record, seeded
from sferic.lab.scenario import Site

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def conn(records: Iterable[Record], _site: Site) -> list[str]:
    """One line for each connection, when it has ended."""
    return [_line(_connection(record)) for record in records]


def ssl(records: Iterable[Record], _site: Site) -> list[str]:
    """One line for each TLS handshake, in the order of their time."""
    ordered = sorted((record for record in records if record.scheme == "https"), key=lambda record: record.start_s)
    return [_line(_handshake(record)) for record in ordered]


def _line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"))


def _head(record: Record, time_s: float) -> dict[str, Any]:
    rng: random.Random = seeded("uid", record.start_s, record.src_ip, record.src_port)
    return {
        "ts": round(time_s, 6),
        "uid": "C" + "".join(rng.choice(_LETTERS) for _ in range(17)),
        "id.orig_h": record.src_ip,
        "id.orig_p": record.src_port,
        "id.resp_h": record.dst_ip,
        "id.resp_p": record.port,
    }


def _connection(record: Record) -> dict[str, Any]:
    sent, received = 8 + record.bytes_up // 900, 8 + record.bytes_down // 1_400
    return _head(record, record.start_s) | {
        "proto": "tcp",
        "service": "ssl" if record.scheme == "https" else "http",
        "duration": round(record.end_s - record.start_s, 6),
        "orig_bytes": record.bytes_up,
        "resp_bytes": record.bytes_down,
        "conn_state": "SF",
        "missed_bytes": 0,
        "history": "ShADadFf",
        "orig_pkts": sent,
        "orig_ip_bytes": record.bytes_up + 40 * sent,
        "resp_pkts": received,
        "resp_ip_bytes": record.bytes_down + 40 * received,
    }


def _handshake(record: Record) -> dict[str, Any]:
    return _head(record, record.start_s + 0.02) | {
        "version": "TLSv13",
        "cipher": "TLS_AES_128_GCM_SHA256",
        "server_name": record.host,
        "resumed": False,
        "established": True,
    }
