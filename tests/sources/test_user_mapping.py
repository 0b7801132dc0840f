"""Mappings that users write: what they may say, and what is said when they are wrong."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.errors import SettingsError
from sferic.model.event import DNS, Event, Line, Reject
from sferic.sources._clock import Clock
from sferic.sources._contract import LIKELY, NO, Setup
from sferic.sources.user_mapping import Reader

TEN_US = 1_772_445_600_000_000
FIELDS = '[fields]\ntime = "ts"\ndst_host = "host"\nsrc_ip = "client"\n'
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a mapping file."""

    def to_file(text: str) -> Path:
        path = tmp_path / "mapping.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def made(path: Path | None) -> Reader:
    """Make a reader of a UTC log with a mapping."""
    options = {} if path is None else {"file": str(path)}
    return Reader(Setup(Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC)), options))


def event(path: Path, record: dict[str, Any]) -> Event:
    """Read an object that has to be an event."""
    found = made(path).read(Line(json.dumps(record)))
    assert isinstance(found, Event), found
    return found


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("", "mapping.toml", "fields"),
        ("[fields", "mapping.toml", "TOML"),
        ("[fields]\n", "fields.time", "missing"),
        ('[fields]\ntime = "ts"\n', "fields", "destination"),
        (FIELDS + 'bytes_upp = "x"\n', "fields.bytes_upp", "bytes_up,"),
        (FIELDS + "bytes_up = 7\n", "fields.bytes_up", "a name or a list"),
        (FIELDS + "bytes_up = []\n", "fields.bytes_up", "a name or a list"),
        (FIELDS + "[constants]\napp = 7\n", "constants.app", "a text"),
        ("fields = 7\n", "fields", "a table"),
        (FIELDS + '[constants]\nsrc_ip = "10.0.0.1"\n', "constants.src_ip", "observer"),
        ('time_format = "epoch"\n' + FIELDS, "time_format", "epoch_ms"),
        ('time_format = "%H:%M"\n' + FIELDS, "time_format", "year"),
        ('table = "http"\n' + FIELDS, "table", "http_activity"),
        ('delimiter = ";;"\n' + FIELDS, "delimiter", "one character"),
        ('delimiter = "x"\n' + FIELDS, "delimiter", "comma"),
        ('columns = ["a"]\n' + FIELDS, "columns", "two names"),
        ('fromat = "csv"\n' + FIELDS, "fromat", "format"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said_with_its_key(write: Write, text: str, where: str, says: str) -> None:
    """A mapping that does not fit is an error that names the file, the key and what would fit."""
    with pytest.raises(SettingsError) as caught:
        made(write(text))
    assert where in caught.value.where
    assert says in str(caught.value)


def test_a_mapping_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A path without a file is said at once."""
    with pytest.raises(SettingsError, match="cannot be read"):
        made(tmp_path / "none.toml")


def test_without_a_mapping_nothing_is_claimed() -> None:
    """The source sleeps until it is given a file."""
    reader = made(None)
    assert reader.claims(Line('{"ts":1,"host":"a.example"}')) == NO
    assert reader.read(Line('{"ts":1,"host":"a.example"}')) is None


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("epoch_s", 1772445600),
        ("epoch_s", "1772445600.000000"),
        ("epoch_ms", 1772445600000),
        ("epoch_us", "1772445600000000"),
        ("epoch_ns", 1772445600000000000),
        ("iso", "2026-03-02T11:00:00+01:00"),
        ("%d.%m.%Y %H Uhr", "02.03.2026 10 Uhr"),
        (None, "2026-03-02 10:00:00"),
        (None, 1772445600.0),
    ],
)
def test_times_are_read_in_the_form_given(write: Write, form: str | None, written: Any) -> None:
    """Each form reads the same moment; without one the usual forms are tried."""
    head = f'time_format = "{form}"\n' if form else ""
    assert event(write(head + FIELDS), {"ts": written, "host": "a.example"}).time == TEN_US


@pytest.mark.parametrize(
    ("form", "written"), [("epoch_ms", "soon"), ("epoch_s", 10**18), ("iso", 1772445600), ("%Y", "x")]
)
def test_times_in_another_form_are_refused(write: Write, form: str, written: Any) -> None:
    """A time that is not in the form given is a counted reject, never another moment."""
    with pytest.raises(ValueError, match="time"):
        made(write(f'time_format = "{form}"\n' + FIELDS)).read(Line(json.dumps({"ts": written, "host": "a.example"})))


def test_constants_and_table_hold_for_every_line(write: Write) -> None:
    """What the mapping states is in each event."""
    path = write(f'table = "dns_activity"\n{FIELDS}query_name = "q"\n[constants]\nobserver = "o"\napp = "x"\n')
    found = event(path, {"ts": 1772445600, "q": "a.example"})
    assert (found.table, found.dst_host, found.observer, found.app) == (DNS, "a.example", "o", "x")


def test_date_and_clock_may_be_two_columns(write: Write) -> None:
    """`time_of_day` follows `time`, in the form given for both or in any usual one; it may be missing."""
    mapping = FIELDS + 'time_of_day = "clock"\n'
    assert event(write(mapping), {"ts": "2026-03-02", "clock": "10:00:00", "host": "a.example"}).time == TEN_US
    given = write('time_format = "%d.%m.%Y %H:%M"\n' + mapping)
    assert event(given, {"ts": "02.03.2026", "clock": "10:00", "host": "a.example"}).time == TEN_US
    assert event(write(mapping), {"ts": "2026-03-02T10:00:00Z", "host": "a.example"}).time == TEN_US


def test_rows_are_read_behind_a_header_or_by_given_columns(write: Write) -> None:
    """A table needs its header row, or columns in the mapping; rows before a header are rejects."""
    reader = made(write(FIELDS))
    header, row = Line("client\tts\thost"), Line("10.0.0.5\t1772445600\ta.example")
    assert (reader.claims(row), isinstance(reader.read(row), Reject)) == (NO, True)
    assert reader.claims(header) == LIKELY
    assert reader.read(header) is None
    assert reader.claims(row) == LIKELY
    assert isinstance(reader.read(row), Event)
    given = made(write('delimiter = "\t"\ncolumns = ["client", "ts", "host"]\n' + FIELDS))
    assert given.claims(row) == LIKELY
    assert isinstance(given.read(row), Event)


@pytest.mark.parametrize(
    ("form", "text", "claim"),
    [
        ("", '{"ts":1,"host":"a.example"}', LIKELY),
        ("", '{"time":1,"host":"a.example"}', NO),
        ("", "ts,host", LIKELY),
        ("", "ts,other", NO),
        ("", "notes about ts, host", NO),
        ('format = "json"\n', "ts,host", NO),
        ('format = "csv"\n', '{"ts":1,"host":"a.example"}', NO),
    ],
)
def test_claims_what_the_mapping_fits(write: Write, form: str, text: str, claim: int) -> None:
    """Objects with the time's name, and tables with the columns for time and destination, are claimed."""
    assert made(write(form + FIELDS)).claims(Line(text)) == claim


@given(
    st.text() | st.text().map(lambda text: '{"ts":1772445600,"host":' + text) | st.text().map(lambda text: "ts," + text)
)
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever the line, claiming and reading raise nothing but ValueError, which in a claim means no."""
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_text(FIELDS, encoding="utf-8")
    reader, line = made(path), Line(text)
    for ask in (reader.claims, reader.read, reader.claims):
        with suppress(ValueError):
            ask(line)
    with suppress(ValueError):
        reader.read(line)


PROCESS = """
table = "process_activity"
[fields]
time = "unixTime"
device = "hostIdentifier"
process_path = "columns.path"
process_id = "columns.pid"
parent_id = "columns.parent"
command_line = "columns.cmdline"
"""


def test_a_started_process_needs_no_destination(tmp_path: Path) -> None:
    """Processes of osquery or auditd are read by a mapping that names the table."""
    path = tmp_path / "osquery.toml"
    path.write_text(PROCESS, encoding="utf-8")
    columns = {"path": "/usr/bin/curl", "pid": "612", "parent": "1", "cmdline": "curl -s fn.example.com"}
    row = {"name": "process_events", "hostIdentifier": "build-3", "unixTime": 1772445600, "columns": columns}
    found = made(path).read(Line(json.dumps(row)))
    assert isinstance(found, Event)
    assert (found.table, found.device, found.process_path) == ("process_activity", "build-3", "/usr/bin/curl")
    assert (found.process_id, found.parent_id, found.command_line) == (612, 1, "curl -s fn.example.com")


def test_a_mapping_of_processes_needs_a_process(tmp_path: Path) -> None:
    """Without a path or a name of its own there is no process to tell of."""
    path = tmp_path / "osquery.toml"
    path.write_text(PROCESS.replace('process_path = "columns.path"\n', ""), encoding="utf-8")
    with pytest.raises(SettingsError, match="names no process"):
        made(path)
