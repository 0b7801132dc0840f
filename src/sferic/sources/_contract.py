"""What a source module must offer, and how the engine finds them all."""

import difflib
import importlib
import pkgutil
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Literal, Protocol, runtime_checkable

import msgspec

from sferic.model.errors import UsageError
from sferic.model.event import Event, Line, Reject
from sferic.sources._clock import Clock

CERTAIN = 100
"""The line carries a mark only this format has (`%ASA-6-302014`, a Zscaler key set, a W3C header)."""
LIKELY = 60
"""The line has this format's shape, but a neighbour could look alike (a combined log of any web server)."""
GENERIC = 40
"""The line is in a form that many products share (CEF, ECS, …); below `LIKELY`, so that every line is offered anew to
the sources that know one product."""
POSSIBLE = 20
"""Nothing speaks against it."""
NO = 0


_QUOTE = re.compile(r"""(\[(?:\\.|[^\]\\])*\]|\\[^"])|\\?\"""")
"""A quote of an expression; what may stand for one of several characters, or is escaped, is passed over."""


class Setup(msgspec.Struct, frozen=True):
    """What a reader is told at its start: how to read clocks, and the user's options for this source."""

    clock: Clock
    options: Mapping[str, str] = {}


@runtime_checkable
class Reader(Protocol):
    """Reads the lines of one file, in order; may keep state such as a header."""

    def __init__(self, setup: Setup) -> None:
        """Get ready for a file; raises SettingsError for options that cannot be."""

    def claims(self, line: Line) -> int:
        """Say how surely the line is of this format, from `CERTAIN` down to `NO`. Changes no state.

        A ValueError raised inside (a header whose date cannot be) means `NO`.
        """

    def read(self, line: Line) -> Event | Reject | None:
        """Read one line: an event, a reject with its reason, or None for a known line without an event.

        A ValueError raised inside is counted by the engine as a reject with the error's text.
        """


class Source(msgspec.Struct, frozen=True):
    """A discovered source module."""

    id: str
    sentence: str
    tables: tuple[str, ...]
    fields: frozenset[str]
    stamp: Literal["start", "end"]
    marks: tuple[str, ...]
    """Regular expressions (RE2 subset, caseless) of header lines the selector must always pass on."""
    nameless_marks: tuple[str, ...]
    """Regular expressions that only lines without a host name match; their presence calls for a join by address."""
    start_marks: tuple[str, ...]
    """Of a log of started processes: regular expressions of which every start in JSON or XML matches one."""
    leaves_out: str
    """Which calls of a program it does not log because they repeat; empty where it logs all."""
    is_periodic: bool
    """Whether a connection leaves a record each interval while it is open."""
    options: Mapping[str, str]
    """Option name → one sentence; set by `--set SOURCE.OPTION=VALUE` or the settings file."""
    reader: type[Reader]


@cache
def sources() -> Mapping[str, Source]:
    """Import every source module of the folder, by id, sorted."""
    package = importlib.import_module("sferic.sources")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))
    return {name: _load(name) for name in names}


def _load(name: str) -> Source:
    module = importlib.import_module(f"sferic.sources.{name}")
    return Source(
        id=name,
        sentence=(module.__doc__ or "").strip().splitlines()[0],
        tables=tuple(module.TABLES),
        fields=frozenset(module.FIELDS),
        stamp=module.STAMP,
        marks=tuple(map(also_escaped, getattr(module, "MARKS", ()))),
        nameless_marks=tuple(map(also_escaped, getattr(module, "NAMELESS_MARKS", ()))),
        start_marks=tuple(getattr(module, "START_MARKS", ())),
        is_periodic=getattr(module, "IS_PERIODIC", False),
        leaves_out=getattr(module, "LEAVES_OUT", ""),
        options=dict(getattr(module, "OPTIONS", {})),
        reader=module.Reader,
    )


def also_escaped(mark: str) -> str:
    """Let an expression match quotes that are escaped, too: a shipper or an export has the line as a text of JSON."""
    return _QUOTE.sub(lambda m: m[0] if m[1] else r'\\{0,3}"', mark)


def source(name: str) -> Source:
    """Return one source by id, or say which exist."""
    try:
        return sources()[name]
    except KeyError:
        known = ", ".join(sources())
        hint = near(name, sources())
        raise UsageError(f"there is no source {name!r}", expected=f"one of {known}", hint=hint) from None


def chosen_sources(names: Sequence[str]) -> dict[str, Source]:
    """Return the sources of these names; all where none is named."""
    return {name: source(name) for name in names} or dict(sources())


def near(name: str, known: Iterable[str]) -> str:
    """Return a hint that names what was probably meant, or nothing."""
    names = list(known)
    found = [n for n in names if n.startswith(name)] or difflib.get_close_matches(name, names, n=1)
    return f"did you mean {found[0]!r}?" if name and found else ""
