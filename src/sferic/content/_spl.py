"""The searches of the Splunk app and of its contentctl form, and the macros and lookups that they need."""

import csv
import io
from collections.abc import Mapping

import msgspec

from sferic.catalog.detections import Detection
from sferic.content._contract import Content
from sferic.content._fill import facts, fill

MACROS = {
    "sferic_web_index": "index IN (proxy, netproxy, network, netfw, stream)",
    "sferic_endpoint_index": "index IN (endpoint, sysmon, wineventlog)",
    "sferic_cloud_index": "index IN (cloud, aws, cloudflare)",
}
"""Where logs lie is the site's own; these are guesses to be replaced."""
WRITTEN = ("sferic_web_logs", "sferic_web_fields", "sferic_cim_logs", "sferic_sysmon_logs", "sferic_cloudtrail_logs",
           "sferic_cloudflare_logs")  # fmt: skip
LOOKUPS = {
    "sferic_platforms": ("pattern", "Host name patterns of serverless platforms; the vendors' own names stand first."),
    "sferic_own_functions": ("host", "Your own functions and the hosts they answer at; fill it."),
    "sferic_allowed": ("src,dest_host", "What is known to be harmless, with owner, reason and expiry; fill it."),
}
"""Lookup → the fields in which `*` is a wildcard, and what it holds."""


class Search(msgspec.Struct, frozen=True):
    """One saved search."""

    name: str
    """Of its text, and of its file in the contentctl form."""
    detection: Detection
    title: str
    spl: str
    shown: tuple[str, ...]
    """Fields that tell one alert from another."""
    message: str
    """What a risk event says; `$field$` stands for the value."""
    events: str
    """What lists the events of the first of the fields shown; `$field$` stands for the value."""


EXECUTED = "Executed on simulated logs and events by `sferic spl`, which is not Splunk."
_FORMS = (
    ("candidate", "candidate", ("src", "dest_host"),
     "$src$ sent $connections$ small requests to $dest_host$ in $hours$ hours"),
    ("beacon", "beacon", ("src", "owner"),
     "$src$ calls $owner$ every $median_s$ s, $regular$ of the gaps alike"),
    ("long_connection", "long_connection", ("src", "dest_host"),
     "$src$ held a connection to $dest_host$ for $duration_s$ s"),
    ("process", "process", ("src", "program", "dest_host"),
     "$program$ on $src$ calls $dest_host$"),
    ("cloud_change", "cloud_change", ("actor", "function_name"),
     "$actor$ changed $function_name$ by hand ($operation$)"),
    ("cloud_change_cloudflare", "cloud_change", ("actor", "function_name"),
     "$actor$ changed Worker $function_name$"),
    ("own_function", "own_function", ("src", "function_name"),
     "$src$ began to call $function_name$ after $actor$ changed it"),
)  # fmt: skip
"""Text, detection, fields that tell alerts apart, message."""
_TITLES = {"cloud_change_cloudflare": "Cloudflare Worker Changed By An Unusual Client"}
_EVENTS = "`sferic_web_logs`\n| `sferic_web_fields`"
_SECONDS = "| `sferic_cim_logs`"
"""The same fields out of the accelerated data model, a row for each second in which a client called a host."""
_MODEL = "_cim"


def searches(content: Content) -> list[Search]:
    """Return every saved search, filled in."""
    found = []
    for name, id_, shown, message in _FORMS:
        one = content.detections[id_]
        spl = _filled(name, one, content)
        events = f'{spl.partition(chr(10))[0]} "${shown[0]}$"'
        found.append(Search(name, one, _TITLES.get(name, one.title), spl, shown, message, events))
    return [*found, *(_modelled(search) for search in found if search.name in {"candidate", "beacon"})]


def _modelled(search: Search) -> Search:
    """Ask the Web data model instead of the events."""
    first = search.shown[0]
    return msgspec.structs.replace(
        search, name=f"{search.name}{_MODEL}", title=f"{search.title} In CIM",
        spl=search.spl.replace(_EVENTS, _SECONDS), events=f'{_SECONDS} | search {first}="${first}$"',
    )  # fmt: skip


def drilldowns(search: Search, again: str) -> list[dict[str, str]]:
    """Return the two searches that an analyst opens from an alert; `again` is the search itself."""
    chosen = " ".join(f'{field}="${field}$"' for field in search.shown)
    who = f"${search.shown[0]}$"
    times = {"earliest_offset": "$info_min_time$", "latest_offset": "$info_max_time$"}
    return [
        {"name": f"This result again, for {who}", "search": f"{again} | search {chosen}"} | times,
        {"name": f"All events of {who}", "search": search.events} | times,
    ]


def macros(content: Content) -> dict[str, str]:
    """Return every macro that the searches name."""
    listed = ", ".join(f'"{pattern}"' for pattern in content.hosts.patterns)
    asked = {"sferic_cim_platforms": f"(Web.url_domain IN ({listed}) OR Web.dest IN ({listed}))"}
    return MACROS | asked | {name: fill(f"splunk/{name}.spl", {}).rstrip() for name in WRITTEN}


def lookup(name: str, content: Content) -> str:
    """Return a lookup's table as CSV; those that the user fills hold an example that matches nothing."""
    tables: dict[str, list[tuple[str, ...]]] = {
        "sferic_platforms": [("pattern", "platform", "provider"), *_platforms(content)],
        "sferic_own_functions": [("host", "function_name"), ("example.invalid", "example-function")],
        "sferic_allowed": [
            ("src", "dest_host", "reason", "owner", "expires"),
            ("example-client", "example.invalid", "an example", "the network team", "2027-01-01"),
        ],
    }
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(tables[name])
    return text.getvalue()


def _filled(name: str, detection: Detection, content: Content) -> str:
    words = {
        "cloudtrail": ", ".join(f'"{word}"' for word in content.detections["cloud_change"].lists["cloudtrail"]),
        "deployers": "|".join([*content.detections["cloud_change"].lists["deployers"], r"mozilla/5\.0"]),
        "browsers": ", ".join(f'"{word}"' for word in content.detections["process"].lists["browsers"]),
    }
    values: Mapping[str, object] = facts(detection) | words
    return fill(f"splunk/{name}.spl", values).rstrip()


def _platforms(content: Content) -> list[tuple[str, ...]]:
    """Order patterns so that the first that matches is right: the vendors' own names, whole hosts, then suffixes."""
    hosts = content.hosts
    rows: list[tuple[str, ...]] = [(pattern, "vendor", "") for pattern in hosts.vendor_patterns]
    hunted = [p for p in content.catalogue.platforms.values() if p.is_hunted]
    rows += [(s, p.id, p.provider) for p in hunted for s in p.suffixes if s in hosts.exact]
    below = sorted(((s, p) for p in hunted for s in p.suffixes), key=lambda one: (-one[0].count("."), one[0]))
    return rows + [(f"*.{suffix}", platform.id, platform.provider) for suffix, platform in below]
