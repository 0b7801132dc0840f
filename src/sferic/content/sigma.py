"""Sigma rules with correlations: candidates in proxy and DNS logs, programs in Sysmon's, and the audit log rules.

Sigma has no word for regular intervals, so these find candidates ("so many in a day"), and their level says so. The
rules for audit logs are the catalogue's own, which Sferic runs itself.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from sferic import catalog
from sferic.catalog.detections import Detection, attack, false_positives
from sferic.content._contract import AUTHOR, DATE, REFERENCES, Content, Text, derived_id
from sferic.content._yaml import Value, as_yaml

_RULES = Path(next(iter(catalog.__path__))) / "rules"
_PROGRAM = "net_connection_win_serverless_platform"
_PROXY = "proxy_serverless_platform_small"
_DNS = "dns_query_serverless_platform"


_EXECUTED = "Executed on simulated events by pySigma's SQLite backend; form checked by SigmaHQ's validators."


def texts(content: Content) -> Iterator[Text]:
    """Write every rule into a file of its own, named as SigmaHQ names them."""
    candidate, process = content.detections["candidate"], content.detections["process"]
    yield _text(_PROXY, _proxy(candidate, content))
    yield _text(_DNS, _dns(candidate, content))
    yield _text(_PROGRAM, _program(process, content))
    for name, rule in _correlations(candidate, process):
        yield _text(name, rule)
    for path in sorted(_RULES.rglob("*.yml")):
        yield Text(f"cloud/{path.name}", path.read_text(encoding="utf-8"))


def _text(name: str, rule: Mapping[str, Value]) -> Text:
    return Text(f"{name}.yml", f"# {_EXECUTED}\n{as_yaml(rule)}")


def _proxy(detection: Detection, content: Content) -> dict[str, Value]:
    limits = detection.limits
    return _rule(
        detection, _PROXY, "Small Request To Serverless Platform", {"category": "proxy"},
        {
            **_hosts("cs-host", content),
            "filter_optional_large_request": {"cs-bytes|gte": limits["bytes_up"]},
            "filter_optional_large_answer": {"sc-bytes|gte": limits["bytes_down"]},
            "filter_optional_refused": {"sc-status": 407},
        },
        "Detects a request to a host of a serverless platform, neither large nor answered with much, and not refused "
        "by the proxy. A part of a correlation: most such requests are people browsing.",
    )  # fmt: skip


def _dns(detection: Detection, content: Content) -> dict[str, Value]:
    return _rule(
        detection, _DNS, "DNS Query For Serverless Platform", {"category": "dns"}, _hosts("query", content),
        "Detects a look-up of a host of a serverless platform. A part of a correlation: most are people browsing.",
    )  # fmt: skip


def _program(detection: Detection, content: Content) -> dict[str, Value]:
    browsers = [f"\\{name}" for name in detection.lists["browsers"]]
    return _rule(
        detection, _PROGRAM, "Network Connection To Serverless Platform By Non-Browser",
        {"category": "network_connection", "product": "windows"},
        {
            **_hosts("DestinationHostname", content),
            "filter_main_browser": {"Image|endswith": browsers},
        },
        "Detects a program that is not a browser and connects to a host of a serverless platform.",
    )  # fmt: skip


def _hosts(field: str, content: Content) -> dict[str, Value]:
    """Say which hosts are meant: below a suffix, shared by all customers, or below a suffix with a region in it."""
    hosts = content.hosts
    selection: dict[str, Value] = {
        "selection": [{f"{field}|endswith": hosts.plain}, {field: (*hosts.exact, *hosts.wildcards)}]
    }
    if hosts.vendor:
        selection["filter_main_vendor"] = {field: hosts.vendor_patterns}
    return selection


def _rule(
    detection: Detection, name: str, title: str, logsource: Mapping[str, Value], parts: Mapping[str, Value], what: str
) -> dict[str, Value]:
    filters = " and not 1 of filter_main_*" if any(key.startswith("filter_main") for key in parts) else ""
    filters += " and not 1 of filter_optional_*" if any(key.startswith("filter_optional") for key in parts) else ""
    return {
        "title": title, "id": derived_id(detection, name), "name": name, "status": "experimental",
        "description": f"{what} {detection.cannot}", "references": REFERENCES, "author": AUTHOR,
        "date": DATE, "tags": _tags(detection), "logsource": logsource,
        "detection": {**parts, "condition": f"selection{filters}"},
        "falsepositives": _expected(detection), "level": "low",
    }  # fmt: skip


def _correlations(candidate: Detection, process: Detection) -> Iterator[tuple[str, dict[str, Value]]]:
    for detection, rule, fields in (
        (candidate, _PROXY, ("src_ip", "cs-host")),
        (replace(candidate, title="Repeated DNS Queries For A Serverless Platform"), _DNS, ("src_ip", "query")),
        (process, _PROGRAM, ("ProcessGuid", "DestinationHostname")),
    ):
        name = f"correlation_{rule}"
        yield name, _often(detection, name, rule, fields)


def _often(detection: Detection, name: str, rule: str, fields: tuple[str, ...]) -> dict[str, Value]:
    """Correlate: so many in a day by one source to one host."""
    count = int(detection.limits["connections"])
    return {
        "title": detection.title, "id": derived_id(detection, name), "name": name, "status": "experimental",
        "description": f"{detection.sentence} {detection.cannot}", "references": REFERENCES,
        "author": AUTHOR, "date": DATE, "tags": _tags(detection),
        "correlation": {
            "type": "event_count", "rules": [rule], "group-by": fields,
            "timespan": f"{detection.lookback_h}h", "condition": {"gte": count},
        },
        "falsepositives": _expected(detection), "level": detection.level,
    }  # fmt: skip


def _tags(detection: Detection) -> list[str]:
    """Tag what is seen; what it may mean is no tag, because dashboards count tags as coverage."""
    known = attack().techniques
    tactics = sorted({known[one].tactic for one in detection.techniques})
    return [f"attack.{tactic}" for tactic in tactics] + [f"attack.{one.lower()}" for one in detection.techniques]


def _expected(detection: Detection) -> list[str]:
    return [false_positives()[name].title for name in detection.false_positives]
