"""What all audit logs of clouds keep: the record under the vendor's names, whatever was wrapped around it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import API, Event, Line, Reject
from sferic.sources._contract import CERTAIN, NO, sources
from tests.sources.single_lines import VALUES, Log

GOLDEN = Path(__file__).parents[1] / "golden" / "sources"
AUDIT = sorted(name for name, source in sources().items() if source.tables == (API,))
LOGS = {name: Log(sources()[name].reader) for name in [*AUDIT, "aws_apigateway_access"]}
LINES = {
    name: [
        line for case in sorted((GOLDEN / name).iterdir()) for line in
        (case / "raw.log").read_text(encoding="utf-8", errors="replace").splitlines() if line.startswith("{")
    ]
    for name in LOGS
}  # fmt: skip
each_audit_log = pytest.mark.parametrize("name", AUDIT)


def first(name: str) -> dict[str, Any]:
    """Return the first record of a source's golden cases of which no part is packed as text."""
    records = map(json.loads, LINES[name])
    found: dict[str, Any] = next(record for record in records if not isinstance(record.get("properties"), str))
    return found


def same(one: Event, other: Event) -> bool:
    """Say whether two events and their records say the same."""
    kept = [json.loads(event.raw or "null") for event in (one, other)]
    one.raw = other.raw = None
    return one == other and kept[0] == kept[1]


@each_audit_log
def test_the_record_is_kept(name: str) -> None:
    """A record that is not wrapped is kept as it stands in the line; its table, provider and operation are known."""
    event = LOGS[name].event(json.dumps(first(name)))
    assert event.raw is not None
    assert json.loads(event.raw) == first(name)
    assert (event.table, bool(event.provider), bool(event.operation)) == (API, True, True)


@each_audit_log
def test_only_the_own_records_are_claimed(name: str) -> None:
    """The first record of every audit log is claimed by its own source alone."""
    claims = {other: LOGS[other].made().claims(Line(LINES[name][0])) for other in LOGS}
    assert {other for other, claim in claims.items() if claim != NO} == {name}
    assert claims[name] == CERTAIN


@pytest.mark.parametrize("name", LOGS)
@given(data=st.data())
def test_any_value_anywhere(name: str, data: st.DataObject) -> None:
    """Whatever stands in a record's fields, or where it is cut, reading it gives an event, a reject or a ValueError."""
    record = json.loads(data.draw(st.sampled_from([line for line in LINES[name] if line.endswith("}")])))
    for key in data.draw(st.lists(st.sampled_from(sorted(record)), max_size=3)):
        record[key] = data.draw(VALUES)
    text = json.dumps(record)
    LOGS[name].reads_or_refuses(text)
    LOGS[name].reads_or_refuses(text[: data.draw(st.integers(0, len(text)))])


@pytest.mark.parametrize("wrap", [
    lambda r: {"version": "0", "detail-type": "AWS API Call via CloudTrail", "detail": r},
    lambda r: {"eventData": r, "eventDataChecksum": ""},
    lambda r: {"EventId": "1", "CloudTrailEvent": json.dumps(r)},
    lambda r: {k.lower(): v for k, v in r.items()},
])  # fmt: skip
def test_cloudtrail_however_wrapped(wrap: Any) -> None:
    """EventBridge, Lake, `lookup-events` and lower-case names give the event of the bare record."""
    log, record = LOGS["aws_cloudtrail"], first("aws_cloudtrail")
    bare, wrapped = log.event(json.dumps(record)), log.event(json.dumps(wrap(record)))
    kept = json.loads(wrapped.raw or "")
    assert kept == {key: kept.get(key) for key in kept}
    assert all(kept.get(key) == value for key, value in record.items() if value is not None)
    bare.raw = wrapped.raw = None
    assert bare == wrapped


def test_a_function_is_named_alike() -> None:
    """A function's name, partial ARN and full ARN are one resource; a refused call's stands in the error's text."""
    arn = "arn:aws:lambda:eu-north-1:111122223333:function:lab-fn"
    for written in ("lab-fn", "111122223333:lab-fn", "111122223333:function:lab-fn", arn, f"{arn}:PROD"):
        record = first("aws_cloudtrail") | {"requestParameters": {"functionName": written}}
        assert LOGS["aws_cloudtrail"].event(json.dumps(record)).resource == "lab-fn"
    refused = {
        "requestParameters": None,
        "responseElements": None,
        "errorCode": "AccessDenied",
        "errorMessage": f"no: {arn}",
    }
    event = LOGS["aws_cloudtrail"].event(json.dumps(first("aws_cloudtrail") | refused))
    assert (event.resource, event.outcome) == ("lab-fn", "failure")


def test_gcp_from_a_queue_and_a_table() -> None:
    """Pub/Sub's message, and BigQuery's row, give the entry's event."""
    log, record = LOGS["gcp_audit"], first("gcp_audit")
    text = json.dumps(record)
    queued = {"message": {"data": base64.b64encode(text.encode()).decode(), "messageId": "1"}}
    assert same(log.event(json.dumps(queued)), log.event(text))
    row = {key: value for key, value in record.items() if key != "protoPayload"}
    row["protopayload_auditlog"] = record["protoPayload"]
    assert same(log.event(json.dumps(row)), log.event(text))


def test_cloudflare_from_logpush() -> None:
    """Logpush's names of both versions come back to the API's, so that a rule need know one form."""
    log = LOGS["cloudflare_audit"]
    pushed = {"ActionType": "update", "ActionResult": "success", "ActionTimestamp": "2026-03-02T02:20:00Z",
              "ActorContext": "dash", "ActorEmail": "dev@lab.example", "Raw": {"Method": "PUT", "URI": "/a", "UserAgent": "x"}}  # fmt: skip
    kept = json.loads(log.event(json.dumps(pushed)).raw or "")
    assert kept == {
        "action": {"type": "update", "result": "success", "time": "2026-03-02T02:20:00Z"},
        "actor": {"context": "dash", "email": "dev@lab.example"},
        "raw": {"method": "PUT", "uri": "/a", "user_agent": "x"},
    }


def test_no_time_but_the_envelopes() -> None:
    """A record without a time has its envelope's; without that it is refused."""
    record = first("aws_cloudtrail") | {"eventTime": None}
    made = LOGS["aws_cloudtrail"].made()
    found = made.read(Line(json.dumps(record), sent_at=1_772_417_469_000_000))
    assert isinstance(found, Event)
    assert found.time == 1_772_417_469_000_000
    with pytest.raises(ValueError, match="no time"):
        made.read(Line(json.dumps(record)))


def test_other_tables_of_app_service_are_no_event() -> None:
    """What functions log themselves is known, and gives neither event nor reject."""
    record = first("azure_appservice") | {"category": "FunctionAppLogs"}
    assert not isinstance(LOGS["azure_appservice"].made().read(Line(json.dumps(record))), Event | Reject)
