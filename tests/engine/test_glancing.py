"""What is left out of a binary log unseen is nothing that would have been selected."""

import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sferic.catalog.commands import Command, commands
from sferic.catalog.platforms import load_catalogue
from sferic.catalog.suffixes import NO_LABEL
from sferic.engine.glancing import ALWAYS, Glance, in_bytes
from sferic.engine.selector import Selector
from sferic.engine.windows_events import from_evtx
from sferic.model.errors import DamagedInput
from sferic.model.settings import Settings
from sferic.pipeline.hunting import hunt
from tests.engine.evtx_writing import CHUNK_BYTES, HEADER_BYTES, Element, Value, evtx, sysmon

GUID = UUID("5f6a1b2c-0d3e-4f50-8192-a3b4c5d6e7f8")
NAMED = [*load_catalogue().expressions(), *(command.selecting for command in commands()), r"\b192\.0\.2\.7\b", r"\b2001:db8::7\b", rf"\b{re.escape(str(GUID))}\b"]
MARKS = [r"\bDestinationIp\b"]
SELECTOR = Selector(NAMED, MARKS)
GLANCE = Glance(NAMED, [])
HOSTS = ["fn-1.quarry-test.workers.dev", "script.google.com", "K7.lambda-url.eu-west-1.on.aws", "192.0.2.7",
         "2001:db8::7", str(GUID), "workers.dev.example.com", "www.example.com", '"wrangler-dist\\cli.js" deploy',
         "sls' 'deploy", "'aws' lambda \"update-function-code\""]  # fmt: skip


def _values() -> st.SearchStrategy[Value]:
    """Return values of every type, texts with and without wanted names, also right beside other letters."""
    edges = st.text('a.-_\\"\n\u0101\u6100é愀 /:', max_size=3)
    texts = st.builds("{}{}{}".format, edges, st.sampled_from(HOSTS), edges) | st.text(max_size=20)
    narrow = st.builds(str.encode, st.sampled_from(HOSTS))
    return texts.filter(_is_text) | narrow | st.integers(0, 2**32 - 1) | st.sampled_from([GUID, UUID(int=7)])


def _is_text(text: str) -> bool:
    return not re.search("[\ud800-\udfff\0-\x08\x0b-\x1f\ufffe\uffff]", text)


STAMP: dict[str, Value] = {"UtcTime": "2026-03-02 10:00:00.118", "User": "CORP\\ada"}
QUIET = evtx([sysmon(3, Image="C:\\app.exe", DestinationIp=f"198.51.100.{n}") for n in range(60)], templates=True)
EVENTS = st.lists(st.builds(lambda values: sysmon(3, **{f"F{i}": v for i, v in enumerate(values)}),
                            st.lists(_values(), min_size=1, max_size=5)), min_size=1, max_size=30)  # fmt: skip


def unpacked(file: bytes, wanted: Callable[[bytes], bool] | None = None) -> list[bytes]:
    """Return the lines of a log, those that were not unpacked empty."""
    return b"".join(from_evtx(iter([file]), "x.evtx", wanted)).split(b"\n")


def selected(lines: list[bytes]) -> list[tuple[int, bytes]]:
    """Return what a hunt selects of them, with its numbers."""
    found = SELECTOR.select(b"\n".join(lines))
    return list(zip(found.numbers, found.lines, strict=True))


def test_a_name_is_found_in_bytes() -> None:
    """A host is found in one byte a character and in two, in any case, whatever stands around it."""
    narrow, wide = (re.compile(form.encode(), re.IGNORECASE) for form in in_bytes(r"\.(?:a\.run|workers\.dev)" + NO_LABEL))
    for code, fits, other in (("ascii", narrow, wide), ("utf-16-le", wide, narrow)):
        data = b"x" + "fn.Workers.dev".encode(code) + b"y"
        assert fits.search(data), code
        assert not other.search(data), code


@pytest.mark.parametrize(
    "expression",
    [r"\b(?:3128|8080)\b", r"\b2026\-03\-02T10:00:00\b", r"\b0x1f4\b", r"\bS\-1\-5\-18\b", r"^a", "[^a]b", r"\bé"],
)
def test_what_may_be_a_number_is_not_looked_for(expression: str) -> None:
    """Of an expression that bytes may hold in another form nothing is said, and all is unpacked."""
    assert in_bytes(expression) == []
    assert Glance([r"\.dev", expression], []).begin(0)(b"nothing")
    assert not Glance([r"\.dev"], []).begin(0)(b"nothing")


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.tool)
def test_commands_are_found_in_bytes(command: Command) -> None:
    """What selects a command can be looked for in bytes: else nothing of a log could be left out."""
    forms = [re.compile(form.encode(), re.IGNORECASE) for form in in_bytes(command.selecting)]
    assert len(forms) == 2


def test_a_command_is_found_in_bytes() -> None:
    """Words are found through quotes and blanks, in both widths."""
    wrangler = next(command for command in commands() if command.tool == "wrangler")
    for code, form in zip(("ascii", "utf-16-le"), in_bytes(wrangler.selecting), strict=True):
        data = '"C:\\x\\wrangler-dist\\cli.js" deploy'.encode(code)
        assert re.search(form.encode(), data, re.IGNORECASE), code


@given(EVENTS, st.sampled_from([{}, {"templates": True}, {"references": True}]))
def test_nothing_selected_is_left_out(events: list[Element], form: dict[str, bool]) -> None:
    """The same lines are selected, with the same numbers, as if all had been unpacked."""
    file = evtx(events, **form, chunk_bytes=4000)
    whole, glanced = unpacked(file), unpacked(file, GLANCE.begin(0))
    assert len(whole) == len(events) + 1
    assert len(glanced) == len(whole)
    assert selected(glanced) == selected(whole)


