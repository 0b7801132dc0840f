"""Collects events into the columns of `sferic.model.traffic`, a few dozen bytes each."""

import operator
from array import array
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from sferic.catalog.assets import Asset
from sferic.catalog.platforms import Place
from sferic.engine.carriers import Calls
from sferic.engine.identity import Identities
from sferic.engine.memory import Room
from sferic.engine.part import Cluster, Left, Numbered, Told
from sferic.engine.parts import Parts, Spilled, Whole
from sferic.engine.processes import Processes
from sferic.engine.settling import Settler, Traits, Vocabulary, settle
from sferic.engine.shelf import Shelf
from sferic.model.event import NETWORK, Event
from sferic.model.grouping import one_after_the_other, rising, taken
from sferic.model.traffic import (
    BLOCKED,
    CHALLENGE,
    FAILED,
    FINE,
    HAS_REFERER,
    INTERVAL,
    IS_TUNNEL,
    JOINED,
    LINKED,
    LOOKUP,
    OPENING,
    PATH_STATIC,
    SUMMARY,
    THINNED,
    UNCHANGED,
    UNKNOWN,
    Collected,
    Traffic,
)
from sferic.sources._contract import Source, sources

LONGEST_MS = 366 * 86_400_000
"""No connection lasts longer than a year; a log that says so is not believed, for it would move its beginning."""
SUMMARY_ACTION = "aggregatedreport"
"""How Defender's names of hourly reports end, which stand for several connections."""
OPENING_ACTIONS = frozenset({"built", "start", "connection_attempted"})
"""What firewalls and Elastic Defend say of rows that only announce a connection, whose end they log too."""
MAX_PATHS = 200_000
MAX_AGENT_CHARS = 512
"""What lies beyond names no software, and comes from whoever calls."""
MAX_PATH_CHARS = 1024
"""What lies beyond tells no two functions apart, and comes from whoever writes the URL."""
_STATIC = (
    ".js",
    ".css",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".svg",
    ".ico",
    ".woff",
    ".woff2",
    ".webp",
    ".map",
    ".html",
)
_LONGEST_STATIC = max(map(len, _STATIC))
_TYPES = {
    "time_s": "d", "source": "i", "client": "i", "address": "i", "forwarded": "i", "user": "i", "process": "i",
    "agent": "i",
    "host": "i", "other_host": "i", "place": "i",
    "up": "q", "down": "q", "total": "q", "duration_ms": "q", "path": "i", "method": "i", "flags": "H",
    "file": "i", "line": "q", "link": "q", "port": "i",
}  # fmt: skip


_TEXTS_OF = {"address": "client", "forwarded": "client", "other_host": "host"}
"""Columns that share another's texts."""
_OWN_WAYS = frozenset({"source", "path"})
"""Texts that come with more than a number."""
_ROWS = 2048
"""Rows collected before they go into the columns."""


