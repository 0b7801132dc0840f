"""Log lines of several products, as plain as they come, about one function on a reserved address."""

import json
from datetime import UTC, datetime

HOST = "sferic-test.example-account.workers.dev"
START_S = 1_772_445_600
"""2026-03-02 10:00:00 UTC."""


def squid(
    second: int, host: str = HOST, client: str = "10.1.0.5", status: str = "TCP_TUNNEL/200", size: int = 3721
) -> str:
    """A CONNECT tunnel that closed so many seconds after the start, in the native format."""
    return f"{START_S + second}.250     57 {client} {status} {size} CONNECT {host}:443 - HIER_DIRECT/192.0.2.10 -"


def pan_traffic(second: int, address: str = "192.0.2.10", client: str = "10.1.0.5") -> str:
    """A session that ended, without any name."""
    stamp = _utc(second, "%Y/%m/%d %H:%M:%S")
    return (
        f"<14>{_utc(second, '%b %e %H:%M:%S')} fw-1 1,{stamp},012801000001,TRAFFIC,end,2562,{stamp},{client},{address},"
        f"198.51.100.251,{address},servers-out,,,ssl,vsys1,servers,untrust,ethernet1/2,ethernet1/1,to-syslog,{stamp},"
        f"3037010,1,53422,443,54446,443,0x403000,tcp,allow,1652,942,710,17,{stamp},2,any,0,8024096108,0x0,"
        f"10.0.0.0-10.255.255.255,United States,0,9,8,tcp-fin,0,0,0,0,,fw-1,from-policy,,,0,,0,,N/A,0,0,0,0,"
        "a1b2c3d4-0000-4000-8000-000000000001,0"
    )


def pan_url(second: int, host: str = HOST, address: str = "192.0.2.10", client: str = "10.1.0.5") -> str:
    """A URL that a firewall saw, with the address it went to."""
    stamp = _utc(second, "%Y/%m/%d %H:%M:%S")
    return (
        f"<14>{_utc(second, '%b %e %H:%M:%S')} fw-1 1,{stamp},012801000001,THREAT,url,2562,{stamp},{client},{address},"
        f"198.51.100.251,{address},servers-out,,,ssl,vsys1,servers,untrust,ethernet1/2,ethernet1/1,to-syslog,{stamp},"
        f'3037010,1,53422,443,54446,443,0x403000,tcp,alert,"{host}/",(9999),any,informational,client-to-server,'
        "8024096107,0x2000000000000000,10.0.0.0-10.255.255.255,United States,,,0,,,0,,,,,,,,0,0,0,0,0,,fw-1,,,,,0,,0,,"
        'N/A,unknown,AppThreat-0-0,0x0,0,4294967295,,"any,low-risk",a1b2c3d4-0000-4000-8000-000000000001,0,,'
    )


def asa(second: int, address: str = "192.0.2.10", client: str = "10.1.0.5", number: int | None = None) -> str:
    """A connection that was torn down, without any name."""
    stamp = _utc(second, "%b %d %Y %H:%M:%S")
    return (
        f"<166>{stamp} fw2 : %ASA-6-302014: Teardown TCP connection {number or 1000 + second} for outside:{address}/443 to "
        f"inside:{client}/51000 duration 0:00:02 bytes 5230 TCP FINs from inside"
    )


def stream_dns(
    second: int, host: str = HOST, addresses: tuple[str, ...] = ("192.0.2.10",), client: str = "10.1.0.5"
) -> str:
    """An answer that a client got from the resolver."""
    stamp = _utc(second, "%Y-%m-%dT%H:%M:%S.000000Z")
    return json.dumps({
        "endtime": stamp, "timestamp": stamp, "src_ip": client, "src_port": 5353, "dest_ip": "10.1.0.53",
        "dest_port": 53, "bytes": 148, "bytes_in": 40, "bytes_out": 108, "transport": "udp",
        "message_type": ["QUERY", "RESPONSE"], "query": [host], "query_type": ["A"], "host_addr": list(addresses),
        "reply_code": "NoError", "reply_code_id": 0,
    }, separators=(",", ":"))  # fmt: skip


def stream_http(second: int, host: str = HOST, client: str = "10.1.0.5", **more: object) -> str:
    """A request that a sensor saw."""
    stamp = _utc(second, "%Y-%m-%dT%H:%M:%S.000000Z")
    fields = {
        "endtime": stamp, "timestamp": stamp, "src_ip": client, "src_port": 50000, "dest_ip": "192.0.2.10",
        "dest_port": 80, "bytes_in": 420, "bytes_out": 1200, "http_method": "GET", "status": 200, "site": host,
        "uri_path": "/api", "http_user_agent": "demo-agent/1.0",
    }  # fmt: skip
    return json.dumps(fields | more, separators=(",", ":"))


def _utc(second: int, form: str) -> str:
    return datetime.fromtimestamp(START_S + second, UTC).strftime(form)


def log(*lines: str) -> bytes:
    """Write lines as a file holds them."""
    return "".join(f"{line}\n" for line in lines).encode()
