"""Events become columns: beginnings, vocabularies, copies of files counted once, owners shown from a neighbour's row."""

import operator
from typing import Any

import numpy as np
import pytest

from sferic.catalog.platforms import load_catalogue
from sferic.engine.columns import LONGEST_MS, Columns
from sferic.engine.parts import Whole
from sferic.engine.tidying import LEG_S
from sferic.model.event import HTTP, NETWORK, Event
from sferic.model.traffic import (
    BLOCKED,
    CHALLENGE,
    FAILED,
    HAS_REFERER,
    IS_TUNNEL,
    JOINED,
    PATH_STATIC,
    UNKNOWN,
    Traffic,
)

CATALOGUE = load_catalogue()
HOST = "sferic-test.example-account.workers.dev"
NOON_US = 1_772_452_800_000_000


def event(at_s: float = 0, **fields: Any) -> Event:
    """Make an event so many seconds after noon."""
    basics: dict[str, Any] = {"table": HTTP, "source": "one", "file": "a.log", "line": 1, "src_ip": "10.1.0.5"}
    return Event(time=NOON_US + round(at_s * 1e6), **{"dst_host": HOST, **basics, **fields})


def traffic(*events: Event, joined: bool = False) -> tuple[Traffic, int]:
    """Collect events, of which source `end` stamps the end; return the columns and the number of copies."""
    columns = Columns(lambda name: name == "end")
    for one in events:
        host = one.dst_host or ""
        place = CATALOGUE.identify(host, one.path)
        assert place is not None
        columns.add(one, place, host, joined=joined)
    assert len(columns) == len(events)
    parts = columns.parts(operator.eq)
    assert isinstance(parts, Whole)
    settled = parts.settle(0)
    return settled.traffic, settled.dropped.duplicates


def test_rows_are_sorted_and_located() -> None:
    """Rows come by time whatever the order of reading, each with its file and line."""
    found, _ = traffic(event(5, line=2), event(1, line=9, file="b.log"), event(3, line=4))
    assert (found.time_s - NOON_US / 1e6).tolist() == [1, 3, 5]
    assert [found.locate(row) for row in range(3)] == ["b.log:9", "a.log:4", "a.log:2"]


def test_nothing_gives_nothing() -> None:
    """Without an event there are no rows, and no failure."""
    found, copies = traffic()
    assert (len(found), copies) == (0, 0)


@pytest.mark.parametrize(("source", "began_s"), [("end", 6.5), ("start", 10)])
def test_the_time_is_the_beginning(source: str, began_s: float) -> None:
    """A log that stamps the end is led back by the duration; one that stamps the start is not."""
    found, _ = traffic(event(10, source=source, duration_ms=3500))
    assert found.time_s[0] - NOON_US / 1e6 == began_s
    assert found.duration_ms[0] == 3500


def test_impossible_numbers_are_unknown() -> None:
    """A duration of centuries does not move the beginning, and counts that no machine has counted are unknown."""
    found, _ = traffic(
        event(0, source="end", duration_ms=LONGEST_MS + 1, bytes_up=10**30, bytes_down=-5, bytes_total=0)
    )
    assert found.time_s[0] == NOON_US / 1e6
    assert (found.duration_ms[0], found.up[0], found.down[0], found.total[0]) == (UNKNOWN, UNKNOWN, UNKNOWN, 0)


def test_unknown_is_unknown() -> None:
    """What a log does not say is -1 in every column, never 0 or an empty word."""
    found, _ = traffic(Event(table=HTTP, time=NOON_US, dst_host=HOST))
    for name in ("client", "user", "agent", "up", "down", "total", "duration_ms", "path", "method"):
        assert getattr(found, name)[0] == UNKNOWN, name
    assert (found.clients, found.users, found.agents, found.paths, found.flags[0]) == ([], [], [], [], 0)


def test_a_machine_is_its_name_else_its_address() -> None:
    """The device's name counts before its address, which is kept beside it; so a changing address is one machine.

    A log that knows the address alone means the device only near the time at which that was there.
    """
    found, _ = traffic(
        event(0, device="LAPTOP-1", src_ip="10.1.0.5"),
        event(1, device="LAPTOP-1", src_ip="10.1.0.9"),
        event(2, src_ip="10.1.0.5"),
        event(9 * 3600, src_ip="10.1.0.5"),
    )
    assert [found.clients[n] for n in found.client] == ["LAPTOP-1", "LAPTOP-1", "LAPTOP-1", "10.1.0.5"]
    assert found.addresses == {0: "10.1.0.9"}


