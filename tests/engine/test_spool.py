"""What can be read once is kept, and gives the same bytes to whoever reads it, and the same error at its end."""

import errno
import io
import os
import tempfile
from collections.abc import Callable
from itertools import count
from typing import IO, cast

import pytest

from sferic.engine.codecs import open_chunks, open_span
from sferic.engine.inputs import Input
from sferic.engine.progress import Progress
from sferic.engine.spool import Spool
from sferic.model.errors import BinaryInput, DamagedInput, DiskFull
from sferic.model.settings import Limits

TEXT = b"".join(b"%d line of a log\n" % number for number in range(200_000))


def pipe(opened: Callable[[], io.RawIOBase], label: str = "-") -> Input:
    """Give an input that can be read once."""
    return Input(label, None, None, named=True, open=lambda: cast("IO[bytes]", opened()))


class Once(io.RawIOBase):
    """Gives some bytes in small pieces, then an end or an error."""

    def __init__(self, data: bytes, error: OSError | None = None) -> None:
        """Take the bytes."""
        super().__init__()
        self._rest, self._error = io.BytesIO(data), error

    def read(self, size: int = -1, /) -> bytes:
        """Give at most 64 KiB, as a pipe does."""
        data = self._rest.read(min(size, 1 << 16))
        if not data and self._error:
            raise self._error
        return data


def test_it_is_read_as_often_as_a_file() -> None:
    """Two readers at once, and one of a part, do not move each other's place."""
    told: list[Progress] = []
    spool = Spool()
    kept = spool.take(pipe(lambda: Once(TEXT)), told.append)
    assert (kept.size, kept.can_be_read_again, kept.is_everywhere) == (len(TEXT), True, False)
    assert spool.find("-") is kept
    assert told[-1].bytes_done == len(TEXT)
    first, second = (open_chunks(kept, Limits()).chunks for _ in range(2))
    assert b"".join(part for pair in zip(first, second, strict=True) for part in pair[:1]) == TEXT
    half = len(TEXT) // 2
    begin = TEXT.index(b"\n", half) + 1
    assert b"".join(open_span(kept, half, None).chunks) == TEXT[begin:]


def test_what_can_be_read_again_is_not_kept() -> None:
    """A file, and what cannot be opened, are left to whoever reads them."""

    def fails() -> io.RawIOBase:
        raise PermissionError(errno.EACCES, "no")

    spool = Spool()
    for item in (Input("x", 3, None, named=True, open=lambda: cast("IO[bytes]", io.BytesIO(b"abc"))), pipe(fails)):
        assert spool.take(item) is item
        assert spool.find(item.label) is None


def test_what_is_no_log_is_not_kept() -> None:
    """A stream of binary data without an end is refused by its beginning."""

    class Zeros(io.RawIOBase):
        """Like /dev/zero, but no test waits for ever."""

        left = count(1000, -1)

        def read(self, size: int = -1, /) -> bytes:
            """Give zeros."""
            assert next(self.left) > 0
            return bytes(size)

    with pytest.raises(BinaryInput):
        list(open_chunks(Spool().take(pipe(Zeros)), Limits()).chunks)


def test_a_stream_that_breaks_off_is_used_to_there() -> None:
    """What came before an error is read, every time, and then the error."""
    kept = Spool().take(pipe(lambda: Once(TEXT, OSError(errno.EIO, "broken"))))
    for _ in range(2):
        got: list[bytes] = []
        with pytest.raises(DamagedInput, match="broken"):
            got.extend(open_chunks(kept, Limits()).chunks)
        assert b"".join(got) == TEXT


def test_a_full_disk_is_no_clean_hunt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where TMPDIR has no room it is named, with what was to be kept and what helps."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(DiskFull, match="standard input and pipes") as refusal:
        Spool().take(pipe(lambda: Once(TEXT)))
    assert refusal.value.where == tempfile.gettempdir()
    assert "as a file" in refusal.value.hint
