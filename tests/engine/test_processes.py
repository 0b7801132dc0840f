"""Runs of programs are told apart, and completed by what their starts say."""

import re
from typing import Any

import pytest

from sferic.engine import processes as module
from sferic.engine.processes import Processes
from sferic.model.event import NETWORK, PROCESS, Event
from sferic.model.traffic import UNKNOWN

SHELL = r"C:\Windows\System32\cmd.exe"


def call(guid: str | None = "{a-1}", path: str | None = SHELL, **facts: Any) -> Event:
    """A connection of a process."""
    return Event(table=NETWORK, time=0, process_guid=guid, process_path=path, **facts)


def start(guid: str, **facts: Any) -> Event:
    """The start of a process."""
    return Event(table=PROCESS, time=0, process_guid=guid, **facts)


def test_a_call_without_a_process_has_none() -> None:
    """A network log's row names no process."""
    assert Processes().number(call(None, None), "WS-1") == UNKNOWN


def test_runs_are_told_apart_by_machine_and_name() -> None:
    """The same name on another machine is another run; without names the path stands for it."""
    known = Processes()
    numbers = [known.number(e, c) for e, c in ((call(), "a"), (call(), "b"), (call(), "a"), (call(None), "a"))]
    assert numbers == [0, 1, 0, 2]


def test_a_start_completes_its_process_and_its_parents() -> None:
    """What the start says is added, what the call says stays, and parents are followed twice."""
    known = Processes()
    known.number(call(user="ann"), "a")
    known.learn(start("{a-1}", command_line="cmd /c x", company="Example", parent_guid="{p-1}", user="bob"), "a")
    known.learn(start("{p-1}", process_path="p.exe", command_line="p", parent_guid="{g-1}", parent_path="g.exe"), "a")
    known.learn(start("{a-1}", command_line="of another machine"), "b")
    (process,) = known.finish()
    assert (process.user, process.command_line, process.company) == ("ann", "cmd /c x", "Example")
    assert process.parent
    assert (process.parent.path, process.parent.command_line) == ("p.exe", "p")
    assert process.parent.parent
    assert process.parent.parent.path == "g.exe"
    assert process.parent.parent.parent is None


def test_a_circle_of_parents_ends() -> None:
    """A log in which a process is its own ancestor is no endless tree."""
    known = Processes()
    known.number(call(), "a")
    known.learn(start("{a-1}", parent_guid="{a-1}"), "a")
    (process,) = known.finish()
    assert process.parent
    assert process.parent.parent
    assert process.parent.parent.parent is None


def test_starts_are_asked_for_once_and_then_those_of_parents() -> None:
    """First the callers, then the parents that were learned of, then nobody."""
    known = Processes()
    known.number(call(), "a")
    known.number(call("4711@2026-03-02T10:00:00.1Z"), "a")
    first = known.wanted()
    assert [bool(re.search("|".join(first), text)) for text in ("x {A-1} y".lower(), "..2026-03-02T10:00:00.1Z", "aa-1", "4711")] == [
        True, True, False, False,
    ]  # fmt: skip
    known.learn(start("{a-1}", parent_guid="MTIz+/="), "a")
    (parent,) = known.wanted()
    assert re.search(parent, '"entity_id":"MTIz+/="')
    assert known.wanted() == []


def test_ancestors_are_asked_for_until_one_tells_who_it_was() -> None:
    """Above a shell the next one is looked for, above a desk nobody; once each, and not for ever."""
    known = Processes()
    known.ask(start("{a-0}"), "a")
    known.learn(start("{a-0}", parent_guid="{a-1}", parent_path="node.exe"), "a")
    assert known.wanted() == []
    assert known.wanted() == [r"\ba\-1\b"]
    assert known.wanted_above() == [], "its start is in no log"
    for n in range(1, 4):
        known.learn(start(f"{{a-{n}}}", parent_guid=f"{{a-{n + 1}}}", parent_path="C:\\x\\cmd.exe"), "a")
        assert known.wanted_above() == [rf"\ba\-{n + 1}\b"]
    known.learn(start("{a-4}", parent_guid="{a-5}", parent_path="C:\\Windows\\explorer.exe"), "a")
    assert known.wanted_above() == []


def test_a_circle_of_parents_is_not_asked_for_again() -> None:
    """Who is his own ancestor is looked for as often as a chain may be long, and no more."""
    known = Processes()
    known.ask(start("{a-0}"), "a")
    known.learn(start("{a-0}", parent_guid="{a-0}", parent_path="cmd.exe"), "a")
    assert [known.wanted(), known.wanted(), known.wanted_above()] == [[], [], []]


def test_caps_hold_and_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the caps nothing is remembered or asked for, and `full` says so."""
    monkeypatch.setattr(module, "MAX_PROCESSES", 3)
    monkeypatch.setattr(module, "MAX_WANTED", 2)
    known = Processes()
    numbers = [known.number(call(f"{{a-{n}}}"), "a") for n in range(4)]
    assert numbers == [0, 1, 2, UNKNOWN]
    assert known.full
    known.full = False
    assert len(known.wanted()) == 2
    assert known.full
    for n in range(4):
        known.full = False
        known.learn(start(f"{{b-{n}}}"), "a")
        assert (len(known.started), known.full) == (min(n + 1, 3), n == 3)


def test_a_long_command_line_is_cut() -> None:
    """Whoever starts a program writes its command line."""
    known = Processes()
    known.number(call(command_line="x" * 40_000), "a")
    assert len(known.finish()[0].command_line or "") == 1024
