"""Writes macros out before a search is parsed: `` `name` `` and `` `name(a, b)` ``, and takes comments away.

Places in errors are those of the text with its macros written out.
"""

import re
from collections.abc import Mapping

import msgspec

from sferic.model.words import counted
from sferic.spl.errors import SearchError

MAX_TEXT = 200_000
"""Characters a search may have, macros written out."""
MAX_LEVELS = 20
_COMMENT = re.compile(r"```.*?```", re.DOTALL)
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|`([^`]*)`', re.DOTALL)
_NAME = re.compile(r"\s*([\w.:-]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_ARGUMENT = re.compile(r'\s*((?:"(?:[^"\\]|\\.)*"|\((?:[^()]*)\)|[^,"()])*)\s*(?:,|$)')


class Macro(msgspec.Struct, frozen=True):
    """A text that stands for another; `$name$` in it is an argument."""

    definition: str
    args: tuple[str, ...] = ()


def written_out(text: str, macros: Mapping[str, Macro]) -> str:
    """Return the search without comments and macros. A macro of n arguments is known as `name(n)`."""
    if "\x00" in text:
        raise SearchError("a NUL character", text.replace("\x00", " "), text.index("\x00"))
    text = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    for _ in range(MAX_LEVELS):
        if len(text) > MAX_TEXT:
            raise SearchError(f"longer than {MAX_TEXT:,} characters", text, 0)
        again = _once(text, macros)
        if again == text:
            return text
        text = again
    raise SearchError(f"macros inside macros, more than {MAX_LEVELS} levels", text, max(text.find("`"), 0))


def _once(text: str, macros: Mapping[str, Macro]) -> str:
    def put(match: re.Match[str]) -> str:
        return match[0] if match[1] is None else _expanded(match, text, macros)

    return _PIECE.sub(put, text)


def _expanded(match: re.Match[str], text: str, macros: Mapping[str, Macro]) -> str:
    called = _NAME.fullmatch(match[1])
    if called is None:
        raise SearchError("this is no macro's name", text, match.start())
    args = _arguments(called[2]) if called[2] is not None else []
    name = f"{called[1]}({len(args)})" if args else called[1]
    macro = macros.get(name)
    if macro is None:
        raise SearchError(
            f"there is no macro `{name}`", text, match.start(), "--app FOLDER reads macros.conf of an app"
        )
    if len(macro.args) != len(args):
        raise SearchError(f"macro `{name}` names {counted(len(macro.args), 'argument')}", text, match.start())
    found = macro.definition
    for argument, value in zip(macro.args, args, strict=True):
        found = found.replace(f"${argument}$", value)
    return found


def _arguments(text: str) -> list[str]:
    if not text.strip():
        return []
    found = [m[1].strip() for m in _ARGUMENT.finditer(text) if m.start() < len(text)]
    return [_unquoted(one) for one in found]


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
