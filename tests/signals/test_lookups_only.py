"""DNS questions are told from calls, in segments of their own."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sferic.model.settings import Settings
from sferic.pipeline import hunt

START = 1_772_445_600
HOST = "w.lab-account.workers.dev"


def _stream(kind: str, at: float) -> str:
    row: dict[str, object] = {"timestamp": _iso(at), "endtime": _iso(at), "src_ip": "10.0.0.5", "time_taken": 5000}
    if kind == "dns":
        row |= {"query": [HOST], "query_type": ["A"], "host_addr": ["192.0.2.9"], "dest_ip": "10.0.0.53"}
        row |= {"message_type": ["QUERY", "RESPONSE"], "dest_port": 53, "transport": "udp"}
    else:
        row |= {"site": HOST, "uri_path": "/p", "http_method": "GET", "status": 200, "bytes_in": 300, "bytes_out": 90}
        row |= {"dest_ip": "192.0.2.9", "dest_port": 80, "transport": "tcp"}
    return msgspec.json.encode(row).decode() + "\n"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _hunted(tmp_path: Path, lines: list[str]) -> dict[str, float]:
    (tmp_path / "stream.json").write_text("".join(lines))
    found = hunt([str(tmp_path / "stream.json")], Settings(min_score=0)).findings
    assert len(found) == 1
    return {r.signal: r.points for r in found[0].reasons} | {"connections": found[0].connections}


def test_a_channel_known_from_dns_alone_counts_for_less(tmp_path: Path) -> None:
    """Forty look-ups at a timer are a finding, with points taken off because no call was seen."""
    told = _hunted(tmp_path, [_stream("dns", START + 60 * i) for i in range(40)])
    assert told["lookups_only"] < 0


def test_calls_beside_their_lookups_speak_for_themselves(tmp_path: Path) -> None:
    """Where the calls are logged too, the channel is the calls: as many connections, and nothing taken off."""
    lines = [_stream(kind, START + 60 * i + lag) for i in range(40) for kind, lag in (("dns", 0.0), ("http", 0.2))]
    told = _hunted(tmp_path, lines)
    assert told["connections"] == 40
    assert "lookups_only" not in told
