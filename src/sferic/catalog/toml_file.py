"""Reads one catalogue file into its schema and says exactly which key of which file is wrong.

It knows nothing of what the files mean; every catalogue module brings its own schema.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sferic.model.errors import SettingsError

T = TypeVar("T")
_AT = re.compile(r"^(?P<problem>.*?)(?: - at `(?:key in )?\$\.?(?P<key>.*)`)?$", re.DOTALL)
_SCHEMA_HINT = "the built-in platform files in sferic/catalog/platforms show every key"


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file; a file that cannot be read or parsed is a SettingsError."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"cannot be read ({error.strerror})", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"is not valid TOML: {error}", where=str(path), expected="UTF-8 TOML") from error


def fit(data: dict[str, Any], schema: type[T], path: Path) -> T:
    """Return the data as the schema's record; the first value that does not fit is a SettingsError."""
    try:
        return msgspec.convert(data, schema)
    except msgspec.ValidationError as error:
        raise settings_error(path, str(error)) from error


def settings_error(path: Path, problem: str, key: str = "") -> SettingsError:
    """Return an error that names the file, and the key when it is given or the problem carries one."""
    match = _AT.match(problem)
    found = key or (match["key"] if match else None) or ""
    text = match["problem"] if match else problem
    return SettingsError(text, where=f"{path}: {found}" if found else str(path), hint=_SCHEMA_HINT)
