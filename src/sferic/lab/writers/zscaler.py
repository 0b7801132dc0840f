"""Zscaler's web log as the Nanolog Streaming Service sends it to Splunk: a time, then key=value between tabs.

https://help.zscaler.com/zia/nss-feed-output-format-web-logs. Whole seconds, UTC. `None` and `NA` stand for
nothing. `requestsize` is what the client sent. `url` has no scheme.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from sferic.lab.records import Record
from sferic.lab.scenario import Site

_VERDICTS = {
    "threatcategory": "None",
    "threatname": "None",
    "filetype": "None",
    "appname": "General Browsing",
    "pagerisk": 0,
    "urlsupercategory": "Information Technology",
    "appclass": "General Browsing",
    "dlpengine": "None",
    "urlclass": "Business Use",
    "threatclass": "None",
    "dlpdictionaries": "None",
    "fileclass": "None",
    "bwthrottle": "NO",
    "md5": "None",
}


def web(records: Iterable[Record], site: Site) -> list[str]:
    """One line for each transaction."""
    return [_entry(record, site, 7_600_000_000_000 + number) for number, record in enumerate(records)]


def _entry(record: Record, site: Site, number: int) -> str:
    secure = record.scheme == "https"
    opaque = record.path is None
    pairs = {
        "reason": "Proxy Authentication Required" if record.denied else "Allowed",
        "event_id": number,
        "protocol": "SSL" if opaque and secure else "HTTPS" if secure else "HTTP",
        "action": "Blocked" if record.denied else "Allowed",
        "transactionsize": record.bytes_up + record.bytes_down,
        "responsesize": record.bytes_down,
        "requestsize": record.bytes_up,
        "urlcategory": "Web Hosting",
        "serverip": record.dst_ip,
        "clienttranstime": round(1_000 * (record.end_s - record.start_s)),
        "requestmethod": record.method,
        "refererURL": "None",
        "useragent": record.user_agent or "Unknown",
        "product": "NSS",
        "location": "Road Warrior",
        "ClientIP": record.src_ip,
        "status": record.status,
        "user": f"{record.machine.user}@corp.example" if record.machine.user else "Road Warrior",
        "url": f"{record.host}:{record.port}" if opaque else f"{record.host}{record.path}",
        "vendor": "Zscaler",
        "hostname": record.host,
        "clientpublicIP": "203.0.113.250",
        "department": site.name,
        "servertranstime": round(900 * (record.end_s - record.start_s)),
        **_VERDICTS,
        "devicehostname": record.machine.name,
    }
    stamp = f"{datetime.fromtimestamp(record.end_s, UTC):%Y-%m-%d %H:%M:%S}"
    return "\t".join([stamp, *(f"{key}={value}" for key, value in pairs.items())])
