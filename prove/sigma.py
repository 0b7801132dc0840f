"""Runs Sigma rules with their correlations on events, in SQLite through pySigma."""

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sigma.backends.sqlite.sqlite import sqliteBackend
from sigma.collection import SigmaCollection

from prove.estate import Pair, first
from sferic.model.event import API, DNS, Event

_INSERT = "insert into logs values ({})"


def proxy(events: Iterable[Event]) -> list[dict[str, object]]:
    """Name what proxies log as SigmaHQ's taxonomy does."""
    return [
        {"timestamp": _at(event), "src_ip": event.src_ip, "cs-host": event.dst_host, "cs-bytes": event.bytes_up,
         "sc-bytes": event.bytes_down, "sc-status": event.status}
        for event in first(event for event in events if event.table not in (DNS, API) and event.dst_host)
    ]  # fmt: skip


def dns(events: Iterable[Event]) -> list[dict[str, object]]:
    """Name what resolvers log as SigmaHQ's taxonomy does."""
    return [
        {"timestamp": _at(event), "src_ip": event.src_ip, "query": event.dst_host}
        for event in first(event for event in events if event.table == DNS and event.dst_host)
    ]


def programs(events: Iterable[Event]) -> list[dict[str, object]]:
    """Name what Sysmon logs of connections as SigmaHQ's taxonomy does."""
    return [
        {"timestamp": _at(event), "Image": event.process_path, "ProcessGuid": event.process_guid,
         "DestinationHostname": event.dst_host}
        for event in events if event.process_path and event.dst_host
    ]  # fmt: skip


def run(rules: Sequence[str], rows: Sequence[dict[str, object]]) -> set[Pair]:
    """Return the groups for which the last of these rules fires; the others are those it correlates."""
    backend = sqliteBackend()
    # An alert's evidence is a list of row ids; whom it is about stands in its group keys.
    found = [dict(row) for row in _query(backend.convert(SigmaCollection.from_yaml("---\n".join(rules)))[-1], rows)]
    return {_pair(list(json.loads(row["group_keys"]).values())) for row in found}


def matches(rule: str, rows: Sequence[dict[str, object]]) -> list[sqlite3.Row]:
    """Return the rows that one rule matches."""
    return _query(sqliteBackend().convert(SigmaCollection.from_yaml(rule))[0], rows)


def _query(query: str, rows: Sequence[dict[str, object]]) -> list[sqlite3.Row]:
    con = sqlite3.connect(":memory:")
    con.row_factory = sqlite3.Row
    con.create_function("REGEXP", 2, _regexp, deterministic=True)
    columns = ", ".join(f'"{name}"' for name in rows[0])
    con.execute(f"create table logs ({columns})")
    con.executemany(_INSERT.format(", ".join("?" * len(rows[0]))), [tuple(row.values()) for row in rows])
    found = con.execute(query.replace("<TABLE_NAME>", "logs")).fetchall()
    con.close()
    return found


def _regexp(pattern: str, text: str | None) -> bool:
    return text is not None and re.search(pattern, text) is not None


def _pair(keys: list[str]) -> Pair:
    return keys[0], keys[1]


def _at(event: Event) -> str:
    return f"{datetime.fromtimestamp(event.time / 1e6, UTC):%Y-%m-%d %H:%M:%S.%f}"
