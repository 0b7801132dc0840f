"""Events that do not fit into memory wait on the disk, and the findings are the same, byte for byte."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sferic.engine.memory import LEAST_BYTES, START_BYTES, Room, room_of
from sferic.model.errors import LimitExceeded, UsageError
from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.pipeline import hunt, hunting, weighing

EXAMPLE = Path(__file__).parents[2] / "examples" / "estate"
EVERYTHING = ("beacon", "long_connection", "process", "cloud_change", "activity")
GIB = 1 << 30
Hunt = Callable[[int, int], Report]


@pytest.fixture
def in_room(monkeypatch: pytest.MonkeyPatch) -> Hunt:
    """Return a hunt of the example that holds no more than so many rows at once, in so many processes."""

    def run(rows: int, hands: int) -> Report:
        monkeypatch.setattr(hunting, "room_of", lambda _settings: Room(rows, hands))
        return hunt([str(EXAMPLE)], Settings(min_score=0, analytics=EVERYTHING, workers=1))

    return run


def told(report: Report) -> bytes:
    """Return all that a report says but what it cost."""
    account = msgspec.structs.replace(report.account, wall_s=0, cpu_s=0, peak_mb=0, spilled=0)
    return msgspec.json.encode(msgspec.structs.replace(report, account=account, made_at=0))


def test_the_example_is_judged_the_same_from_the_disk(in_room: Hunt) -> None:
    """Everything a hunt says, down to the lowest score, does not depend on how much fits into memory."""
    whole, few, many = in_room(10**7, 1), in_room(7_000, 1), in_room(900, 2)
    assert (whole.account.spilled, len(whole.findings) > 20, len(whole.activity) > 5) == (0, True, True)
    assert few.account.spilled == many.account.spilled > 10_000
    assert told(few) == told(whole)
    assert told(many) == told(whole)


def test_a_process_that_is_ended_while_weighing_is_said(in_room: Hunt, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs out of memory is told so, and what to do; nothing waits for the dead."""
    mine = os.getpid()

    def fatal(*_args: object) -> None:
        assert os.getpid() != mine
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(weighing, "cutting", fatal)
    with pytest.raises(LimitExceeded, match="memory"):
        in_room(7_000, 2)


def test_room_grows_with_the_budget_and_shrinks_with_the_processes() -> None:
    """A gigabyte holds some hundred thousand rows at least; too little for two processes is given to one."""
    one, two = (room_of(Settings(memory_bytes=GIB, workers=n)) for n in (1, 2))
    assert 10**6 > one.rows > two.rows > 200_000
    assert room_of(Settings(memory_bytes=2 * GIB, workers=1)).rows > 2 * one.rows
    assert room_of(Settings(memory_bytes=START_BYTES * 5 // 2, workers=4)).processes == 1
    assert room_of(Settings(workers=1)).rows > 100_000


def test_less_than_the_start_takes_is_refused() -> None:
    """A budget that no hunt can keep is said before anything is read."""
    with pytest.raises(UsageError, match="at least"):
        hunt([str(EXAMPLE)], Settings(memory_bytes=LEAST_BYTES - 1))
