"""Blue Coat (Symantec, Broadcom) ProxySG access log in the W3C extended format, field set `main`.

https://techdocs.broadcom.com/us/en/symantec-security-software/web-and-network-security/proxysg.html
The time has whole seconds, in UTC, and is the end of the transaction; `time-taken` is in milliseconds.
An intercepted tunnel is written as its CONNECT and then each request inside.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from sferic.lab.records import Record
from sferic.lab.scenario import Site

_FIELDS = (
    "date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories "
    "cs(Referer) sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path "
    "cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id "
    "x-bluecoat-application-name x-bluecoat-application-operation"
)


def elff(records: Iterable[Record], site: Site) -> list[str]:
    """A whole file: header, then one entry a line."""
    listed = list(records)
    if not listed:
        return []
    began = f"{datetime.fromtimestamp(listed[0].end_s, UTC):%Y-%m-%d %H:%M:%S}"
    header = [
        "#Software: SGOS 6.7.5.1",
        "#Version: 1.0",
        f"#Start-Date: {began}",
        f"#Date: {began}",
        f"#Fields: {_FIELDS}",
        f'#Remark: 0000000000 "{site.name}-proxy" "192.0.2.250" "main"',
    ]
    return header + [_entry(record) for record in listed]


def _entry(record: Record) -> str:
    path, query = ("/", "-") if record.path is None else _split(record.path)
    tunnel = record.method == "CONNECT"
    action = "TCP_DENIED" if record.denied else "TCP_ACCELERATED" if tunnel else "TCP_NC_MISS"
    known = record.machine.user is not None and not record.denied
    return " ".join(
        (
            f"{datetime.fromtimestamp(record.end_s, UTC):%Y-%m-%d %H:%M:%S}",
            str(max(1, round(1_000 * (record.end_s - record.start_s)))),
            record.src_ip,
            f"CORP\\{record.machine.user}" if known else "-",
            "-",
            "authentication_failed" if record.denied else "-",
            "DENIED" if record.denied else "OBSERVED",
            '"Technology/Internet"',
            "-",
            str(record.status),
            action,
            record.method,
            "-" if tunnel else "application/json",
            "tcp" if tunnel else record.scheme,
            record.host,
            str(record.port),
            "/" if tunnel else path,
            query,
            _extension(path),
            f'"{record.user_agent}"' if record.user_agent else "-",
            "192.0.2.250",
            str(record.bytes_down),
            str(record.bytes_up),
            "-",
            '"none"',
            '"none"',
        )
    )


def _split(path: str) -> tuple[str, str]:
    before, mark, after = path.partition("?")
    return before, f"?{after}" if mark else "-"


def _extension(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[-1] if "." in name else "-"
