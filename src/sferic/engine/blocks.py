"""Cuts a stream of byte chunks into blocks that end at a line's end, with bounded memory.

A line longer than the cap is not held: it is replaced by an empty line and reported, so line numbers stay right.
What holds its records otherwise, as a document or joined to each other, becomes a line for each.
"""

from collections.abc import Iterator

import msgspec

from sferic.engine.documents import one_a_line
from sferic.engine.windows_events import Hollow


class Block(msgspec.Struct, frozen=True):
    """Whole lines; the last line of a file may lack its newline."""

    data: bytes
    long_lines: tuple[int, ...] = ()
    """Indexes (0-based within the block) of lines that were longer than the cap and were emptied."""
    emptied: int = 0
    """Bytes that were taken out of those, or of records that were not unpacked."""

    @property
    def size(self) -> int:
        """Return how many bytes of the file the block stands for."""
        return len(self.data) + self.emptied


def blocks(chunks: Iterator[bytes], line_bytes: int) -> Iterator[Block]:
    """Yield blocks of whole lines; memory stays within one chunk plus `line_bytes`."""
    rest = b""
    dropped = 0
    for read in one_a_line(chunks, line_bytes):
        chunk = read
        if isinstance(read, Hollow) and not rest and not dropped:
            yield Block(read, emptied=read.stood_for)
            continue
        if dropped:
            cut = read.find(b"\n")
            if cut < 0:
                dropped += len(read)
                continue
            yield Block(b"\n", (0,), dropped + cut)
            chunk, dropped = read[cut + 1 :], 0
        end = chunk.rfind(b"\n") + 1
        if chunk and end == len(chunk) and not rest:
            yield from _checked(chunk, line_bytes)
        elif end:
            yield from _checked(b"".join((rest, memoryview(chunk)[:end])), line_bytes)
            rest = chunk[end:]
        else:
            rest += chunk
        if len(rest) > line_bytes:
            rest, dropped = b"", len(rest)
    if dropped:
        yield Block(b"", (0,), dropped)
    elif rest:
        yield from _checked(rest, line_bytes)


def _checked(data: bytes, line_bytes: int) -> Iterator[Block]:
    if len(data) <= line_bytes or _longest_at_most(data, line_bytes):
        yield Block(data)
        return
    lines = data.split(b"\n")
    tooth = tuple(i for i, line in enumerate(lines) if len(line) > line_bytes)
    short = b"\n".join(b"" if len(line) > line_bytes else line for line in lines)
    yield Block(short, tooth, len(data) - len(short))


def _longest_at_most(data: bytes, line_bytes: int) -> bool:
    start = 0
    while len(data) - start > line_bytes:
        cut = data.rfind(b"\n", start, start + line_bytes + 1)
        if cut < 0:
            return False
        start = cut + 1
    return True
