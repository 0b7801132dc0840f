"""Rows that waited on the disk become the same traffic as those that were held in memory."""

import errno
import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sferic.catalog.platforms import load_catalogue
from sferic.engine.columns import Columns
from sferic.engine.memory import Room
from sferic.engine.parts import Spilled, Whole
from sferic.engine.settling import Dropped
from sferic.model.errors import DiskFull
from sferic.model.event import HTTP, NETWORK, Event
from sferic.model.traffic import COLUMNS, Traffic

HOSTS = [f"fn{n}.owner{n % 7}.workers.dev" for n in range(20)]
T0 = 1_772_409_600_000_000
Draw = np.random.Generator


def events(seed: int, *, devices: bool = False, proxies: bool = False, links: bool = False) -> list[Event]:
    """Draw calls of forty addresses, many at the same moments and in two files, some of them copies."""
    draw = np.random.default_rng(seed)
    made = [_event(draw, n, devices=devices, proxies=proxies, links=links) for n in range(1500)]
    copies = [_copy(made[n], line) for line, n in enumerate(draw.integers(0, 1500, 100).tolist())]
    return made + copies


def _event(draw: Draw, line: int, *, devices: bool, proxies: bool, links: bool) -> Event:
    number = int(draw.integers(0, 40))
    event = Event(
        table=HTTP, time=T0 + int(draw.integers(0, 300)) * 1_000_000, source="squid_access", file="a.log", line=line,
        src_ip=f"10.0.0.{number}", dst_host=HOSTS[int(draw.integers(0, 20))], user=(None, "ann", r"X\ann")[int(draw.integers(0, 3))],
        bytes_up=int(draw.integers(0, 3)) * 100, method=(None, "GET")[int(draw.integers(0, 2))],
    )  # fmt: skip
    if devices and number % 3 == 0 and draw.random() < 0.3:
        event.device = f"WS-{number}"
    if proxies and number < 3:
        event.forwarded_for = f"10.0.0.{int(draw.integers(3, 40))}"
    if links and draw.random() < 0.5:
        event.connection_id = f"C{number}-{int(draw.integers(0, 20))}"
    if links and draw.random() < 0.3:
        event.table, event.source = NETWORK, ("cisco_asa", "panos_traffic")[int(draw.integers(0, 2))]
        event.action = ("built", "teardown")[line % 2] if event.source == "cisco_asa" else "start"
    return event


def _copy(event: Event, line: int) -> Event:
    facts = {name: getattr(event, name) for name in event.__struct_fields__} | {"file": "b.log", "line": line}
    return Event(**facts)


def columns(made: list[Event], room_rows: int | None, monkeypatch: pytest.MonkeyPatch) -> Columns:
    """Put events into columns that hold so many rows."""
    monkeypatch.setattr("sferic.engine.columns._ROWS", 32)
    catalogue = load_catalogue()
    room = Room(room_rows, 1) if room_rows else None
    found = Columns(lambda _source: False, room=room)
    for event in made:
        place = catalogue.identify(event.dst_host or "")
        assert place
        found.add(event, place, event.dst_host or "")
    return found


def by_client(traffic: Traffic) -> dict[int, list[tuple[Any, ...]]]:
    """Return each client's rows, in their order."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in zip(*(getattr(traffic, name).tolist() for name in COLUMNS), strict=True):
        found.setdefault(row[list(COLUMNS).index("client")], []).append(row)
    return found


@pytest.mark.parametrize("kind", [(), ("devices",), ("proxies",), ("links",), ("devices", "proxies", "links")])
@pytest.mark.parametrize("room", [64, 500])
def test_parts_hold_what_the_whole_holds(kind: tuple[str, ...], room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row, in the same order, whatever moves rows from one client to another on the way."""
    made = events(len(kind), **dict.fromkeys(kind, True))
    whole = columns(made, None, monkeypatch).parts(str.__eq__)
    parts = columns(made, room, monkeypatch).parts(str.__eq__)
    assert isinstance(whole, Whole)
    assert isinstance(parts, Spilled)
    assert (len(whole), whole.spilled, parts.spilled) == (1, 0, len(made))
    assert len(parts) >= 1500 // room // 2
    expected, found = whole.settle(0), [parts.settle(n) for n in range(len(parts))]
    assert sum((part.dropped for part in found), Dropped()) == expected.dropped
    assert expected.dropped.duplicates > 50
    rows: dict[int, list[tuple[Any, ...]]] = {}
    for number, part in enumerate(found):
        mine = by_client(parts.load(number))
        assert mine == by_client(part.traffic)
        assert not rows.keys() & mine.keys(), "a client's rows all stand in one part"
        rows |= mine
    assert rows == by_client(expected.traffic)
    assert found[0].traffic.clients == expected.traffic.clients
    assert found[0].traffic.subsecond == expected.traffic.subsecond


def _full(_fd: int, _data: memoryview, _at: int) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def _absent(**_how: str) -> None:
    raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")


@pytest.mark.parametrize(("name", "fault"), [("os.pwrite", _full), ("tempfile.TemporaryFile", _absent)])
def test_a_full_disk_is_said_with_what_helps(
    name: str, fault: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has neither the memory nor the disk is told where the events were to go, and ends with its own code."""
    with monkeypatch.context() as broken:
        broken.setattr(name, fault)
        with pytest.raises(DiskFull, match="TMPDIR") as caught:
            columns(events(0), 64, monkeypatch)
    assert caught.value.where == tempfile.gettempdir()
    assert ("MB so far" in caught.value.message) == (fault is _full)
    assert caught.value.exit_code == 10


def test_short_writes_and_reads_are_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that takes or gives less than it is asked for is asked again."""
    write, read = os.pwrite, os.preadv
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: write(fd, data[:1000], at))
    monkeypatch.setattr(os, "preadv", lambda fd, into, at: read(fd, [into[0][:700]], at))
    parts = columns(events(3), 200, monkeypatch).parts(str.__eq__)
    assert isinstance(parts, Spilled)
    rows = [len(parts.settle(n).traffic) for n in range(len(parts))]
    assert [len(parts.load(n)) for n in range(len(parts))] == rows
    assert sum(rows) > 1400


def test_nothing_is_left_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The file never has a name, so that no end of the process, however sudden, leaves it behind."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    parts = columns(events(4), 200, monkeypatch).parts(str.__eq__)
    assert parts.spilled
    assert list(tmp_path.iterdir()) == []
