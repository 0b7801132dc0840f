"""Looks at the bytes of a binary log before it is unpacked: most of it names nothing that is wanted.

In a Windows event log (.evtx) a text stands as UTF-16 or in one byte a character, without what stands around it in the
unpacked line: a template holds the frame, a record only the values, one after the other. So what an expression asks of
the text's surroundings is left out, and more is unpacked than is selected, never less. A GUID stands as 16 bytes.
Where a record was made of XML, as forwarded events are, a quote in a text may be a reference to its name, which parts
the text in two; what holds such a name is unpacked, too.

What it does not do: select. Where an expression may mean a number, which stands there in a form of its own, everything
is unpacked.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from uuid import UUID

from sferic.catalog.suffixes import NO_LABEL
from sferic.engine.selector import Selector
from sferic.model.hosts import is_address

ALWAYS = 16
"""So many pieces at the beginning, and one of as many later on, are unpacked whatever they hold: what a log is can be
told by lines that are not selected, too."""
_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"[\dT:.Z|+-]*|0x[\da-f]+|S-[\d-]+", re.IGNORECASE)
"""Numbers, times, and how numbers and who somebody is (a SID) are unpacked."""
_REFERENCES = (
    r"(?:\x04\x00q\x00u\x00o\x00t|\x04\x00a\x00p\x00o\x00s|\x03\x00a\x00m\x00p|\x02\x00[lg]\x00t)\x00\x00\x00"
)
"""What finds the name of a sign that XML reserves: its length, itself in UTF-16, and a zero."""
_TOKEN = re.compile(
    r"\\b|(?P<kept>\(\?:|[()|*+?]|\{\d+(?:,\d*)?\})|(?P<letter>\\[dsw]|\\\W|\[(?:[^\]^\\]|\\\W)+\]|[^\\\[\](){}|*+?^$.])"
)
"""Of an expression: a border of words, what groups and counts, and what stands for one character."""


class Glance:
    """What may be looked for in bytes; each log is begun anew."""

    def __init__(self, named: Sequence[str], marks: Sequence[str]) -> None:
        """Take what finds names in a line, and marks, of which a few sights are enough."""
        self._named = named
        self._marks = marks

    @cached_property
    def _selector(self) -> Selector | None:
        """Return what is to be found in a piece; None where that cannot be said."""
        named = [in_bytes(one) for one in self._named]
        marks = [form for one in self._marks for form in in_bytes(one)]
        if not named or not all(named):
            return None
        return Selector([*(form for forms in named for form in forms), _REFERENCES], marks)

    def begin(self, always: int = ALWAYS) -> Callable[[bytes], bool]:
        """Return what says of one piece of a log after the other whether it has to be unpacked.

        `always` is how many are at the beginning, and how many sights of a mark are.
        """
        sights: Counter[int] = Counter()
        pieces = 0

        def wanted(piece: bytes) -> bool:
            nonlocal pieces
            pieces += 1
            if pieces <= always or pieces % ALWAYS == 0 or self._selector is None:
                return True
            found, seen = self._selector.meets(piece)
            sights.update(seen)
            return found or any(sights[mark] <= always for mark in seen)

        return wanted


def in_bytes(expression: str) -> list[str]:
    """Return expressions of which one is found in the bytes of whatever holds a text that this one finds.

    None of them where that cannot be said.
    """
    bare = expression.removesuffix(NO_LABEL)
    text = re.sub(r"\\b|\(\?:|\)|\\", "", bare)
    if _GUID.fullmatch(text):
        return [*_texts(bare), "".join(f"\\x{byte:02x}" for byte in UUID(text).bytes_le)]
    if _NUMBER.fullmatch(text) and not is_address(text):
        return []
    return _texts(bare)


def _texts(expression: str) -> list[str]:
    """Return the expression for one byte a character and for two, without the borders of words."""
    narrow, wide, at = "", "", 0
    while at < len(expression):
        token = _TOKEN.match(expression, at)
        if token is None or not token[0].isascii():
            return []
        at = token.end()
        if token["kept"]:
            narrow, wide = narrow + token[0], wide + token[0]
        elif token["letter"]:
            narrow, wide = narrow + token[0], f"{wide}(?:{token[0]}\\x00)"
    return [narrow, wide]
