"""Runs KQL on events: the tables that the exported queries read, filled as the vendors' connectors fill them."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import duckdb_kql
import pyarrow as pa

from prove.estate import Pair
from sferic.model.event import API, DNS, Event

_STAMP = pa.timestamp("us")
_COLUMNS = {
    "_Im_WebSession": {
        "TimeGenerated": _STAMP, "EventResult": pa.string(), "HttpHost": pa.string(), "Url": pa.string(),
        "SrcIpAddr": pa.string(), "SrcBytes": pa.int64(), "DstBytes": pa.int64(), "SrcUsername": pa.string(),
    },
    "CommonSecurityLog": {
        "TimeGenerated": _STAMP, "DeviceAction": pa.string(), "DestinationHostName": pa.string(),
        "RequestURL": pa.string(), "SourceIP": pa.string(), "SentBytes": pa.int64(), "ReceivedBytes": pa.int64(),
        "SourceUserName": pa.string(),
    },
    "DeviceNetworkEvents": {
        "Timestamp": _STAMP, "ReportId": pa.int64(), "DeviceId": pa.string(), "DeviceName": pa.string(),
        "ActionType": pa.string(), "RemoteUrl": pa.string(), "InitiatingProcessFileName": pa.string(),
        "InitiatingProcessCommandLine": pa.string(),
    },
    "AWSCloudTrail": {
        "TimeGenerated": _STAMP, "EventSource": pa.string(), "EventName": pa.string(), "ErrorCode": pa.string(),
        "UserIdentityType": pa.string(), "UserIdentityArn": pa.string(), "RequestParameters": pa.string(),
        "SourceIpAddress": pa.string(), "UserAgent": pa.string(), "AWSRegion": pa.string(),
        "RecipientAccountId": pa.string(),
    },
}  # fmt: skip
TYPES = {_STAMP: "datetime", pa.string(): "string", pa.int64(): "long"}
Row = dict[str, Any]


def schemas() -> dict[str, str]:
    """Return each table's columns as KQL writes them, for a checker of types."""
    return {
        table: ", ".join(f"{name}:{TYPES[kind]}" for name, kind in columns.items())
        for table, columns in _COLUMNS.items()
    }


def asim(events: Iterable[Event]) -> list[Row]:
    """Fill _Im_WebSession."""
    return [
        {
            "TimeGenerated": _at(event), "EventResult": "Failure" if event.action == "blocked" else "Success",
            "HttpHost": event.dst_host, "Url": f"https://{event.dst_host}{event.path or '/'}",
            "SrcIpAddr": event.src_ip, "SrcBytes": event.bytes_up, "DstBytes": event.bytes_down,
            "SrcUsername": event.user,
        }
        for event in events if _is_named(event)
    ]  # fmt: skip


def cef(events: Iterable[Event]) -> list[Row]:
    """Fill CommonSecurityLog, the host in the URL only, as most proxies send it."""
    return [
        {
            "TimeGenerated": _at(event), "DeviceAction": event.action or "allowed", "DestinationHostName": "",
            "RequestURL": f"https://{event.dst_host}:443{event.path or '/'}", "SourceIP": event.src_ip,
            "SentBytes": event.bytes_up, "ReceivedBytes": event.bytes_down, "SourceUserName": event.user,
        }
        for event in events if _is_named(event)
    ]  # fmt: skip


def defender(events: Iterable[Event]) -> list[Row]:
    """Fill DeviceNetworkEvents; a machine goes by its address, so that alerts can be compared."""
    return [
        {
            "Timestamp": _at(event), "ReportId": number, "DeviceId": event.src_ip, "DeviceName": event.src_ip,
            "ActionType": "ConnectionSuccess", "RemoteUrl": event.dst_host,
            "InitiatingProcessFileName": (event.process_path or "unknown.exe").rpartition("\\")[2],
            "InitiatingProcessCommandLine": event.command_line,
        }
        for number, event in enumerate(events) if _is_named(event)
    ]  # fmt: skip


def run(query: str, **tables: Sequence[Row]) -> list[Row]:
    """Run a query over these rows; every table that is not given is empty."""
    con = duckdb.connect()
    for name, columns in _COLUMNS.items():
        con.register("filled", pa.Table.from_pylist(list(tables.get(name, ())), schema=pa.schema(columns)))
        con.sql("FROM filled").create(name)
    answer = duckdb_kql.query(con, query)
    names = answer.columns
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def pairs(rows: Iterable[Row]) -> set[Pair]:
    """Return whom the alerts are about."""
    return {(row["Source"], row["Host"]) for row in rows}


def query_of(rule: str) -> str:
    """Return the query that stands in a rule's YAML."""
    block = re.search(r"^query: \|\n((?:    .*\n|\n)+)", rule, re.MULTILINE)
    return re.sub(r"^    ", "", block[1] if block else "", flags=re.MULTILINE)


def _at(event: Event) -> datetime:
    return datetime.fromtimestamp(event.time / 1e6, UTC).replace(tzinfo=None)


def _is_named(event: Event) -> bool:
    return event.dst_host is not None and event.table not in (DNS, API) and event.status != 407
