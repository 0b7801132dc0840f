"""Whatever happens, the user gets words and an exit code."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from sferic import __version__
from sferic.cli._exit import EXIT_CODES
from sferic.model import errors

HEAVY = ("duckdb", "hyperscan", "numpy", "pyarrow", "scipy", "isal", "zstandard")
"""Packages that only reading logs may load."""
LIGHT = ["--version"], ["--help"], ["platforms", "workers"], ["config"], ["sources"], ["explain", "x"]

Sferic = Callable[..., Any]
Done = subprocess.CompletedProcess[str]


def child(code: str, tmp_path: Path, more: Mapping[str, str] = MappingProxyType({}), **how: Any) -> Done:
    """Run Python in a process of its own, with this one's import path."""
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path), **more}
    return subprocess.run([sys.executable, "-c", code], text=True, env=env, check=False, stderr=subprocess.PIPE, **how)


def test_version(sferic: Sferic) -> None:
    """`--version` prints the version and nothing else."""
    run = sferic("--version")
    assert (run.code, run.out, run.err) == (0, f"{__version__}\n", "")


@pytest.mark.parametrize("argv", LIGHT, ids=lambda argv: argv[0])
def test_light_commands_stay_light(argv: list[str], tmp_path: Path) -> None:
    """Commands that read no log load none of the packages that reading logs needs."""
    code = f"import sys; from sferic.cli import main; main({argv}); print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    done = child(code, tmp_path, stdout=subprocess.DEVNULL)
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_hunt_of_plain_logs_loads_no_storage(tmp_path: Path) -> None:
    """Reading and writing Parquet needs a large library, which nothing else waits for."""
    (tmp_path / "x.log").write_text(
        "1772445601.250 57 10.1.0.5 TCP_TUNNEL/200 3721 CONNECT www.example.com:443 - HIER_DIRECT/192.0.2.10 -\n"
    )
    code = (
        f"import sys; from sferic.cli import main; main(['hunt', {str(tmp_path / 'x.log')!r}, '-q']);"
        "print([m for m in ('duckdb', 'pyarrow') if m in sys.modules], file=sys.stderr)"
    )
    done = child(code, tmp_path, stdout=subprocess.DEVNULL)
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists threads as files")
def test_a_hunt_has_one_thread(tmp_path: Path) -> None:
    """No library begins threads that nobody uses: they cost time, and forbid to copy the process."""
    (tmp_path / "x.log").write_text("1772445601.250 57 10.1.0.5 TCP_MISS/200 1 GET http://a.example/ - D/192.0.2.1 -\n")
    code = (
        f"import os, sys; from sferic.cli import main; main(['hunt', {str(tmp_path / 'x.log')!r}, '-q']);"
        "print('numpy' in sys.modules, len(os.listdir('/proc/self/task')), file=sys.stderr)"
    )
    done = child(code, tmp_path, stdout=subprocess.DEVNULL)
    assert done.stderr.splitlines()[-1] == "True 1"


@pytest.mark.parametrize(
    ("argv", "near"),
    [
        (("hunt", "x", "--sinse", "3"), "--since"),
        (("hnut", "x"), '"hunt"'),
        (("sources", "--no-colour"), "--no-color"),
    ],
)
def test_misspelt_words_get_a_suggestion(sferic: Sferic, argv: tuple[str, ...], near: str) -> None:
    """A wrong option or command is usage error 2, and names the right one."""
    run = sferic(*argv)
    assert (run.code, run.out) == (2, "")
    assert f"Did you mean {near}?" in run.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("m", where="w", expected="e", hint="h"), 2),
        (errors.UnreadableInput("m", where="w", expected="e", hint="h"), 4),
        (errors.LimitExceeded("m", where="w", expected="e", hint="h"), 10),
    ],
)
def test_a_refusal_has_four_parts(sferic: Sferic, pipeline: Any, error: errors.SfericError, code: int) -> None:
    """What, where, what was expected and a hint stand on stderr; the exit code is the error's."""
    pipeline.fails = error
    run = sferic("hunt", "x")
    assert (run.code, run.out, run.err) == (code, "", "sferic: w: m\n  expected: e\n  hint: h\n")


def test_an_error_message_is_safe(sferic: Sferic, pipeline: Any) -> None:
    """A file name in a message cannot clear the terminal."""
    pipeline.fails = errors.EmptyInput("is empty", where="a\x1b[2J.log")
    assert sferic("hunt", "x").err == "sferic: a\\x1b[2J.log: is empty\n"


