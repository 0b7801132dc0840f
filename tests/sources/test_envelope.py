"""What `_envelope` takes off lines, and what it leaves alone."""

import csv
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.sources._envelope import Envelope, SplunkCsv, is_splunk_csv, peel_envelope, splunk_time

RAW = '<166>Mar 02 2026 10:00:00 fw1 : %ASA-6-302013: said "hi", ünïcode'
TEN_US = 1_772_445_600_000_000
META = {
    "_time": "2026-03-02T10:00:00.000+00:00",
    "sourcetype": "cisco:asa",
    "host": "fw1",
    "source": "udp:514",
}
PEELED = Envelope(RAW, TEN_US, "fw1", "cisco:asa", "udp:514")


def dumped(**record: Any) -> str:
    """Write a record as one line of JSON."""
    return json.dumps(record)


def test_export_row_gives_its_raw_line_and_what_the_index_knew() -> None:
    """A framed row of search/jobs/export gives line, time, host, source type and source."""
    assert peel_envelope(dumped(preview=False, offset=0, result={"_raw": RAW, **META})) == PEELED


def test_export_row_of_fields_loses_its_frame() -> None:
    """A row of search/jobs/export without a line is its fields, for a source that knows them."""
    assert peel_envelope('{"preview":false,"offset":0,"result":{"ts": "1"}}') == Envelope('{"ts": "1"}')


def test_last_export_row_still_holds_a_line() -> None:
    """`lastrow` beside a result marks the last row, not an empty one."""
    assert peel_envelope(dumped(preview=False, offset=9, lastrow=True, result={"_raw": RAW, **META})) == PEELED


def test_bare_export_row_is_peeled_whatever_else_it_carries() -> None:
    """A row without its frame is peeled; further fields, even with several values, do not matter."""
    assert peel_envelope(dumped(_raw=RAW, **META, _bkt="main~1", tag=["a", "b"], linecount=1)) == PEELED


def test_note_that_there_are_no_rows_holds_no_line() -> None:
    """`{"preview":false,"lastrow":true}` has an empty text."""
    assert peel_envelope('{"preview":false,"lastrow":true}') == Envelope("")


def test_collected_text_is_the_line() -> None:
    """An HEC record whose event is text gives that text."""
    record = dumped(time=1772445600, host="fw1", sourcetype="cisco:asa", source="udp:514", index="n", event=RAW)
    assert peel_envelope(record) == PEELED


def test_collected_object_becomes_its_own_json() -> None:
    """An HEC record whose event is an object gives that object's JSON as written, key order and spacing included."""
    found = peel_envelope('{"sourcetype":"zscalernss-web","event":{"b": 1,"a":"é"}}')
    assert found == Envelope('{"b": 1,"a":"é"}', sourcetype="zscalernss-web")


def test_inner_envelope_counts_more() -> None:
    """An exported HEC record is peeled twice; what the inner one does not say stays from the outer."""
    inner = dumped(sourcetype="stream:http", event={"site": "a.example"})
    found = peel_envelope(dumped(result={"_raw": inner, **META}))
    assert found == Envelope('{"site": "a.example"}', TEN_US, "fw1", "stream:http", "udp:514")


def test_layers_are_bounded() -> None:
    """A line wrapped many times is peeled three times and then left, so no line costs more than that."""
    text = "x"
    for _ in range(6):
        text = dumped(event=text)
    assert json.loads(json.loads(json.loads(peel_envelope(text).text)["event"])["event"])["event"] == "x"


@pytest.mark.parametrize(
    "text",
    [
        RAW,
        "",
        "{",
        '{"ts":1772445600.1,"uid":"C1","host":"a.example"}',
        '{"timestamp":"2026-03-02T10:00:00Z","event_type":"http","src_ip":"192.0.2.1"}',
        '{"@timestamp":"2026-03-02T10:00:00Z","event":{"kind":"event"},"host":{"name":"h"},"source":{"ip":"192.0.2.1"}}',
        '{"@timestamp":"2026-03-02T10:00:00Z","event":{"kind":"event"}}',
        '{"result":{"src":"192.0.2.1","count":"5"},"x":"\\"_raw\\""}',
        '{"result":{"_raw":""}}',
        '{"result":{"_raw":["a","b"]}}',
        '{"result":["_raw"],"_raw":"a"}',
        '{"event":17,"time":1}',
        '{"event":["a"],"time":1}',
        '{"_raw":"cut off',
        '{"_raw":"\\ud800"}',
        '{"_raw":' + "[" * 50_000,
        '{"event":' + '{"a":' * 50_000,
        '[{"_raw":"a"}]',
    ],
)
def test_what_is_no_envelope_stays_as_it_is(text: str) -> None:
    """Other logs' JSON, rows without a raw line, broken and absurdly nested JSON come back unchanged."""
    assert peel_envelope(text) == Envelope(text)


