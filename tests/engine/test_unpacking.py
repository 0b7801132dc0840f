"""A compressed stream gives every byte before its damage, and says that it is damaged."""

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.engine.unpacking import DAMAGE, DECOMPRESSORS, deflate, unpack

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstd.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


@given(st.binary(min_size=1, max_size=3000), st.sampled_from(sorted(PACK)), st.data())
def test_any_cut_gives_a_beginning(text: bytes, codec: str, data: st.DataObject) -> None:
    """Wherever a stream is cut, what is unpacked is a beginning of the text, and an error follows it."""
    packed = PACK[codec](text)
    part = packed[: data.draw(st.integers(0, len(packed) - 1))]
    got: list[bytes] = []
    with pytest.raises(DAMAGE):
        got.extend(unpack(io.BytesIO(part).read, DECOMPRESSORS[codec], 100))
    assert text.startswith(b"".join(got))
    assert all(0 < len(piece) <= 100 for piece in got)


@given(st.lists(st.binary(max_size=500), min_size=1, max_size=5), st.sampled_from(sorted(PACK)), st.integers(0, 9))
def test_members_are_joined(texts: list[bytes], codec: str, zeros: int) -> None:
    """Members in a row, with zeros between them, give their texts in a row."""
    packed = bytes(zeros).join(PACK[codec](text) for text in texts)
    assert b"".join(unpack(io.BytesIO(packed).read, DECOMPRESSORS[codec], 1 << 20)) == b"".join(texts)


def test_a_bare_stream_ends_at_its_mark() -> None:
    """Where members are not expected, what follows the end mark is left alone: an archive goes on there."""
    packed = gzip.compress(b"text")[10:-8]
    assert b"".join(unpack(io.BytesIO(packed + b"PK and so on").read, deflate, 1 << 20, members=False)) == b"text"
