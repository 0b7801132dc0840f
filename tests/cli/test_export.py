"""`sferic export`: what there is, files written, and clear errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Sferic = Callable[..., Any]


def test_what_there_is(sferic: Sferic) -> None:
    """Without a target every target is listed with a sentence."""
    run = sferic("export")
    assert {"kusto", "navigator", "sigma"} <= {line.split()[0] for line in run.out.splitlines()}
    assert not run.err


def test_files(sferic: Sferic, tmp_path: Path) -> None:
    """The files are written below the folder, other files stay, and standard output is empty."""
    (tmp_path / "mine.txt").write_text("kept", encoding="utf-8")
    run = sferic("export", "navigator", "--to", str(tmp_path))
    assert (run.code, run.out) == (0, "")
    assert "wrote 1 file" in run.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "sferic-layer.json"]


def test_own_platforms(sferic: Sferic, tmp_path: Path) -> None:
    """A platform of the user's own is in the rules."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[[platform]]\nid = "mine"\nprovider = "P"\nproduct = "X"\nsentence = "S."\nclass = "function"\ntier = "core"\n'
        'evidence = "documented"\nreviewed = "2026-11"\nsuffixes = ["fn.corp.example"]\nvisible = "function"\n'
        'host_regex = \'^(?P<fn>[a-z]+)\\.fn\\.corp\\.example$\'\nfunction = ["fn"]\nreferences = ["r"]\n',
        encoding="utf-8",
    )
    run = sferic("export", "kusto", "--to", str(tmp_path / "out"), "--platforms", str(own))
    assert run.code == 0, run.err
    text = (tmp_path / "out" / "sentinel" / "candidate_asim.kql").read_text(encoding="utf-8")
    assert "fn\\.corp\\.example" in text


def test_a_wrong_target(sferic: Sferic) -> None:
    """A name that is nearly right is guessed."""
    run = sferic("export", "sigmaa", "--to", "x")
    assert run.code == 2
    assert "sigma" in run.err


def test_no_folder(sferic: Sferic) -> None:
    """Without a folder nothing is written, and the error says what is missing."""
    run = sferic("export", "sigma")
    assert run.code == 2
    assert "--to" in run.err


def test_a_folder_that_is_a_file(sferic: Sferic, tmp_path: Path) -> None:
    """A place that cannot be written is an error that names it."""
    place = tmp_path / "file"
    place.write_text("", encoding="utf-8")
    run = sferic("export", "navigator", "--to", str(place))
    assert run.code == 2
    assert "file" in run.err
