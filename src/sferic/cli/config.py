"""`sferic config`: every setting with its value, default, bounds and sentence, as a settings file."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from sferic.cli import _settings
from sferic.render.safe_text import safe_text


def config(*, config: Path | None = None) -> int:
    """Print every setting with its value, as a settings file.

    What is written is what a run would use: defaults, changed by `--config` and by SFERIC_ variables.

    Args:
        config: A settings file to start from.
    """
    settings = _settings.resolve({}, config, os.environ)
    sys.stdout.write("# Settings of Sferic. Flags beat SFERIC_ variables, these beat this file.\n")
    sys.stdout.writelines(f"{line}\n" for line in _lines(settings, ""))
    return 0


def _lines(settings: msgspec.Struct, table: str) -> Iterator[str]:
    """Write a struct as a TOML table; tables inside it come last, as TOML wants it."""
    if table:
        yield from ("", f"[{table}]", f"# {(type(settings).__doc__ or '').splitlines()[0]}")
    inner: list[tuple[str, Any]] = []
    for field in msgspec.structs.fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, msgspec.Struct | dict):
            inner.append((field.name, value))
            continue
        yield from ("", f"# {_sentence(field.type, field.default)}")
        yield f"# {field.name} =" if value is None else f"{field.name} = {_toml(value)}"
    for name, value in inner:
        yield from _lines(value, name) if isinstance(value, msgspec.Struct) else _options(name, value)


def _sentence(kind: Any, default: object) -> str:
    meta = next((m for m in getattr(kind, "__metadata__", ()) if isinstance(m, msgspec.Meta)), msgspec.Meta())
    bounds = [f"{word} {limit}" for word, limit in _bounds(meta) if limit is not None]
    shown = "unset" if default is None else _toml(default)
    return " ".join([meta.description or "", f"Default {shown}{''.join(f', {bound}' for bound in bounds)}."]).strip()


def _bounds(meta: msgspec.Meta) -> tuple[tuple[str, float | None], ...]:
    return ("at least", meta.ge), ("above", meta.gt), ("at most", meta.le), ("below", meta.lt)


def _options(name: str, options: dict[str, dict[str, str]]) -> Iterator[str]:
    if not options:
        yield from ("", f"# [{name}.SOURCE]", '# OPTION = "VALUE"  # `sferic sources SOURCE` lists them')
    for source, values in options.items():
        yield from ("", f"[{name}.{_toml(source)}]")
        yield from (f"{_toml(option)} = {_toml(value)}" for option, value in values.items())


def _toml(value: object) -> str:
    """Write a value; JSON strings, numbers, booleans and arrays are TOML too."""
    return safe_text(msgspec.json.encode(value).decode(), 10_000)
