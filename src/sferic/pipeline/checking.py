"""Checks what a settings schema cannot: names of analytics, sources and their options, networks, zones.

A setting that fits nothing would otherwise do nothing, and nobody would be told.
"""

from collections.abc import Collection, Mapping
from ipaddress import ip_network

from sferic.catalog.platform import TIERS
from sferic.engine.memory import LEAST_BYTES
from sferic.model.errors import SettingsError, UsageError
from sferic.model.settings import Settings
from sferic.sources._clock import zone
from sferic.sources._contract import near, source, sources

ACTIVITY, AS_PUBLISHED = "activity", "activity_as_published"
ANALYTICS = ("beacon", "long_connection", "process", "cloud_change", ACTIVITY, AS_PUBLISHED)
OF_EVERY_SOURCE = frozenset({"timezone"})


def check(settings: Settings) -> None:
    """Raise UsageError or SettingsError for the first setting that means nothing."""
    zone(settings.timezone)
    if settings.since is not None and settings.until is not None and settings.since >= settings.until:
        raise UsageError("no time lies at or after it and before `until`", where="since", expected="an earlier time")
    if 0 < settings.memory_bytes < LEAST_BYTES:
        raise UsageError("no hunt fits into so little memory", where="memory_bytes",
                         expected=f"at least {-(-LEAST_BYTES // 10**6)}MB, or 0 for what is usual")  # fmt: skip
    _one_of("analytics", settings.analytics, ANALYTICS)
    for where in ("shared_addresses", "proxy_addresses"):
        for network in getattr(settings, where):
            _network(where, network)
    _one_of("tiers", settings.tiers, TIERS)
    _one_of("only_sources", settings.only_sources, sources())
    for name, options in settings.source_options.items():
        _options(name, options)


def _options(name: str, options: Mapping[str, str]) -> None:
    _one_of(f"source_options.{name}", options, {*source(name).options, *OF_EVERY_SOURCE})
    if "timezone" in options:
        zone(options["timezone"])


def _network(where: str, text: str) -> None:
    try:
        ip_network(text, strict=False)
    except ValueError:
        expected = "an address or a network such as 10.20.0.0/16"
        raise SettingsError(f"{text!r} is no network", where=where, expected=expected) from None


def _one_of(where: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            expected = f"one of {', '.join(sorted(known))}"
            raise UsageError(f"there is no {name!r}", where=where, expected=expected, hint=near(name, known))
