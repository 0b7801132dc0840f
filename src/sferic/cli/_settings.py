"""Where a run's settings come from: flag beats environment beats file beats default.

The file is the one given with `--config` or SFERIC_CONFIG. None is picked up from the current folder,
because that may be a folder of somebody else's logs. An unknown key is an error that names its place.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from sferic.model.errors import SettingsError
from sferic.model.settings import Settings
from sferic.sources._clock import zone

PREFIX = "SFERIC_"
NOT_SETTINGS = frozenset({"SFERIC_CONFIG", "SFERIC_DEBUG"})
_TIMES = ("since", "until")
_NESTED = ("activity", "limits")

Layer = dict[str, Any]


def resolve(flags: Mapping[str, Any], config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Make a run's settings from its flags (unset ones left out), its file and the environment."""
    path = config or (Path(environ["SFERIC_CONFIG"]) if environ.get("SFERIC_CONFIG") else None)
    layers = [("the environment", _from_environment(environ)), ("the command line", dict(flags))]
    if path:
        layers.insert(0, (str(path), _from_file(path)))
    merged: Layer = {}
    for _, layer in layers:
        merged = _over(merged, layer)
    for where, layer in layers:
        _dated(layer, str(merged.get("timezone", "UTC")), where)
        _fit(layer, where)
    return _fit(_dated(merged, str(merged.get("timezone", "UTC")), "settings"), "settings")


def _from_file(path: Path) -> Layer:
    try:
        read: Layer = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise SettingsError(error.strerror or "cannot be read", where=str(path)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"is not TOML: {error}", where=str(path)) from error
    return read


def _from_environment(environ: Mapping[str, str]) -> Layer:
    """Read `SFERIC_MIN_SCORE=50`, `SFERIC_TIERS=core,wide`, `SFERIC_LIMITS__RATIO=100`."""
    layer: Layer = {}
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        key, _, inner = name.removeprefix(PREFIX).lower().partition("__")
        if inner:
            layer.setdefault(key, {})[inner] = text
        else:
            layer[key] = _split(text) if isinstance(getattr(Settings(), key, None), tuple) else text
    return layer


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _over(below: Layer, above: Layer) -> Layer:
    """Lay one layer over another; tables are joined key by key."""
    joined = dict(below)
    for key, value in above.items():
        under = joined.get(key)
        joined[key] = _over(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return joined


def _dated(layer: Layer, timezone: str, where: str) -> Layer:
    for key in _TIMES:
        if isinstance(layer.get(key), str | date):
            layer[key] = moment_us(layer[key], timezone, f"{where}: {key}")
    return layer


def moment_us(value: str | date, timezone: str, where: str) -> int:
    """Read an ISO 8601 date or time; without an offset it is in the given zone."""
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        expected = "an ISO 8601 time such as 2026-03-02 or 2026-03-02T08:00:00Z"
        raise SettingsError(f"{value!s} is not a time", where=where, expected=expected) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone(timezone))
    return round(moment.timestamp() * 1_000_000)


def _fit(layer: Layer, where: str) -> Settings:
    try:
        return msgspec.convert(layer, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(str(error), where=where, hint=_hint(str(error))) from None


def _hint(message: str) -> str:
    unknown = re.search(r"unknown field `([^`]+)`", message)
    near = difflib.get_close_matches(unknown[1], list(_names()), n=1) if unknown else []
    return f"did you mean {near[0]!r}?" if near else "`sferic config` prints every setting"


def _names() -> Iterable[str]:
    yield from Settings.__struct_fields__
    for name in _NESTED:
        yield from getattr(Settings(), name).__struct_fields__
