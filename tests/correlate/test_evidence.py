"""Every quoted line holds what it is quoted for, whichever logs a channel is made of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sferic.model.settings import Settings
from sferic.pipeline import hunt
from tests.engine import _lines as network
from tests.pipeline import endpoint_lines as endpoint

SECONDS = [120 * n + n * n * 7919 % 25 for n in range(240)]
ADDRESS = "192.0.2.10"


def cited(folder: Path, texts: Mapping[str, list[str]], **settings: Any) -> dict[str, list[str]]:
    """Hunt through logs with one channel; return the lines that each of its reasons points to."""
    for name, lines in texts.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = hunt([str(folder)], Settings(min_score=0, workers=1, **settings))
    assert not report.account.reject_reasons
    (finding,) = report.findings
    found: dict[str, list[str]] = {}
    for reason in finding.reasons:
        places = [(Path(file).name, int(line)) for file, _, line in (p.rpartition(":") for p in reason.events)]
        found[reason.signal] = [texts[name][line - 1] for name, line in places]
    assert found.pop("prior") == []
    return found


def zeek(log: str, second: int, **more: object) -> str:
    """Write a row of a sensor about the connection that began at this second."""
    row = {
        "_path": log, "ts": network.START_S + second + (0.2 if log == "ssl" else 0.0), "uid": f"CEVIDENCE{second:06}",
        "id.orig_h": "10.1.0.5", "id.orig_p": 50_000, "id.resp_h": ADDRESS, "id.resp_p": 443,
    }  # fmt: skip
    return json.dumps(row | more)


@pytest.mark.parametrize("named_first", [True, False])
def test_a_flow_and_its_handshake_are_shown_by_the_handshake(tmp_path: Path, named_first: bool) -> None:
    """Zeek's conn row has the bytes and its ssl row the name: the latter is shown, whichever is read first."""
    conn = [zeek("conn", s, conn_state="SF", duration=0.4, orig_bytes=900, resp_bytes=4000) for s in SECONDS]
    ssl = [zeek("ssl", s, version="TLSv13", server_name=network.HOST, established=True) for s in SECONDS]
    found = cited(tmp_path, {"b.log": conn, "a.log" if named_first else "c.log": ssl})
    assert "timing" in found
    for lines in found.values():
        assert len(lines) == 3
        assert all(network.HOST in line for line in lines)


def test_a_flow_without_a_handshake_is_shown_beside_a_look_up(tmp_path: Path) -> None:
    """A firewall's flows have no name: one answer of the resolver says it, then come the first and the last flow."""
    flows = [network.asa(second) for second in SECONDS]
    answers = [network.stream_dns(second - 1) for second in SECONDS]
    lines = cited(tmp_path, {"asa.log": flows, "dns.log": answers})["timing"]
    assert lines == [answers[0], flows[0], flows[-1]]


def test_the_program_of_a_tunnel_is_shown_by_its_start(tmp_path: Path) -> None:
    """What a proxy's tunnel and the endpoint's start tell together points to each for its own part."""
    story = endpoint.Story()
    shell = story.run(endpoint.POWERSHELL, parent=story.run(endpoint.EXPLORER), command_line="powershell -enc SQBFAFgAIABzAHkAbgB0AGgA")
    story.call(shell, endpoint.WORKER, [float(second) for second in SECONDS])
    tunnels = [network.squid(second, endpoint.WORKER, "10.20.0.5") for second in SECONDS]
    texts = {"squid.log": tunnels, "sysmon.json": endpoint.sysmon_json(story).splitlines()}
    found = cited(tmp_path, texts)
    for signal in ("program", "program_parent", "program_command"):
        (line,) = found[signal]
        assert "powershell -enc" in line
    assert endpoint.WORKER in found["timing"][0]
    assert all(endpoint.WORKER in line for line in found["size"]), "only the proxy's lines have sizes"
