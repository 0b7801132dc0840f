"""The rules of `ocsf_json` that its golden case does not show."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import DNS, HTTP, NETWORK, Event, Line, Reject
from sferic.sources._contract import GENERIC, NO
from sferic.sources.ocsf_json import _NAMES, Reader
from tests.sources.single_lines import VALUES, Log, texts

LOG = Log(Reader)
made, event = LOG.made, LOG.event


BASE: dict[str, Any] = {
    "class_uid": 4001,
    "time": 1772445600000,
    "src_endpoint": {"ip": "10.0.0.5"},
    "dst_endpoint": {"hostname": "a.example"},
}
TEN_US = 1_772_445_600_000_000


@pytest.mark.parametrize(("kind", "table"), [(4001, NETWORK), (4002, HTTP), (4003, DNS)])
def test_the_class_tells_the_table(kind: int, table: str) -> None:
    """The class decides, whatever fields there are."""
    found = event(json.dumps(BASE | {"class_uid": kind, "query": {"hostname": "q.example"}, "http_status": 200}))
    assert (found.table, found.dst_host) == (table, "q.example" if table == DNS else "a.example")


@pytest.mark.parametrize("kind", [1007, 3002, 4007, "x", True, [4001]])
def test_other_classes_have_no_events(kind: Any) -> None:
    """Logins, processes and whatever else is no connection give nothing, and that is no reject."""
    assert made().read(Line(json.dumps(BASE | {"class_uid": kind}))) is None


@pytest.mark.parametrize(
    ("fields", "seconds", "duration_ms"),
    [
        ({}, 0, None),
        ({"start_time": 1772445590000}, -10, None),
        ({"start_time": 1772445590000, "end_time": 1772445592500}, -10, 2500),
        ({"start_time": 1772445590000, "end_time": 1772445589000}, -10, 0),
        ({"end_time": 1772445605000, "duration": 3000}, 2, 3000),
        ({"duration": 3000}, 0, 3000),
    ],
)
def test_the_event_is_stamped_with_its_start(fields: dict[str, Any], seconds: int, duration_ms: int | None) -> None:
    """`start_time` counts, else the end less the duration, else `time` as it stands."""
    found = event(json.dumps(BASE | fields))
    assert (found.time, found.duration_ms) == (TEN_US + seconds * 1_000_000, duration_ms)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"action": "Denied", "action_id": 1}, "blocked"),
        ({"action_id": 1}, "allowed"),
        ({"disposition_id": 2}, "blocked"),
        ({"disposition": "Dropped"}, "blocked"),
        ({"action_id": 99, "disposition_id": 99}, None),
        ({"action_id": [1]}, None),
    ],
)
def test_the_verdict_is_a_word_or_a_number(fields: dict[str, Any], expected: str | None) -> None:
    """Words count before numbers; other numbers say nothing."""
    assert event(json.dumps(BASE | fields)).action == expected


def test_bytes_go_out_from_the_source() -> None:
    """`bytes_out` is the source's; a total counts only where neither side is logged."""
    found = event(json.dumps(BASE | {"traffic": {"bytes_out": 1, "bytes_in": 2, "bytes": 3}}))
    assert (found.bytes_up, found.bytes_down, found.bytes_total) == (1, 2, None)
    assert event(json.dumps(BASE | {"traffic": {"bytes": 3}})).bytes_total == 3


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (json.dumps(BASE), GENERIC),
        ('{"class_uid" : 1007}', GENERIC),
        ('{"class_uid":"x"}', NO),
        ("class_uid 4001", NO),
        ("", NO),
    ],
)
def test_claims_objects_with_a_class(text: str, claim: int) -> None:
    """The class's number is the schema's mark."""
    assert made().claims(Line(text)) == claim


@given(
    st.dictionaries(
        st.sampled_from(
            sorted({name for names in _NAMES.values() for name in names} | {"time", "start_time", "end_time", "device"})
        ),
        VALUES,
    )
)
def test_any_values_are_read_or_refused(fields: dict[str, Any]) -> None:
    """Whatever the fields hold, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(json.dumps(BASE | fields))


@given(texts('{"class_uid":4001,'))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)


def test_a_launched_process_has_the_actor_as_its_parent() -> None:
    """In Process Activity `process` was launched by the actor; other activities give no event."""
    launcher = {"pid": 1, "uid": "a", "file": {"path": "/bin/sh"}}
    process = {"pid": 612, "uid": "b", "file": {"path": "/usr/bin/curl"}, "cmd_line": "curl -s fn.example.com"}
    record = {"class_uid": 1007, "activity_id": 1, "time": 1772445600000, "device": {"hostname": "build-3"},
              "actor": {"process": launcher, "user": {"name": "deploy"}}, "process": process}  # fmt: skip
    found = LOG.event(json.dumps(record))
    assert (found.process_path, found.process_id, found.process_guid) == ("/usr/bin/curl", 612, "b")
    assert (found.parent_path, found.parent_id, found.parent_guid) == ("/bin/sh", 1, "a")
    assert (found.device, found.user, found.command_line) == ("build-3", "deploy", "curl -s fn.example.com")
    assert LOG.made().read(Line(json.dumps(record | {"activity_id": 2}))) is None


def test_a_table_has_dotted_names() -> None:
    """A header row with a class and an end's attribute is claimed, and its rows are read; empty cells say nothing."""
    header = "class_uid,time,start_time,src_endpoint.ip,dst_endpoint.hostname,traffic.bytes_out,disposition_id"
    reader = made()
    assert reader.claims(Line(header)) == GENERIC
    assert reader.read(Line(header)) is None
    found = reader.read(Line("4001,1772445600000,,10.0.0.5,a.example,7,2"))
    assert isinstance(found, Event)
    assert (found.table, found.time, found.dst_host, found.bytes_up, found.action) == (
        NETWORK, TEN_US, "a.example", 7, "blocked",
    )  # fmt: skip


def test_an_event_inside_something_else_is_refused() -> None:
    """A wrapping that nobody knows is a reject, not an event of a class without traffic."""
    found = made().read(Line(json.dumps({"data": BASE})))
    assert found == Reject("no class_uid at the top of the event")
