"""Exported XML and .evtx files become one event a line, and what is damaged is told."""

import gzip
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.engine.windows_events import from_evtx, is_xml, one_a_line
from sferic.model.errors import DamagedInput
from sferic.model.event import Event
from sferic.pipeline.hunting import hunt
from sferic.pipeline.normalizing import normalize
from tests.engine.evtx_writing import CHUNK_BYTES, HEADER_BYTES, evtx, sysmon

QUERY = {"UtcTime": "2026-03-02 10:00:00.118", "ProcessGuid": "{0a}", "ProcessId": "7", "Image": "C:\\a <b>.exe"}
EVENTS = [sysmon(22, QueryName=f"fn-{n}.quarry-test.workers.dev", **QUERY) for n in range(300)]
FILE = evtx(EVENTS)
SYSTEM = "<System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>22</EventID></System>"
XML = f"<Event xmlns='x'>{SYSTEM}<EventData>{{}}</EventData></Event>"


def lines(file: bytes, step: int = 1 << 20) -> Iterator[bytes]:
    """Unpack a file that comes in pieces."""
    pieces = (file[at : at + step] for at in range(0, len(file), step))
    for text in from_evtx(pieces, "x.evtx"):
        yield from text.splitlines()


def test_a_record_is_a_line_of_json() -> None:
    """Each record becomes one JSON object with its data, in the order of the file."""
    found = [json.loads(line)["Event"]["EventData"] for line in lines(FILE)]
    assert [one["QueryName"] for one in found] == [f"fn-{n}.quarry-test.workers.dev" for n in range(300)]
    assert found[0]["Image"] == "C:\\a <b>.exe"
    assert len(FILE) > HEADER_BYTES + CHUNK_BYTES, "the file has several chunks"