class Columns:
    """Grows row by row; `finish` turns it into a Traffic sorted by time."""

    def __init__(
        self, stamped_at_end: Callable[[str], bool], proxies: Sequence[str] = (), assets: Sequence[Asset] = (),
        room: Room | None = None,
    ) -> None:
        """Take what says of a source whether it stamps ends, the networks of known proxies, and known machines.

        With `room` no more rows are held in memory; `parts` or `blocks` gives them back. Nothing else does, then.
        """
        self._at_end = stamped_at_end
        self._proxies = proxies
        self._room = room
        self._shelf: Shelf | None = None
        self._traits = Traits()
        self._rows: list[tuple[float | int, ...]] = []
        self._columns: dict[str, array[Any]] = {name: array(code) for name, code in _TYPES.items()}
        self._words = {n: Vocabulary() for n in ("source", "client", "user", "agent", "host", "path", "method", "file")}
        self._places: dict[tuple[str, str], int] = {}
        self._place_list: list[Place] = []
        self.identities = Identities(assets)
        self.processes = Processes()
        self._ended: list[bool] = []
        """Per source: whether it stamps the end of what it logs."""
        self._habits: list[tuple[int, int]] = []
        """Per source: the marks of a program's call, and of a flow."""
        self._numbered: list[Numbered] = []
        """Of each part whose rows stayed where they were read."""
        self._left = 0
        """Rows of these parts."""

    def __len__(self) -> int:
        return len(self._columns["time_s"]) + len(self._rows) + (len(self._shelf) if self._shelf else 0)

    def calls(self, cluster: Cluster | None = None) -> Calls:
        """Return the calls so far that have no process."""
        self._flush()
        names = ("client", "port", "process", "flags", "time_s")
        shelved = self._shelf.blocks() if self._shelf else ()
        held = [{n: np.array(self._columns[n]) for n in names}, *({n: rows[n] for n in names} for rows in shelved)]
        columns = one_after_the_other(held)
        if cluster and self._numbered:
            told = Told(self._with_texts({}), self._numbered, {})
            columns = one_after_the_other([columns, cluster.rows(told, names)])
        return Calls(columns, list(self._words["client"]), self._proxies)

    def carry(self, event: Event) -> None:
        """Append a connection to a proxy: it leads to no place, and lends its process to a call."""
        self.add(event, None, None)

    def add(
        self, event: Event, place: Place | None, host: str | None, *, joined: bool = False, linked: bool = False,
        other: str | None = None,
    ) -> None:  # fmt: skip
        """Append one event that reached a platform; `other` is another name that its connection bears.

        `joined` and `linked` say that the name is not in the line, but from other rows or another line about the
        same connection.
        """
        words = self._words
        user, agent, path, method, link = event.user, event.user_agent, event.path, event.method, event.connection_id
        up, down, total, lasted_ms = event.bytes_up, event.bytes_down, event.bytes_total, event.duration_ms
        if lasted_ms is not None and lasted_ms > LONGEST_MS:
            lasted_ms = None
        source, forwarded = self._source(event), event.forwarded_for
        client = self._client(event)
        started = event.time / 1e6
        if lasted_ms and self._ended[source]:
            started -= lasted_ms / 1e3
        self._rows.append((
            started,
            source,
            client,
            UNKNOWN if not event.device or event.src_ip is None else words["client"][event.src_ip],
            UNKNOWN if forwarded is None else words["client"][forwarded],
            UNKNOWN if user is None else words["user"][user],
            self.processes.number(event, client_of(event)),
            UNKNOWN if agent is None else words["agent"][agent],
            UNKNOWN if host is None else words["host"][host],
            UNKNOWN if other is None else words["host"][other],
            UNKNOWN if place is None else self._place(place),
            UNKNOWN if up is None else _fitting(up),
            UNKNOWN if down is None else _fitting(down),
            UNKNOWN if total is None else _fitting(total),
            UNKNOWN if lasted_ms is None else _fitting(lasted_ms),
            UNKNOWN if path is None else self._path(path),
            UNKNOWN if method is None else words["method"][method],
            _flags(event) | JOINED * joined | LINKED * linked | self._marks(event, source),
            words["file"][event.file],
            event.line,
            0 if link is None else _number(link),
            UNKNOWN if event.src_port is None else event.src_port,
        ))  # fmt: skip
        if len(self._rows) == _ROWS:
            self._flush()

    def _flush(self) -> None:
        """Move the collected rows into the columns, whose order `_TYPES` shares with the rows."""
        for column, values in zip(self._columns.values(), zip(*self._rows, strict=True), strict=False):
            column.extend(values)
        self._rows.clear()
        if self._room is not None and len(self._columns["time_s"]) >= self._room.rows:
            self._shelve()

    def _shelve(self) -> None:
        """Move the columns to the disk; `order` says in which order the rows came."""
        columns, before = self._arrays(), len(self._shelf) if self._shelf else 0
        self._traits.note(columns)
        self._shelf = self._shelf or Shelf()
        order = np.arange(before, before + len(columns["time_s"]))
        self._shelf.add(columns | {"order": order}, columns["client"])
        self._columns = {name: array(code) for name, code in _TYPES.items()}

    def _arrays(self) -> dict[str, Any]:
        return {
            n: np.frombuffer(a, dtype=a.typecode) if a else np.empty(0, a.typecode) for n, a in self._columns.items()
        }

    def _source(self, event: Event) -> int:
        return self._source_number(event.source)

    def _source_number(self, name: str) -> int:
        number = self._words["source"][name]
        if number == len(self._ended):
            self._ended.append(self._at_end(name))
            self._habits.append(_habits(sources().get(name)))
        return number

    def _marks(self, event: Event, source: int) -> int:
        """Return the flags of a row that its source's habits give it."""
        of_program, of_flow = self._habits[source]
        if of_program and (event.process_path is not None or event.process_guid is not None):
            return of_program | (of_flow if _is_flow(event) else 0)
        return of_flow if of_flow and _is_flow(event) else 0

    def _client(self, event: Event) -> int:
        name = event.device or event.src_ip
        if name is None:
            return UNKNOWN
        if event.device and event.src_ip:
            self.identities.learn(event.src_ip, event.device, event.time / 1e6)
        return self._words["client"][name]

    def _place(self, place: Place) -> int:
        key = (place.channel, place.host)
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = len(self._place_list)
            self._place_list.append(place)
        return found

    def _path(self, path: str) -> int:
        words = self._words["path"]
        bare = path[:MAX_PATH_CHARS].partition("?")[0]
        return words[bare if len(words) < MAX_PATHS or bare in words else "(other)"]

    def adopt(self, other: Collected, processes: Sequence[int], left: Left | None = None) -> None:
        """Append rows collected elsewhere; `processes` says which number here each of their processes has.

        Where the rows were left behind only their texts get numbers.
        """
        self._flush()
        words = {n: [self._words[n][text] for text in texts] for n, texts in other.words.items() if n not in _OWN_WAYS}
        words["source"] = [self._source_number(name) for name in other.words["source"]]
        words["path"] = [self._path(path) for path in other.words["path"]]
        if left:
            self._numbered.append(Numbered(len(self) + self._left, left.rows, list(processes)))
            self._left += left.rows
            self._traits.add(left.traits, words["source"])
        numbers = words | {"place": [self._place(place) for place in other.places], "process": list(processes)}
        for name, column in () if left else self._columns.items():
            values = other.columns[name]
            told = numbers.get(_TEXTS_OF.get(name, name))
            if told is not None:  # the last place is UNKNOWN's
                values = np.array([*told, UNKNOWN], values.dtype)[values]
            whole: Any = np.ascontiguousarray(values)
            column.frombytes(whole.view(np.uint8))

    def collected(self) -> Collected:
        """Return the rows as they were collected, in the order of reading."""
        self._flush()
        return self._with_texts(self._arrays())

    def blocks(self) -> Iterator[Collected]:
        """Yield the rows as they were collected, in the order of reading, as many at a time as there is room for."""
        self._flush()
        texts = self._with_texts({})
        for columns in self._shelf.blocks() if self._shelf else ():
            yield msgspec.structs.replace(texts, columns=taken(columns, rising(columns.pop("order"))))
        yield msgspec.structs.replace(texts, columns=self._arrays())

    def take(self) -> dict[str, Any]:
        """Take the rows read so far out; their texts stay."""
        found, self._columns = self._arrays(), {name: array(code) for name, code in _TYPES.items()}
        return found

    def _with_texts(self, columns: dict[str, Any]) -> Collected:
        words = {name: list(texts) for name, texts in self._words.items()}
        return Collected(columns, words, self._place_list, self.processes.finish())

    def parts(self, same_owner: Callable[[str, str], bool], cluster: Cluster | None = None) -> Parts:
        """Return all rows, ready to be settled: in one part, or in several where they were more than there was room."""
        self._flush()
        if cluster and self._numbered:
            own = self._arrays() | {"order": self._order()}
            self._traits.note(own)
            told = Told(self._with_texts({}), self._numbered, own)
            settler = Settler(told.texts, self._traits, self.identities, self._proxies, same_owner)
            return cluster.scattered(told, settler)
        if self._shelf is None or self._room is None:
            collected = self.collected()
            return Whole(collected.words["host"], settle(collected, self.identities, self._proxies, same_owner))
        self._shelve()
        texts = self._with_texts({})
        settler = Settler(texts, self._traits, self.identities, self._proxies, same_owner)
        return Spilled(texts.words["host"], self._shelf, settler, self._room.part_rows)

    def _order(self) -> Any:
        """Return how many rows came before each one here, those that were left behind among them."""
        before, elsewhere = np.zeros(len(self) + 1, np.int64), 0
        for part in self._numbered:
            before[part.start - elsewhere] += part.rows
            elsewhere += part.rows
        return (np.arange(len(self) + 1) + np.cumsum(before))[:-1]

    def finish(self, same_owner: Callable[[str, str], bool] = operator.eq) -> Traffic:
        """Return the columns, sorted by time, as one frozen record; `same_owner` says it of two hosts."""
        return settle(self.collected(), self.identities, self._proxies, same_owner).traffic


