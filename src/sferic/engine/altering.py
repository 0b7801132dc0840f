"""Reads events with a change made to each that only its line can tell: the raw text, or a name as it was written."""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from sferic.model.event import Event, Line, Reject
from sferic.sources._contract import Reader, Setup, Source

Change = Callable[[Event, Line], None]


def altered(sources: Mapping[str, Source], change: Change) -> dict[str, Source]:
    """Return the sources with readers that change every event by its line."""
    return {n: msgspec.structs.replace(s, reader=partial(_Altered, s.reader, change)) for n, s in sources.items()}


class _Altered:
    """A reader that hands events on after a change."""

    def __init__(self, reader: type[Reader], change: Change, setup: Setup) -> None:
        self._reader, self._change = reader(setup), change

    def claims(self, line: Line) -> int:
        return self._reader.claims(line)

    def read(self, line: Line) -> Event | Reject | None:
        event = self._reader.read(line)
        if isinstance(event, Event):
            self._change(event, line)
        return event
