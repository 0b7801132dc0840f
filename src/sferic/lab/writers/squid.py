"""Squid's native access log, and the key=value format Splunk recommends for Squid.

Native: https://wiki.squid-cache.org/Features/LogFormat. The time is the end of the request; `elapsed`
leads back to its start. Only the bytes sent to the client are written. One entry for each CONNECT tunnel,
when it closes.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from sferic.lab.records import Record
from sferic.lab.scenario import Site


def native(records: Iterable[Record], _site: Site) -> list[str]:
    """Entries as Squid's built-in format `squid` writes them."""
    return [
        f"{record.end_s:.3f} {_elapsed_ms(record):6d} {record.src_ip} {_action(record)}/{record.status:03d} "
        f"{record.bytes_down} {record.method} {_url(record)} {_user(record)} "
        f"{_hierarchy(record)} {_type(record)}"
        for record in records
    ]


def recommended(records: Iterable[Record], _site: Site) -> list[str]:
    """Entries as the key=value format written in Splunk's manual gives them."""
    return [
        f"{record.end_s:.3f} logformat=splunk_recommended_squid duration={_elapsed_ms(record)} "
        f"src_ip={record.src_ip} src_port={record.src_port} "
        f"dest_ip={'-' if record.denied else record.dst_ip} "
        f"dest_port={'-' if record.denied else record.port} "
        f'user_ident="-" user="{_user(record)}" '
        f"local_time=[{datetime.fromtimestamp(record.end_s, UTC):%d/%b/%Y:%H:%M:%S} +0000] "
        f"http_method={record.method} request_method_from_client={record.method} "
        f'request_method_to_server={record.method} url="{_url(record)}" http_referrer="-" '
        f'http_user_agent="{record.user_agent or "-"}" status={record.status} '
        f"vendor_action={_action(record)} "
        f"dest_status={'HIER_NONE' if record.denied else 'HIER_DIRECT'} "
        f'total_time_milliseconds={_elapsed_ms(record)} http_content_type="{_type(record)}" '
        f"bytes={record.bytes_down} bytes_in={record.bytes_up} bytes_out={record.bytes_down} "
        f'sni="{record.host if record.scheme == "https" else "-"}"'
        for record in records
    ]


def _elapsed_ms(record: Record) -> int:
    return round(1_000 * (record.end_s - record.start_s))


def _action(record: Record) -> str:
    if record.denied:
        return "TCP_DENIED"
    return "TCP_TUNNEL" if record.path is None else "TCP_MISS"


def _url(record: Record) -> str:
    if record.path is None and record.scheme == "https":
        return f"{record.host}:{record.port}"
    return f"{record.scheme}://{record.host}{record.path or '/'}"


def _user(record: Record) -> str:
    return "-" if record.denied or record.machine.user is None else record.machine.user


def _hierarchy(record: Record) -> str:
    return "HIER_NONE/-" if record.denied else f"HIER_DIRECT/{record.dst_ip}"


def _type(record: Record) -> str:
    if record.denied:
        return "text/html"
    return "-" if record.path is None or record.status == 304 else "application/json"
