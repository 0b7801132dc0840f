"""Events that do not fit into memory wait on the disk, and the findings are the same, byte for byte."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from sferic.engine.gauge import Gauge
from sferic.engine.memory import BASE_BYTES, HAND_BYTES, LEAST_BYTES, PART_ROWS, Room, room_of
from sferic.model.errors import LimitExceeded, UsageError
from sferic.model.report import Account, Report
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
    """A gigabyte holds a million rows; too little for two processes is given to one; none works on too many."""
    one, two = (room_of(Settings(memory_bytes=GIB, workers=n)) for n in (1, 2))
    assert 3 * 10**6 > one.rows > two.rows > 10**6
    assert room_of(Settings(memory_bytes=2 * GIB, workers=1)).rows > 2 * one.rows
    assert one.part_rows == two.part_rows == PART_ROWS
    tight = room_of(Settings(memory_bytes=BASE_BYTES + 3 * HAND_BYTES, workers=4))
    assert (tight.processes, tight.part_rows) == (1, tight.rows)
    least = room_of(Settings(memory_bytes=LEAST_BYTES))
    assert (least.processes, 100_000 > least.rows > 40_000) == (1, True)


def test_where_nothing_is_asked_for_the_machine_is_not_filled() -> None:
    """A quarter of the machine at most, and half a gigabyte for each process."""
    one, four = (room_of(Settings(workers=n)) for n in (1, 4))
    assert 100_000 < one.rows <= 1_100_000
    assert four.rows <= 4_400_000


def test_less_than_the_start_takes_is_refused() -> None:
    """A budget that no hunt can keep is said before anything is read."""
    with pytest.raises(UsageError, match=r"memory_bytes: .* at least 126MB, or 0"):
        hunt([str(EXAMPLE)], Settings(memory_bytes=LEAST_BYTES - 1))


def test_more_memory_than_was_asked_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a budget reads in the account by how much it was missed, and what does not go to the disk."""
    for took, said in ((180 << 20, []), (340 << 20, ["300 MiB of memory were asked for and about 340 taken"])):
        monkeypatch.setattr(Gauge, "peak_bytes", lambda _gauge, took=took: took)
        account = hunt([str(EXAMPLE)], Settings(memory_bytes=300 << 20, workers=1)).account
        assert [m.text.partition(":")[0] for m in account.missing if m.evidence == "as little memory"] == said
        assert account.peak_mb == took >> 20


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
def test_each_system_counts_memory_in_its_own_unit(monkeypatch: pytest.MonkeyPatch, system: str, unit: int) -> None:
    """What getrusage calls the most memory is kilobytes on Linux and bytes on macOS."""
    used = SimpleNamespace(ru_utime=0, ru_stime=0, ru_maxrss=1 << 20)
    monkeypatch.setattr(resource, "getrusage", lambda _who: used)
    monkeypatch.setattr(sys, "platform", system)
    account = Account()
    hunting.spent(account, hunting.Began(), Settings(workers=1))
    assert account.peak_mb == 2 * unit


def test_what_was_used_before_is_no_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that runs a command and then becomes Sferic hands its processes' time on: it is not counted."""
    used = [SimpleNamespace(ru_utime=seconds, ru_stime=1.0, ru_maxrss=1) for seconds in (5.0, 40.0, 7.0, 40.5)]
    monkeypatch.setattr(resource, "getrusage", lambda _who: used.pop(0))
    assert hunting.Began().since()[1] == 2.5


_HUNT = """
import sys
from sferic.model.settings import Settings
from sferic.pipeline import hunt

account = hunt([sys.argv[1]], Settings(memory_bytes=int(sys.argv[2]) << 20, workers=2)).account
print(account.events, account.spilled, round(account.peak_mb), [m.text for m in account.missing if "asked for" in m.text])
"""


def test_the_least_budget_is_kept(tmp_path: Path) -> None:
    """More events than fit are hunted through in so much memory, all processes together, and nothing is said of it."""
    log = tmp_path / "access.log"
    with log.open("w", encoding="ascii") as stream:
        for n in range(150_000):
            stream.write(
                f"{1_772_409_600 + n}.123  120 10.0.{n % 61}.{n % 83} TCP_TUNNEL/200 {n % 999} CONNECT "
                f"fn{n % 7}.owner{n % 89}.workers.dev:443 - HIER_DIRECT/192.0.2.1 -\n"
            )
    asked = LEAST_BYTES >> 20
    told = subprocess.run(
        [sys.executable, "-c", _HUNT, str(log), str(asked)], capture_output=True, text=True, check=True, timeout=120
    )
    events, spilled, peak, *said = told.stdout.split(maxsplit=3)
    assert (int(events), int(spilled), said) == (150_000, 150_000, ["[]\n"])
    assert 40 < int(peak) <= asked
