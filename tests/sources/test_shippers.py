"""What shippers, queues and stores wrap around a line is taken off, and nothing else is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.sources._envelope import Envelope, peel_envelope
from sferic.sources._shippers import unwrap

RAW = "<13>Mar  2 10:00:00 fw1 said \"hi\", ünïcode {'x'}"
TEN_US = 1_772_445_600_000_000
STAMP = "2026-03-02T10:00:00.000Z"
AGENT = {"agent": {"type": "filebeat"}, "host": {"name": "fw1"}, "ecs": {"version": "8.0.0"}, "log": {"offset": 7}}


@pytest.mark.parametrize(
    "record",
    [
        {"@timestamp": STAMP, **AGENT, "message": RAW},
        {"@timestamp": STAMP, **AGENT, "event": {"original": RAW, "dataset": "x"}, "message": "short"},
        {"@timestamp": STAMP, **AGENT, "event.original": RAW},
        {"@timestamp": STAMP, "beat": {"name": "b"}, "source": "/var/log/x.log", "host": "fw1", "message": RAW},
        {"@timestamp": STAMP, "@version": "1", "host": "fw1", "path": "/x", "message": RAW},
        {"_index": "i", "_id": "1", "_source": {"@timestamp": STAMP, **AGENT, "message": RAW}},
        {"log": RAW + "\n", "stream": "stdout", "time": STAMP, "host": "fw1"},
        {"date": 1772445600.0, "log": RAW, "host": "fw1"},
        {"log": RAW, "timestamp": STAMP, "kubernetes": {"pod_name": "p"}, "host": "fw1"},
        {"file": "/x", "host": "fw1", "message": RAW, "source_type": "file", "timestamp": STAMP},
        {"@timestamp": STAMP, "agent.type": "filebeat", "event.original": RAW, "host": "fw1"},
        {"pri": "13", "time": STAMP, "host": "fw1", "ident": "app", "pid": "1", "message": RAW},
        {"message": RAW, "host": "fw1", "facility": "local0", "severity": "info", "timestamp": STAMP},
        {"version": "1.1", "host": "fw1", "short_message": RAW, "timestamp": 1772445600.0, "level": 6, "_app": "x"},
        {"version": "1.1", "host": "fw1", "short_message": "x", "full_message": RAW, "timestamp": 1772445600.0},
        {"schema": {"type": "string"}, "payload": json.dumps({"@timestamp": STAMP, **AGENT, "message": RAW})},
    ],
)
def test_each_shippers_line_comes_out_with_its_time_and_sender(record: dict[str, Any]) -> None:
    """The raw line is found wherever the shipper keeps it, with the shipper's time and the host that it names."""
    assert peel_envelope(json.dumps(record)) == Envelope(RAW, TEN_US, "fw1")


@pytest.mark.parametrize(
    "record",
    [
        {"id": "1", "timestamp": 1772445600000, "message": RAW},
        {"eventId": "1", "ingestionTime": 1, "logStreamName": "s", "timestamp": 1772445600000, "message": RAW},
        {"@message": RAW, "@timestamp": STAMP, "@ptr": "x"},
    ],
)
def test_events_of_cloudwatch(record: dict[str, Any]) -> None:
    """A log event and a row of Insights give their message and its time."""
    assert peel_envelope(json.dumps(record)) == Envelope(RAW, TEN_US)


def test_an_object_inside_stays_json() -> None:
    """A payload that is an object becomes its own JSON, for the source that knows it."""
    assert peel_envelope('{"schema":null,"payload":{"b": 1}}') == Envelope('{"b": 1}')
    assert peel_envelope('{"_index":"i","_source":{"b": 1}}') == Envelope('{"b": 1}')
    assert peel_envelope('{"_index":"i","_id":"1","fields":{"b": [1]}}') == Envelope('{"b": [1]}')
    assert peel_envelope('{"conn":{"b": 1}}') == Envelope('{"b": 1}')
    decoded = '{"@timestamp":"' + STAMP + '","agent":{"type":"filebeat"},"json":{"b": 1}}'
    assert peel_envelope(decoded) == Envelope('{"b": 1}', TEN_US)
    logged = {"insertId": "1", "logName": "projects/p/logs/eve", "jsonPayload": {"b": 1}, "timestamp": STAMP}
    assert peel_envelope(json.dumps(logged)) == Envelope('{"b": 1}', TEN_US)