@pytest.mark.parametrize("step", [997, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_pieces_do_not_matter(step: int) -> None:
    """However the bytes come, the lines are the same."""
    assert list(lines(FILE, step)) == list(lines(FILE))


def _until_it_ends(file: bytes) -> tuple[list[bytes], str]:
    """Return the lines of a damaged file, and what is said of the damage."""
    found: list[bytes] = []
    try:
        for text in from_evtx(iter([file]), "x.evtx"):
            found += text.splitlines()
    except DamagedInput as error:
        return found, str(error)
    return found, ""


def _damage(name: str) -> bytes:
    file = bytearray(FILE)
    second = HEADER_BYTES + CHUNK_BYTES
    if name == "records":
        file[second + 600 : second + 3000] = b"\xff" * 2400
    elif name == "chunk":
        file[second : second + 8] = b"garbage!"
    elif name == "cut":
        del file[second + 20_000 :]
    return bytes(file)


@pytest.mark.parametrize("name", ["records", "chunk", "cut"])
def test_damage_costs_what_is_damaged(name: str) -> None:
    """What is whole is read, also behind the damage, and the damage is told at the end."""
    found, error = _until_it_ends(_damage(name))
    assert "cannot be read" in error
    first = json.loads(found[0])["Event"]["EventData"]["QueryName"]
    assert first == "fn-0.quarry-test.workers.dev"
    assert 60 < len([line for line in found if line]) < 300
    if name == "chunk":
        assert b"fn-299." in found[-1]


def test_a_damaged_header_costs_nothing() -> None:
    """The file's header is not needed."""
    assert list(lines(FILE[:8] + b"\xff" * 4088 + FILE[4096:])) == list(lines(FILE))


def test_unused_space_is_no_damage() -> None:
    """Windows makes the file larger before it writes."""
    assert len(list(lines(FILE + bytes(3 * CHUNK_BYTES)))) == 300


@pytest.mark.parametrize("place", [128, 384])
def test_a_ring_of_names_ends(place: int) -> None:
    """A chain that leads back into itself, on which the parser would turn for ever, is not followed."""
    file = bytearray(FILE)
    struct.pack_into("<I", file, HEADER_BYTES + place, 600)
    struct.pack_into("<I", file, HEADER_BYTES + 600, 600)
    with pytest.raises(DamagedInput):
        list(lines(bytes(file)))


@given(st.lists(st.tuples(st.integers(HEADER_BYTES, HEADER_BYTES + 3000), st.integers(0, 255)), max_size=8))
def test_any_damage_is_told_or_harmless(changes: list[tuple[int, int]]) -> None:
    """Whatever bytes change, unpacking ends, with lines or with a damage that is told."""
    file = bytearray(FILE[: HEADER_BYTES + CHUNK_BYTES])
    for place, value in changes:
        file[place] = value
    found, error = _until_it_ends(bytes(file))
    assert len(found) < 1000
    assert not error or "is damaged" in error


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_hunt_and_normalize_read_it(tmp_path: Path, pack: type[bytes]) -> None:
    """A file given to the program, packed or not, gives Sysmon's events with the number of the record."""
    path = tmp_path / "Sysmon.evtx"
    path.write_bytes(pack(FILE))
    events = list(normalize([str(path)]))
    assert [(e.source, e.line) for e in events[:2]] == [("windows_sysmon", 1), ("windows_sysmon", 2)]
    assert len(events) == 300
    account = hunt([str(path)]).account
    assert [file.events for file in account.files] == [300]


def split(text: str, step: int = 1 << 20, cap: int = 1 << 20) -> list[str]:
    """Break XML that comes in pieces into lines."""
    data = text.encode()
    pieces = (data[at : at + step] for at in range(0, len(data), step))
    return b"".join(one_a_line(pieces, cap)).decode().split("\n")


@pytest.mark.parametrize("between", ["", "\n", "\r\n"])
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_each_event_is_a_line(between: str, step: int) -> None:
    """Events in one line, one a line, or over many lines become one line each."""
    events = [XML.format(f"<Data Name='QueryName'>{n}.example</Data>") for n in range(3)]
    assert split(between.join(events), step)[:3] == events
    over_many = [event.replace("><", f">{between}<") for event in events]
    assert [line.count("</Event>") for line in split(between.join(over_many), step)[:3]] == [1, 1, 1]


def test_a_log_with_an_event_a_line_keeps_its_numbers() -> None:
    """Nothing changes where each event has a line already, whatever other lines there are."""
    log = "".join(f"{XML.format(n)}\n" for n in range(3)) + "another line\n" + XML.format(9) + "\n"
    assert "\n".join(split(log)) == log


def test_an_endless_event_is_not_held() -> None:
    """What is longer than a line may be is passed on, so that memory stays bounded."""
    assert "".join(split("<Event >" + "x" * 5000, 100, 1000)) == "<Event >" + "x" * 5000


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"<?xml version='1.0'?><Events>", "xml"),
        (b"\xef\xbb\xbf<Events>", "xml"),
        (b"<Event xmlns='x'>", "xml"),
        (b"<134>Mar  2 10:00:00 host <Event ", "other"),
        (b"<EventLog>", "other"),
        (b"{}", "other"),
    ],
)
def test_xml_is_told_by_its_beginning(head: bytes, found: str) -> None:
    """Only a file that begins with exported events is taken for one."""
    assert is_xml(head) == (found == "xml")


def test_an_exported_file_is_read(tmp_path: Path) -> None:
    """Event Viewer's export, all in one line, gives every event."""
    data = "".join(f"<Data Name='{k}'>{v.replace('<', '&lt;')}</Data>" for k, v in QUERY.items())
    one = XML.format(f"{data}<Data Name='QueryName'>fn.quarry-test.workers.dev</Data>")
    path = tmp_path / "export.xml"
    path.write_text(f"<?xml version='1.0' encoding='utf-8'?><Events>{one * 5000}</Events>", encoding="utf-8")
    events: list[Event] = list(normalize([str(path)]))
    assert len(events) == 5000
    assert path.stat().st_size > 1 << 20, "it is longer than a line may be"


def test_events_of_utf16_that_share_a_line_are_read(tmp_path: Path) -> None:
    """Windows writes XML as UTF-16, too; every event becomes a line, whatever the encoding."""
    one = XML.format('<Data Name="UtcTime">2026-03-02 10:00:00.118</Data><Data Name="QueryName">fn-1.workers.dev</Data>')
    path = tmp_path / "events.xml"
    path.write_bytes(("<Events>" + one * 5 + "</Events>").encode("utf-16"))
    found = [(event.dst_host, event.line) for event in normalize([str(path)])]
    assert found == [("fn-1.workers.dev", number + 1) for number in range(5)]
