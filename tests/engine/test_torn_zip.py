"""The files of an archive that lost its end are found by their own headers, each with its own bytes only."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.engine.torn_zip import Remains, remains
from sferic.engine.unpacking import DAMAGE

every_method = pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])


def zipped(texts: dict[str, bytes], method: int) -> bytes:
    """Make an archive."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as made:
        for name, text in texts.items():
            made.writestr(name, text)
    return whole.getvalue()


def read(rest: Remains) -> bytes:
    """Read what is left of a file; a cut inside it ends it."""
    got: list[bytes] = []
    with rest.open() as stream:
        try:
            got.extend(iter(lambda: stream.read(1 << 16), b""))
        except DAMAGE:
            got.append(b"(cut)")
    return b"".join(got)


@every_method
def test_a_lost_directory_loses_no_file(tmp_path: Path, method: int) -> None:
    """Where only the directory is torn, every file is whole: none takes bytes of what follows it."""
    inner = zipped({"inner.log": b"inside\n" * 50}, zipfile.ZIP_STORED)
    texts = {"a.log": b"one\n" * 900, "inner.zip": inner, "c.log": b"three\n" * 900}
    (tmp_path / "x.zip").write_bytes(zipped(texts, method)[:-30])
    assert {rest.name: read(rest) for rest in remains(tmp_path / "x.zip")} == texts


def test_a_file_written_as_a_stream_is_found(tmp_path: Path) -> None:
    """A writer that did not know the size beforehand leaves it out of the header; the file is found to its end."""

    class Pipe(io.BytesIO):
        """A stream that cannot go back."""

        def seekable(self) -> bool:
            """Say no."""
            return False

        def tell(self) -> int:
            """Refuse."""
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as made:
        for name in ("a.log", "b.log"):
            made.writestr(name, f"{name}\n" * 500)
    (tmp_path / "x.zip").write_bytes(pipe.getvalue()[:-40])
    assert [(r.name, read(r)) for r in remains(tmp_path / "x.zip")] == [
        (n, f"{n}\n".encode() * 500) for n in ("a.log", "b.log")
    ]


@given(st.binary(min_size=1, max_size=2000), st.sampled_from([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED]), st.data())
def test_any_cut_gives_a_beginning(
    tmp_path_factory: pytest.TempPathFactory, text: bytes, method: int, data: st.DataObject
) -> None:
    """Wherever an archive is cut or a byte is spoilt, reading its remains ends, and a cut gives beginnings only."""
    path = tmp_path_factory.mktemp("torn") / "x.zip"
    whole = zipped({"a": text.replace(b"PK", b"..")}, method)
    path.write_bytes(whole[: data.draw(st.integers(5, len(whole) - 1))])
    for rest in remains(path):
        assert text.replace(b"PK", b"..").startswith(read(rest).removesuffix(b"(cut)"))
    spoilt = bytearray(whole)
    spoilt[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(spoilt)
    for rest in remains(path):
        read(rest)


def test_a_locked_file_is_left_out(tmp_path: Path) -> None:
    """A file with a password cannot be read from its remains; its neighbours are."""
    data = bytearray(zipped({"a.log": b"one\n", "b.log": b"two\n"}, zipfile.ZIP_STORED)[:-30])
    data[6] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    assert [rest.name for rest in remains(tmp_path / "x.zip")] == ["b.log"]
