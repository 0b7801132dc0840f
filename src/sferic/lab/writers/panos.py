"""Palo Alto Networks PAN-OS logs by syslog: URL filtering (THREAT, subtype url) and TRAFFIC (subtype end).

https://docs.paloaltonetworks.com/pan-os/10-1/pan-os-admin/monitoring/use-syslog-for-monitoring
The URL log has the name but no bytes, the traffic log bytes but no name; session id and serial join them.
Without decryption the URL is the server name and method and user agent are empty. Whole seconds, UTC here.
"""

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime

from sferic.lab.records import Record
from sferic.lab.scenario import Site

_SERIAL = "012801000001"
_RULE = "a1b2c3d4-0000-4000-8000-000000000001"
_CATEGORY = "computer-and-internet-info"
_PLACES = ("10.0.0.0-10.255.255.255", "United States")


def threat_url(records: Iterable[Record], site: Site) -> list[str]:
    """The URL log: one entry when a session's name, or a request's URL, becomes known."""
    ordered = sorted(records, key=lambda record: record.start_s)
    return [_url_entry(record, site) for record in ordered]


def traffic(records: Iterable[Record], site: Site) -> list[str]:
    """The traffic log: one entry when a session has ended."""
    return [_traffic_entry(record, site) for record in records]


def _head(record: Record, site: Site, time_s: float, kind: str) -> list[str]:
    """The thirty fields both logs begin with."""
    moment = datetime.fromtimestamp(time_s, UTC)
    stamp = f"{moment:%Y/%m/%d %H:%M:%S}"
    port = str(record.port)
    return [
        f"<14>{moment:%b} {moment.day:2d} {moment:%H:%M:%S} {site.name}-fw 1",
        *(stamp, _SERIAL, *kind.split(","), "2562", stamp),
        *(record.src_ip, record.dst_ip, "192.0.2.251", record.dst_ip, "servers-out"),
        f"corp\\{record.machine.user}" if record.machine.user else "",
        *("", "ssl" if record.path is None else "web-browsing"),
        *"vsys1,servers,untrust,ethernet1/2,ethernet1/1,to-syslog".split(","),
        *(stamp, str(_session(record)), "1", str(record.src_port), port),
        *(str(1_024 + record.src_port % 60_000), port, "0x403000", "tcp"),
    ]


def _url_entry(record: Record, site: Site) -> str:
    seen = record.path is not None
    agent = (record.user_agent or "").replace('"', '""') if seen else ""
    tail = [
        *("alert", f'"{record.host}{record.path or "/"}"', "(9999)", _CATEGORY),
        *("informational", "client-to-server", str(_sequence(record)), "0x2000000000000000", *_PLACES, ""),
        *("application/json" if seen else "", "0", "", "", "0", f'"{agent}"' if agent else ""),
        *",,,,,,0,0,0,0,0,".split(","),
        *(f"{site.name}-fw", "", "", "", record.method.lower() if seen else ""),
        *"0,,0,,N/A,unknown,AppThreat-0-0,0x0,0,4294967295,".split(","),
        *(f'"{_CATEGORY},low-risk"', _RULE, "0", "", ""),
    ]
    return ",".join(_head(record, site, record.start_s, "THREAT,url") + tail)


def _traffic_entry(record: Record, site: Site) -> str:
    sent = 8 + record.bytes_up // 900
    received = 8 + record.bytes_down // 1_400
    sizes = (record.bytes_up + record.bytes_down, record.bytes_up, record.bytes_down, sent + received)
    tail = [
        "allow",
        *(str(size) for size in sizes),
        f"{datetime.fromtimestamp(record.start_s, UTC):%Y/%m/%d %H:%M:%S}",
        *(str(int(record.end_s) - int(record.start_s)), _CATEGORY, "0"),
        *(str(_sequence(record) + 1), "0x8000000000000000", *_PLACES, "0"),
        *(str(sent), str(received), "tcp-fin"),
        *"0,0,0,0,".split(","),
        *(f"{site.name}-fw", "from-policy"),
        *",,0,,0,,N/A,0,0,0,0".split(","),
        *(_RULE, "0"),
    ]
    return ",".join(_head(record, site, record.end_s, "TRAFFIC,end") + tail)


def _session(record: Record) -> int:
    """The firewall's number of the session, the same in both logs."""
    return 1 + zlib.crc32(f"{record.start_s:.6f}{record.src_ip}{record.src_port}".encode()) % 4_000_000


def _sequence(record: Record) -> int:
    return 7_300_000_000 + int(record.start_s * 10) % 1_000_000_000
