"""The Splunk searches as a project of contentctl 5.6, Splunk's own tool for detection content."""

from collections.abc import Iterator

from sferic.catalog.detections import false_positives
from sferic.content._contract import AUTHOR, DATE, REFERENCES, Content, Text, derived_id
from sferic.content._fill import fill
from sferic.content._spl import EXECUTED, LOOKUPS, Search, drilldowns, lookup, macros, searches
from sferic.content._yaml import Value, as_yaml

STORY = "Serverless Command And Control"
_ROOT = "contentctl"
_EMPTY = ("baselines", "dashboards", "data_sources", "investigations", "playbooks", "removed")
"""Folders that contentctl expects, although nothing has to be in them."""
_TOLD = "Part of the Sferic searches; change it here and nowhere else."
_PRODUCTS = ("Splunk Enterprise", "Splunk Enterprise Security", "Splunk Cloud")
_ASSETS = {"process": ("Endpoint", "endpoint"), "cloud_change": ("AWS Account", "audit"),
           "cloud_change_cloudflare": ("Web Application", "audit")}  # fmt: skip


def project(content: Content) -> Iterator[Text]:
    """Write the project: settings, story, data sources, macros, lookups and detections."""
    found = searches(content)
    yield Text(f"{_ROOT}/contentctl.yml", as_yaml(_settings()))
    yield Text(f"{_ROOT}/stories/serverless_command_and_control.yml", as_yaml(_story(content)))
    for name in ("metadata/default.meta", "README.md"):
        body = fill(f"splunk/{name.rpartition('/')[2]}", {"searches": "", "app": "", "version": ""})
        yield Text(f"{_ROOT}/app_template/{name}", body)
    for folder in _EMPTY:
        yield Text(f"{_ROOT}/{folder}/.gitkeep", "")
    for kind in ("Anomaly", "TTP", "Hunting", "Correlation", "Baseline"):
        yield Text(
            f"{_ROOT}/deployments/escu_default_configuration_{kind.lower()}.yml", as_yaml(_deployment(kind, content))
        )
    for name, spl in macros(content).items():
        yield _macro(name, spl)
    for search in found:
        file = _file(search)
        yield _macro(f"{file}_filter", "search *")
        yield Text(f"{_ROOT}/detections/{_folder(search)}/{file}.yml", as_yaml(_detection(search)))
    for name, (fields, what) in LOOKUPS.items():
        yield Text(f"{_ROOT}/lookups/{name}.yml", as_yaml(_lookup(name, fields, what, content)))
        yield Text(f"{_ROOT}/lookups/{name}.csv", lookup(name, content))


def _settings() -> dict[str, Value]:
    """Say what is built; the uid is that of no app on Splunkbase."""
    return {
        "path": ".", "app": {
            "uid": 99999, "title": "Sferic Content", "appid": "SfericContent", "version": "0.1.0",
            "description": "Serverless command and control", "prefix": "Sferic", "label": "Sferic",
            "author_name": AUTHOR, "author_email": "author@example.com", "author_company": AUTHOR,
        },
        "enrichments": False, "build_app": True, "build_api": False, "build_path": "dist", "apps": [],
    }  # fmt: skip


def _story(content: Content) -> dict[str, Value]:
    one = content.detections["beacon"]
    return {
        "name": STORY, "id": derived_id(one, "story"), "version": 1, "date": DATE, "author": AUTHOR,
        "status": "production", "description": "Command and control that hides behind serverless functions.",
        "narrative": "The traffic goes to a trusted provider, so reputation says nothing. What is left is behaviour: "
        "who calls, which function, how regularly, how small, and how rare that is.",
        "references": REFERENCES,
        "tags": {"category": ["Adversary Tactics"], "product": _PRODUCTS, "usecase": "Advanced Threat Detection"},
    }  # fmt: skip


def _detection(search: Search) -> dict[str, Value]:
    one, (asset, domain) = search.detection, _ASSETS.get(search.name, ("Web Proxy", "network"))
    file = _file(search)
    first, last = search.shown[0], search.shown[-1]
    return {
        "name": _name(search), "id": derived_id(one, f"contentctl/{search.name}"), "version": 1, "date": DATE,
        "author": AUTHOR, "status": "experimental", "type": "Anomaly", "description": f"{one.sentence} {one.cannot}",
        "data_source": [], "search": f"{search.spl}\n| `{file}_filter`",
        "how_to_implement": f"Say in the macros where your logs are; see the fields in sferic_web_fields. {EXECUTED}",
        "known_false_positives": " ".join(f"{false_positives()[name].title}." for name in one.false_positives),
        "references": REFERENCES,
        "drilldown_searches": drilldowns(search, "%original_detection_search%"),
        "rba": {
            "message": search.message,
            "risk_objects": [{"field": first, "type": "user" if first == "actor" else "system", "score": one.risk}],
            "threat_objects": [{"field": last, "type": "url"}],
        },
        "tags": {
            "analytic_story": [STORY], "asset_type": asset, "mitre_attack_id": one.techniques, "product": _PRODUCTS,
            "security_domain": domain, "throttling": {"fields": search.shown, "period": "24h"},
        },
    }  # fmt: skip


def _deployment(kind: str, content: Content) -> dict[str, Value]:
    """Say when searches of one type run: hourly over a day, since a shorter look-back cannot see a slow beacon.

    The tool finds a type's schedule by this name, whosever content it is.
    """
    one = content.detections["beacon"]
    return {
        "name": f"ESCU Default Configuration {kind}", "id": derived_id(one, f"deployment/{kind}"), "version": 1,
        "date": DATE, "author": AUTHOR, "type": kind, "description": f"When searches of type {kind} run.",
        "scheduling": {
            "cron_schedule": "17 * * * *", "earliest_time": f"-{one.lookback_h}h@m", "latest_time": "-5m@m",
            "schedule_window": "auto",
        },
        **({"alert_action": {"rba": {"enabled": "true"}}} if kind in {"Anomaly", "TTP"} else {}),
    }  # fmt: skip


def _lookup(name: str, fields: str, what: str, content: Content) -> dict[str, Value]:
    return {
        "name": name, "id": derived_id(content.detections["candidate"], f"lookup/{name}"), "version": 1, "date": DATE,
        "author": AUTHOR, "lookup_type": "csv", "description": what, "min_matches": 0, "max_matches": 1,
        "case_sensitive_match": False, "match_type": [f"WILDCARD({field})" for field in fields.split(",")],
    }  # fmt: skip


def _macro(name: str, spl: str) -> Text:
    return Text(f"{_ROOT}/macros/{name}.yml", as_yaml({"name": name, "definition": spl, "description": _TOLD}))


def _name(search: Search) -> str:
    return f"Sferic {search.title}"


def _file(search: Search) -> str:
    return _name(search).replace(" ", "_").replace("-", "_").lower()


def _folder(search: Search) -> str:
    return {"Endpoint": "endpoint", "AWS Account": "cloud"}.get(_ASSETS.get(search.name, ("", ""))[0], "web")
