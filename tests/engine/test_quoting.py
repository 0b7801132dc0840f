"""The lines that findings point to are found again, wherever they lie."""

import bz2
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sferic.engine.quoting import TEXT, quote
from sferic.model.finding import Change, Finding, Sample, Step
from sferic.model.settings import Limits

DEFAULT = Limits()


def quoted(*places: str, limits: Limits = DEFAULT) -> list[str]:
    """Give the text of places."""
    samples = tuple(Sample(place, "") for place in places)
    finding = Finding(id="0", analytic="beacon", score=50, points=1.0, severity="medium", samples=samples)
    return [sample.text for sample in quote((finding,), limits)[0].samples]


def of(sample: Sample, **facts: Any) -> str:
    """Give the text that a finding with these facts gets for a sample."""
    finding = Finding(
        id="0", analytic="beacon", score=50, points=1.0, severity="medium", samples=(sample,), **facts
    )  # fmt: skip
    return quote((finding,), DEFAULT)[0].samples[0].text


def as_zip(data: bytes, path: Path) -> str:
    """Write a zip with two members; the second holds the data."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("first.log", b"other\n")
        made.writestr("second.log", data)
    return f"{path}!second.log"


def as_file(pack: Callable[[bytes], bytes]) -> Callable[[bytes, Path], str]:
    """Make a writer of a packed file."""

    def write(data: bytes, path: Path) -> str:
        path.write_bytes(pack(data))
        return str(path)

    return write


every_form = pytest.mark.parametrize(
    "write",
    [
        as_file(bytes),
        as_file(gzip.compress),
        as_file(bz2.compress),
        as_zip,
        as_file(lambda b: b.decode().encode("utf-16")),
    ],
    ids=["plain", "gzip", "bzip2", "zip", "utf-16"],
)


@every_form
def test_lines_are_found_again(tmp_path: Path, write: Callable[[bytes, Path], str]) -> None:
    """First, last and any line between, over many blocks, come back as they stand, without their line end."""
    data = b"".join(b"line %d of this log, which is long enough to fill blocks\r\n" % n for n in range(1, 60_001))
    label = write(data, tmp_path / "a!b.log")
    numbers = (60_000, 1, 31_415)
    assert quoted(*(f"{label}:{n}" for n in numbers)) == [
        f"line {n} of this log, which is long enough to fill blocks" for n in numbers
    ]


def test_what_is_gone_stays_empty(tmp_path: Path) -> None:
    """A place in a file that is gone, in standard input, or behind a file's end has no text; the others do."""
    (tmp_path / "a.log").write_text("one\ntwo\n")
    assert quoted(f"{tmp_path}/a.log:2", f"{tmp_path}/gone.log:1", "-:1", f"{tmp_path}/a.log:99") == ["two", "", "", ""]


def test_a_long_line_is_cut(tmp_path: Path) -> None:
    """Of a long line its beginning is quoted, never half a character, never more than the limit."""
    (tmp_path / "a.log").write_text("é" * 5000)
    (text,) = quoted(f"{tmp_path}/a.log:1")
    assert text == "é" * (len(text) - 1) + "…"
    assert TEXT - 5 < len(text) <= TEXT


def test_a_long_line_shows_what_the_finding_is_about(tmp_path: Path) -> None:
    """Where the host, or what was done, stands beyond the cut, the line's beginning and that part are shown."""
    host, operation = "relay.quarry-test.workers.dev", "UpdateFunctionCode"
    change = Change(0, operation, "mira", "sync", None, None, "success", "")
    for word in (host, operation):
        (tmp_path / "x.log").write_text(f'{{"a":"{"é" * 3000}","b":"{word}","c":"{"y" * 600}"}}\n', encoding="utf-8")
        text = of(Sample(f"{tmp_path}/x.log:1", ""), hosts=(host,), changes=(change,))
        assert (text.startswith('{"a":"éé'), f'"b":"{word}"' in text, text[-1]) == (True, True, "…")
        assert TEXT - 5 < len(text) <= TEXT
    (tmp_path / "x.log").write_text(f"{host} {'y' * 600}\n", encoding="utf-8")
    text = of(Sample(f"{tmp_path}/x.log:1", ""), hosts=(host,))
    assert f"{host} {'y' * 600}".startswith(text.removesuffix("…"))
    (tmp_path / "x.log").write_text(f"{'y' * 600} {host}\n", encoding="utf-8")
    assert of(Sample(f"{tmp_path}/x.log:1", ""), hosts=(host,)).endswith(f"y {host}")


def test_a_long_line_shows_the_program_and_its_command(tmp_path: Path) -> None:
    """Host, command and program are each shown, however the log escapes quotes and backslashes; nothing else is."""
    tree = (Step("C:\\Windows\\odd.exe", 'odd.exe -f "C:\\a b\\run.js" --site relay'),)
    facts: dict[str, Any] = {"hosts": ("relay.quarry-test.workers.dev",), "process": tree[0].path, "process_tree": tree}
    parts = [facts["hosts"][0], json.dumps(tree[0].command_line), json.dumps(tree[0].path)]
    (tmp_path / "x.log").write_text("y" * 400 + "".join(f" {part} {'z' * 400}" for part in parts), encoding="utf-8")
    text = of(Sample(f"{tmp_path}/x.log:1", ""), **facts)
    assert parts[0] in text
    assert parts[1] in text
    assert len(text) <= TEXT


@pytest.mark.parametrize("padding", ["", "z" * 700])
def test_secrets_are_not_quoted(tmp_path: Path, padding: str) -> None:
    """What looks like a key is left out of a quoted line, short or long; host and path stay."""
    (tmp_path / "x.log").write_text(f"{padding} GET https://ada:hush@a.example/f?code=hush-hush&b=1\n", encoding="utf-8")
    text = of(Sample(f"{tmp_path}/x.log:1", ""), hosts=("a.example",))
    assert text.endswith(" GET https://ada:…@a.example/f?code=…&b=1")


def test_the_limits_of_the_run_hold(tmp_path: Path) -> None:
    """What the run's limits forbid to unpack is not unpacked for a quotation either, and what they allow is."""
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(b"a line\n" * 100_000))
    place = f"{tmp_path}/a.log.gz:100000"
    assert quoted(place) == ["a line"]
    assert quoted(place, limits=Limits(ratio=10, ratio_free_bytes=0)) == [""]


def test_a_damaged_file_gives_what_it_has(tmp_path: Path) -> None:
    """Lines before the damage are quoted."""
    data = b"".join(b"line %d %d\n" % (n, n * n * 7919 % 10_007) for n in range(1, 20_001))
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(data)[:20_000])
    assert quoted(f"{tmp_path}/a.log.gz:7", f"{tmp_path}/a.log.gz:20000") == [data.splitlines()[6].decode(), ""]
