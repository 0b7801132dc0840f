"""Fetches the text of the log lines that findings point to, by reading those files once more.

Kept apart from the hunt: raw lines are not held in memory while millions go by. What cannot be read again leaves the
place without its text.
"""

import io
import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from sferic.engine.blocks import blocks
from sferic.engine.codecs import open_chunks
from sferic.engine.inputs import INSIDE, STDIN, Input, expand
from sferic.model.errors import InputError
from sferic.model.finding import Finding, Sample
from sferic.model.redaction import without_secrets
from sferic.model.settings import Limits

TEXT = 500
Finder = Callable[[str], Input | None]
HEAD = 180
"""So much of a long line's beginning is shown …"""
BEFORE, AROUND = 40, 160
"""… and so much around each word that decides, from some characters before it."""
_MARKS = 4
"""Room for the marks of what is left out."""
_MOST = 1 << 14
"""What lies beyond in a line is not looked for."""
_ESCAPED = re.compile(r"""[\\"'&<>…,]+""")
"""What logs write in many ways, and the mark of a secret; parts between are looked for."""
EMPTY: Mapping[str, str] = MappingProxyType({})
MAX_BYTES = 512 << 20
"""Lines deeper in a file than this are not fetched: it would cost a second reading of it."""


def quote(
    found: tuple[Finding, ...], limits: Limits, files: Container[str] | None = None, texts: Mapping[str, str] = EMPTY,
    find: Finder | None = None,
) -> tuple[Finding, ...]:  # fmt: skip
    """Return the findings with the text of their sample lines filled in, of long ones what the finding is about.

    With `files` only these are read, and `texts` says what other places hold; `find` gives the input of a label.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for finding in found:
        for sample in finding.samples:
            path, _, number = sample.place.rpartition(":")
            if files is None or path in files:
                wanted[path].add(int(number))
    find = find or input_of
    read = {f"{path}:{n}": text for path, lines in wanted.items() for n, text in _lines(find(path), lines, limits)}
    return tuple(replace(f, samples=tuple(_filled(s.place, f, read, texts) for s in f.samples)) for f in found)


def _filled(place: str, finding: Finding, read: Mapping[str, str], texts: Mapping[str, str]) -> Sample:
    if place not in read:
        return Sample(place, texts.get(place, ""))
    return Sample(place, _shown(without_secrets(read[place]), _about(finding)))


def _about(finding: Finding) -> list[str]:
    """Return what an analyst looks for in a line: host, function, command, program, operation, actor."""
    done = (part for change in finding.changes for part in (change.operation, change.resource))
    command = finding.process_tree[-1].command_line if finding.process_tree else None
    told, program = _ESCAPED.split(command or ""), _ESCAPED.split(finding.process or "")[-1]
    arguments = max(told[1:] or told, key=len).strip()[:AROUND]  # the first part names the program
    return [w for w in (*finding.hosts, finding.function, arguments, program, *done, finding.actor) if w]


def _lines(item: Input | None, numbers: set[int], limits: Limits) -> Iterable[tuple[int, str]]:
    if item is None:
        return
    left, seen, done = sorted(numbers), 0, 0
    try:
        for block in blocks(open_chunks(item, limits).chunks, limits.line_bytes):
            count = block.data.count(b"\n") + (not block.data.endswith(b"\n"))
            if left and left[0] <= seen + count:
                lines = io.BytesIO(block.data).readlines()
                while left and left[0] <= seen + count:
                    number = left.pop(0)
                    raw = b"".join(lines[number - seen - 1 : number - seen])[:_MOST]
                    yield number, raw.decode("utf-8", "replace").rstrip("\r\n")
            seen, done = seen + count, done + len(block.data)
            if not left or done > MAX_BYTES:
                return
    except InputError:
        return


def _shown(line: str, words: Iterable[str]) -> str:
    """Return a line; of a long one the beginning, and what is around each of the words, the first ones first.

    What is left out leaves a mark.
    """
    if len(line) <= TEXT:
        return line
    found = (re.search(re.escape(word), line, re.IGNORECASE) for word in words)
    around = [range(max(one.start() - BEFORE, 0), one.start() - BEFORE + AROUND) for one in found if one]
    kept: set[int] = set()
    for span in (range(HEAD), *around, range(len(line))):
        kept.update(islice((at for at in span if at not in kept and at < len(line)), TEXT - _MARKS - len(kept)))
    ends = [at + 1 for at in sorted(kept) if at + 1 not in kept]
    begins = [at for at in sorted(kept) if at - 1 not in kept]
    shown = "…".join(line[begin:end] for begin, end in zip(begins, ends, strict=True))
    return shown + "…" * (ends[-1] < len(line))


def input_of(path: str) -> Input | None:
    """Return the input that has this label, if it is there and can be read again."""
    if path == STDIN:
        return None
    borders = [i for i in range(len(path)) if path.startswith(INSIDE, i)]  # a file's own name may hold the sign
    whole = next((path[:i] for i in borders if Path(path[:i]).is_file()), path)
    found = (i for i in expand([whole]) if isinstance(i, Input) and i.label == path)
    return next((i for i in found if i.can_be_read_again), None)
