"""Findings as OCSF events of class Detection Finding (2004), one JSON object a line.

Class and objects: https://schema.ocsf.io/classes/detection_finding.
Where OCSF has no place for a figure (the parts of the score, the timing law), it stands under `unmapped`.
"""

from collections.abc import Mapping
from typing import Any, TextIO

import msgspec

from sferic.model.finding import Finding, News
from sferic.model.report import Report
from sferic.render import Look
from sferic.render.facts import title
from sferic.render.safe_text import safe_json

VERSION = "1.4.0"
"""The OCSF release whose classes are written: the first that has `is_alert`."""
SEVERITY_ID = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
CONFIDENCE = ((70, 3, "High"), (40, 2, "Medium"), (0, 1, "Low"))
"""Least score, `confidence_id`, `confidence`."""
_STORY: Mapping[News | None, tuple[int, str, int | None, str | None]] = {
    None: (1, "Create", 1, "New"),
    "new": (1, "Create", 1, "New"),
    "risen": (2, "Update", None, None),
    "known": (2, "Update", None, None),
    "closed": (3, "Close", 99, "Not found any more"),
}
"""What a store says → `activity_id`, `activity_name`, `status_id`, `status`; whether somebody has looked, it cannot."""
_HOSTNAME, _ADDRESS, _USER, _PROCESS = 1, 2, 4, 9
_TYPES = {_HOSTNAME: "Hostname", _ADDRESS: "IP Address", _USER: "User Name", _PROCESS: "Process Name"}

Json = dict[str, Any]


def render(report: Report, stream: TextIO, _look: Look) -> None:
    """Write one line for each finding, then one for each that is closed."""
    whole = (*report.findings, *report.closed)
    stream.writelines(safe_json(as_dict(finding, report)) + "\n" for finding in whole)


def as_dict(finding: Finding, report: Report) -> Json:
    """Give a finding as an OCSF event of plain JSON types."""
    _, confidence_id, confidence = next(c for c in CONFIDENCE if finding.score >= c[0])
    activity_id, activity, status_id, status = _STORY[finding.news]
    return _known(
        activity_id=activity_id,
        activity_name=activity,
        category_uid=2,
        category_name="Findings",
        class_uid=2004,
        class_name="Detection Finding",
        type_uid=200400 + activity_id,
        type_name=f"Detection Finding: {activity}",
        time=_ms(report.made_at) or _ms(finding.last_seen) or 0,
        start_time=_ms(finding.first_seen),
        end_time=_ms(finding.last_seen),
        severity_id=SEVERITY_ID[finding.severity],
        severity=finding.severity.capitalize(),
        status_id=status_id,
        status=status,
        is_alert=finding.severity in {"high", "critical"},
        confidence_id=confidence_id,
        confidence=confidence,
        confidence_score=finding.score,
        count=finding.connections or None,
        message=title(finding),
        metadata=_metadata(finding, report),
        finding_info=_info(finding),
        resources=_resources(finding),
        evidences=_evidences(finding),
        observables=_observables(finding),
        unmapped=_unmapped(finding),
    )


def _metadata(finding: Finding, report: Report) -> Json:
    product = _known(name="Sferic", vendor_name="Sferic", uid="sferic", version=report.version or None)
    uid = f"{finding.id}:{_ms(report.made_at)}" if finding.news else finding.id  # what is told again is another event
    return _known(version=VERSION, product=product, uid=uid, log_name=", ".join(finding.sources) or None)


def _info(finding: Finding) -> Json:
    return _known(
        uid=finding.id,
        title=title(finding),
        created_time=_ms(finding.known_since or 0),
        desc="; ".join(reason.text.rstrip(".") for reason in finding.reasons if reason.text) or None,
        analytic={"uid": finding.analytic, "name": finding.analytic, "type_id": 2, "type": "Behavioral"},
        first_seen_time=_ms(finding.first_seen),
        last_seen_time=_ms(finding.last_seen),
        attacks=[_attack(technique) for technique in finding.techniques] or None,
        data_sources=list(finding.sources) or None,
    )


def _attack(technique: str) -> Json:
    """Name a technique; a sub-technique (`T1583.007`) has its own object beside its parent's."""
    parent, dot, _ = technique.partition(".")
    return {"technique": {"uid": parent}} | ({"sub_technique": {"uid": technique}} if dot else {})


def _evidences(finding: Finding) -> list[Json] | None:
    """Give one piece of evidence for each name called, or one for the caller alone."""
    caller = _known(
        src_endpoint=_known(ip=finding.src_ip, hostname=finding.device) or None,
        actor=_known(
            app_name=finding.process,
            user=_user(finding.actor or finding.user),
        )
        or None,
    )
    called = [{"dst_endpoint": {"hostname": host}} for host in finding.hosts] or [{}]
    whole = [evidence for evidence in (caller | name for name in called) if evidence]
    samples = [{"data": {"place": s.place, "line": s.text}} for s in finding.samples]
    return whole + samples or None


def _resources(finding: Finding) -> list[Json] | None:
    """Name the function that was changed."""
    if not finding.changes or not finding.function:
        return None
    return [{"name": finding.function, "type": "function"}]


def _user(name: str | None) -> Json | None:
    return {"name": name} if name else None


def _observables(finding: Finding) -> list[Json] | None:
    seen = [
        ("evidences.src_endpoint.ip", _ADDRESS, finding.src_ip),
        ("evidences.src_endpoint.hostname", _HOSTNAME, finding.device),
        ("evidences.actor.user.name", _USER, finding.actor or finding.user),
        ("evidences.actor.app_name", _PROCESS, finding.process),
        *(("evidences.dst_endpoint.hostname", _HOSTNAME, host) for host in finding.hosts),
    ]
    named = [{"name": n, "type_id": t, "type": _TYPES[t], "value": v} for n, t, v in seen if v]
    return named or None


def _unmapped(finding: Finding) -> Json:
    rest = (
        "schema",
        "points",
        "platform",
        "provider",
        "tenant",
        "account",
        "function",
        "changes",
        "also_seen_as",
        "process_tree",
        "checkins",
        "interval",
        "bytes_up",
        "bytes_down",
    )
    words = ("needs", "benign_explanations", "next_steps")
    whole: Json = msgspec.to_builtins(finding)
    return {f"sferic_{key}": whole[key] for key in (*rest, "reasons", *words) if whole[key] not in (None, "", [], ())}


def _ms(time_us: int) -> int | None:
    return time_us // 1000 or None


def _known(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None and value != {}}
