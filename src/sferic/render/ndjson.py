"""Findings as JSON, one object a line: the contract other programs build on.

Every key of the contract is present in every line, null when unknown; within one `schema`, keys may be
added but never renamed. Strings are exact, and `sferic.render.safe_text.safe_json` keeps them harmless.
"""

from typing import TextIO

import msgspec

from sferic.model.finding import Finding
from sferic.model.report import Report
from sferic.render import Look, activity
from sferic.render.figures import rfc3339
from sferic.render.safe_text import safe_json


def render(report: Report, stream: TextIO, look: Look) -> None:
    """Write one line for each finding, then one for each row of the published search."""
    stream.writelines(safe_json(as_dict(finding)) + "\n" for finding in report.findings)
    activity.ndjson(report, stream, look)


def as_dict(finding: Finding) -> dict[str, object]:
    """Give a finding as plain JSON types, in the order of the contract."""
    record: dict[str, object] = msgspec.to_builtins(finding)
    record["known_since"] = rfc3339(finding.known_since)
    record["first_seen"] = rfc3339(finding.first_seen)
    record["last_seen"] = rfc3339(finding.last_seen)
    record["changes"] = [
        msgspec.to_builtins(change) | {"time": rfc3339(change.time)} for change in finding.changes
    ]
    record["needs"] = finding.needs or None
    record["platform_evidence"] = finding.platform_evidence or None
    return record
