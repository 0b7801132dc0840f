"""Turns what log boxes saw into the columns a hunt works on, without writing and reading text.

What a log would not hold is left out here too: user agents and paths of tunnels, fractions of a second, users of
servers. Recognising and reading the formats is tested elsewhere; logs of sensors are written and read all the same,
because who called is in many of their fields.
"""

from collections.abc import Callable, Iterable

from sferic.catalog.platforms import DEFAULT_TIERS, Place, load_catalogue
from sferic.engine.columns import Columns, client_of
from sferic.engine.names import Names
from sferic.lab.endpoint import sightings
from sferic.lab.estate import Watched
from sferic.lab.records import Record
from sferic.lab.scenario import Format, Scenario, Site
from sferic.lab.writers import SENSORS
from sferic.model.event import HTTP, NETWORK, PROCESS, Event
from sferic.model.traffic import Traffic

_HAS_PORTS: frozenset[Format] = frozenset({"squid_recommended", "squid_with_zeek", "panos", "stream_http"})
_BY_START = frozenset({"panos"})
_SUBSECOND: frozenset[Format] = frozenset({"squid_access", "squid_recommended", "stream_http", "squid_with_zeek"})


Read = Callable[[str, Iterable[str]], Iterable[Event]]
"""Source and lines → the events that its reader makes of them."""


def traffic_of(sites: Iterable[Watched]) -> Traffic:
    """Columns of every record that reached a platform which is hunted by default."""
    columns = _Hunted()
    for watched in sites:
        columns.add_records(watched)
    return columns.finish()


def traffic_with_sensors(sites: Iterable[Watched], scenario: Scenario, read: Read) -> Traffic:
    """The same with what sensors on the machines logged: their lines are written and read, and named, as in a hunt."""
    columns = _Hunted()
    for watched in sites:
        columns.add_records(watched)
        if watched.site.endpoint:
            noted = sightings(scenario, watched.site, watched.connections)
            columns.add_sensor(watched.site, read(watched.site.endpoint, SENSORS[watched.site.endpoint](noted)))
    return columns.finish()


class _Hunted:
    """Columns of what reached a platform that is hunted by default."""

    def __init__(self) -> None:
        self._catalogue = load_catalogue([])
        self._chosen = {p.id for p in self._catalogue.platforms.values() if p.is_selected(DEFAULT_TIERS)}
        self._places: dict[tuple[str, str | None], Place | None] = {}
        self._columns = Columns(lambda source: source not in _BY_START)
        self._names = Names()
        self._nameless: list[Event] = []

    def add_records(self, watched: Watched) -> None:
        """Add what a site's log box saw."""
        for number, record in enumerate(watched.records):
            if place := self._place(record.host, record.path):
                self._columns.add(_event(watched.site, record, number), place, record.host)

    def add_sensor(self, site: Site, events: Iterable[Event]) -> None:
        """Add what sensors logged; connections without a name wait for all look-ups."""
        for number, event in enumerate(events, 1):
            event.source, event.file, event.line = site.endpoint or "", f"{site.name}-sensor", number
            if event.table == PROCESS:
                self._columns.processes.learn(event, client_of(event))
            elif event.dst_host is None:
                self._nameless.append(event)
            else:
                self._names.learn(event, client_of(event))
                self._add(event, event.dst_host, joined=False)

    def finish(self) -> Traffic:
        """All columns, the connections named by the machines' look-ups among them."""
        for event in self._nameless:
            if host := self._names.name(event.dst_ip or "", client_of(event), event.time / 1e6):
                self._add(event, host, joined=True)
        return self._columns.finish()

    def _add(self, event: Event, host: str, *, joined: bool) -> None:
        if place := self._place(host, event.path):
            self._columns.add(event, place, host, joined=joined)

    def _place(self, host: str, path: str | None) -> Place | None:
        key = host, path
        if key not in self._places:
            place = self._catalogue.identify(host, path)
            self._places[key] = place if place is not None and place.platform in self._chosen else None
        return self._places[key]


def _event(site: Site, record: Record, number: int) -> Event:
    at_s = record.start_s if site.format in _BY_START else record.end_s
    stamp = int(at_s * 1e3) * 1_000 if site.format in _SUBSECOND else int(at_s) * 1_000_000
    seen = record.path is not None
    flow = site.format in _BY_START
    return Event(
        table=NETWORK if flow else HTTP, time=stamp, source=site.format, file=site.name, line=number + 1,
        src_ip=record.src_ip, src_port=record.src_port if site.format in _HAS_PORTS else None,
        device=record.machine.name if site.format == "zscaler_nss_web" else None,
        user=record.machine.user, dst_host=record.host,
        bytes_up=None if site.format == "squid_access" else record.bytes_up, bytes_down=record.bytes_down,
        duration_ms=None if site.format == "zscaler_nss_web" else round(1_000 * (record.end_s - record.start_s)),
        method=None if flow else record.method, path=record.path, status=record.status,
        user_agent=record.user_agent if seen or site.format == "squid_recommended" else None,
    )  # fmt: skip