def test_undecodable_bytes_do_not_keep_a_line_in_its_envelope() -> None:
    """A line read with surrogate escapes is peeled; only the bad byte is lost."""
    assert peel_envelope('{"_raw":"user \udcfc here"}').text == "user ? here"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T10:00:00.000+00:00", TEN_US),
        ("2026-03-02T11:00:00.250+01:00", TEN_US + 250_000),
        ("2026-03-02T05:00:00-0500", TEN_US),
        ("2026-03-02T10:00:00Z", TEN_US),
        ("2026-03-02 10:00:00.000 UTC", TEN_US),
        ("2026-03-02 11:00:00.000 CET", TEN_US),
        ("1772445600", TEN_US),
        ("1772445600.123456", TEN_US + 123_456),
        ("2026-03-02 10:00:00.000 CST", None),
        ("2026-03-02 10:00:00", None),
        ("2026-02-30T10:00:00Z", None),
        ("yesterday", None),
        ("-1", None),
        ("", None),
    ],
)
def test_time_of_a_row(text: str, expected: int | None) -> None:
    """Every spelling of `_time` with a certain instant is read; without one the time is unknown, not guessed."""
    assert splunk_time(text) == expected


@pytest.mark.parametrize("value", [1772445600, 1772445600.0, "1772445600", "1772445600.000"])
def test_epoch_may_be_number_or_text(value: float | str) -> None:
    """HEC's time and an export's formatted time come as a number or as text."""
    assert peel_envelope(dumped(time=value, event="x")).sent_at == TEN_US
    assert peel_envelope(dumped(_time=value, _raw="x")).sent_at == TEN_US


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"_raw","_time",sourcetype', True),
        ("\ufeffhost,_raw", True),
        ("_raw", True),
        ('"_serial","_time","_rawness"', False),
        ("src,dest,url with _raw inside", False),
        ('{"_raw":"a"}', False),
        ("", False),
    ],
)
def test_csv_export_is_told_by_its_header(header: str, expected: bool) -> None:
    """A header is Splunk's when one of its cells is exactly `_raw`."""
    assert is_splunk_csv(header) is expected


def test_csv_record_with_quotes_commas_and_newlines() -> None:
    """A record gives its raw line whatever the order of columns; doubled quotes and line breaks in it are the line's."""
    text = '"host","_raw","_time","sourcetype","source"\nfw1,"a ""b"", c\nd\n",2026-03-02T10:00:00Z,cisco:asa,\n'
    header, record = csv.reader(text.splitlines(keepends=True))
    export = SplunkCsv(",".join(header))
    assert export.envelope(record) == Envelope('a "b", c\nd', TEN_US, "fw1", "cisco:asa", None)


def test_csv_records_that_are_not_whole() -> None:
    """A repeated header holds no line; a short record keeps its line if it has one and is an error if not."""
    export = SplunkCsv("_time,_raw,host")
    assert export.envelope(["_time", "_raw", "host"]) == Envelope("")
    assert export.envelope(["", "line"]) == Envelope("line")
    with pytest.raises(ValueError, match="_raw"):
        export.envelope(["2026-03-02T10:00:00Z"])
    with pytest.raises(ValueError, match="_raw"):
        SplunkCsv("a,b")


@given(st.text() | st.text().map(lambda text: '{"_raw":' + text) | st.text().map(lambda text: '{"event":' + text))
def test_no_text_is_an_error(text: str) -> None:
    """Peeling, telling a header and reading a time raise nothing, whatever the text."""
    peel_envelope(text)
    is_splunk_csv(text)
    splunk_time(text)


@given(st.text(min_size=1).filter(lambda text: text == text.rstrip("\r\n") and not text.lstrip().startswith("{")))
def test_any_line_survives_its_envelopes(text: str) -> None:
    """A line wrapped by JSON, HEC or CSV comes out as it went in."""
    assert peel_envelope(json.dumps({"result": {"_raw": text}})).text == text
    assert peel_envelope(json.dumps({"event": text}, ensure_ascii=False)).text == text