@pytest.mark.parametrize("templates", [True, False])
def test_most_is_left_out(templates: bool) -> None:
    """Chunks without a wanted name are not unpacked, but for the first and every sixteenth."""
    quiet = [sysmon(3, Image="C:\\app.exe", DestinationPort=443, DestinationIp=f"198.51.100.{n % 250}") for n in range(900)]
    file = evtx([*quiet, sysmon(22, QueryName=HOSTS[0]), *quiet], templates=templates, chunk_bytes=20_000)
    chunks = (len(file) - HEADER_BYTES) // CHUNK_BYTES
    whole = unpacked(file)
    glanced = unpacked(file, GLANCE.begin())
    told = sum(line != b"" for line in glanced) / len(whole) * chunks
    assert told == pytest.approx(ALWAYS + 1 + chunks // ALWAYS, abs=3)
    assert selected(glanced) == selected(whole) != []


@pytest.mark.parametrize("sign", "&<>\"'")
def test_signs_that_are_references_are_unpacked(sign: str) -> None:
    """Where a sign stands as a reference to its name, which is in the chunk once, no text can be looked for there."""
    log = evtx([sysmon(1, CommandLine=f"a{sign}b{sign}c")], references=True)
    assert f"a{sign}b{sign}c" in unpacked(log)[0].decode().replace('\\"', '"')
    assert unpacked(log, Glance([r"\.dev"], []).begin(0)) == unpacked(log)
    plain = evtx([sysmon(1, CommandLine=f"a{sign}b{sign}c")])
    assert unpacked(plain, Glance([r"\.dev"], []).begin(0)) == [b"", b""]


def test_a_mark_is_seen() -> None:
    """What only has to occur is still seen to occur, wherever in the log it is, at the cost of a few chunks."""
    quiet, flow = sysmon(1, Image="C:\\app.exe"), sysmon(3, DestinationIp="198.51.100.7")
    file = evtx([*[quiet] * 900, *[flow] * 900], templates=True, chunk_bytes=4000)
    glanced = unpacked(file, Glance(NAMED, MARKS).begin(3))
    assert 0 < sum(b"DestinationIp" in line for line in glanced) < 600
    assert SELECTOR.select(b"\n".join(glanced)).marks == {0}


@given(st.lists(st.tuples(st.integers(HEADER_BYTES, HEADER_BYTES + 4000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_chunk_is_unpacked(changes: list[tuple[int, int]]) -> None:
    """Whatever bytes change, the lines that can be read and the damage that is told stay the same."""
    file = bytearray(QUIET)
    for place, value in changes:
        file[place] = value
    assert _until_it_ends(bytes(file), lambda _piece: False) == _until_it_ends(bytes(file), None)


def test_a_broken_record_has_its_line() -> None:
    """Lines keep their numbers whether what is before them was unpacked or not, though the checksum of it be right."""
    file = bytearray(QUIET)
    second = HEADER_BYTES + 512 + struct.unpack_from("<I", file, HEADER_BYTES + 516)[0]
    file[second + 24] = 0xFF
    end = struct.unpack_from("<I", file, HEADER_BYTES + 48)[0]
    struct.pack_into("<I", file, HEADER_BYTES + 52, zlib.crc32(file[HEADER_BYTES + 512 : HEADER_BYTES + end]))
    head = file[HEADER_BYTES : HEADER_BYTES + 120] + file[HEADER_BYTES + 128 : HEADER_BYTES + 512]
    struct.pack_into("<I", file, HEADER_BYTES + 124, zlib.crc32(head))
    assert _until_it_ends(bytes(file), lambda _piece: False) == (60, "")
    lines, error = _until_it_ends(bytes(file), None)
    assert lines == 60
    assert "1 of its records" in error


def _until_it_ends(file: bytes, wanted: Callable[[bytes], bool] | None) -> tuple[int, str]:
    lines = 0
    try:
        for text in from_evtx(iter([file]), "x.evtx", wanted):
            lines += text.count(b"\n")
    except DamagedInput as error:
        return lines, str(error)
    return lines, ""


def test_a_hunt_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, the connections behind them and the start of the process are found, each in another part of the log."""
    quiet = [sysmon(1, **STAMP, ProcessGuid=UUID(int=n), ProcessId=n, Image="C:\\app.exe") for n in range(1, 600)]
    start = sysmon(1, **STAMP, ProcessGuid=GUID, ProcessId=7, Image="C:\\agent.exe", CommandLine="agent -x")
    asked = {**STAMP, "ProcessGuid": GUID, "ProcessId": 7, "QueryName": HOSTS[0], "QueryResults": "::ffff:192.0.2.7;"}
    flows = [
        sysmon(3, UtcTime=f"2026-03-02 {10 + n // 60}:{n % 60:02}:00.000", User=STAMP["User"], ProcessGuid=GUID,
               ProcessId=7, SourceIp="10.0.0.7", DestinationIp="192.0.2.7") for n in range(300)
    ]  # fmt: skip
    events = [*quiet, start, *quiet, sysmon(22, **asked), *quiet, *flows, *quiet]
    path = tmp_path / "Sysmon.evtx"
    path.write_bytes(evtx(events, templates=True, chunk_bytes=8000))
    glanced = hunt([str(path)], settings=Settings(min_score=0))
    monkeypatch.setattr(Glance, "begin", lambda _glance: None)
    whole = hunt([str(path)], settings=Settings(min_score=0))
    assert glanced.findings == whole.findings
    assert whole.findings[0].connections == 300
    assert whole.findings[0].process_tree[-1].command_line == "agent -x"
    accounts = [[structs.replace(file, bytes=0) for file in report.account.files] for report in (glanced, whole)]
    assert accounts[0] == accounts[1]
    assert glanced.account.files[0].lines == len(events)
