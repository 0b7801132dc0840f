"""A hunt through standard input finds what a hunt through the file does."""

import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

ESTATE = Path(__file__).parents[2] / "examples" / "estate"
COMMAND = "import sys; from sferic.cli import main; sys.exit(main(sys.argv[1:]))"
CAT = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"


def hunted(path: object, stdin: IO[bytes] | None = None) -> subprocess.CompletedProcess[str]:
    """Hunt in a process of its own, with this one's import path."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NO_COLOR": "1"}
    command = [sys.executable, "-c", COMMAND, "hunt", str(path), "--no-save"]
    return subprocess.run(command, text=True, env=env, check=False, capture_output=True, stdin=stdin)


@pytest.mark.parametrize("name", ["branch-*", "hq-squid_access.log.gz"])
@pytest.mark.parametrize("is_packed", [True, False])
def test_standard_input_is_as_good_as_a_file(tmp_path: Path, name: str, *, is_packed: bool) -> None:
    """`zcat x | sferic hunt -` finds what `sferic hunt x` does, names of flows and quoted lines included."""
    path = tmp_path / "in"
    logs = b"".join(gzip.decompress(log.read_bytes()) for log in sorted(ESTATE.glob(name)))
    path.write_bytes(gzip.compress(logs, 1) if is_packed else logs)
    by_path = hunted(path)
    with subprocess.Popen([sys.executable, "-c", CAT, path], stdout=subprocess.PIPE) as cat:
        by_pipe = hunted("-", cat.stdout)
    assert by_pipe.returncode == by_path.returncode == 0, by_pipe.stderr
    assert by_path.stdout.count('"text"') > 1
    assert by_pipe.stdout == by_path.stdout.replace(f'"{path}:', '"-:')
