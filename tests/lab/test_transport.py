"""What a log box sees: tunnels or requests, challenges, losses, addresses."""

from dataclasses import replace
from typing import Any

from sferic.lab.records import Machine, Record, Request, seeded
from sferic.lab.scenario import Site
from sferic.lab.transport import addresses, observe

MACHINE = Machine("m", "s", "desktop", "alex", ("10.0.0.1", "10.0.0.2"), "browser/1", challenged=False)
HOST = "a.acct-lab.workers.dev"
THREE = [Request(time_s=float(at_s), host=HOST, path=f"/{at_s}", keep_alive_s=30.0) for at_s in (0, 10, 100)]


def _see(machine: Machine = MACHINE, requests: list[Request] = THREE, **site: Any) -> list[Record]:
    box = Site(name="s", format="squid_access", machines=1, network="10.0.0.0/24", **site)
    return observe(seeded(1), box, 0.0, [(machine, request) for request in requests]).records


def test_an_uninspected_connection_is_one_entry() -> None:
    """Requests within the keep-alive time share a tunnel, the later one gets its own; no path is seen."""
    first, second = _see()
    assert (first.start_s, second.start_s) == (0.0, 100.0)
    assert first.end_s > 10.0
    assert first.path is None
    assert first.method == "CONNECT"
    assert first.bytes_up > sum(request.bytes_up for request in THREE[:2])


def test_an_inspecting_box_sees_each_request() -> None:
    """With inspection every request is an entry with its path, plus a CONNECT for each connection if logged."""
    assert [record.path for record in _see(inspects=True)] == ["/0", "/10", "/100"]
    assert [record.method for record in _see(inspects=True, logs_connect=True)].count("CONNECT") == 2


def test_clear_text_is_always_seen() -> None:
    """Without TLS there is nothing to inspect: paths are there and no CONNECT is."""
    records = _see(requests=[replace(request, scheme="http") for request in THREE], logs_connect=True)
    assert [(record.method, record.path, record.port) for record in records] == [
        ("GET", "/0", 80),
        ("GET", "/10", 80),
        ("GET", "/100", 80),
    ]


def test_a_challenged_user_is_denied_first() -> None:
    """Each new connection of such a user begins with a 407 that ends before the real entry does."""
    records = _see(machine=replace(MACHINE, challenged=True))
    assert [(record.status, record.denied) for record in records] == [(407, True), (200, False)] * 2


def test_loss_removes_entries() -> None:
    """At a loss of one nothing is left, at none everything."""
    assert _see(loss=1.0) == []
    assert len(_see(inspects=True)) == 3


def test_the_address_follows_the_day() -> None:
    """A machine that moves shows the address it has on the day of the request."""
    late = [Request(time_s=90_000.0, host=HOST)]
    assert [record.src_ip for record in _see(requests=late)] == ["10.0.0.2"]


def test_names_are_asked_for_again_when_answers_expire() -> None:
    """A short-lived answer is asked for each time, a long-lived one once; the address is one of the host's."""
    short = [Request(time_s=100.0 * n, host="a1b2c3d4e5.execute-api.us-east-1.amazonaws.com") for n in range(4)]
    long = [Request(time_s=50.0 * n, host=HOST) for n in range(4)]
    assert [record.looked_up for record in _see(requests=short)] == [True] * 4
    assert [record.looked_up for record in _see(requests=long)] == [True, False, False, False]
    assert all(record.dst_ip in addresses(record.host)[0] for record in _see(requests=short + long))


def test_hosts_of_a_platform_share_addresses() -> None:
    """Two accounts on one platform cannot be told apart by address alone."""
    assert set(addresses(HOST)[0]) & set(addresses("b.other-lab.workers.dev")[0])