def test_a_bug_is_called_a_bug(sferic: Sferic, pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception is one line that says where, and no traceback unless SFERIC_DEBUG is set."""
    pipeline.fails = ZeroDivisionError("by zero")
    run = sferic("hunt", "x")
    assert run.code == 1
    assert "ZeroDivisionError: by zero (conftest.py:" in run.err
    assert "bug in Sferic" in run.err
    assert "Traceback" not in run.err
    monkeypatch.setenv("SFERIC_DEBUG", "1")
    assert "Traceback" in sferic("hunt", "x").err


def test_interruption(sferic: Sferic, pipeline: Any) -> None:
    """Ctrl-C ends with the shell's own code and a word, not with a traceback."""
    pipeline.fails = KeyboardInterrupt()
    run = sferic("hunt", "x")
    assert (run.code, run.err) == (130, "sferic: interrupted\n")


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    """When the reader goes away (`| head`), nothing is printed and the code is the shell's for that."""
    reader, writer = os.pipe()
    os.close(reader)
    done = child("import sys; from sferic.cli import main; sys.exit(main(['platforms']))", tmp_path, stdout=writer)
    os.close(writer)
    assert done.returncode == 141
    assert [line for line in done.stderr.splitlines() if "platforms;" not in line] == []


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LIST = "import sys; from sferic.cli import main; sys.exit(main(['platforms', 'workers']))"


def test_output_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    """A file or a pipe gets UTF-8, so that what is JSON stays JSON."""
    code = "import sys; from sferic.cli import main; main(['--version']); print('\\xb1'); print('\\u2192', file=sys.stderr)"
    done = child(code, tmp_path, stdout=subprocess.PIPE, encoding="utf-8", more=ASCII)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("±", "→\n")


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_closed_streams_are_no_bug(tmp_path: Path, closed: tuple[int, ...]) -> None:
    """A caller that closed standard output or error gets no complaint about that, and the code of what was asked."""
    shut = f"import os, sys; [os.close(n) for n in {closed}]; os.execv(sys.executable, [sys.executable, '-c', {LIST!r}])"
    done = child(shut, tmp_path, stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert "bug" not in done.stderr
    assert ("cloudflare-workers" in done.stdout) == (1 not in closed)


def test_a_path_that_the_system_refuses_is_no_bug(sferic: Sferic, tmp_path: Path) -> None:
    """Wherever it comes up, the path and the reason are said, with the code of wrong usage."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for argv in (("simulate", "fleet-agent", "--to", f"{tmp_path}/file/x"), ("export", "sigma", "--to", f"{tmp_path}/file")):
        run = sferic(*argv)
        assert run.code == 2
        assert run.err.startswith(f"sferic: {tmp_path}/file")
        assert "cannot be used (Not a directory)" in run.err
        assert "bug" not in run.err


def test_a_file_that_looks_like_an_option_is_named(
    sferic: Sferic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an unknown option is the name of a file that is there, the hint is how to give it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-x.log").write_text("x\n", encoding="utf-8")
    assert "hint: `./-x.log` names the file" in sferic("hunt", "-x.log").err
    assert "hint: `sferic --help`" in sferic("hunt", "-y.log").err


def test_a_word_too_many_is_named(sferic: Sferic) -> None:
    """What no command expects is named in plain words."""
    assert "sferic: nothing is expected there: x, y" in sferic("sources", "squid_access", "x", "y").err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("argv", [["platforms"], ["config"]])
def test_a_full_disk_is_no_bug(tmp_path: Path, argv: list[str]) -> None:
    """What cannot be written to standard output is one refusal with its own code, without Python's own complaint."""
    with Path("/dev/full").open("w") as full:
        done = child(f"import sys; from sferic.cli import main; sys.exit(main({argv}))", tmp_path, stdout=full)
    assert done.returncode == 10
    assert "output: no space left on the disk\n  hint: free some room" in done.stderr
    assert "bug" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_named(sferic: Sferic, pipeline: Any) -> None:
    """The message names the file that was to be written; other trouble with it stays what it is."""
    assert pipeline
    run = sferic("hunt", "x", "-f", "ndjson", "-o", "/dev/full")
    assert run.code == 10
    assert run.err.endswith("sferic: /dev/full: no space left on the disk\n  hint: free some room, or write elsewhere\n")
    with pytest.raises(PermissionError), errors.full_disk_named("x"):
        raise PermissionError(13, "denied")


def test_help_and_the_reference_name_every_code(sferic: Sferic) -> None:
    """`--help` lists the codes of finished runs, the reference page all of them in the same words."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    shown = " ".join(sferic("--help").out.split())
    for code, meaning in EXIT_CODES:
        assert f"| {code} | {meaning} |" in page
        assert f"{code} {meaning}" in shown or code > 10


def test_every_error_has_a_documented_code() -> None:
    """No error can end the program with a code that the reference does not know."""
    family: list[type[errors.SfericError]] = [
        errors.SfericError,
        *errors.SfericError.__subclasses__(),
        *errors.InputError.__subclasses__(),
    ]
    assert {kind.exit_code for kind in family} <= {code for code, _ in EXIT_CODES}
