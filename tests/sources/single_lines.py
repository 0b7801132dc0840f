"""Reading single lines as one source does, for tests of the rules that golden cases do not show."""

from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import cast

from hypothesis import strategies as st

from sferic.model.event import Event, Line
from sferic.sources._clock import Clock
from sferic.sources._contract import Reader, Setup

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["ip", "name", "a"]), inner, max_size=3)
    ),
    max_leaves=4,
)
"""Whatever may stand in a field of a JSON object."""


def texts(opening: str) -> st.SearchStrategy[str]:
    """Draw any text, and any text behind the opening of a true line."""
    return st.text() | st.text().map(lambda text: opening + text)


class Log:
    """The log of one source, written in March 2026."""

    def __init__(self, reader: type[object]) -> None:
        self._reader = cast("type[Reader]", reader)

    def made(self, zone: tzinfo = UTC, **options: str) -> Reader:
        """Make a reader of a log in some zone, with options."""
        return self._reader(Setup(Clock(zone, datetime(2026, 3, 3, tzinfo=UTC)), options))

    def event(self, text: str, **options: str) -> Event:
        """Read a line that has to be an event."""
        found = self.made(UTC, **options).read(Line(text))
        assert isinstance(found, Event), found
        return found

    def reads_or_refuses(self, text: str) -> None:
        """Claiming must raise nothing, and reading nothing but ValueError."""
        reader, line = self.made(), Line(text)
        reader.claims(line)
        with suppress(ValueError):
            reader.read(line)
