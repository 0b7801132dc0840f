"""KQL: analytics rules for Microsoft Sentinel (YAML), and hunting queries for Sentinel and Defender XDR.

Interval statistics are computed without `prev`, which looks clumsy and can be run and proven outside the cloud.
Defender's DeviceNetworkEvents has no byte counts and names hosts only sometimes; there the program is what counts.
"""

from collections.abc import Iterator, Mapping

from sferic.catalog.detections import Detection, attack
from sferic.content._contract import Content, Text, derived_id
from sferic.content._fill import facts, fill, quoted
from sferic.content._yaml import Value, as_yaml

_OWN = '    "example-function", "example.lambda-url.eu-west-1.on.aws"'
_EXECUTED = "Executed on simulated events by duckdb-kql, which is not Kusto; Microsoft's parser checked its form."
_TACTICS = {"command-and-control": "CommandAndControl", "execution": "Execution",
            "resource-development": "ResourceDevelopment"}  # fmt: skip
_RULES = (
    ("candidate", "asim"), ("candidate", "cef"), ("beacon", "asim"), ("beacon", "cef"), ("cloud_change", ""),
    ("own_function", "asim"),
)  # fmt: skip
_ENTITIES = {
    "Source": ("IP", "Address"), "Host": ("DNS", "DomainName"), "Actor": ("Account", "FullName"),
    "SourceIpAddress": ("IP", "Address"),
}  # fmt: skip
_SHOWN = {
    "candidate": ("Source", "Host"), "beacon": ("Source", "Host"), "cloud_change": ("Actor", "SourceIpAddress"),
    "own_function": ("Source", "Host", "Actor"),
}  # fmt: skip


def texts(content: Content) -> Iterator[Text]:
    """Write each query by itself, and those that Sentinel can schedule as rules, too."""
    for detection, table in (*_RULES, ("candidate", "defender"), ("beacon", "defender"), ("process", "")):
        name = f"{detection}_{table}" if table else detection
        place = "defender" if table == "defender" or detection == "process" else "sentinel"
        query = _query(content, detection, table)
        yield Text(f"{place}/{name}.kql", f"{_heading(content.detections[detection])}{query}")
        if place == "sentinel":
            rule = as_yaml(_rule(content.detections[detection], name, query))
            yield Text(f"{place}/{name}.yaml", f"# {_EXECUTED}\n{rule}")


def _query(content: Content, detection: str, table: str) -> str:
    one, hosts = content.detections[detection], content.hosts
    values = facts(one) | {
        "platforms": hosts.regex, "vendors": hosts.vendor_regex, "own": _OWN,
        **{name: quoted(words) for name, words in content.detections["cloud_change"].lists.items()},
        **{name: quoted(words) for name, words in one.lists.items()},
    }  # fmt: skip
    if table:
        values["events"] = fill(f"kusto/events_{table}.kql", values).rstrip()
        values["visits"] = fill("kusto/visits.kql", values).rstrip()
    return fill(f"kusto/{detection}.kql", values)


def _heading(detection: Detection) -> str:
    return f"// {detection.title}\n// {detection.sentence}\n// {_EXECUTED}\n// Limits: {detection.cannot}\n"


def _rule(detection: Detection, name: str, query: str) -> Mapping[str, Value]:
    known = attack().techniques
    return {
        "id": derived_id(detection, f"sentinel/{name}"), "name": detection.title,
        "description": f"{detection.sentence} {detection.cannot}",
        "severity": detection.level.capitalize(), "status": "Available", "kind": "Scheduled", "version": "1.0.0",
        "requiredDataConnectors": [], "queryFrequency": f"{detection.every_min}m",
        "queryPeriod": f"{detection.lookback_h}h", "triggerOperator": "gt", "triggerThreshold": 0,
        "tactics": sorted({_TACTICS[known[one].tactic] for one in detection.techniques}),
        "relevantTechniques": sorted({one.partition(".")[0] for one in detection.techniques}), "query": query,
        "entityMappings": [
            {"entityType": kind, "fieldMappings": [{"identifier": identifier, "columnName": column}]}
            for column in _SHOWN[detection.id] for kind, identifier in [_ENTITIES[column]]
        ],
        "eventGroupingSettings": {"aggregationKind": "AlertPerResult"}, "suppressionEnabled": False,
        "suppressionDuration": "5h",
    }  # fmt: skip
