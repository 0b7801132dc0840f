"""Where a run's settings come from: flag beats environment beats file beats default.

The file is the one given with `--config` or SFERIC_CONFIG. None is picked up from the current folder,
because that may be a folder of somebody else's logs. An unknown key is an error that names its place.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
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

_FLAGS = {
    "analytics": "analytic", "only_sources": "source", "source_options": "set", "platform_files": "platforms",
    "rule_files": "rules", "deployer_files": "deployers", "deployment_files": "deployments", "assets_file": "assets",
    "memory_bytes": "memory",
}  # fmt: skip
"""Settings whose flags have names of their own."""
_WORDS = {
    "`int`": "a whole number", "`float`": "a number", "`bool`": "true or false", "`str`": "a text", "`array`": "a list",
    "`object`": "a table", " >= ": " of at least ", " <= ": " of at most ", " > ": " above ",
}  # fmt: skip
_COMPLAINT = re.compile(r"(?:Expected (.*?)(?:, got `.*?`)?|Object contains unknown field `(.*?)`)(?: - at `\$(.*?)`)?")

Layer = dict[str, Any]
Named = Callable[[str], str]
"""How the user wrote the setting with this key."""


def flag_of(setting: str) -> str:
    """Return the flag that sets a setting."""
    return f"--{_FLAGS.get(setting, setting).replace('_', '-')}"


def resolve(flags: Mapping[str, Any], config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Make a run's settings from its flags (unset ones left out), its file and the environment."""
    path = config or (Path(environ["SFERIC_CONFIG"]) if environ.get("SFERIC_CONFIG") else None)
    layers: list[tuple[Named, Layer]] = [(_variable, _from_environment(environ)), (_flag, dict(flags))]
    if path:
        layers.insert(0, (lambda key: f"{path}: {key}", _from_file(path)))
    merged: Layer = {}
    for _, layer in layers:
        merged = _over(merged, layer)
    for named, layer in layers:
        _dated(layer, str(merged.get("timezone", "UTC")), named)
        _fit(layer, named)
    return _fit(_dated(merged, str(merged.get("timezone", "UTC")), str), str)


def _flag(key: str) -> str:
    return flag_of(key.partition(".")[0])


def _variable(key: str) -> str:
    return PREFIX + key.upper().replace(".", "__")


def _from_file(path: Path) -> Layer:
    try:
        read: Layer = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"cannot be read ({error.strerror})", where=str(path)) from error
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


def _dated(layer: Layer, timezone: str, named: Named) -> Layer:
    for key in _TIMES:
        if isinstance(layer.get(key), str | date):
            layer[key] = moment_us(layer[key], timezone, named(key))
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


def _fit(layer: Layer, named: Named) -> Settings:
    try:
        return msgspec.convert(layer, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), layer, named) from None


def _refusal(complaint: str, layer: Layer, named: Named) -> SettingsError:
    """Say in plain words what msgspec says."""
    said = _COMPLAINT.fullmatch(complaint)
    if said is None:
        return SettingsError(complaint, where=named(""))
    expected, unknown, at = said[1], said[2], (said[3] or "").removeprefix(".").partition("[")[0]
    if unknown:
        near = difflib.get_close_matches(unknown, list(_names()), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`sferic config` prints every setting"
        return SettingsError("there is no such setting", where=named(".".join(filter(None, (at, unknown)))), hint=hint)
    for code, words in _WORDS.items():
        expected = expected.replace(code, words)
    value: Any = layer
    for key in at.split("."):
        value = value.get(key) if isinstance(value, Mapping) else value
    return SettingsError(f"{value!r} is not possible", where=named(at), expected=expected)


def _names() -> Iterable[str]:
    yield from Settings.__struct_fields__
    for name in _NESTED:
        yield from getattr(Settings(), name).__struct_fields__
