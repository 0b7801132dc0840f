"""Write a big log file to measure with: `python benchmarks/generate.py squid_access 2GB --to FILE`.

Why: speed must be measured on files of the size companies have, and those cannot be committed. One day of
traffic of a few thousand people; about one line in a hundred goes to one of several hundred functions, each
person having a handful of favourites; some names only look like a platform's. The same seed gives the same
bytes. It does not model behaviour: the lab's estates do.
"""

import argparse
import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

START_S = 1_772_409_600.0  # 2026-03-02T00:00:00Z
DAY_S = 86_400.0
CHUNK = 100_000
SOURCES = 3_000
SERVERLESS_SHARE = 0.01
DECOY_SHARE = 0.01
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}


class Person(NamedTuple):
    """A client address and the account behind it."""

    address: str
    user: str


class Server(NamedTuple):
    """A host name and its address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class World:
    """Who asks for what."""

    sources: list[Person]
    plain: list[Server]
    serverless: list[Server]
    favourites: NDArray[np.int64]
    """For each source the serverless hosts it calls, shape (sources, 5)."""


class Hit(NamedTuple):
    """What one line says."""

    at_s: float
    number: int
    source: Person
    host: Server
    bytes_up: int
    bytes_down: int


Line = Callable[[Hit], str]
"""Writes one line, its line end included."""


def build_world(seed: int) -> World:
    """Invent sources and hosts: reserved names and addresses, or synthetic labels on platform suffixes."""
    rng = np.random.default_rng(seed)
    suffixes = (
        "acct{:03d}-lab.workers.dev",
        "vercel.app",
        "azurewebsites.net",
        "europe-west1.run.app",
        "execute-api.us-east-1.amazonaws.com",
        "lambda-url.eu-west-1.on.aws",
        "pages.dev",
        "netlify.app",
    )
    functions = [f"fn{number:03d}{'x' * 5}.{suffixes[number % 8].format(number % 90)}" for number in range(600)]
    decoys = [f"{suffixes[number % 8].format(number)}.host{number}.example.com" for number in range(300)]
    plain = [f"www{number % 9}.site{number:05d}.example.net" for number in range(20_000)]
    repeated = decoys * max(1, round(len(plain) * DECOY_SHARE / len(decoys)))
    return World(
        sources=[
            Person(f"10.{n // 250 % 250}.{n % 250}.{rng.integers(2, 250)}", f"user{n:04d}") for n in range(SOURCES)
        ],
        plain=[Server(host, f"192.0.2.{rng.integers(1, 250)}") for host in plain + repeated],
        serverless=[Server(host, f"203.0.113.{rng.integers(1, 250)}") for host in functions],
        favourites=rng.integers(0, len(functions), (SOURCES, 5)),
    )


@lru_cache(maxsize=4_096)
def _stamp(second: int, form: str) -> str:
    return datetime.fromtimestamp(second, UTC).strftime(form)


def squid_access(hit: Hit) -> str:
    """Squid's native format, tunnels only."""
    return (
        f"{hit.at_s:.3f} {hit.bytes_up:6d} {hit.source.address} TCP_TUNNEL/200 {hit.bytes_down} CONNECT "
        f"{hit.host.name}:443 {hit.source.user} HIER_DIRECT/{hit.host.address} -\n"
    )


def bluecoat_proxysg(hit: Hit) -> str:
    """ProxySG's main format, TLS inspected."""
    return (
        f"{_stamp(int(hit.at_s), '%Y-%m-%d %H:%M:%S')} {hit.number % 900 + 20} "
        f"{hit.source.address} CORP\\{hit.source.user} "
        '- - OBSERVED "Technology/Internet" - 200 TCP_NC_MISS GET application/json '
        f"https {hit.host.name} 443 /api/v1/items ?id={hit.number} - "
        f'"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/145.0.0.0" 192.0.2.250 '
        f'{hit.bytes_down} {hit.bytes_up} - "none" "none"\n'
    )


