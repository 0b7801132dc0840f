"""Copied processes do not outlive the one that copied them."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can copy a process")
PATIENCE_S = 30
CREW = """
import io, multiprocessing, time
from sferic.engine import crew
from sferic.engine.inputs import Input
from sferic.model.settings import Settings

crew.LEAST_BYTES = 1
item = Input("x", 9, None, named=True, open=lambda: io.BytesIO(b"some text"))
hired = crew.Crew(lambda part: iter(()), Settings().limits, [item], 2)
print(*(p.pid for p in multiprocessing.active_children()), flush=True)
time.sleep(600)
"""
HANDS = """
import os, time
from sferic.engine import hands

def slow(part):
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(600)

list(hands.each(slow, 2, 2))
"""


@pytest.mark.parametrize(("script", "lines"), [(CREW, 1), (HANDS, 2)], ids=["crew", "hands"])
def test_copies_end_with_their_parent(script: str, lines: int) -> None:
    """`kill -9` of a run leaves no process behind that waits for ever."""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        copies = [int(pid) for _ in range(lines) for pid in run.stdout.readline().split()]
        assert len(copies) == 2
        assert all(map(_is_running, copies))
        run.send_signal(signal.SIGKILL)
        until = time.monotonic() + PATIENCE_S
        while any(map(_is_running, copies)) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(map(_is_running, copies))


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
