"""Rows of one connection tell each other the host; what leads to a proxy is nobody's but the request's."""

import json
from pathlib import Path
from typing import Any

import pytest

from sferic.engine.links import MAX_PROXIES, Links
from sferic.model.event import HTTP, NETWORK, Event
from sferic.model.traffic import LINKED

START_S = 1_772_445_600
HOST = "sferic-test.example-account.workers.dev"
OTHER = "www.shop.example"
Gather = Any


def row(path: str, uid: str, second: int, **more: Any) -> str:
    """Write a record of Zeek's about a connection to a proxy."""
    ends = {"id.orig_h": "10.1.0.5", "id.orig_p": 40_000 + second, "id.resp_h": "10.1.0.8", "id.resp_p": 3128}
    return json.dumps({"_path": path, "ts": START_S + second, "uid": uid, **ends, **more})


def tunnel(uid: str, second: int, host: str, sent: int) -> list[str]:
    """Write a CONNECT and the connection that carried it."""
    asked = {"method": "CONNECT", "host": f"{host}:443", "uri": f"{host}:443", "status_code": 200}
    amounts = {"proto": "tcp", "orig_bytes": sent, "resp_bytes": 10 * sent, "duration": 2.0, "conn_state": "SF"}
    return [row("http", uid, second, **asked), row("conn", uid, second, **amounts)]


def hello(uid: str, second: int, host: str) -> str:
    """Write the handshake in a tunnel."""
    return row("ssl", uid, second, version="TLSv13", cipher="x", server_name=host, established=True, resumed=False)


@pytest.fixture
def log(tmp_path: Path) -> Any:
    """Write lines into a log."""

    def write(*lines: str) -> Path:
        path = tmp_path / "zeek.log"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_a_tunnel_s_bytes_come_from_its_connection(gather: Gather, log: Any) -> None:
    """Behind an explicit proxy http.log has the host and conn.log the bytes: together one row with both."""
    found = gather(log(*tunnel("C1", 0, HOST, 700), *tunnel("C2", 60, HOST, 800), *tunnel("C3", 70, OTHER, 9000)))
    traffic = found.traffic
    assert [traffic.hosts[host] for host in traffic.host] == [HOST, HOST]
    assert traffic.up.tolist() == [700, 800]
    assert traffic.down.tolist() == [7000, 8000]
    assert (found.tally.linked, found.tally.joined, found.tally.nameless) == (2, 0, 0)


def test_a_proxy_s_address_is_no_host_s(gather: Gather, log: Any) -> None:
    """TLS in tunnels gives the proxy many names: a connection is named by its own row, never by the address."""
    names = [hello("C1", 0, HOST), hello("C2", 60, OTHER)]
    flows = [line for uid, at, host in (("C1", 0, HOST), ("C2", 60, OTHER)) for line in tunnel(uid, at, host, 700)[1:]]
    found = gather(log(*flows, *names))
    assert found.traffic.up.tolist() == [700]
    assert [bool(flags & LINKED) for flags in found.traffic.flags] == [False]
    assert (found.tally.linked, found.tally.joined) == (1, 0)


def test_an_encrypted_hello_is_named_by_its_look_up(gather: Gather, log: Any) -> None:
    """Behind ECH the handshake names only the network; the answer that the client got names the connection."""
    to = {"id.resp_h": "192.0.2.10", "id.resp_p": 443}
    asked = {"qtype_name": "A", "query": HOST, "rcode_name": "NOERROR", "answers": ["192.0.2.10"]}
    found = gather(log(
        row("dns", "D1", 0, **asked), row("ssl", "C1", 5, server_name="cloudflare-ech.com", established=True, **to),
        row("conn", "C1", 5, proto="tcp", orig_bytes=700, conn_state="SF", **to),
    ))  # fmt: skip
    named = [found.traffic.hosts[host] for host in found.traffic.host]
    assert named == [HOST, HOST]
    assert found.traffic.up.tolist()[1] == 700


def test_flows_in_a_shipper_s_envelope_are_named(gather: Gather, log: Any) -> None:
    """That a log has flows without names is seen also where each line is a text of JSON."""
    ends = {"src_ip": "10.1.0.5", "src_port": 40_000, "dest_ip": "192.0.2.10", "dest_port": 443, "proto": "TCP"}
    flow = {"timestamp": "2026-03-02T10:01:00+0000", "flow_id": 1, "event_type": "flow", **ends}
    flow["flow"] = {"bytes_toserver": 700, "bytes_toclient": 900, "start": "2026-03-02T10:00:30.000000+0000"}
    asked = {"qtype_name": "A", "query": HOST, "rcode_name": "NOERROR", "answers": ["192.0.2.10"]}
    lines = [json.dumps({"date": 1.0, "log": text}) for text in (row("dns", "D1", 0, **asked), json.dumps(flow))]
    found = gather(log(*lines))
    assert (found.tally.joined, found.traffic.up.tolist()[1]) == (1, 700)


def test_a_look_up_by_device_names_a_flow_by_address(gather: Gather, log: Any) -> None:
    """Where the log of look-ups calls the client by its device, a flow that has only its address is its all the same."""

    def asked(address: str, instance: str, name: str) -> str:
        return json.dumps({
            "query_timestamp": "2026-03-02T10:00:00Z", "query_name": f"{name}.", "rcode": "NOERROR",
            "answers": [{"Rdata": "192.0.2.10", "Type": "A"}], "srcaddr": address, "srcids": {"instance": instance},
        })  # fmt: skip

    flow = f"2 1 eni-0000000000000000a 10.1.0.5 192.0.2.10 50001 443 6 9 700 {START_S + 30} {START_S + 60} ACCEPT OK"
    found = gather(log(asked("10.1.0.5", "i-a", HOST), asked("10.1.0.6", "i-b", f"b.{HOST}"), flow))
    named = [found.traffic.hosts[host] for host in found.traffic.host]
    assert sorted(named) == sorted([HOST, HOST, f"b.{HOST}"])
    assert found.tally.joined == 1


def test_only_own_proxies_are_believed() -> None:
    """A request in a proxy's form to a server outside does not make it a proxy; there are never too many."""
    links = Links()
    asks = Event(table=HTTP, time=0, connection_id="C1", proxy_ip="198.51.100.7", dst_host=HOST)
    links.learn(asks, HOST)
    assert not links.proxies
    assert links.host(asks) == HOST
    for number in range(MAX_PROXIES + 5):
        proxy = f"10.{number >> 8}.{number & 255}.8"
        links.learn(Event(table=HTTP, time=0, connection_id="C2", proxy_ip=proxy, dst_host=HOST), HOST)
    assert len(links.proxies) == MAX_PROXIES
    assert links.is_anothers(Event(table=NETWORK, time=0, connection_id="C9", dst_ip="10.0.1.8"))


def test_what_is_known_stays() -> None:
    """A platform's host stays where another row of the connection, or another machine, names another host."""
    links = Links()
    links.learn(Event(table=HTTP, time=0, connection_id="C1"), HOST)
    links.learn_other(Event(table=NETWORK, time=0, connection_id="C1", dst_host=OTHER))
    links.adopt({"C1": OTHER, "C2": OTHER}, {"10.0.0.8"})
    assert links.hosts == {"C1": HOST, "C2": OTHER}
    assert links.proxies == {"10.0.0.8"}