def zscaler_nss_web(hit: Hit) -> str:
    """Zscaler's feed for Splunk, shortened to the fields that matter and a few that do not."""
    return (
        f"{_stamp(int(hit.at_s), '%Y-%m-%d %H:%M:%S')}\treason=Allowed\tevent_id={hit.number}\tprotocol=HTTPS"
        f"\taction=Allowed\ttransactionsize={hit.bytes_up + hit.bytes_down}\tresponsesize={hit.bytes_down}"
        f"\trequestsize={hit.bytes_up}\turlcategory=Web Hosting\tserverip={hit.host.address}"
        "\tclienttranstime=120\trequestmethod=GET\trefererURL=None\tuseragent=Mozilla/5.0 "
        f"(Windows NT 10.0; Win64; x64) Chrome/145.0.0.0\tproduct=NSS\tlocation=Road Warrior"
        f"\tClientIP={hit.source.address}\tstatus=200"
        f"\tuser={hit.source.user}@corp.example\turl={hit.host.name}/api/v1/items\tvendor=Zscaler\thostname={hit.host.name}"
        "\tclientpublicIP=203.0.113.250\tthreatname=None\tappname=General Browsing\tdepartment=sales"
        "\turlclass=Business Use\tmd5=None\n"
    )


def panos_threat(hit: Hit) -> str:
    """PAN-OS URL log by syslog, not decrypted: names only."""
    stamp = _stamp(int(hit.at_s), "%Y/%m/%d %H:%M:%S")
    return (
        f"<14>{_stamp(int(hit.at_s), '%b %e %H:%M:%S')} dc-fw 1,{stamp},012801000001,THREAT,url,2562,{stamp},"
        f"{hit.source.address},{hit.host.address},192.0.2.251,{hit.host.address},users-out,corp\\{hit.source.user},,ssl,vsys1,users,"
        f"untrust,ethernet1/2,ethernet1/1,to-syslog,{stamp},{hit.number % 4_000_000},1,"
        f"{49_152 + hit.bytes_up % 16_000},443,{hit.bytes_down % 60_000},443,0x403000,tcp,alert,"
        f'"{hit.host.name}/",(9999),computer-and-internet-info,informational,client-to-server,'
        f"{7_300_000_000 + hit.number},0x2000000000000000,10.0.0.0-10.255.255.255,United States,,,0,,,0,"
        ",,,,,,,0,0,0,0,0,,dc-fw,,,,,0,,0,,N/A,unknown,AppThreat-0-0,0x0,0,4294967295,,"
        '"computer-and-internet-info,low-risk",a1b2c3d4-0000-4000-8000-000000000001,0,,\n'
    )


def _uid(kind: str, number: int) -> str:
    return f"{kind}{number * 2_654_435_761 % 2**61:016x}"


