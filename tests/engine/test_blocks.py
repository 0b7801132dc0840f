"""Blocks hold whole lines; a line beyond the cap becomes an empty line with its number kept."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from sferic.engine.blocks import Block, blocks

CAP = 40
texts = st.lists(st.binary(max_size=90).map(lambda b: b.replace(b"\n", b".")), max_size=30)


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    """Cut bytes as a reader would get them."""
    return (data[i : i + size] for i in range(0, len(data), size))


def joined(found: list[Block]) -> list[bytes]:
    """Give the lines of blocks; each block ends at a line's end, but for the last."""
    assert all(block.data.endswith(b"\n") for block in found[:-1])
    return b"".join(block.data for block in found).split(b"\n")


@given(texts, st.integers(1, 200), st.booleans())
def test_lines_keep_their_text_and_number(lines: list[bytes], size: int, ended: bool) -> None:
    """However bytes arrive, every line within the cap comes out whole, in its place; longer ones empty and reported."""
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    found = list(blocks(chunked(data, size), CAP))
    expected = data.split(b"\n")
    assert joined(found) == ([line if len(line) <= CAP else b"" for line in expected] if data else [b""])
    assert sum(block.size for block in found) == len(data)
    before, long = 0, []
    for block in found:
        long += [before + index for index in block.long_lines]
        before += block.data.count(b"\n")
    assert long == [i for i, line in enumerate(expected) if len(line) > CAP]


def test_memory_is_bounded_by_the_cap() -> None:
    """Of a line that never ends, no block is larger than the cap, and its bytes are counted."""
    found = list(blocks((b"x" * 1000 for _ in range(500)), 5000))
    assert [(b.data, b.long_lines) for b in found] == [(b"", (0,))]
    assert found[0].size == 500_000


def test_nothing_gives_nothing() -> None:
    """An empty file has no line."""
    assert list(blocks(iter([]), 10)) == []
