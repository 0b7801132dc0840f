"""Compression is told by magic bytes; a damaged file gives what came before the damage; bombs and binaries are stopped."""

import bz2
import gzip
import hashlib
import io
import lzma
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sferic.engine.codecs import as_utf8, binary_kind, open_chunks, open_span
from sferic.engine.inputs import Input
from sferic.model.errors import BinaryInput, DamagedInput, EmptyInput, LimitExceeded, UnreadableInput
from sferic.model.settings import Limits

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
every_codec = pytest.mark.parametrize("codec", PACK)
TEXT = b"".join(b"%d line of a log %d\n" % (i, i * i * 7919 % 1_000_003) for i in range(60_000))


def held(data: bytes, packed: int | None = None) -> Input:
    """Make an input that is held in memory."""
    return Input("x.log", len(data), None, named=True, open=lambda: io.BytesIO(data), packed=packed)


def unpacked(data: bytes, limits: Limits | None = None) -> tuple[str, bytes]:
    """Open and read to the end."""
    opened = open_chunks(held(data), limits or Limits())
    return opened.codec, b"".join(opened.chunks)


@every_codec
def test_the_magic_decides(codec: str) -> None:
    """Content is unpacked by its first bytes; no name is asked."""
    assert unpacked(PACK[codec](TEXT)) == (codec, TEXT)


def test_plain_text_passes() -> None:
    """What has no magic is read as it is."""
    assert unpacked(TEXT) == ("plain", TEXT)


@every_codec
def test_members_in_a_row_are_one_stream(codec: str) -> None:
    """Appended members, as `cat a.gz b.gz` makes them, are read one after the other; zeros at the end are padding."""
    assert unpacked(PACK[codec](TEXT) + PACK[codec](b"more\n") + bytes(512)) == (codec, TEXT + b"more\n")


@every_codec
@pytest.mark.parametrize("share", [0.7, 0.999])
def test_what_came_before_a_cut_is_kept(codec: str, share: float) -> None:
    """A cut stream gives a true beginning of the text, then says that it is damaged and after how many bytes."""
    packed = PACK[codec](TEXT)
    got: list[bytes] = []
    with pytest.raises(DamagedInput, match=r"is damaged after [0-9,]+ uncompressed bytes") as failure:
        got.extend(open_chunks(held(packed[: int(len(packed) * share)]), Limits()).chunks)
    whole = b"".join(got)
    assert TEXT.startswith(whole)
    assert len(whole) >= 800_000, "bzip2 works in blocks of 900 kB; the others come closer"
    assert f"after {len(whole):,} uncompressed" in str(failure.value)
    assert failure.value.exit_code == 6


@every_codec
def test_garbage_after_the_end_is_damage(codec: str) -> None:
    """Bytes that are no member behind a whole member are damage; the member is kept."""
    got: list[bytes] = []
    with pytest.raises(DamagedInput):
        got.extend(open_chunks(held(PACK[codec](TEXT) + b"garbage behind it"), Limits()).chunks)
    assert b"".join(got) == TEXT


def test_a_wrong_checksum_is_damage() -> None:
    """A gzip member whose checksum does not fit is not believed in silence."""
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 0xFF
    with pytest.raises(DamagedInput):
        unpacked(bytes(packed))


@every_codec
def test_empty_inside(codec: str) -> None:
    """A compressed nothing is as empty as an empty file."""
    with pytest.raises(EmptyInput, match="empty inside its compression"):
        unpacked(PACK[codec](b""))


def test_empty_outside() -> None:
    """A file without a byte is empty, exit code 5."""
    with pytest.raises(EmptyInput) as failure:
        unpacked(b"")
    assert failure.value.exit_code == 5


@every_codec
def test_a_bomb_is_stopped(codec: str) -> None:
    """Beyond the free bytes, a stream that unpacks to more than the ratio allows is stopped soon after."""
    bomb = PACK[codec](bytes(b"a" * 60 + b"\n") * 150_000)
    got: list[bytes] = []
    with pytest.raises(LimitExceeded, match="more than 20 times") as failure:
        got.extend(open_chunks(held(bomb), Limits(ratio=20, ratio_free_bytes=2 << 20)).chunks)
    assert failure.value.exit_code == 10
    assert sum(map(len, got)) <= 3 << 20


@every_codec
def test_the_same_text_below_the_free_bytes_is_no_bomb(codec: str) -> None:
    """A small log that packs very well is read: repetition is what logs are made of."""
    text = (b"a" * 60 + b"\n") * 40_000
    assert unpacked(PACK[codec](text), Limits(ratio=20, ratio_free_bytes=4 << 20)) == (codec, text)


def test_the_size_of_one_file_is_capped() -> None:
    """A compressed file is read up to the cap on its size, whatever its ratio."""
    noise = b"".join(hashlib.sha256(b"%d" % n).hexdigest().encode() for n in range(1 << 15))
    with pytest.raises(LimitExceeded, match="more than 1,048,576 bytes"):
        unpacked(gzip.compress(noise, 1), Limits(file_bytes=1 << 20))


