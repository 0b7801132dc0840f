"""What logs hold, as `sources check` tells it, and that a hunt's account agrees with it."""

import json
from pathlib import Path

from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from sferic.pipeline.remembering import hunt_on
from sferic.pipeline.surveying import survey

COMBINED = (
    '10.1.0.{client} - ann [02/Mar/2026:10:{minute:02}:00 +0000] "GET http://sferic-test.example-account.workers.dev/a'
    ' HTTP/1.1" 200 345 "-" "{agent}" TCP_MISS:HIER_DIRECT\n'
)


def lacks(report: Report) -> list[tuple[str, str]]:
    """Return who lacks what."""
    return [(lack.source, lack.evidence) for lack in report.account.missing]


def combined(path: Path, agent: str, client: int = 5, begin: int = 0) -> Path:
    """Write an hour of a Squid log in Apache's combined format."""
    lines = [COMBINED.format(client=client, minute=n, agent=agent) for n in range(begin, begin + 20)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def zeek(folder: Path) -> None:
    """Write connections and their handshakes, each connection once in both."""
    conn, ssl = [], []
    for n in range(20):
        row = {"ts": 1772445600.5 + 60 * n, "uid": f"C{n}", "id.orig_h": "10.1.0.5", "id.orig_p": 5000 + n,
               "id.resp_h": "192.0.2.10", "id.resp_p": 443}  # fmt: skip
        conn.append(row | {"_path": "conn", "proto": "tcp", "conn_state": "SF", "duration": 2.5, "orig_bytes": 600,
                           "resp_bytes": 250})  # fmt: skip
        ssl.append(row | {"_path": "ssl", "server_name": "sferic-test.example-account.workers.dev"})
    for name, rows in (("conn.log", conn), ("ssl.log", ssl)):
        (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def test_squid_with_user_agents_has_client_software(tmp_path: Path) -> None:
    """A format that may lack user agents is said to lack them where it does, and not where it has them."""
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    combined(tmp_path / "with" / "x.log", "demo-agent/1.0")
    combined(tmp_path / "without" / "x.log", "-")
    has, lacks_it = (str(tmp_path / name) for name in ("with", "without"))
    assert ("all", "client software") not in lacks(hunt([has]))
    assert ("all", "client software") in lacks(hunt([lacks_it]))
    for folder in (has, lacks_it):
        assert lacks(hunt([folder])) == [(m.source, m.evidence) for m in survey([folder], Settings()).account.missing]


def test_connections_lend_durations_to_their_handshakes(tmp_path: Path) -> None:
    """Where conn.log tells how long a handshake's connection lasted nothing is missing; without conn.log it is."""
    zeek(tmp_path)
    together = lacks(hunt([str(tmp_path)]))
    assert [lack for lack in together if lack[1] in {"durations", "sizes", "upload sizes"}] == []
    alone = lacks(hunt([str(tmp_path / "ssl.log")]))
    assert {("all", "durations"), ("all", "sizes")} <= {*alone}


def test_a_store_remembers_what_rows_held(tmp_path: Path) -> None:
    """A client's kept rows had user agents, so that new ones of it without is no lack of the run."""
    store = tmp_path / "history.duckdb"
    hunt_on([str(combined(tmp_path / "1.log", "demo-agent/1.0"))], store)
    kept = hunt_on([str(combined(tmp_path / "2.log", "-", begin=30))], store)
    assert "client software" not in {evidence for _, evidence in lacks(kept)}
    assert "programs" in {evidence for _, evidence in lacks(kept)}


def test_each_log_tells_its_fields_and_analytics(tmp_path: Path) -> None:
    """Events are counted per field; a log without durations gives no kept connections."""
    zeek(tmp_path)
    found = survey([str(tmp_path)], Settings())
    conn, ssl = found.holdings["zeek_conn"], found.holdings["zeek_ssl"]
    assert (conn.events, conn.fields["duration_ms"], conn.fields["dst_host"]) == (20, 20, 0)
    assert (ssl.events, ssl.fields["duration_ms"], ssl.fields["dst_host"]) == (20, 0, 20)
    assert (conn.analytics, ssl.analytics) == (("beacon", "long_connection"), ("beacon",))
    (names,) = [lack.text for lack in found.account.missing if lack.evidence == "host names"]
    assert names.startswith("zeek_conn has no host names: a hunt names its flows")
