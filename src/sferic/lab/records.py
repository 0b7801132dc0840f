"""The few facts the lab passes from hand to hand: machines, what they ask for, and what a log box sees of it.

Times are seconds since 1970 (UTC) as floats. Nothing here decides anything.
"""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, the end not included."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Machine:
    """One computer of the made-up company and the person who uses it."""

    name: str
    site: str
    kind: str
    user: str | None
    addresses: tuple[str, ...]
    """One address for each day of the estate: roaming machines change theirs."""
    user_agent: str
    challenged: bool
    """Whether the proxy first answers 407 to this user's connections."""

    @property
    def system(self) -> str:
        """`macos` where a person's browser says so, else `windows`."""
        return "macos" if self.kind != "server" and "Macintosh" in self.user_agent else "windows"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as the client makes it, before any log box looks at it."""

    time_s: float
    host: str
    method: str = "GET"
    path: str = "/"
    user_agent: str | None = None
    status: int = 200
    bytes_up: int = 450
    bytes_down: int = 900
    duration_s: float = 0.2
    keep_alive_s: float = 0.0
    """How long the client holds the connection open for a next request."""
    scheme: str = "https"
    channel: str = ""
    """The channel it belongs to; empty for a person's browsing."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a log box: a request it could read, or a connection or tunnel it could not."""

    start_s: float
    end_s: float
    machine: Machine
    src_ip: str
    src_port: int
    dst_ip: str
    host: str
    scheme: str
    method: str
    path: str | None
    """None where the box does not see inside the connection."""
    user_agent: str | None
    status: int
    bytes_up: int
    bytes_down: int
    denied: bool = False
    looked_up: bool = False
    """Whether the client had to ask DNS for the name just before."""
    channel: str = ""
    """The channel it belongs to; empty for a person's browsing."""

    @property
    def port(self) -> int:
        """The destination port, which follows from the scheme."""
        return 80 if self.scheme == "http" else 443


def seeded(*parts: object) -> random.Random:
    """A random stream of its own for each purpose, so that a change in one place moves nothing elsewhere."""
    return random.Random(":".join(str(part) for part in parts))
