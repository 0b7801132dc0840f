"""Says what a search cannot do without, so that little is read: literals of raw lines, and names of fields.

Only what is certain is used. Text of a host name stands in the raw line as it stands in the field, but for its case;
so the longest piece of a pattern that can only be host name is looked for, in fields that hold names and URLs.
"""

import re
from collections.abc import Callable, Iterator

from sferic.spl.commands.extracting import Rex, Spath
from sferic.spl.commands.filtering import Regex
from sferic.spl.commands.filtering import Search as Terms
from sferic.spl.commands.joining import Append, JoinWith
from sferic.spl.commands.modelled import TStats
from sferic.spl.commands.shaping import Fields, Rename
from sferic.spl.commands.statistics import Beside, Running, Stats, TimeChart, Top
from sferic.spl.filtering import is_number
from sferic.spl.parsing import Search
from sferic.spl.terms import All, AnyOf, Compare, Not, Term, Word

_NAMES = frozenset("url dest dest_host dest_hostname cs_host site hostname url_domain QueryName query".split())
_PIECE = re.compile(r"[a-z0-9.-]{4,}", re.IGNORECASE)
_ENDS = (Stats, TimeChart, Top, TStats)


def literals(search: Search) -> list[str]:
    """Return expressions of which every line that can matter holds one; none if no such list is certain."""
    first = search.commands[0] if search.commands else None
    bare = not any(isinstance(c, Append | JoinWith) for c in search.commands)
    return (_needed(first.terms) if bare and isinstance(first, Terms | TStats) else None) or []


def _needed(term: Term) -> list[str] | None:
    """Return literals one of which must be there; None if nothing is certain."""
    match term:
        case All():
            found = [needed for part in term.parts if (needed := _needed(part))]
            return min(found, key=len, default=None)
        case AnyOf():
            parts = [_needed(part) for part in term.parts]
            return None if not all(parts) else [literal for part in parts if part for literal in part]
        case Compare() if _holds_name(term.field) and term.operator == "=" and not is_number(term.value):
            pieces = [p for p in _PIECE.findall(term.value) if "xn--" not in p.lower()]
            return [re.escape(max(pieces, key=len))] if pieces else None
        case _:
            return None


def _holds_name(field: str) -> bool:
    """Say whether a field holds host names or URLs; `Web.url` is one, too."""
    return field.rpartition(".")[2] in _NAMES


def fields_asked(search: Search) -> Callable[[str], bool]:
    """Return a test of whether a field may be asked for; a name the text does not hold cannot be."""
    text = search.text
    raw = "_raw" in text or any(map(_reads_raw, search.commands))
    if not any(map(_narrows, search.commands)) or any(map(_spreads, search.commands)):
        return lambda _name: True
    return lambda name: name == "_time" or (raw if name == "_raw" else name in text)


def _narrows(command: object) -> bool:
    """Say whether after this command only fields are left that the text names."""
    if isinstance(command, Fields):
        return not command.drop and not any("*" in p for p in command.patterns)
    return isinstance(command, _ENDS) and not any("*" in a.field for a in getattr(command, "aggregates", ()))


def _spreads(command: object) -> bool:
    """Say whether fields come through this command under other names than the text has."""
    several = isinstance(command, Beside | Running) and any("*" in a.field for a in command.aggregates)
    renamed = isinstance(command, Rename) and any("*" in old for old, _ in command.pairs)
    return several or renamed or isinstance(command, Append | JoinWith)


def _reads_raw(command: object) -> bool:
    if isinstance(command, Terms):
        return any(isinstance(t, Word) and t.text != "*" for t in _leaves(command.terms))
    if isinstance(command, Spath):
        return command.source == "_raw"
    return isinstance(command, Rex | Regex) and command.field == "_raw"


def _leaves(term: Term) -> Iterator[Term]:
    match term:
        case All() | AnyOf():
            for part in term.parts:
                yield from _leaves(part)
        case Not():
            yield from _leaves(term.part)
        case _:
            yield term
