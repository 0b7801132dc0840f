"""Runs the published search as Splunk runs it, defects and all, so that its results can be compared with ours.

What Splunk does and a reader does not expect: a row without a value in every by-field is dropped, a name matches
anywhere and only in the case it is written in, a sum of nothing is no number and no number is small, hours are clock
hours of the searcher's zone, `sort` stops at ten thousand rows. `sferic.correlate.activity` is the repaired search.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from functools import lru_cache

import msgspec

from sferic.catalog.published_search import PublishedFacts, Stock
from sferic.correlate.activity import STAMP, Activity
from sferic.model.event import DNS, Event
from sferic.model.finding import ActivityRow
from sferic.model.settings import ActivityThresholds
from sferic.model.words import counted

MAX_ROWS = 10_000
_QUARTER_S = 900
"""Every zone's offset is a multiple of this, so within it the clock hour cannot change."""
_SCHEME = re.compile(r"https?://([^/]+).*")
_BY = ("src_ip", "cs_username", "c_ip")


class SearchFields(msgspec.Struct, frozen=True, kw_only=True):
    """One event as the search sees it: the fields it asks for, None where they are not extracted."""

    time_s: float
    src_ip: str | None = None
    c_ip: str | None = None
    cs_username: str | None = None
    cs_host: str | None = None
    url: str | None = None
    sc_bytes: int | None = None
    cs_bytes: int | None = None

    @property
    def destination(self) -> str | None:
        """Return what the search takes for the destination's domain: the host, else the URL cut at its path."""
        if self.cs_host is not None or self.url is None:
            return self.cs_host
        return _SCHEME.sub(r"\1", self.url)


_FIELDS = frozenset(SearchFields.__struct_fields__) - {"time_s"}


class _Group(msgspec.Struct):
    count: int = 0
    hours: set[str] = msgspec.field(default_factory=set)
    sent: int | None = None
    received: int | None = None
    first_s: float = math.inf
    last_s: float = -math.inf
    destinations: set[str] = msgspec.field(default_factory=set)


