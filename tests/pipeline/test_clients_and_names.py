"""Whole hunts in which a log knows more than one client or more than one name of a connection."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.pipeline import hunt


def run(*paths: object, **settings: Any) -> Report:
    """Hunt through paths."""
    return hunt([str(path) for path in paths], Settings(**settings))


PROXY = "10.1.0.80"


def _behind(lines: ModuleType, implant: Callable[[int], str], crowd: bool, peer: str = PROXY) -> bytes:
    """Write a sensor's requests of one address: an implant under what it says of itself, and a crowd of browsers."""
    rows = [lines.stream_http(120 * n + n * n * 7919 % 25, src_ip=implant(n), c_ip=peer) for n in range(400)]
    for n in range(600 if crowd else 0):
        host = f"page-{n % 7}.vercel.app"
        client = f"10.1.0.{20 + n % 9}"
        rows.append(lines.stream_http(n * n * 104_729 % 48_000, host, src_ip=client, c_ip=peer, http_user_agent="x/1"))
    found: bytes = lines.log(*rows)
    return found


def test_the_client_behind_a_proxy_is_found(tmp_path: Path, lines: ModuleType) -> None:
    """The finding is about the machine that the proxy names, and says which proxy that was."""
    (tmp_path / "stream.log").write_bytes(_behind(lines, lambda _: "10.1.0.5", crowd=True))
    (finding,) = run(tmp_path).findings
    assert (finding.src_ip, finding.connections) == ("10.1.0.5", 400)
    (reason,) = [r for r in finding.reasons if r.signal == "behind_proxy"]
    assert reason.value == f"via {PROXY}"
    assert f"100% of calls came through a proxy ({PROXY}), which named this client" in reason.text


@pytest.mark.parametrize(
    "forged", [lambda _: "10.9.9.9", lambda n: f"10.9.9.{n % 50}", lambda n: f"203.0.113.{n % 250}"]
)
def test_an_implant_that_forges_the_header_stays_whole(
    tmp_path: Path, lines: ModuleType, forged: Callable[[int], str]
) -> None:
    """Invented clients neither hide the address that calls nor split its channel."""
    (tmp_path / "stream.log").write_bytes(_behind(lines, forged, crowd=False, peer="10.1.0.5"))
    (finding,) = run(tmp_path).findings
    assert (finding.src_ip, finding.connections) == ("10.1.0.5", 400)
    assert "behind_proxy" not in {r.signal for r in finding.reasons}


def test_an_own_proxy_can_be_listed(tmp_path: Path, lines: ModuleType) -> None:
    """With `proxy_addresses` the header of a proxy that only few use is believed too."""
    (tmp_path / "stream.log").write_bytes(_behind(lines, lambda _: "10.1.0.5", crowd=False))
    assert [f.src_ip for f in run(tmp_path).findings] == [PROXY]
    assert [f.src_ip for f in run(tmp_path, proxy_addresses=("10.1.0.64/26",)).findings] == ["10.1.0.5"]


@pytest.mark.parametrize(
    ("url", "sni", "host"),
    [
        (
            "synthetic-relay.example-account.workers.dev",
            "cdn.corp.example",
            "synthetic-relay.example-account.workers.dev",
        ),
        (
            "www.corp.example",
            "synthetic-relay.example-account.workers.dev",
            "synthetic-relay.example-account.workers.dev",
        ),
        ("a.example-account.workers.dev", "b.other-account.workers.dev", "a.example-account.workers.dev"),
        ("a.example-account.workers.dev", "b.example-account.workers.dev", None),
        ("a.example-account.workers.dev", "a.example-account.workers.dev", None),
    ],
)
def test_two_owners_names_on_one_connection(tmp_path: Path, url: str, sni: str, host: str | None) -> None:
    """Traffic counts to the request's platform, else to the one TLS was opened for; two owners are a reason."""
    rows = [f"{1772445600 + 120 * n + n * n * 7919 % 25}.100 10.1.0.5 GET https://{url}/p {sni}" for n in range(400)]
    (tmp_path / "squid.log").write_text("\n".join(rows), encoding="utf-8")
    options = {"squid_access": {"logformat": "%ts.%03tu %>a %rm %ru %ssl::>sni"}}
    (finding,) = run(tmp_path, source_options=options, only_sources=("squid_access",)).findings
    assert (finding.hosts, finding.connections) == ((host or url,), 400)
    told = [(r.value, r.points) for r in finding.reasons if r.signal == "fronting"]
    assert told == ([] if host is None else [(sni if host == url else url, 8.0)])


def test_a_sensor_sees_a_tunnel_under_two_names(tmp_path: Path) -> None:
    """CONNECT and handshake of one Zeek connection that name two tenants are one row, counted to the CONNECT's."""
    rows = []
    for n in range(100):
        both = {"ts": 1772445600.5 + 120 * n + n * n * 7919 % 25, "uid": f"C{n}", "id.orig_h": "10.1.0.5",
                "id.orig_p": 5000, "id.resp_h": "10.1.0.80", "id.resp_p": 3128}  # fmt: skip
        asked = "synthetic-relay.example-account.workers.dev:443"
        rows.append(both | {"_path": "http", "method": "CONNECT", "uri": asked, "host": asked})
        rows.append(both | {"_path": "ssl", "server_name": "harmless.other-account.workers.dev"})
    (tmp_path / "zeek.log").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (finding,) = run(tmp_path).findings
    assert (finding.connections, finding.tenant) == (100, "example-account")
    assert [r.value for r in finding.reasons if r.signal == "fronting"] == ["harmless.other-account.workers.dev"]