class Renumbering:
    """Gives rows collected elsewhere the numbers of texts that all share."""

    def __init__(self, texts: Collected) -> None:
        self._texts = texts
        self._columns: Columns | None = None

    def renumber(self, other: Collected, processes: Sequence[int]) -> dict[str, Any]:
        """Return the rows; every text of theirs must be known, and `processes` has the numbers of their processes."""
        if self._columns is None:
            self._columns = Columns(lambda _: False)
            self._columns.adopt(msgspec.structs.replace(self._texts, columns=self._columns.take()), ())
        self._columns.adopt(other, processes)
        return self._columns.take()


def _number(link: str) -> int:
    """Return the number of a connection's name, the same in every run; 0 is no name's."""
    return int.from_bytes(blake2b(link.encode("utf-8", "replace"), digest_size=8).digest()) >> 2 or 1


def _fitting(value: int) -> int:
    """Return a number as a column can hold it; one that no machine has counted is unknown."""
    return value if 0 <= value < 1 << 62 else UNKNOWN


def client_of(event: Event) -> str:
    """Return what tells one machine from another in this event."""
    return event.device or event.src_ip or ""


def _flag_of(action: str) -> int:
    if action == "blocked":
        return BLOCKED
    if action in OPENING_ACTIONS:
        return OPENING
    return SUMMARY if action.endswith(SUMMARY_ACTION) else 0


def _habits(source: Source | None) -> tuple[int, int]:
    if source is None:
        return 0, 0
    return THINNED if source.leaves_out else 0, INTERVAL if source.is_periodic else 0


def _is_flow(event: Event) -> bool:
    return event.table == NETWORK and event.method is None and event.src_port is not None


def _is_static(path: str) -> bool:
    return path.partition("?")[0][-_LONGEST_STATIC:].lower().endswith(_STATIC)


def _flags(event: Event) -> int:
    flags = FINE if event.time % 1_000_000 else 0
    if event.path and _is_static(event.path):
        flags |= PATH_STATIC
    if event.referer:
        flags |= HAS_REFERER
    if event.method == "CONNECT" or event.table == "network_activity":
        flags |= IS_TUNNEL
    if event.table == "dns_activity":
        flags |= LOOKUP
    if event.action is not None:
        flags |= _flag_of(event.action)
    if event.status == 407:
        flags |= CHALLENGE
    elif event.status == 304:
        flags |= UNCHANGED
    elif event.status is not None and event.status >= 400:
        flags |= FAILED
    return flags
