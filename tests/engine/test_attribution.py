"""Calls of network logs get the process that an endpoint's log saw, and none where two come into question."""

from typing import Any

import numpy as np
import pytest

from sferic.engine.attribution import DAY_S, KEPT_S, NEAR_S, attributed
from sferic.model.traffic import IS_TUNNEL, LOOKUP, PROCESS_GUESSED, UNKNOWN

IMAGE_OF = np.array([0, 0, 1, UNKNOWN, UNKNOWN])
"""Processes 0 and 1 are runs of one program, 2 of another, 3 of nobody knows which."""
OWNER_OF = np.array([0, 0, 1])
CALL = {"time_s": 0.0, "client": 0, "port": UNKNOWN, "host": 0, "place": 0, "process": UNKNOWN, "flags": 0}


def columns(*rows: dict[str, Any]) -> dict[str, Any]:
    """Put rows into columns, by time."""
    whole = sorted((CALL | row for row in rows), key=lambda row: row["time_s"])
    types = {"time_s": float, "flags": np.uint16}
    return {name: np.array([row[name] for row in whole], types.get(name, np.int32)) for name in CALL}


def told(*rows: dict[str, Any]) -> list[tuple[int, bool]]:
    """Return each row's process and whether it is guessed."""
    made = attributed(columns(*rows), IMAGE_OF, OWNER_OF)
    return [(int(p), bool(f & PROCESS_GUESSED)) for p, f in zip(made["process"], made["flags"], strict=True)]


def endpoint(time_s: float, process: int, **more: Any) -> dict[str, Any]:
    """A connection in an endpoint's log."""
    return {"time_s": time_s, "process": process, "flags": IS_TUNNEL, **more}


def answer(*rows: dict[str, Any]) -> tuple[int, bool]:
    """Return what the one row without a process of its own was given."""
    made = columns(*rows)
    (asked,) = np.flatnonzero(made["process"] == UNKNOWN)
    return told(*rows)[asked]


def test_the_port_decides_surely() -> None:
    """Another program at the same moment does not matter where the port is known, even to another host."""
    rows = ({"time_s": 10.0, "port": 5000}, endpoint(9.0, 0, port=5000, host=7), endpoint(10.0, 2, port=5001))
    assert answer(*rows) == (0, False)


@pytest.mark.parametrize(("late", "process"), [(-5.0, 0), (-5.1, 2), (KEPT_S, 0), (KEPT_S + 1, 2)])
def test_a_port_is_kept_for_a_while(late: float, process: int) -> None:
    """A connection carries requests for a quarter of an hour; what came before or long after is another's."""
    other = endpoint(1000.0 + late, 2, host=0)
    assert (
        answer({"time_s": 1000.0 + late, "port": 5000}, endpoint(1000.0, 0, port=5000, host=9, place=2), other)[0]
        == process
    )


def test_a_look_up_at_the_time_is_a_guess() -> None:
    """The nearest run of the only program that asked near that time is named, and marked."""
    asks = [{"time_s": t, "process": p, "flags": LOOKUP} for t, p in ((-50.0, 1), (-2.0, 0), (-NEAR_S - 1, 2))]
    assert answer({}, *asks) == (0, True)


def test_two_programs_at_the_time_are_no_answer() -> None:
    """Where two programs called the host within a minute nobody is named."""
    assert answer({}, endpoint(-2.0, 0), endpoint(5.0, 2)) == (UNKNOWN, False)


def test_the_only_program_of_an_owner_within_a_day_is_a_guess() -> None:
    """Cached answers and filtered events leave one program that ever called the owner: it is named, for a day."""
    assert answer({"time_s": DAY_S - 1, "host": 3}, endpoint(0.0, 0)) == (0, True)
    assert answer({"time_s": DAY_S + 1, "host": 3}, endpoint(0.0, 0)) == (UNKNOWN, False)
    assert answer({"time_s": DAY_S - 1, "host": 3}, endpoint(0.0, 0), endpoint(1.0, 2)) == (UNKNOWN, False)


@pytest.mark.parametrize("other", [{"client": 1}, {"client": UNKNOWN}, {"host": 2, "place": 2}])
def test_other_machines_and_owners_say_nothing(other: dict[str, int]) -> None:
    """The program of another machine, or one that called somebody else, is not this one."""
    assert answer({}, endpoint(0.0, 0, **other)) == (UNKNOWN, False)


def test_a_run_without_a_program_is_not_handed_on() -> None:
    """A process of which no path is known would say nothing about the call."""
    assert answer({}, endpoint(0.0, 3)) == (UNKNOWN, False)


def test_look_ups_are_left_alone() -> None:
    """A DNS server's row is no call, and gets no process."""
    assert answer({"flags": LOOKUP}, endpoint(0.0, 0)) == (UNKNOWN, False)


def test_own_processes_stay() -> None:
    """What a log says itself is neither changed nor marked."""
    assert told(endpoint(0.0, 0), endpoint(1.0, 2)) == [(0, False), (2, False)]
