"""Finds the few lines of a block that can matter: those that hold one of many expressions.

The expressions are a superset test (unanchored, caseless); the exact judgement is the catalogue's, on parsed hosts.
Hyperscan does the search; where its wheel is missing, Python's `re` does the same, slowly. Both must agree (test).
Of words, such as the addresses of a second reading, it is given the letters alone, and the borders are looked at where
one is found: compiling twenty thousand of them takes half a second so, and half a minute with their borders.
"""

import re
import threading
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

hyperscan: Any
try:
    import hyperscan
except ImportError:  # no wheel for this Python or platform; the plain path is correct and slow
    hyperscan = None

NEWLINE = 10
_NAMING = re.compile(rb"\{|<[^\d]")
"""How lines begin in which a value stands beside its name: in a table's row nothing tells what it is. A number in
angles is a priority of syslog."""


_LITERAL = re.compile(r"\\b(?P<text>\w(?:[\w:/=@%,;]|\\[^\w\s])*)(?P<end>\\b)?", re.ASCII)
"""An expression that means a word, or what begins as one, and nothing but that."""
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class Candidates(msgspec.Struct, frozen=True):
    """The selected lines of one block."""

    numbers: list[int]
    """0-based line indexes within the block, ascending."""
    lines: list[bytes]
    """The lines' bytes without line end."""
    count: int
    """Lines in the block."""
    marks: frozenset[int]
    """Which of the presence marks occur in the block."""


class _Word(msgspec.Struct, frozen=True):
    """A word that is looked for without its borders."""

    text: str
    """As an expression."""
    size: int
    is_whole: bool
    """Whether it has a border at its end, too."""

    def is_at(self, block: bytes, end: int) -> bool:
        """Say whether its borders are where the letters of the word end."""
        begin = end - self.size
        before, after = block[begin - 1 : begin], block[end : end + 1]
        return not (before and before[0] in _LETTERS) and not (self.is_whole and after and after[0] in _LETTERS)


def _word(expression: str) -> _Word | None:
    found = _LITERAL.fullmatch(expression)
    if found is None or (found["end"] and not found["text"][-1].isalnum()):
        return None
    return _Word(found["text"], len(re.sub(r"\\(.)", r"\1", found["text"])), bool(found["end"]))


class Selector:
    """Compiled expressions; safe to use from several threads."""

    def __init__(
        self, expressions: Sequence[str], marks: Sequence[str] = (), within: Sequence[str] = (), *, plain: bool = False
    ) -> None:
        """Compile. `expressions` select lines; `marks` only tell that something occurs in a block.

        Of the lines that begin as JSON or XML does those are selected that hold one of `within`, too, if there are any.
        """
        self._within = Selector(within, plain=plain) if within else None
        self._expressions = list(dict.fromkeys(expressions))
        self._marks = list(marks)
        self._words = [_word(expression) for expression in self._expressions]
        self._local = threading.local()
        self._plain = plain or hyperscan is None
        if not self._plain:
            self._database = self._compile()

    def select(self, block: bytes, *, whole: bool = False) -> Candidates:
        """Return the candidate lines of a block of whole lines; all lines if `whole`."""
        if whole:
            lines = block.split(b"\n")
            if lines and not lines[-1]:
                lines.pop()
            return Candidates(list(range(len(lines))), [_strip(x) for x in lines], len(lines), frozenset())
        return self._kept(_cut(block, *self._ends(block)))

    def holds(self, line: bytes) -> bool:
        """Say whether this one line would be selected."""
        return bool(self._ends(line)[0]) and self._is_kept(line)

    def meets(self, data: bytes) -> tuple[bool, frozenset[int]]:
        """Say whether an expression is found in these bytes, whatever they are, and which marks are."""
        ends, seen = self._ends(data)
        return bool(ends), seen

    def _kept(self, found: Candidates) -> Candidates:
        if self._within is None:
            return found
        kept = [at for at, line in enumerate(found.lines) if self._is_kept(line)]
        numbers, lines = [found.numbers[at] for at in kept], [found.lines[at] for at in kept]
        return msgspec.structs.replace(found, numbers=numbers, lines=lines)

    def _is_kept(self, line: bytes) -> bool:
        return self._within is None or not _NAMING.match(line) or self._within.holds(line)

    def _ends(self, block: bytes) -> tuple[list[int], frozenset[int]]:
        """Return where matches end, in order, and which marks were seen."""
        return self._plain_ends(block) if self._plain else self._scan(block)

    def _compile(self) -> Any:
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        caseless, once = hyperscan.HS_FLAG_CASELESS, hyperscan.HS_FLAG_SINGLEMATCH
        bare = [word.text if word else e for e, word in zip(self._expressions, self._words, strict=True)]
        texts = [e.encode() for e in [*bare, *self._marks]]
        flags = [caseless] * len(self._expressions) + [once] * len(self._marks)
        database.compile(expressions=texts, ids=list(range(len(texts))), flags=flags)
        return database

    def _scan(self, block: bytes) -> tuple[list[int], frozenset[int]]:
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        limit, words = len(self._expressions), self._words
        ends: list[int] = []
        seen: list[int] = []

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            if number >= limit:
                seen.append(number - limit)
            elif (word := words[number]) is None or word.is_at(block, end):
                ends.append(end)

        self._database.scan(block, match_event_handler=on_match, scratch=scratch)
        ends.sort()
        return ends, frozenset(seen)

    def _plain_ends(self, block: bytes) -> tuple[list[int], frozenset[int]]:
        found = {m.end() for e in self._expressions for m in re.finditer(e.encode(), block, re.IGNORECASE)}
        seen = frozenset(i for i, e in enumerate(self._marks) if re.search(e.encode(), block))
        return sorted(found), seen


def as_word(text: str) -> str:
    """Return what finds a text in a line, not as part of a longer one."""
    return rf"\b{re.escape(text)}" + (r"\b" if text[-1:].isalnum() else "")


def _cut(block: bytes, ends: list[int], seen: frozenset[int]) -> Candidates:
    """Cut out the lines in which matches end, numbered by the newlines before them."""
    newline = np.frombuffer(block, np.uint8) == NEWLINE
    numbers: list[int] = []
    lines: list[bytes] = []
    number, counted, stop = 0, 0, -1
    for end in ends:
        if end <= stop + 1:  # in the line before, whose newline may belong to the match
            continue
        start = block.rfind(b"\n", counted, end - 1) + 1 or counted
        stop = block.find(b"\n", end - 1)
        stop = len(block) if stop < 0 else stop
        number += int(np.count_nonzero(newline[counted:start]))
        counted = start
        numbers.append(number)
        lines.append(_strip(block[start:stop]))
    count = number + int(np.count_nonzero(newline[counted:])) + (not block.endswith(b"\n"))
    return Candidates(numbers, lines, count, seen)


def _strip(line: bytes) -> bytes:
    return line[:-1] if line.endswith(b"\r") else line
