"""`python -m sferic` is the `sferic` command."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["sferic", "sferic.cli"])
def test_the_module_hands_on_the_exit_code(module: str) -> None:
    """A wrong path is 4 for a script as well, however the program is called."""
    done = subprocess.run([sys.executable, "-m", module, "hunt", "nowhere.log"], capture_output=True, check=False)
    assert done.returncode == 4
    assert b"no such file" in done.stderr
