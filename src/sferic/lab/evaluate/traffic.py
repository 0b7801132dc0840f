"""Turns what log boxes saw into the columns a hunt works on, without writing and reading text.

What a log would not hold is left out here too: user agents and paths of tunnels, fractions of a second, users of
servers. Recognising and reading the formats is tested elsewhere.
"""

from collections.abc import Iterable

from sferic.catalog.platforms import DEFAULT_TIERS, Place, load_catalogue
from sferic.engine.columns import Columns
from sferic.lab.estate import Watched
from sferic.lab.records import Record
from sferic.lab.scenario import Format, Site
from sferic.model.event import HTTP, NETWORK, Event
from sferic.model.traffic import Traffic

_BY_START = frozenset({"panos"})
_SUBSECOND: frozenset[Format] = frozenset({"squid_access", "squid_recommended", "stream_http", "squid_with_zeek"})


def traffic_of(sites: Iterable[Watched]) -> Traffic:
    """Columns of every record that reached a platform which is hunted by default."""
    catalogue = load_catalogue([])
    hunted = {p.id for p in catalogue.platforms.values() if p.is_selected(DEFAULT_TIERS)}
    places: dict[tuple[str, str | None], Place | None] = {}
    columns = Columns(lambda source: source not in _BY_START)
    for watched in sites:
        for number, record in enumerate(watched.records):
            key = (record.host, record.path)
            if key not in places:
                places[key] = catalogue.identify(*key)
            place = places[key]
            if place is not None and place.platform in hunted:
                columns.add(_event(watched.site, record, number), place, record.host)
    return columns.finish()


def _event(site: Site, record: Record, number: int) -> Event:
    at_s = record.start_s if site.format in _BY_START else record.end_s
    stamp = int(at_s * 1e3) * 1_000 if site.format in _SUBSECOND else int(at_s) * 1_000_000
    seen = record.path is not None
    flow = site.format in _BY_START
    return Event(
        table=NETWORK if flow else HTTP, time=stamp, source=site.format, file=site.name, line=number + 1,
        src_ip=record.src_ip, device=record.machine.name if site.format == "zscaler_nss_web" else None,
        user=record.machine.user, dst_host=record.host,
        bytes_up=None if site.format == "squid_access" else record.bytes_up, bytes_down=record.bytes_down,
        duration_ms=None if site.format == "zscaler_nss_web" else round(1_000 * (record.end_s - record.start_s)),
        method=None if flow else record.method, path=record.path, status=record.status,
        user_agent=record.user_agent if seen or site.format == "squid_recommended" else None,
    )  # fmt: skip