@pytest.mark.parametrize(
    ("fields", "flags"),
    [
        ({"path": "/app/main.JS?v=3"}, PATH_STATIC),
        ({"path": "/api?file=a.js"}, 0),
        ({"referer": "https://www.example.com/"}, HAS_REFERER),
        ({"method": "CONNECT"}, IS_TUNNEL),
        ({"table": NETWORK}, IS_TUNNEL),
        ({"action": "blocked"}, BLOCKED),
        ({"status": 407}, CHALLENGE),
        ({"status": 403}, FAILED),
        ({"status": 200, "action": "allowed"}, 0),
    ],
)
def test_flags(fields: dict[str, Any], flags: int) -> None:
    """Each fact has its bit; a proxy's question for credentials (407) is no failure and no check-in."""
    assert traffic(event(**fields))[0].flags[0] == flags
    assert traffic(event(**fields), joined=True)[0].flags[0] == flags | JOINED


def test_paths_are_kept_without_their_query() -> None:
    """Two queries of one path are one path."""
    found, _ = traffic(event(0, path="/api?a=1"), event(1, path="/api?b=2"), event(2, path="/other"))
    assert [found.paths[n] for n in found.path] == ["/api", "/api", "/other"]


def test_a_copied_line_counts_once() -> None:
    """The same event in a second file is left out and counted; the first file's row stays."""
    found, copies = traffic(
        event(0, line=1), event(60, line=2),
        event(0, file="b.log", line=7), event(60, file="b.log", line=8), event(120, file="b.log", line=9),
    )  # fmt: skip
    assert copies == 2
    assert [found.locate(row) for row in range(3)] == ["a.log:1", "a.log:2", "b.log:9"]


def test_repeats_within_a_file_stay() -> None:
    """Alike lines of one file may be two requests; a copy of that file adds neither again."""
    twice = [event(0, line=1), event(0, line=2)]
    assert traffic(*twice)[1] == 0
    found, copies = traffic(*twice, event(0, file="b.log", line=1), event(0, file="b.log", line=2))
    assert (len(found), copies) == (2, 2)
    assert {found.files[n] for n in found.file} == {"a.log"}


@pytest.mark.parametrize(
    "other",
    [
        {"source": "two"}, {"src_ip": "10.1.0.6"}, {"user": "kim"}, {"bytes_up": 5}, {"bytes_down": 5}, {"path": "/x"},
        {"method": "GET"}, {"duration_ms": 9}, {"dst_host": f"other.{HOST}"},
    ],
)  # fmt: skip
def test_what_differs_is_no_copy(other: dict[str, Any]) -> None:
    """A row in another file that differs in any fact of the request is another request."""
    assert traffic(event(0), event(0, **{"file": "b.log", **other}))[1] == 0


def script(
    at_s: float, path: str | None = "/macros/s/AKfycbSfericTestSyntheticDeployment0001/exec", **more: Any
) -> Event:
    """A call of an Apps Script, whose path names the script."""
    return event(at_s, **{"dst_host": "script.google.com", "path": path, **more})


def owners(found: Traffic) -> list[str]:
    """Give each row's owner, in order of time."""
    return [found.places[n].owner for n in found.place]


def test_the_second_leg_adopts_the_owner() -> None:
    """Apps Script answers on a second host without the script's name: it is the script's the client called just then."""
    own = CATALOGUE.identify("script.google.com", script(0).path)
    assert own is not None
    second = {"dst_host": "script.googleusercontent.com", "path": "/macros/echo?user_content_key=x"}
    found, _ = traffic(script(0), event(0.4, **second), event(300, **second), event(0.4, src_ip="10.1.0.6", **second))
    assert sorted(owners(found)) == sorted([own.owner, own.owner, own.platform, own.platform])
    at_once = np.flatnonzero(found.time_s < NOON_US / 1e6 + LEG_S)
    assert [found.clients[found.client[n]] for n in at_once if found.places[found.place[n]].owner == own.owner] == [
        "10.1.0.5",
        "10.1.0.5",
    ]


def test_a_tunnel_adopts_the_owner_of_its_request() -> None:
    """An inspecting proxy logs CONNECT before the request with its path; both are the same script's."""
    found, _ = traffic(script(0, None, method="CONNECT"), script(0.2))
    assert len(set(owners(found))) == 1
