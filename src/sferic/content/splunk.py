"""A Splunk app with searches, macros, lookups and a dashboard, as folder and package; and the same for contentctl."""

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator

import msgspec

from sferic import __version__
from sferic.content._contentctl import project
from sferic.content._contract import AUTHOR, Content, Text
from sferic.content._fill import fill
from sferic.content._spl import EXECUTED, LOOKUPS, Search, drilldowns, lookup, macros, searches

APP = "sferic_content"
_SEVERITY = {"low": 3, "medium": 4, "high": 5}
_LONG = 24
"""Hours during which the same alert is not raised again."""


def texts(content: Content) -> Iterator[Text]:
    """Write the app's folder, its package, and a contentctl project."""
    app = list(_app(content))
    yield from app
    yield Text(f"{APP}-{__version__}.tar.gz", _package(app))
    yield from project(content)


def _app(content: Content) -> Iterator[Text]:
    found = searches(content)
    values = {"version": __version__, "author": AUTHOR, "app": APP, "searches": _list(found)}
    for name in ("app.conf", "default.xml", "serverless.xml", "default.meta", "README.md"):
        yield Text(f"{APP}/{_PLACES[name]}", fill(f"splunk/{name}", values))
    yield Text(f"{APP}/default/savedsearches.conf", "\n".join([f"# {EXECUTED}\n", *map(_saved, found)]))
    yield Text(f"{APP}/default/macros.conf", "\n".join(_macro(name, spl) for name, spl in macros(content).items()))
    yield Text(f"{APP}/default/transforms.conf", "\n".join(_transform(name) for name in LOOKUPS))
    for name in LOOKUPS:
        yield Text(f"{APP}/lookups/{name}.csv", lookup(name, content))


_PLACES = {
    "app.conf": "default/app.conf", "default.xml": "default/data/ui/nav/default.xml",
    "serverless.xml": "default/data/ui/views/serverless.xml", "default.meta": "metadata/default.meta",
    "README.md": "README.md",
}  # fmt: skip


def _saved(search: Search) -> str:
    one = search.detection
    settings = {
        "search": _lines(search.spl),
        "description": f"{one.sentence} {one.cannot}",
        "disabled": "0", "enableSched": "0", "is_visible": "1", "request.ui_dispatch_app": APP,
        "cron_schedule": _cron(search), "dispatch.earliest_time": f"-{one.lookback_h}h@m",
        "dispatch.latest_time": "-5m@m", "schedule_window": "auto",
        "counttype": "number of events", "relation": "greater than", "quantity": "0",
        "alert.track": "1", "alert.severity": str(_SEVERITY[one.level]), "alert.digest_mode": "0",
        "alert.suppress": "1", "alert.suppress.fields": ",".join(search.shown), "alert.suppress.period": f"{_LONG}h",
        "action.correlationsearch.enabled": "1", "action.correlationsearch.label": f"Sferic - {search.title}",
        "action.correlationsearch.annotations": _json({"mitre_attack": one.techniques}),
        "action.notable": "0" if one.level == "low" else "1", "action.notable.param.rule_title": search.message,
        "action.notable.param.rule_description": one.sentence, "action.notable.param.security_domain": "network",
        "action.notable.param.severity": one.level,
        "action.notable.param.drilldown_searches": _json(drilldowns(search, _line(search.spl))),
        "action.risk": "1", "action.risk.param._risk_message": search.message,
        "action.risk.param._risk": _json(risk(search)), "action.risk.param._risk_score": "0",
    }  # fmt: skip
    lines = [f"{key} = {value}" for key, value in settings.items()]
    return "\n".join([f"[Sferic - {search.title}]", *lines, ""])


def risk(search: Search) -> list[dict[str, str | int]]:
    """Return whom risk is added to, and what threatens."""
    first = search.shown[0]
    kind = "user" if first == "actor" else "system"
    threat = search.shown[-1]
    return [
        {"risk_object_field": first, "risk_object_type": kind, "risk_score": search.detection.risk},
        {"threat_object_field": threat, "threat_object_type": "url"},
    ]


def _macro(name: str, spl: str) -> str:
    return f"[{name}]\ndefinition = {_lines(spl)}\niseval = 0\n"


def _transform(name: str) -> str:
    kind = ", ".join(f"WILDCARD({field})" for field in LOOKUPS[name][0].split(","))
    return f"[{name}]\nfilename = {name}.csv\nmatch_type = {kind}\nmax_matches = 1\ncase_sensitive_match = false\n"


def _cron(search: Search) -> str:
    """Spread the searches over the hour, so that they do not all start at once."""
    minute = 7 + sum(map(ord, search.name)) % 50
    return f"{minute} * * * *"


def _lines(spl: str) -> str:
    """Continue lines as .conf files do."""
    return " \\\n".join(spl.split("\n"))


def _line(spl: str) -> str:
    return " ".join(line.strip() for line in spl.split("\n"))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _list(found: Iterable[Search]) -> str:
    return "\n".join(f"- **{one.title}**: {one.detection.sentence} {one.detection.cannot}" for one in found)


def _package(files: Iterable[Text]) -> bytes:
    """Pack the app, the same bytes every time."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        folders = {folder for text in files for folder in _above(text.path)}
        for folder in sorted(folders):
            tar.addfile(_entry(folder, tarfile.DIRTYPE, 0o755))
        for text in sorted(files, key=lambda one: one.path):
            body = text.body.encode("utf-8") if isinstance(text.body, str) else text.body
            entry = _entry(text.path, tarfile.REGTYPE, 0o644)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return gzip.compress(raw.getvalue(), mtime=0)


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = kind, mode
    return entry


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