class PublishedSearch:
    """Aggregates events one by one; memory grows with groups and the names in them, not with events."""

    def __init__(self, facts: PublishedFacts, limits: ActivityThresholds, zone: tzinfo) -> None:
        self._limits = limits
        self._names = re.compile("|".join(facts.expressions()))
        self._groups: dict[tuple[str, str, str], _Group] = {}
        self._dropped: Counter[tuple[str, str]] = Counter()

        @lru_cache(maxsize=4096)
        def hour(quarter: int) -> str:
            return datetime.fromtimestamp(quarter * _QUARTER_S, zone).strftime("%Y-%m-%d %H")

        self._hour = hour
        self._zone = zone

    def take(self, fields: SearchFields, source: str = "", unread: str = "") -> None:
        """Count an event; `unread` says why the search would not even read it."""
        destination = fields.destination
        if destination is None or not self._names.search(destination):
            return
        lacking = [name for name in _BY if getattr(fields, name) is None]
        if lacking or unread:
            why = [*([unread] if unread else []), *([f"no {', '.join(lacking)}"] if lacking else [])]
            self._dropped[source, "; ".join(why)] += 1
            return
        key = (fields.src_ip or "", fields.cs_username or "", fields.c_ip or "")
        group = self._groups.setdefault(key, _Group())
        group.count += 1
        group.hours.add(self._hour(int(fields.time_s // _QUARTER_S)))
        group.sent = _plus(group.sent, fields.cs_bytes)
        group.received = _plus(group.received, fields.sc_bytes)
        group.first_s, group.last_s = min(group.first_s, fields.time_s), max(group.last_s, fields.time_s)
        group.destinations.add(destination)

    def result(self) -> Activity:
        """Return the rows as published, and what was dropped without a word, said aloud."""
        busy = [(key, g) for key, g in sorted(self._groups.items()) if self._is_busy(g)]
        rows = [row for key, g in busy if (row := self._row(key, g)) is not None]
        rows.sort(key=lambda row: -row.connection_count)
        sizeless = sum(g.sent is None or g.received is None for _, g in busy)
        return Activity(tuple(rows[:MAX_ROWS]), tuple(self._notes(sizeless, len(rows))))

    @property
    def groups(self) -> int:
        """Return how many groups were counted."""
        return len(self._groups)

    @property
    def addresses(self) -> int:
        """Return how many source addresses were counted."""
        return len({src_ip for src_ip, _, _ in self._groups})

    def _is_busy(self, group: _Group) -> bool:
        return group.count >= self._limits.connections and len(group.hours) >= self._limits.hours

    def _row(self, key: tuple[str, str, str], group: _Group) -> ActivityRow | None:
        """Return the group's row, or None if the search does not call it likely: an empty average never is."""
        limits = self._limits
        rate = _half_up(group.count / len(group.hours), 1)
        sent, received = (_average(total, group.count) for total in (group.sent, group.received))
        if sent is None or received is None or rate < limits.per_hour:
            return None
        if sent >= limits.bytes_up or received >= limits.bytes_down:
            return None
        return ActivityRow(
            first_seen=self._stamp(group.first_s), last_seen=self._stamp(group.last_s), src_ip=key[0],
            cs_username=key[1], destinations=tuple(sorted(group.destinations)), connection_count=group.count,
            hourly_buckets=len(group.hours), avg_connections_per_hour=rate, avg_bytes_sent_per_conn=sent,
            avg_bytes_recv_per_conn=received, beaconing_likely=1,
        )  # fmt: skip

    def _stamp(self, time_s: float) -> str:
        return datetime.fromtimestamp(time_s, self._zone).strftime(STAMP)

    def _notes(self, sizeless: int, rows: int) -> Iterator[str]:
        for (source, why), count in sorted(self._dropped.items()):
            yield f"{source}: {counted(count, 'event')} of a matching name dropped: {why}."
        if sizeless:
            yield f"{counted(sizeless, 'busy group')} dropped: no bytes known, sent or received."
        if rows > MAX_ROWS:
            yield f"{counted(rows - MAX_ROWS, 'row')} dropped: sort stops at {MAX_ROWS:,}."


class Extraction:
    """Says which fields the search sees of an event: those of the stock add-ons, or all that the log has."""

    def __init__(self, facts: PublishedFacts, *, assume_fields: bool) -> None:
        self._searched = facts.sourcetypes
        self._stock = {s.source: s for s in facts.stock}
        self._all = assume_fields

    def feed(self, events: Iterable[Event], search: PublishedSearch) -> None:
        """Give the search every event that is a connection or a request."""
        for event in events:
            if event.table != DNS:
                stock = self._stock.get(event.source)
                search.take(self.fields(event), event.source, "" if self._all else self._unread(stock))

    def fields(self, event: Event) -> SearchFields:
        """Return the event as the search sees it."""
        stock = self._stock.get(event.source)
        user = event.user or (stock.empty_user if stock else None)
        seen = SearchFields(
            time_s=event.time / 1e6, src_ip=event.src_ip, c_ip=event.src_ip, cs_username=user, cs_host=event.dst_host,
            url=event.url(bare=stock is not None and stock.url == "bare"), sc_bytes=event.bytes_down,
            cs_bytes=event.bytes_up,
        )  # fmt: skip
        if self._all:
            return seen
        hidden = _FIELDS - frozenset(stock.fields if stock else ())
        return msgspec.structs.replace(seen, **dict.fromkeys(hidden))

    def _unread(self, stock: Stock | None) -> str:
        if stock is not None and stock.sourcetype in self._searched:
            return ""
        return f"sourcetype {stock.sourcetype if stock else 'unknown'} is not searched"


def _plus(total: int | None, value: int | None) -> int | None:
    return total if value is None else value + (total or 0)


def _average(total: int | None, count: int) -> int | None:
    return None if total is None else int(_half_up(total / count, 0))


def _half_up(value: float, digits: int) -> float:
    """Round as Splunk does, halves upward."""
    scale = 10.0**digits
    return math.floor(value * scale + 0.5) / scale