def test_a_member_of_an_archive_is_measured_by_its_packed_size() -> None:
    """A zip member arrives unpacked, so its ratio is taken from what the archive holds of it."""
    with pytest.raises(LimitExceeded):
        b"".join(open_chunks(held(TEXT, packed=10), Limits(ratio=20, ratio_free_bytes=1000)).chunks)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xd4\xc3\xb2\xa1" + bytes(20), "packet capture"),
        (b"\x4d\x3c\xb2\xa1" + bytes(20), "packet capture"),
        (b"\x0a\x0d\x0d\x0a" + bytes(20), "pcapng"),
        (b"PAR1" + bytes(20), "Parquet"),
        (b"\x7fELF" + bytes(20), "a program"),
        (b"MZ\x90\x00" + bytes(60), "Windows program"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"PK\x03\x04" + bytes(26), "zip archive"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"\x04\x22\x4d\x18" + bytes(9), "LZ4"),
        (b"a.log" + bytes(252) + b"ustar\x0000", "tar archive"),
        (bytes(range(32)) * 10, "unknown binary"),
        ("a log line of Müller's\n".encode("utf-16-le") * 9, "UTF-16 without a byte-order mark"),
        ("a log line of Müller's\n".encode("utf-16-be") * 9, "UTF-16 without a byte-order mark"),
        (b"\0" * 90, "unknown binary"),
    ],
)
def test_a_binary_is_named_with_the_way_out(head: bytes, kind: str) -> None:
    """Each usual binary of a log folder gets its own hint, plain and compressed, exit code 7."""
    for data in (head, gzip.compress(head)):
        with pytest.raises(BinaryInput, match=kind) as failure:
            unpacked(data)
        assert failure.value.exit_code == 7


@pytest.mark.parametrize(
    "head",
    [
        b"MZ-FW-01 accepted\n",
        "Ärger über Wörter\n".encode("latin-1"),
        "日志\n".encode(),
        b"\x1b[31mred\x1b[0m text\n",
        "text\n".encode("utf-16"),
        b"a=1\x01b=2\x01c=3\x01d=4\n",
        b"a log line of usual length that holds a single \x00 byte somewhere in its text\n",
    ],
)
def test_text_is_not_taken_for_a_binary(head: bytes) -> None:
    """Foreign alphabets, colours, UTF-16 with its mark, a control character that separates, a stray NUL are text."""
    assert binary_kind(head) is None


class Broken(io.RawIOBase):
    """A disk that fails after so many bytes."""

    def __init__(self, good: bytes) -> None:
        self.good = good

    def read(self, size: int = -1) -> bytes:
        """Give what is good, then fail."""
        if not self.good:
            raise OSError(5, "Input/output error")
        data, self.good = self.good[:size], self.good[size:]
        return data


@pytest.mark.parametrize("good", [b"", b"first line\n" * 1000])
def test_a_failing_disk_is_damage(good: bytes) -> None:
    """An error of the disk, at once or later, ends the file and not the run."""
    broken: Any = Broken(good)
    item = Input("x.log", 1, None, named=True, open=lambda: broken)
    got: list[bytes] = []
    with pytest.raises(DamagedInput, match="Input/output error"):
        got.extend(open_chunks(item, Limits()).chunks)
    assert b"".join(got) == good
    assert broken.closed


def test_a_vanished_file_is_unreadable(tmp_path: Path) -> None:
    """A file that is gone when its turn comes is unreadable, exit code 4."""
    item = Input("x.log", 1, None, named=True, open=lambda: (tmp_path / "gone").open("rb", buffering=0))
    with pytest.raises(UnreadableInput) as failure:
        open_chunks(item, Limits())
    assert failure.value.exit_code == 4


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    """Cut bytes as a reader would get them."""
    return (data[i : i + size] for i in range(0, len(data), size))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-8-sig"])
@pytest.mark.parametrize("size", [7, 4096])
def test_marked_encodings_become_utf8(encoding: str, size: int) -> None:
    """UTF-16 of either order and UTF-8 with a mark are read as their text, wherever a chunk cuts a character."""
    text = "zoé;日志;🌩\r\nnext line\n" * 9
    mark = {"utf-16-be": b"\xfe\xff", "utf-16-le": b"\xff\xfe"}.get(encoding, b"")
    found = b"".join(as_utf8(chunked(mark + text.encode(encoding), size)))
    assert found.decode() == text


def test_broken_utf16_is_replaced() -> None:
    """Half a character at the end of a UTF-16 file costs that character, not the file."""
    found = b"".join(as_utf8(iter([b"\xff\xfea\x00\n\x00b"])))
    assert found.decode() == "a\n�"


@pytest.mark.parametrize("start", [0, 7])
def test_a_mark_goes_where_a_file_begins(tmp_path: Path, start: int) -> None:
    """The mark of UTF-8 is taken off the file's first part, and the others are left alone."""
    path = tmp_path / "x.log"
    path.write_bytes(b"\xef\xbb\xbfabc\n\xef\xbb\xbfdef\n")
    item = Input("x.log", 14, None, named=True, open=lambda: path.open("rb"))
    assert b"".join(open_span(item, start, None).chunks) == (b"\xef\xbb\xbfdef\n" if start else b"abc\n\xef\xbb\xbfdef\n")
