"""Where a request went, told from its host name and path: platform, tenant, function, region.

Also the two keys under which requests are grouped: `owner`, which survives an attacker's rotation
of host names, and `channel`, the finest that is known. No look-up happens here.
"""

from collections.abc import Mapping, Sequence

import msgspec

from sferic.catalog.platform import Platform, compiled

_MAX_PATH = 2048


class Place(msgspec.Struct, frozen=True, gc=False):
    """The code behind a host name, as far as name and path show it; unknown is None."""

    platform: str
    provider: str
    product: str
    tier: str
    host: str
    region: str | None
    tenant: str | None
    function: str | None
    visible: str
    evidence: str
    channel: str
    owner: str
    cname: str | None = None
    """The platform's name that DNS gave for the host, where the host is somebody's own domain."""


def host_place(platform: Platform, host: str, groups: Mapping[str, str | None]) -> Place:
    """Return the place of a host that has the platform's shape."""
    tenant = _first(groups, platform.tenant)
    function = _first(groups, platform.function)
    visible = platform.visible if tenant or function else "platform"
    region = _first(groups, ("region", "rc"))
    return _keyed(platform, host, tenant, function, region=region, visible=visible)


def unknown_place(platform: Platform, host: str) -> Place:
    """Return the place of a host with the platform's suffix but not its shape: grouped by its whole name."""
    place = _keyed(platform, host, None, None, visible="platform")
    key = f"{platform.id}:{host}"
    return msgspec.structs.replace(place, channel=key, owner=key)


def custom_place(platform: Platform, host: str, tenant: str) -> Place:
    """Return the place of a customer's own domain, as the user configured it."""
    return _keyed(platform, host, tenant, None, visible="account", evidence="configured")


def alias_place(platform: Platform, host: str, target: str, shown: Place | None, evidence: str) -> Place:
    """Return the place of an own domain that DNS showed to be an alias of `target`.

    It is the place that the target shows, if that tells an owner; else the domain itself stands for the owner.
    """
    if shown is None or not (shown.tenant or shown.function):
        shown = msgspec.structs.replace(custom_place(platform, host, host), visible="platform", evidence=evidence)
    return msgspec.structs.replace(shown, host=host, cname=target)


def path_place(place: Place, platform: Platform, path: str) -> Place:
    """Return the place with what the path adds; what the name already told stays."""
    if platform.path_regex is None:
        return place
    shape = compiled(platform.path_regex).match(path[:_MAX_PATH].partition("?")[0].partition("#")[0])
    if shape is None:
        return place
    groups = shape.groupdict()
    tenant = place.tenant or _first(groups, platform.tenant)
    function = place.function or _first(groups, platform.function)
    found = _keyed(
        platform,
        place.host,
        tenant,
        function,
        region=place.region,
        visible=place.visible,
        evidence=place.evidence,
    )
    return msgspec.structs.replace(found, cname=place.cname) if place.cname else found


def _keyed(
    platform: Platform,
    host: str,
    tenant: str | None,
    function: str | None,
    *,
    region: str | None = None,
    visible: str,
    evidence: str | None = None,
) -> Place:
    known = [part for part in (tenant, function) if part]
    return Place(
        platform=platform.id,
        provider=platform.provider,
        product=platform.product,
        tier=platform.tier,
        host=host,
        region=region,
        tenant=tenant,
        function=function,
        visible=visible,
        evidence=evidence or platform.evidence,
        channel=":".join([platform.id, *known]),
        owner=":".join([platform.id, *known[:1]]),
    )


def _first(groups: Mapping[str, str | None], names: Sequence[str]) -> str | None:
    for name in names:
        value = groups.get(name)
        if value:
            return value
    return None
