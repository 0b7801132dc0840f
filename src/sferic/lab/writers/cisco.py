"""Cisco ASA syslog: connections built (302013), torn down (302014), and clear-text URLs (304001).

https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/asa-syslog.html. No host names but in 304001; one
total of bytes; the duration in whole seconds. Written with `logging timestamp` and the device's name.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from sferic.lab.records import Record
from sferic.lab.scenario import Site


def asa(records: Iterable[Record], site: Site) -> list[str]:
    """All messages in the order of their time."""
    messages: list[tuple[float, str]] = []
    for number, record in enumerate(sorted(records, key=lambda one: one.start_s)):
        messages += _messages(record, 1_956_000 + number)
    messages.sort(key=lambda message: message[0])
    return [
        f"<166>{datetime.fromtimestamp(time_s, UTC):%b %d %Y %H:%M:%S} {site.name}-asa : {text}"
        for time_s, text in messages
    ]


def _messages(record: Record, number: int) -> list[tuple[float, str]]:
    outside = f"outside:{record.dst_ip}/{record.port}"
    inside = f"inside:{record.src_ip}/{record.src_port}"
    length_s = int(record.end_s) - int(record.start_s)
    duration = f"{length_s // 3600}:{length_s // 60 % 60:02d}:{length_s % 60:02d}"
    built = (
        f"%ASA-6-302013: Built outbound TCP connection {number} for {outside} "
        f"({record.dst_ip}/{record.port}) to {inside} (192.0.2.252/{record.src_port})"
    )
    gone = (
        f"%ASA-6-302014: Teardown TCP connection {number} for {outside} to {inside} "
        f"duration {duration} bytes {record.bytes_up + record.bytes_down} TCP FINs"
    )
    messages = [(record.start_s, built), (record.end_s, gone)]
    if record.scheme == "http":
        url = f"http://{record.host}{record.path or '/'}"
        messages.append((record.start_s + 0.01, f"%ASA-5-304001: {record.src_ip} Accessed URL {record.dst_ip}:{url}"))
    return messages