def _words(hit: Hit) -> dict[str, str]:
    """What the sensors' forms share."""
    return {
        "at": f"{hit.at_s:.6f}",
        "uid": _uid("C", hit.number),
        "client": hit.source.address,
        "port": str(49_152 + hit.number * 7_919 % 16_000),
        "server": hit.host.address,
        "name": hit.host.name,
        "up": str(hit.bytes_up),
        "down": str(hit.bytes_down),
        "path": f"/api/v1/items?id={hit.number}",
        "agent": _AGENTS[hit.number % len(_AGENTS)],
        "lasted": f"{hit.bytes_down % 9_000 / 100 + 0.000_123:.6f}",
        "packets_up": str(hit.bytes_up // 900 + 4),
        "packets_down": str(hit.bytes_down // 1_200 + 4),
        "ip_up": str(hit.bytes_up + (hit.bytes_up // 900 + 4) * 40),
        "ip_down": str(hit.bytes_down + (hit.bytes_down // 1_200 + 4) * 40),
        "written": _stamp(int(hit.at_s), "%Y-%m-%dT%H:%M:%S") + f".{int(hit.at_s % 1 * 1e6):06d}+0000",
        "flow": str(10**15 + hit.number),
    }


_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Microsoft-CryptoAPI/10.0",
    "curl/8.5.0",
)
_ENDS = '"id.orig_h":"%(client)s","id.orig_p":%(port)s,"id.resp_h":"%(server)s","id.resp_p":'  # completed by each form
_CONN_JSON = (
    '{"ts":%(at)s,"uid":"%(uid)s",' + _ENDS + '443,"proto":"tcp","service":"ssl","duration":%(lasted)s,'
    '"orig_bytes":%(up)s,"resp_bytes":%(down)s,"conn_state":"SF","local_orig":true,"local_resp":false,'
    '"missed_bytes":0,"history":"ShADadFf","orig_pkts":%(packets_up)s,"orig_ip_bytes":%(ip_up)s,'
    '"resp_pkts":%(packets_down)s,"resp_ip_bytes":%(ip_down)s}\n'
)
_SSL_JSON = (
    '{"ts":%(at)s,"uid":"%(uid)s",' + _ENDS + '443,"version":"TLSv13","cipher":"TLS_AES_128_GCM_SHA256",'
    '"curve":"x25519","server_name":"%(name)s","resumed":false,"established":true,"ssl_history":"CsiI",'
    '"next_protocol":"h2"}\n'
)
_HTTP_JSON = (
    '{"ts":%(at)s,"uid":"%(uid)s",' + _ENDS + '80,"trans_depth":1,"method":"GET","host":"%(name)s",'
    '"uri":"%(path)s","referrer":"http://portal.example.net/","version":"1.1","user_agent":"%(agent)s",'
    '"request_body_len":0,"response_body_len":%(down)s,"status_code":200,"status_msg":"OK","tags":[],'
    '"resp_fuids":["F%(uid)s"],"resp_mime_types":["application/json"]}\n'
)
_CONN_TSV = (
    "%(at)s\t%(uid)s\t%(client)s\t%(port)s\t%(server)s\t443\ttcp\tssl\t%(lasted)s\t%(up)s\t%(down)s\tSF\tT\tF\t0\t"
    "ShADadFf\t%(packets_up)s\t%(ip_up)s\t%(packets_down)s\t%(ip_down)s\t-\n"
)
_SSL_TSV = (
    "%(at)s\t%(uid)s\t%(client)s\t%(port)s\t%(server)s\t443\tTLSv13\tTLS_AES_128_GCM_SHA256\tx25519\t%(name)s\tF\t-\t"
    "h2\tT\tCsiI\t-\t-\t-\t-\n"
)
_HTTP_TSV = (
    "%(at)s\t%(uid)s\t%(client)s\t%(port)s\t%(server)s\t80\t1\tGET\t%(name)s\t%(path)s\thttp://portal.example.net/\t1.1\t"
    "%(agent)s\t-\t0\t%(down)s\t200\tOK\t-\t-\t(empty)\t-\t-\t-\t-\t-\t-\tF%(uid)s\t-\tapplication/json\n"
)
_EVE = (
    '{"timestamp":"%(written)s","flow_id":%(flow)s,"in_iface":"eth1","event_type":"',
    '","src_ip":"%(client)s","src_port":%(port)s,"dest_ip":"%(server)s","dest_port":',
)
_EVE_TLS = (
    "tls".join(_EVE) + '443,"proto":"TCP","tls":{"subject":"CN=%(name)s","issuerdn":"C=XX, O=Example CA","serial":'
    '"0A:1B:2C:3D","fingerprint":"00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33","sni":"%(name)s",'
    '"version":"TLS 1.3","notbefore":"2026-01-01T00:00:00","notafter":"2027-01-01T00:00:00"}}\n'
)
_EVE_HTTP = (
    "http".join(_EVE) + '80,"proto":"TCP","tx_id":0,"http":{"hostname":"%(name)s","url":"%(path)s","http_user_agent":'
    '"%(agent)s","http_content_type":"application/json","http_method":"GET","protocol":"HTTP/1.1","status":200,'
    '"length":%(down)s}}\n'
)
_EVE_FLOW = (
    "flow".join(_EVE) + '443,"proto":"TCP","app_proto":"tls","flow":{"pkts_toserver":%(packets_up)s,"pkts_toclient":'
    '%(packets_down)s,"bytes_toserver":%(ip_up)s,"bytes_toclient":%(ip_down)s,"start":"%(written)s","end":"%(written)s",'
    '"age":0,"state":"closed","reason":"timeout","alerted":false},"tcp":{"tcp_flags":"1b","syn":true,"fin":true}}\n'
)
_CEF = (
    "CEF:0|Fortinet|Fortigate|v7.4.1|00013|traffic:forward close|3|deviceExternalId=FGT0000000000000 "
    "FTNTFGTeventtime=%(nano)s FTNTFGTlogid=0000000013 cat=traffic:forward FTNTFGTsubtype=forward FTNTFGTlevel=notice "
    "src=%(client)s spt=%(port)s deviceInboundInterface=port12 dst=%(server)s dhost=%(name)s dpt=443 proto=6 act=close "
    "app=HTTPS FTNTFGTduration=2 out=%(up)s in=%(down)s FTNTFGTsentpkt=%(packets_up)s FTNTFGTrcvdpkt=%(packets_down)s\n"
)


def _form(*templates: str) -> Line:
    """A form that is a template, or several in turn."""

    def line(hit: Hit) -> str:
        words = _words(hit)
        words["nano"] = words["at"].replace(".", "") + "000"
        return templates[hit.number % len(templates)] % words

    return line


FORMATS: dict[str, Line] = {
    "squid_access": squid_access,
    "bluecoat_proxysg": bluecoat_proxysg,
    "zscaler_nss_web": zscaler_nss_web,
    "panos_threat": panos_threat,
    "zeek_conn_json": _form(_CONN_JSON),
    "zeek_ssl_json": _form(_SSL_JSON),
    "zeek_http_json": _form(_HTTP_JSON),
    "zeek_conn_tsv": _form(_CONN_TSV),
    "zeek_ssl_tsv": _form(_SSL_TSV),
    "zeek_http_tsv": _form(_HTTP_TSV),
    "suricata_eve": _form(_EVE_TLS, _EVE_FLOW, _EVE_TLS, _EVE_HTTP),
    "generic_cef": _form(_CEF),
}
_ZEEK_HEADER = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{}\n#fields\t{}\n"
_ZEEK_COLUMNS = {
    "conn": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state "
    "local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents",
    "ssl": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher curve server_name resumed last_alert "
    "next_protocol established ssl_history cert_chain_fps client_cert_chain_fps sni_matches_cert validation_status",
    "http": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri referrer version user_agent "
    "origin request_body_len response_body_len status_code status_msg info_code info_msg tags username password "
    "proxied orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types",
}
_HEADERS = {
    "bluecoat_proxysg": (
        "#Software: SGOS 6.7.5.1\n#Version: 1.0\n#Fields: date time time-taken c-ip cs-username "
        "cs-auth-group x-exception-id sc-filter-result cs-categories cs(Referer) sc-status "
        "s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query "
        "cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id x-bluecoat-application-name "
        "x-bluecoat-application-operation\n"
    )
} | {f"zeek_{k}_tsv": _ZEEK_HEADER.format(k, names.replace(" ", "\t")) for k, names in _ZEEK_COLUMNS.items()}


def chunks(form: str, size_bytes: int, seed: int, share: float = SERVERLESS_SHARE) -> Iterator[bytes]:
    """The content piece by piece, about as many bytes as asked for, over one day; `share` of it calls functions."""
    world, line = build_world(seed), FORMATS[form]
    rng = np.random.default_rng(seed)
    sample = [line(Hit(START_S, 10**7 + n, world.sources[n], world.plain[n], 900, 4_000)) for n in range(12)]
    typical = sum(map(len, sample)) / len(sample)
    total = max(1, int(size_bytes / typical))
    yield _HEADERS.get(form, "").encode()
    for first in range(0, total, CHUNK):
        count = min(CHUNK, total - first)
        times = START_S + (first + np.arange(count) + rng.random(count)) * (DAY_S / total)
        sources = rng.integers(0, SOURCES, count)
        functions = world.favourites[sources, rng.integers(0, 5, count)]
        popular = (len(world.plain) ** rng.random(count)).astype(np.int64) * 7_919 % len(world.plain)
        # Both kinds of host stand in one list: the functions first.
        hosts = np.where(rng.random(count) < share, functions, popular + len(world.serverless))
        known = world.serverless + world.plain
        sizes = rng.lognormal(7.0, 0.8, (2, count)).astype(np.int64)
        columns = (times, np.arange(first, first + count), sources, hosts, *sizes)
        yield "".join(
            line(Hit(at_s, number, world.sources[source], known[host], up, down))
            for at_s, number, source, host, up, down in zip(*(one.tolist() for one in columns), strict=True)
        ).encode()


def parse_size(text: str) -> int:
    """Bytes from `2GB`, `500 MB` or a plain number; decimal units."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)B?", text.strip().upper())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 200MB or 2GB")
    return int(float(match[1]) * _UNITS[match[2]])


def main() -> None:
    """Read the command line and write the file; a name that ends in .gz is compressed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("form", choices=sorted(FORMATS), metavar="FORMAT", help=", ".join(sorted(FORMATS)))
    parser.add_argument("size", type=parse_size, help="uncompressed, such as 200MB or 2GB")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with ExitStack() as stack:
        raw = stack.enter_context(given.to.open("wb"))
        out: IO[bytes] = raw
        if given.to.suffix == ".gz":
            zipped = gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0)
            out = cast("IO[bytes]", stack.enter_context(zipped))
        for chunk in chunks(given.form, given.size, given.seed):
            out.write(chunk)


if __name__ == "__main__":
    main()