@pytest.mark.parametrize(
    "record",
    [
        {"@timestamp": STAMP, **AGENT, "message": RAW, "source": {"ip": "192.0.2.1"}},
        {"@timestamp": STAMP, **AGENT, "message": RAW, "url.domain": "a.example"},
        {"@timestamp": STAMP, **AGENT, "event": {"original": RAW}, "dns": {"question": {"name": "a.example"}}},
        {"message": RAW, "severity": 3, "src_ip": "192.0.2.1", "timestamp": STAMP},
        {"message": RAW, "host": "fw1"},
        {"log": 7, "stream": "stdout", "time": STAMP},
        {"schema": 1, "payload": [1]},
        {"schema": 1, "payload": RAW, "topic": "t"},
        {"_source": {"a": 1}},
        {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1, "message": RAW}]},
        {"original": RAW, "payload": RAW},
        {"@timestamp": STAMP, **AGENT, "message": ["a"]},
    ],
)
def test_what_is_no_wrapping_stays_as_it_is(record: dict[str, Any]) -> None:
    """Parsed documents, vendors' own objects with a `message`, and batches come back unchanged."""
    text = json.dumps(record)
    assert peel_envelope(text) == Envelope(text)


@pytest.mark.parametrize("text", ['{"message":', '{"log":' + '{"a":' * 50_000, '{"message":"\\ud800"}'])
def test_broken_objects_stay_as_they_are(text: str) -> None:
    """An object that cannot be decoded, or is absurdly nested, is left for the sources to refuse."""
    assert peel_envelope(text) == Envelope(text)


@given(
    st.sampled_from(["message", "log", "payload", "_source", "@message", "event"]),
    st.dictionaries(
        st.sampled_from(["@timestamp", "agent", "time", "schema", "_index", "host", "id"]), st.text() | st.none()
    ),
    st.text() | st.integers() | st.lists(st.text()),
)
def test_no_object_is_an_error(key: str, beside: dict[str, Any], value: Any) -> None:
    """Peeling raises nothing, whatever stands in a shipper's keys."""
    peel_envelope(json.dumps({**beside, key: value}))
    peel_envelope(json.dumps({**beside, key: value}, ensure_ascii=False)[:-1])


@pytest.mark.parametrize(
    "fields",
    [
        {"winlog": {"event_id": "3", "event_data": {"Image": "a"}}, "agent": {"type": "winlogbeat"}},
        {"winlog.event_id": "3", "agent": {"type": "winlogbeat"}},
        {"EventID": 3, "Image": "a", "@version": "1"},
        {"process": {"entity_id": "x", "executable": "/bin/a"}, "agent": {"type": "endpoint"}},
    ],
)
def test_a_windows_event_s_message_is_not_its_line(fields: dict[str, object]) -> None:
    """Beside the fields of an endpoint's event the message only repeats them in prose, so the object stays whole."""
    document = {"@timestamp": "2026-03-02T10:00:00Z", "message": "Network connection detected:\nImage: a", **fields}
    assert unwrap(json.dumps(document).encode()) is None


def test_a_syslog_line_with_a_process_is_still_a_line() -> None:
    """Filebeat names the program that wrote a syslog line; that is no endpoint's event."""
    document = {"@timestamp": "2026-03-02T10:00:00Z", "message": "a line", "log": {}, "process": {"program": "sshd"}}
    found = unwrap(json.dumps(document).encode())
    assert found is not None
    assert found.text == "a line"
