"""Runs EQL on events, by Elastic's own Python engine, in the fields of the Elastic Common Schema."""

from collections.abc import Iterable
from typing import Any

import eql

from prove.estate import Pair, first
from sferic.model.event import API, DNS, Event


def flows(events: Iterable[Event]) -> list[eql.Event]:
    """Name what was logged of connections as ECS does, in order of time."""
    named = [event for event in events if event.table not in (DNS, API) and event.dst_host]
    return [record("network", event.time, _flow(event)) for event in sorted(first(named), key=lambda event: event.time)]


def record(kind: str, time_us: int, fields: dict[str, Any]) -> eql.Event:
    """Make one event; the engine counts time in units of 100 ns."""
    return eql.Event(kind, time_us * 10, fields)


def run(query: str, events: Iterable[eql.Event]) -> list[Any]:
    """Return what a query finds."""
    with eql.parser.elasticsearch_syntax, eql.parser.allow_runs:
        return list(eql.get_engine(eql.parse_query(query))(events))


def pairs(found: Iterable[Any]) -> set[Pair]:
    """Return whom the sequences are about."""
    firsts = [one.events[0].data for one in found]
    return {(data["source"]["ip"], data["destination"]["domain"]) for data in firsts}


def _flow(event: Event) -> dict[str, Any]:
    return {
        "source": {"ip": event.src_ip, "bytes": event.bytes_up},
        "destination": {"domain": event.dst_host, "bytes": event.bytes_down},
        "host": {"id": event.device}, "process": {"name": event.process_path, "entity_id": event.process_guid},
    }  # fmt: skip
