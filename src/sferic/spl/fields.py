"""Gives events the field names that Splunk's add-ons would give them, from the event and from its raw line."""

import html
import json
import re
from collections.abc import Callable, Iterator

import msgspec

from sferic.catalog.splunk_fields import FieldSet, splunk_fields
from sferic.model.event import Event
from sferic.spl.texts import flat

MAX_FIELDS = 300
"""Fields that one raw line may add."""
_PAIR = re.compile(r'([A-Za-z][\w.-]{0,80})=("(?:[^"\\]|\\.)*"|\[[^\]]{0,200}\]|[^\s,"]*)')
_TAB = re.compile(r"(?:^|\t)([A-Za-z][\w.-]{0,80})=([^\t]*)")
_DATA = re.compile(r"<Data Name=['\"](\w{1,60})['\"]>([^<]*)</Data>")
_EVENT_DATA = "winlog.event_data."

Asked = Callable[[str], bool]
"""Whether a search may ask for a field of this name."""


def everything(_name: str) -> bool:
    """Ask for every field."""
    return True


class _Recipe(msgspec.Struct, frozen=True):
    """What of one kind of event a search may ask for."""

    constants: dict[str, str]
    fields: tuple[tuple[str, str], ...]
    defaults: tuple[tuple[str, str], ...]
    raw: Callable[[str], Iterator[tuple[str, object]]]


class Fields:
    """Makes the rows of a search; only the fields that it may ask for."""

    def __init__(self, asked: Asked = everything) -> None:
        self._asked = asked
        self._with_raw = asked("_raw")
        self._sets: dict[str, list[tuple[FieldSet, _Recipe]]] = {}
        for one in splunk_fields().extraction:
            self._sets.setdefault(one.source, []).append((one, self._recipe(one)))
        self._generic: dict[str, _Recipe] = {}

    def row(self, event: Event) -> dict[str, object]:
        """Return an event as Splunk would show it; `event.raw` is the raw line."""
        raw = event.raw or ""
        recipe = self._of(event, raw)
        row: dict[str, object] = {"_time": event.time / 1e6, "source": event.file, **recipe.constants}
        if self._with_raw and raw:
            row["_raw"] = raw
        host = event.observer or event.device
        if host:
            row["host"] = host
        for name, ours in recipe.fields:
            value = _value(event, ours)
            if value is not None:
                row[name] = value
        for name, text in recipe.defaults:
            row.setdefault(name, text)
        row.update((name, value) for name, value in recipe.raw(raw) if value is not None and self._asked(name))
        return row

    def _of(self, event: Event, raw: str) -> _Recipe:
        for one, recipe in self._sets.get(event.source, ()):
            if (not one.table or one.table == event.table) and (not one.contains or one.contains in raw):
                return recipe
        if event.source not in self._generic:
            ours = FieldSet(source=event.source, sourcetype=event.source, fields=_GENERIC)
            self._generic[event.source] = self._recipe(ours)
        return self._generic[event.source]

    def _recipe(self, one: FieldSet) -> _Recipe:
        def kept(given: dict[str, str]) -> tuple[tuple[str, str], ...]:
            return tuple(pair for pair in given.items() if self._asked(pair[0]))

        constants = {"sourcetype": one.sourcetype} | dict(kept(one.constants))
        return _Recipe(constants, kept(one.fields), kept(one.defaults), _RAW[one.raw])


_GENERIC = {
    name: name
    for name in (
        *("src_ip", "src_port", "user", "device", "bytes_up", "bytes_down", "bytes_total", "method", "path", "status"),
        *("action", "user_agent", "process_path", "process_id", "parent_path", "command_line", "actor", "provider"),
        *("operation", "resource", "outcome", "url", "app", "protocol"),
    )
} | {"src": "src_ip", "dest": "dst_host", "dest_ip": "dst_ip", "dest_port": "dst_port", "dest_host": "dst_host"}
"""Names for logs that no add-on is known for here: ours, and the usual ones for source and destination."""


def _value(event: Event, name: str) -> object:
    if name in {"url", "url_bare"}:
        return event.url(bare=name == "url_bare")
    return getattr(event, name)


def _pairs(raw: str) -> Iterator[tuple[str, object]]:
    for _, found in zip(range(MAX_FIELDS), _PAIR.finditer(raw), strict=False):
        yield found[1].replace("-", "_"), _unquoted(found[2])


def _tabs(raw: str) -> Iterator[tuple[str, object]]:
    for _, found in zip(range(MAX_FIELDS), _TAB.finditer(raw), strict=False):
        yield found[1].replace("-", "_"), _unquoted(found[2])


def _unquoted(value: str) -> str | None:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value or None


def _json(raw: str) -> Iterator[tuple[str, object]]:
    try:
        found = flat(json.loads(raw)) if raw.startswith("{") else {}
    except (ValueError, RecursionError):
        return
    for _, (name, many) in zip(range(MAX_FIELDS), found.items(), strict=False):
        yield name, many[0] if len(many) == 1 else many


def _sysmon(raw: str) -> Iterator[tuple[str, object]]:
    for _, found in zip(range(MAX_FIELDS), _DATA.finditer(raw), strict=False):
        yield found[1], html.unescape(found[2]) or None
    for name, value in _json(raw):
        yield name.removeprefix(_EVENT_DATA), value


def _nothing(_raw: str) -> Iterator[tuple[str, object]]:
    yield from ()


_RAW: dict[str, Callable[[str], Iterator[tuple[str, object]]]] = {
    "": _nothing, "pairs": _pairs, "tabs": _tabs, "json": _json, "sysmon": _sysmon,
}  # fmt: skip
