"""The rules of `splunk_cim` that its golden cases do not show."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.errors import UsageError
from sferic.model.event import DNS, HTTP, NETWORK, Event, Line
from sferic.sources._contract import GENERIC, NO
from sferic.sources._envelope import peel_envelope
from sferic.sources.splunk_cim import _NAMES, Reader
from tests.sources.single_lines import VALUES, Log, texts

LOG = Log(Reader)
made, event = LOG.made, LOG.event


BASE = {"_time": "2026-03-02T10:00:00Z", "src": "10.0.0.5", "dest": "a.example"}


@pytest.mark.parametrize(("option", "up"), [({}, 2), ({"bytes_in": "down"}, 2), ({"bytes_in": "up"}, 1)])
def test_the_option_says_which_way_bytes_in_counts(option: dict[str, str], up: int) -> None:
    """Sent by the client is `bytes_out`, unless the option says that the add-on means the opposite."""
    found = event(json.dumps(BASE | {"bytes_in": "1", "bytes_out": "2"}), **option)
    assert (found.bytes_up, found.bytes_down) == (up, 3 - up)


def test_an_unknown_way_is_refused() -> None:
    """The option knows two values, and says so."""
    with pytest.raises(UsageError, match="down or up"):
        made(bytes_in="both")


@pytest.mark.parametrize(
    ("fields", "table", "duration_ms"),
    [
        ({}, NETWORK, 2000),
        ({"http_method": "GET"}, HTTP, 2),
        ({"query": "q.example", "record_type": "A"}, DNS, 2000),
        ({"query": "search words", "url": "a.example"}, HTTP, 2),
    ],
)
def test_the_model_gives_durations_their_unit(fields: dict[str, str], table: str, duration_ms: int) -> None:
    """A Web event lasts milliseconds, a network event seconds; a query that is no DNS makes none."""
    found = event(json.dumps(BASE | {"duration": "2"} | fields))
    assert (found.table, found.duration_ms) == (table, duration_ms)


def test_an_exported_row_without_its_raw_line_is_read() -> None:
    """An export's frame without `_raw` is no envelope; the row inside is read by its names."""
    envelope = peel_envelope(json.dumps({"preview": False, "offset": 1, "result": BASE}))
    assert made().claims(Line(envelope.text)) == GENERIC
    assert event(envelope.text).dst_host == "a.example"


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (json.dumps(BASE), GENERIC),
        ('{"_time":"x","src_ip":"10.0.0.5","url" : "a.example"}', GENERIC),
        ('{"_time":"x","src":"10.0.0.5"}', NO),
        ('{"src":"10.0.0.5","dest":"a.example"}', NO),
        ("_time,src,dest", GENERIC),
        ('"user";"_time";"src_ip";"url_domain"', GENERIC),
        ("_time,count", NO),
        ("", NO),
    ],
)
def test_claims_results_with_both_ends(text: str, claim: int) -> None:
    """`_time`, a source and a destination make a claim, in an object or in a header row."""
    assert made().claims(Line(text)) == claim


def test_the_envelopes_time_stands_in() -> None:
    """A row without `_time` of its own has that of its envelope."""
    line = Line('{"src":"10.0.0.5","dest":"a.example"}', sent_at=7, sender="sh1")
    assert made().claims(line) == GENERIC
    found = made().read(line)
    assert isinstance(found, Event)
    assert (found.time, found.observer) == (7, "sh1")


@given(
    st.dictionaries(
        st.sampled_from(
            sorted({name for names in _NAMES.values() for name in names} | {"_time", "result", "query", "answer"})
        ),
        VALUES,
    )
)
def test_any_values_are_read_or_refused(fields: dict[str, Any]) -> None:
    """Whatever the fields hold, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(json.dumps(BASE | fields))


@given(texts('{"_time":"2026-03-02T10:00:00Z","src":"x",'))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)


@pytest.mark.parametrize("dataset", ["All_Traffic", "Web"])
def test_a_dataset_before_the_names_is_passed_over(dataset: str) -> None:
    """Searches of a data model name its fields with the dataset; objects and tables of such names are read alike."""
    values = {"src": "10.0.0.5", "dest": "192.0.2.1", "bytes_out": "7"}
    plain = {"_time": "1772445600", **values}
    prefixed = {"_time": "1772445600", **{f"{dataset}.{name}": value for name, value in values.items()}}
    assert made().claims(Line(json.dumps(prefixed))) == GENERIC
    assert event(json.dumps(prefixed)) == event(json.dumps(plain))
    reader = made()
    header, row = Line(",".join(prefixed)), Line(",".join(prefixed.values()))
    assert reader.claims(header) == GENERIC
    assert reader.read(header) is None
    assert reader.read(row) == event(json.dumps(plain))
