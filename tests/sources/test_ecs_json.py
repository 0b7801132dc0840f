"""The rules of `ecs_json` that its golden cases do not show."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event, Line
from sferic.sources import zeek_http
from sferic.sources._clock import Clock
from sferic.sources._contract import GENERIC, NO, Setup
from sferic.sources.ecs_json import _NAMES, Reader
from tests.sources.single_lines import VALUES, Log, texts

LOG = Log(Reader)
made, event = LOG.made, LOG.event


BASE: dict[str, Any] = {
    "@timestamp": "2026-03-02T10:00:00Z",
    "source": {"ip": "10.0.0.5"},
    "destination": {"domain": "a.example"},
}
TEN_US = 1_772_445_600_000_000


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, 0),
        ({"event": {"start": "2026-03-02T09:59:50Z", "end": "2026-03-02T10:00:05Z"}}, -10),
        ({"event": {"end": "2026-03-02T10:00:05Z", "duration": 3_000_000_000}}, 2),
        ({"event": {"end": "2026-03-02T10:00:05Z"}}, 0),
        ({"event": {"duration": 3_000_000_000}}, 0),
    ],
)
def test_the_event_is_stamped_with_its_start(fields: dict[str, Any], seconds: int) -> None:
    """`event.start` counts, else the end less the duration, else `@timestamp` as it stands."""
    assert event(json.dumps(BASE | fields)).time == TEN_US + seconds * 1_000_000


@pytest.mark.parametrize(
    ("fields", "device", "observer"),
    [
        ({"host": {"name": "h"}}, None, "h"),
        ({"host": {"name": "h"}, "observer": {"name": "o"}}, None, "o"),
        ({"host": {"name": "h", "ip": "10.0.0.5"}}, "h", None),
        ({"host": {"name": "h", "ip": ["10.0.0.55", "10.0.0.6"]}}, None, "h"),
        ({"host": {"name": "h"}, "process": {"executable": "/x"}}, "h", None),
        ({"source": {"ip": "10.0.0.5", "domain": "pc-5"}, "host": {"name": "h"}}, "pc-5", "h"),
        ({"host": "h"}, None, None),
    ],
)
def test_the_host_is_the_client_only_on_an_endpoint(
    fields: dict[str, Any], device: str | None, observer: str | None
) -> None:
    """A collector's name must not become the name of every client behind it."""
    found = event(json.dumps(BASE | fields))
    assert (found.device, found.observer) == (device, observer)


def test_a_zeek_request_says_the_same_in_elastics_words() -> None:
    """What Zeek wrote and what Filebeat's zeek module made of it give one event."""
    ends = '"id.orig_h":"10.0.0.5","id.orig_p":50000,"id.resp_h":"192.0.2.8","id.resp_p":80'
    asked = '"method":"POST","host":"a.example","uri":"/x","request_body_len":3,"response_body_len":4,"status_code":200'
    own = zeek_http.Reader(Setup(Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC)))).read(
        Line(f'{{"ts":1772445600.25,"uid":"C1",{ends},{asked},"user_agent":"ua","trans_depth":1}}')
    )
    document = {
        "@timestamp": "2026-03-02T10:00:00.250Z",
        "event": {"module": "zeek", "action": "POST"},
        "zeek": {"session_id": "C1", "http": {"trans_depth": 1}},
        "source": {"ip": "10.0.0.5", "port": 50000},
        "destination": {"ip": "192.0.2.8", "port": 80, "domain": "a.example"},
        "url": {"domain": "a.example", "original": "/x"},
        "http": {
            "request": {"method": "POST", "body": {"bytes": 3}},
            "response": {"status_code": 200, "body": {"bytes": 4}},
        },
        "user_agent": {"original": "ua"},
    }
    assert isinstance(own, Event)
    assert event(json.dumps(document)) == own


@pytest.mark.parametrize(
    ("kinds", "action", "expected"),
    [
        (["connection", "denied"], "x", "blocked"),
        ("allowed", "x", "allowed"),
        (["access"], "Dropped", "blocked"),
        (None, None, None),
    ],
)
def test_the_verdict_is_in_the_type(kinds: Any, action: str | None, expected: str | None) -> None:
    """`event.type` says allowed or denied; where it does not, the action's own word counts."""
    assert event(json.dumps(BASE | {"event": {"type": kinds, "action": action}})).action == expected


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (json.dumps(BASE), GENERIC),
        ('{"@timestamp":"x","url.domain" : "a.example"}', GENERIC),
        ('{"@timestamp":"x","user":{"name":"alice"}}', NO),
        ('{"timestamp":"x","destination":{"ip":"192.0.2.1"}}', NO),
        ('"@timestamp","source.ip","destination.domain"', GENERIC),
        ("@timestamp;url.full", GENERIC),
        ('"@timestamp","message"', NO),
        ("see @timestamp, url.domain", NO),
        ("", NO),
    ],
)
def test_claims_documents_with_a_destination(text: str, claim: int) -> None:
    """`@timestamp` and a destination's name make a claim, in an object or in a header row."""
    assert made().claims(Line(text)) == claim


def test_rows_are_claimed_behind_a_header_only() -> None:
    """A reader that has seen a header knows rows by their delimiters; claiming alone changes nothing."""
    reader, header, row = made(), Line("@timestamp,source.ip,url.domain"), Line("1772445600,10.0.0.5,a.example")
    assert (reader.claims(header), reader.claims(row)) == (GENERIC, NO)
    assert reader.read(header) is None
    assert (reader.claims(row), reader.claims(Line("text"))) == (GENERIC, NO)


@given(
    st.dictionaries(
        st.sampled_from(
            sorted({name for names in _NAMES.values() for name in names} | {"event", "host", "source", "event.start"})
        ),
        VALUES,
    )
)
def test_any_values_are_read_or_refused(fields: dict[str, Any]) -> None:
    """Whatever the fields hold, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(json.dumps(BASE | fields))


@given(texts('{"@timestamp":"2026-03-02T10:00:00Z",'))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)


def test_values_may_be_lists_as_a_hit_s_fields_have_them() -> None:
    """What a search asked for in `fields` has dotted names and a list of values for each."""
    hit = {"@timestamp": ["2026-03-02T10:00:00.000Z"], "source.ip": ["10.0.0.5"], "destination.domain": ["a.example"]}
    assert event(json.dumps(hit)) == event(json.dumps(BASE))
