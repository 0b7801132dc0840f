"""The last hunt's report on disk, so that `sferic explain` needs no second hunt.

It holds log lines, so only its owner may read it.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sferic.cli._streams import whole_file
from sferic.model.errors import SettingsError, UnreadableInput
from sferic.model.report import Report
from sferic.render.safe_text import safe_json


def place(environ: Mapping[str, str] = os.environ) -> Path:
    """Say where the last report is kept: `$XDG_STATE_HOME/sferic`, or `~/.local/state/sferic`."""
    state = environ.get("XDG_STATE_HOME", "")
    root = Path(state) if Path(state).is_absolute() else Path("~/.local/state").expanduser()
    return root / "sferic" / "last-hunt.json"


def keep(report: Report) -> None:
    """Keep a report in the state folder, which is made for its owner alone."""
    path = place()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    save(report, path)


def save(report: Report, path: Path) -> None:
    """Write a report for its owner alone; the file is complete or absent."""
    with whole_file(path, mode=0o600) as stream:
        stream.write(safe_json(msgspec.to_builtins(report)).encode())


def load(path: Path) -> Report:
    """Read a report that `save` wrote."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except FileNotFoundError:
        hint = "`sferic hunt PATH` keeps one; `--from FILE` names another"
        raise UnreadableInput("there is no report of a hunt", where=str(path), hint=hint) from None
    except OSError as error:
        raise UnreadableInput(f"cannot be read ({error.strerror})", where=str(path)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"is not a report of this version: {error}", where=str(path)) from error
