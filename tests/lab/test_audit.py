"""Templates of cloud audit logs: read without rejects, the same every time, every case with its deeds."""

import json
from pathlib import Path

import pytest

from sferic.lab.audit import CASES, load_plan, records, write_plan
from sferic.model.settings import Settings
from sferic.pipeline import hunt, normalize

TESTS = ("enumerate", "deploy")


@pytest.mark.parametrize("test", TESTS)
def test_every_record_is_read(test: str, tmp_path: Path) -> None:
    """The readers of the providers' logs make an event of every line, with who, from where and what."""
    write_plan(load_plan(test), tmp_path)
    logs = [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    written = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in logs)
    events = [event for event in normalize([str(tmp_path)]) if event.table == "api_activity"]
    started = [event for event in normalize([str(tmp_path)]) if event.table == "process_activity"]
    assert len(events) + len(started) == written
    assert len(started) == (test == "deploy")
    assert all(event.src_ip and event.operation and (event.user or event.actor) for event in events)


@pytest.mark.parametrize("test", TESTS)
def test_every_case_is_told_and_done(test: str, tmp_path: Path) -> None:
    """Each case of the plan has deeds and a sentence, and history comes before the tests."""
    plan = load_plan(test)
    assert {deed.case for deed in plan.deeds} == set(plan.cases)
    assert min(d.at_s for d in plan.deeds if d.case == "history") < min(
        d.at_s for d in plan.deeds if d.case != "history"
    )
    write_plan(plan, tmp_path)
    assert json.loads((tmp_path / CASES).read_bytes()) == plan.cases
    assert records(plan) == records(plan)


def test_what_the_page_expects_and_clouds_do_not_write() -> None:
    """CloudTrail says `Invoke` as a data event, never `InvokeFunction`; Cloudflare has no action `deploy`."""
    [trail] = records(load_plan("enumerate")).values()
    names = {json.loads(line)["eventName"]: json.loads(line)["eventCategory"] for line in trail}
    assert names["Invoke"] == "Data"
    assert names["ListFunctions20150331"] == "Management"
    assert "InvokeFunction" not in names
    [audit] = records(load_plan("deploy")).values()
    assert "deploy" not in {json.loads(line)["action"]["type"] for line in audit}


@pytest.mark.parametrize(
    ("test", "verdicts"),
    [
        ("enumerate", {"old-backup": "medium", "kim.reed": "low"}),
        ("deploy", {"uma.fenn@corp.example": "high", "kim.reed@corp.example": "medium"}),
    ],
)
def test_a_hunt_says_what_the_cases_ask_for(test: str, verdicts: dict[str, str], tmp_path: Path) -> None:
    """Who is new, refused or holds a fresh token is told with the severity that the case names; nobody else is."""
    write_plan(load_plan(test), tmp_path)
    findings = hunt([str(tmp_path)], Settings(workers=1)).findings
    assert {(f.actor or "").rpartition("/")[2]: f.severity for f in findings} == verdicts


def test_the_command_stands_beside_the_change(tmp_path: Path) -> None:
    """The machine on which the Worker was deployed is named in the finding of its change, at no points."""
    write_plan(load_plan("deploy"), tmp_path)
    [finding] = [one for one in hunt([str(tmp_path)], Settings(workers=1)).findings if one.device]
    assert (finding.device, finding.function) == ("HQ-WS017", "api-sync")
    assert [reason.points for reason in finding.reasons if reason.signal == "launched"] == [0]


def test_a_refused_call_hides_what_it_asked_for() -> None:
    """Denied calls carry an error and no parameters; what succeeds carries no error."""
    [trail] = records(load_plan("enumerate")).values()
    told = [json.loads(line) for line in trail]
    denied = [one for one in told if "errorCode" in one]
    assert len(denied) == 5
    assert all(one["requestParameters"] is None for one in denied)
    assert len({one["eventID"] for one in told}) == len(told)
