"""A run knows how much memory all of its processes took together."""

import subprocess
import sys

from sferic.engine.gauge import Gauge

_TAKES = """
import os, sys, time
from sferic.engine.gauge import Gauge

def take(megabytes, seconds):
    held = os.urandom(1 << 20) * megabytes
    time.sleep(seconds)
    return len(held)

with Gauge() as gauge:
    before = gauge.peak_bytes()
    if not (child := os.fork()):
        take(60, 1.0)
        os._exit(0)
    take(40, 1.0)
    os.waitpid(child, 0)
    print((gauge.peak_bytes() - before) >> 20)
"""


def test_what_a_child_takes_is_added() -> None:
    """Forty megabytes here and sixty in a child at the same time are a hundred."""
    said = subprocess.run([sys.executable, "-c", _TAKES], capture_output=True, text=True, check=True, timeout=60)
    assert said.stderr == ""
    assert 90 <= int(said.stdout) <= 130


def test_a_run_that_ends_early_leaves_nobody_behind() -> None:
    """Whoever looks ends with the one that is looked at, by an error and by a signal, and says nothing."""
    for end, code in (("raise SystemExit(3)", 3), ("os.kill(os.getpid(), 9)", -9)):
        program = f"import os\nfrom sferic.engine.gauge import Gauge\nwith Gauge():\n    {end}"
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=30)
        assert (ended.returncode, ended.stderr) == (code, b""), "its error stream is closed, so all that had it are gone"


_OUTLIVED = """
import os
from sferic.engine.gauge import Gauge

ends, goes_on = os.pipe()
with Gauge():
    if not (child := os.fork()):
        os.close(goes_on)
        os.read(ends, 1)
        os._exit(0)
os.close(goes_on)
print(os.waitpid(child, 0)[1])
"""


def test_a_copy_that_goes_on_is_not_waited_for() -> None:
    """A process that was copied meanwhile, and with it this end of the pipe, may live longer than the look."""
    said = subprocess.run([sys.executable, "-c", _OUTLIVED], capture_output=True, text=True, check=True, timeout=30)
    assert (said.stdout, said.stderr) == ("0\n", "")


def test_nobody_looks_who_is_not_asked() -> None:
    """A hunt without a budget has no process more."""
    with Gauge(wanted=False) as gauge:
        assert gauge.peak_bytes() is None
