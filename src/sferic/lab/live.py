"""Plays a scenario's requests for real, over this machine's loopback, and measures them there.

A listener on 127.0.0.1 takes the place of the functions, one client that of all machines. The client connects to that
address and resolves no name, so nothing can leave the machine whatever the names are; they are put under
`.serverless.test` all the same, which nobody owns (RFC 6761). Moments, sizes and durations are those of the exchanges;
machines, addresses and dates are the scenario's. Time runs faster by a factor, pauses of the clock as well: a
millisecond's delay is then as much larger.
"""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec

from sferic.lab.records import Machine, Request
from sferic.lab.scenario import Scenario

SUFFIX = "serverless.test"
PLATFORM = ".serverless-test.toml"
"""File name of the platform beside the logs, hidden so that a hunt of the folder does not take it for a log."""
LOOPBACK = "127.0.0.1"
MAX_BODY = 1 << 20
_NUMBER = "X-Lab-Number"
_REPLY = "X-Lab-Reply"
_HEADERS_UP, _HEADERS_DOWN = 190, 120
"""About what the headers of both sides take; bodies fill up to the sizes that the scenario asks for."""

Traffic = Sequence[tuple[Machine, Request]]


def under_test(scenario: Scenario) -> Scenario:
    """The scenario with each function under the reserved suffix, its name and its owner's kept, and nobody browsing."""
    channels = [
        msgspec.structs.replace(channel, hosts=[_renamed(host) for host in channel.hosts])
        for channel in scenario.channels
    ]
    sites = [msgspec.structs.replace(site, visits_per_day=0.0) for site in scenario.sites]
    return msgspec.structs.replace(scenario, channels=channels, sites=sites)


def write_platform(to: Path) -> None:
    """Write what makes the reserved names known to a hunt (`--platforms`)."""
    (to / PLATFORM).write_bytes(Path(__file__).with_name("live.toml").read_bytes())


def _renamed(host: str) -> str:
    labels = host.split(".")
    owner = labels[1] if len(labels) == 4 else labels[0]  # only Workers name their owner apart from the function
    return f"{labels[0]}.{owner}.{SUFFIX}"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as the listener saw it; seconds of a clock that only runs forward."""

    start_s: float
    end_s: float
    bytes_up: int
    bytes_down: int


def play(traffic: Traffic, speed: float, tell: Callable[[int, int], None]) -> list[tuple[Machine, Request]]:
    """Ask everything for real, `speed` times as fast, and return it with what was measured.

    Raises OSError where the machine allows no listener on its loopback.
    """
    ordered = sorted(traffic, key=lambda one: one[1].time_s)
    if not ordered:
        return []
    planned_s = ordered[0][1].time_s
    with _listening() as (port, seen):
        began_s = time.monotonic()
        for number, (_, request) in enumerate(ordered):
            due_s = began_s + (request.time_s - planned_s) / speed
            time.sleep(max(0.0, due_s - time.monotonic()))
            _ask(port, number, request)
            tell(number + 1, len(ordered))
    return [
        (machine, _measured(request, seen[number], planned_s, began_s, speed))
        for number, (machine, request) in enumerate(ordered)
        if number in seen
    ]


def _measured(request: Request, exchange: Exchange, planned_s: float, began_s: float, speed: float) -> Request:
    return replace(
        request,
        time_s=planned_s + (exchange.start_s - began_s) * speed,
        duration_s=exchange.end_s - exchange.start_s,
        bytes_up=exchange.bytes_up,
        bytes_down=exchange.bytes_down,
    )


def _ask(port: int, number: int, request: Request) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    headers = {"Host": request.host, _NUMBER: str(number), _REPLY: str(max(0, request.bytes_down - _HEADERS_DOWN))}
    if request.user_agent:
        headers["User-Agent"] = request.user_agent
    body = b"x" * max(0, request.bytes_up - _HEADERS_UP) if request.method == "POST" else None
    try:
        connection.request(request.method, request.path, body, headers)
        connection.getresponse().read()
    finally:
        connection.close()


@contextmanager
def _listening() -> Iterator[tuple[int, dict[int, Exchange]]]:
    """A listener on a free port of the loopback, and what it sees by the requests' numbers."""
    seen: dict[int, Exchange] = {}
    server = ThreadingHTTPServer((LOOPBACK, 0), _answering(seen))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answering(seen: dict[int, Exchange]) -> type[BaseHTTPRequestHandler]:
    """What answers every request with as many bytes as it asks for, and notes it."""

    def answer(self: BaseHTTPRequestHandler) -> None:
        began_s = time.monotonic()
        length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY)
        self.rfile.read(length)
        reply = b"x" * min(int(self.headers.get(_REPLY) or 0), MAX_BODY)
        up, down = len(self.requestline) + 2 + len(self.headers.as_bytes()) + length, _HEADERS_DOWN + len(reply)
        seen[int(self.headers[_NUMBER])] = Exchange(began_s, time.monotonic(), up, down)
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def silent(*_said: object) -> None:
        return None

    return type("Answering", (BaseHTTPRequestHandler,), {"do_GET": answer, "do_POST": answer, "log_message": silent})
