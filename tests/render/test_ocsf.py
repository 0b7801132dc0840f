"""OCSF output against the class definition, written down beside this file."""

import copy
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sferic.model.report import Report
from sferic.render import Look, ocsf

SCHEMA = json.loads(Path(__file__).with_name("ocsf_2004.schema.json").read_text(encoding="utf-8"))
_TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def faults(value: Any, schema: Any, at: str = "$") -> Iterator[str]:
    """Name every fault of a value; knows the words of JSON Schema that the file uses."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
        yield f"{at} is no {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is {value!r}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at} does not fit {schema['pattern']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{at} is below {schema['minimum']}"
    if isinstance(value, dict):
        yield from _object_faults(value, schema, at)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults(item, schema.get("items", {}), f"{at}[{index}]")


def _object_faults(value: dict[str, Any], schema: Any, at: str) -> Iterator[str]:
    yield from (f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value)
    choices = schema.get("anyOf", ())
    if choices and not any(all(name in value for name in choice["required"]) for choice in choices):
        yield f"{at} has none of {choices}"
    for name, inner in value.items():
        if name in schema.get("properties", {}):
            yield from faults(inner, schema["properties"][name], f"{at}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{at}.{name} is unknown"


def records(report: Report) -> list[Any]:
    """Render and read back."""
    stream = io.StringIO()
    ocsf.render(report, stream, Look())
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_finding_fits_the_class(report: Report) -> None:
    """Each record has the required attributes, with the types and values that the class allows."""
    found = records(report)
    assert len(found) == len(report.findings)
    assert [fault for record in found for fault in faults(record, SCHEMA)] == []


@pytest.mark.parametrize(
    "break_it",
    [
        lambda record: record.pop("time"),
        lambda record: record.update(severity_id=7),
        lambda record: record.update(time="2026-03-05T09:00:00Z"),
        lambda record: record["finding_info"].pop("uid"),
        lambda record: record["evidences"].append({}),
        lambda record: record["observables"][0].pop("type_id"),
        lambda record: record.update(extra=1),
    ],
)
def test_the_check_notices_faults(report: Report, break_it: Callable[[Any], object]) -> None:
    """A record that is broken in one place is refused, so the test above can fail."""
    record = copy.deepcopy(records(report)[0])
    break_it(record)
    assert list(faults(record, SCHEMA))


def test_times_and_severity(report: Report) -> None:
    """Times are epoch milliseconds; `time` is when the report was made; severities keep their order."""
    first = records(report)[0]
    assert first["time"] == 1_772_701_200_000
    assert first["finding_info"]["first_seen_time"] == first["start_time"] == 1_772_439_312_000
    assert [record["severity_id"] for record in records(report)] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("news", "activity", "status"),
    [("new", 1, 1), ("risen", 2, None), ("known", 2, None), ("closed", 3, 99)],
)
def test_what_a_store_knows(report: Report, news: Any, activity: int, status: int | None) -> None:
    """A finding is created once, updated as long as it is told, and closed; each time it is an event of its own."""
    finding = msgspec.structs.replace(report.findings[0], news=news, known_since=1_772_439_312_000_000)
    kind = "closed" if news == "closed" else "findings"
    (record,) = records(msgspec.structs.replace(report, **{"findings": (), kind: (finding,)}))
    assert not list(faults(record, SCHEMA))
    assert (record["activity_id"], record["type_uid"]) == (activity, 200_400 + activity)
    assert record.get("status_id") == status
    assert record["finding_info"]["created_time"] == 1_772_439_312_000
    assert record["metadata"]["uid"] == f"{finding.id}:{record['time']}"
    assert record["finding_info"]["uid"] == finding.id


def test_rotating_hosts_are_evidence_each(report: Report) -> None:
    """A finding with three host names has a piece of evidence and an observable for each."""
    rotating = records(report)[1]
    hosts = [e["dst_endpoint"]["hostname"] for e in rotating["evidences"]]
    assert hosts == list(report.findings[1].hosts)
    assert [o["value"] for o in rotating["observables"] if o["name"].startswith("evidences.dst")] == hosts


def test_what_ocsf_has_no_place_for(report: Report) -> None:
    """The parts of the score travel along."""
    whole = records(report)[0]["unmapped"]
    assert sum(reason["points"] for reason in whole["sferic_reasons"]) == pytest.approx(whole["sferic_points"])


def test_sentences_stay_apart(report: Report) -> None:
    """What a SIEM shows as the description has each reason's sentence by itself."""
    for finding, record in zip(report.findings, records(report), strict=True):
        told = [reason.text.rstrip(".") for reason in finding.reasons if reason.text]
        assert record["finding_info"].get("desc", "") == "; ".join(told)
