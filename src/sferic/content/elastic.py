"""EQL sequences and ES|QL for Elastic Security, each as a query and as a detection rule (TOML and NDJSON).

EQL says "so many in a day" and cannot measure gaps; ES|QL compares hourly counts. The EQL is run in the tests by
Elastic's own Python engine; nothing executes ES|QL outside Elasticsearch, so of that text the form was checked.
"""

from collections.abc import Iterator, Mapping

import msgspec

from sferic.catalog.detections import Detection, attack, false_positives
from sferic.content._contract import AUTHOR, DATE, REFERENCES, Content, Text, derived_id
from sferic.content._fill import facts, fill, quoted

_FORMS = (
    ("candidate", "eql", "logs-*"), ("process", "eql", "logs-endpoint.events.network-*"),
    ("cloud_change", "eql", "logs-aws.cloudtrail-*"), ("beacon", "esql", ""),
)  # fmt: skip
_EXECUTED = {
    "eql": "Executed on made-up events by eql, Elastic's Python engine; not in Elasticsearch.",
    "esql": "Not executed: only Elasticsearch runs ES|QL. Elastic's own parser checked syntax, fields and types.",
}
_SEVERITY = {"low": 21, "medium": 47, "high": 73}


def texts(content: Content) -> Iterator[Text]:
    """Write each query, each rule as TOML, and all rules together as NDJSON for Kibana's import."""
    rules = []
    for name, language, index in _FORMS:
        one = content.detections[name]
        query = _query(content, one, language)
        rule = _rule(one, language, index, query)
        rules.append(msgspec.json.encode(rule).decode())
        yield Text(f"{name}.{language}", query)
        yield Text(f"{name}.toml", _toml(rule))
    yield Text("rules.ndjson", "\n".join(rules) + "\n")


def _query(content: Content, detection: Detection, language: str) -> str:
    hosts, indent = content.hosts, " " * 8
    values = facts(detection) | {
        "patterns": quoted(hosts.patterns, indent=indent), "vendors": quoted(hosts.vendor_patterns, indent=indent),
        "platforms": _lucene(hosts.regex), "vendors_regex": _lucene(hosts.vendor_regex),
        **{name: quoted(words, indent=indent) for name, words in detection.lists.items()},
    }  # fmt: skip
    return f"// {_EXECUTED[language]}\n{fill(f'elastic/{detection.id}.{language}', values)}"


def _lucene(expression: str) -> str:
    """Spell an expression for RLIKE: it is anchored there anyway, knows no `(?:`, and stands in a quoted string."""
    return expression.strip("^$").replace("(?:", "(").replace("\\", "\\\\")


def _rule(detection: Detection, language: str, index: str, query: str) -> dict[str, object]:
    rule = {
        "rule_id": derived_id(detection, f"elastic/{language}"), "name": detection.title,
        "description": f"{detection.sentence} {detection.cannot}", "author": [AUTHOR], "license": "Apache-2.0",
        "references": list(REFERENCES),
        "note": _EXECUTED[language],
        "false_positives": [false_positives()[name].title for name in detection.false_positives],
        "type": language, "language": language, "query": query, "severity": detection.level,
        "risk_score": _SEVERITY[detection.level], "from": f"now-{detection.lookback_h}h",
        "interval": f"{detection.every_min}m", "enabled": False, "version": 1, "threat": _threat(detection),
    }  # fmt: skip
    return rule | ({"index": [index]} if index else {})


def _toml(rule: Mapping[str, object]) -> str:
    """Write the form in which Elastic keeps its own rules in a repository."""
    query = str(rule["query"])
    lines = [
        "[metadata]",
        f'creation_date = "{DATE}"',
        f'updated_date = "{DATE}"',
        'maturity = "development"',
        "",
        "[rule]",
    ]
    lines += [
        f"{_key(key)} = {_value(value)}" for key, value in rule.items() if key not in ("query", "enabled", "version")
    ]
    return "\n".join([*lines, f"query = '''\n{query}'''", ""])


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return msgspec.json.encode(value).decode()


def _key(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'


def _threat(detection: Detection) -> list[dict[str, object]]:
    known = attack()
    tactics = {"command-and-control": ("TA0011", "Command and Control"), "execution": ("TA0002", "Execution")}
    return [
        {
            "framework": "MITRE ATT&CK",
            "tactic": {"id": id_, "name": title, "reference": f"{known.reference}tactics/{id_}/"},
            "technique": [
                {"id": parent, "name": name, "reference": f"{known.reference}techniques/{parent}/"}
                for parent, name in sorted({(t[:5], known.techniques[t].name.partition(":")[0]) for t in seen})
            ],
        }
        for tactic, (id_, title) in tactics.items()
        if (seen := [t for t in detection.techniques if known.techniques[t].tactic == tactic])
    ]  # fmt: skip
