"""All events of a hunt that reached a platform, as columns: about 60 bytes an event, whatever the log.

Strings are kept once in a vocabulary and referred to by number; -1 means unknown. Rows are sorted by time.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.model.process import Process

Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
UNKNOWN = -1

PATH_STATIC = 1
"""The path names a page asset (script, style, picture, font)."""
HAS_REFERER = 2
IS_TUNNEL = 4
"""A CONNECT tunnel or a flow: one row may carry many requests."""
BLOCKED = 8
FAILED = 16
"""Status 400 or above."""
JOINED = 32
"""The name was not in the line: it was joined from DNS, TLS or proxy rows by address and time."""


LOOKUP = 128
"""The row is a DNS question, not a call."""
OPENING = 256
"""The row announces a connection that its source logs again when it ends."""
UNCHANGED = 512
"""Status 304: what was asked for has not changed, and nothing but headers came back."""
PROCESS_GUESSED = 1024
"""The process was not in the line, nor joined by the connection's port: it is the one that called at that time."""
CHALLENGE = 64
"""A proxy asked for credentials (407); the real request follows as its own row."""
FINE = 2048
"""The row's stamp is finer than whole seconds."""
SUMMARY = 4096
"""The row sums up the calls of a period, at the end or beginning of which it is stamped."""
THINNED = 8192
"""The row's source leaves out calls like it that repeat."""
INTERVAL = 16384
"""The row tells what a connection did within an interval; while it is open there is one after the other."""
LINKED = 32768
"""The name was not in the line: it stands in another line about the same connection."""


COLUMNS = {
    "time_s": "f8", "source": "i4", "client": "i4", "via": "i4", "user": "i4", "process": "i4", "image": "i4",
    "agent": "i4", "host": "i4", "other_host": "i4", "place": "i4", "up": "i8", "down": "i8", "total": "i8",
    "duration_ms": "i8", "path": "i4", "method": "i4", "flags": "u2", "file": "i4", "line": "i8",
}  # fmt: skip
"""The columns of Traffic and their types; 90 bytes a row."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What an address was called: at this time this client was told this name for it."""

    time_s: float
    client: str
    host: str


class Collected(msgspec.Struct, frozen=True):
    """Rows as logs gave them, before copies, openings and hidden owners are settled over all of them.

    Columns are those of Traffic without `image`, and four more: `address` (the address of a client that is named by
    its device), `forwarded` (the client that a proxy named), `link` (the number of a connection's name, 0 for none)
    and `port` (the client's).
    """

    columns: dict[str, Any]
    words: dict[str, list[str]]
    """The texts of `source, client, user, agent, host, path, method, file`; what else names hosts shares theirs."""
    places: list[Any]
    processes: list[Process]


class Traffic(msgspec.Struct, frozen=True):
    """Columns of equal length, with the vocabularies they point into."""

    time_s: Floats
    """When the request or connection began, epoch seconds UTC."""
    source: Small
    client: Small
    """The machine: its device name, else its address."""
    via: Small
    """The proxy that named the client in X-Forwarded-For and was believed, as a client; mostly UNKNOWN."""
    user: Small
    process: Small
    """Index into `processes`, where a log tells which process called."""
    image: Small
    """That process's program, whatever its run, drive, person or version: index into `images`."""
    agent: Small
    host: Small
    other_host: Small
    """Another name that the same connection bears, of another owner, as a host; mostly UNKNOWN."""
    place: Small
    """Index into `places`."""
    up: Ints
    down: Ints
    total: Ints
    duration_ms: Ints
    path: Small
    """Index into `paths`; paths beyond the cap share one entry."""
    method: Small
    flags: NDArray[np.uint16]
    file: Small
    line: Ints
    sources: list[str]
    clients: list[str]
    users: list[str]
    processes: list[Process]
    images: list[str]
    """Paths of programs, in the spelling of `sferic.catalog.programs`."""
    agents: list[str]
    hosts: list[str]
    places: list[Any]
    """Catalogue places (`sferic.catalog.platforms.Place`)."""
    paths: list[str]
    methods: list[str]
    files: list[str]
    subsecond: list[bool]
    """Per log source: whether its stamps are finer than whole seconds."""
    addresses: dict[int, str]
    """Client → its address, where the client is named by its device."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.time_s)

    def locate(self, row: int) -> str:
        """Return `file:line` of a row."""
        return f"{self.files[self.file[row]]}:{self.line[row]}"
