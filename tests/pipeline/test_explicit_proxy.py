"""Behind an explicit proxy an endpoint's log names the proxy alone: the call gets its process by port, or by time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sferic.engine.memory import Room
from sferic.model.finding import Finding
from sferic.model.settings import Settings
from sferic.pipeline import hunt, hunting
from tests.pipeline import endpoint_lines as lines
from tests.pipeline.endpoint_lines import Program, Story

PROXY, CLIENT, PORT = "10.20.0.80", "10.20.0.5", 50_000
FORMAT = "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>p"
WITH_PORTS = {"squid_access": {"logformat": FORMAT}}
TIMES = [0.0, *np.cumsum(np.random.default_rng(5).uniform(48, 60, 149)).tolist()]


def squid(ports: bool) -> str:
    """Write the tunnels of the implant, which last a tenth of a second and are logged at their end."""
    rows = []
    for n, at in enumerate(TIMES):
        end = f"{lines.START_S + at + 0.4:.3f}"
        row = f"{end}    100 {CLIENT} TCP_TUNNEL/200 3721 CONNECT {lines.WORKER}:443 - HIER_DIRECT/192.0.2.10 -"
        rows.append(f"{row} {PORT + n}" if ports else row)
    return "\n".join(rows) + "\n"


def sysmon(story: Story, port: int) -> str:
    """Write the endpoint's log; the proxy, to which all connections lead, listens at a port."""
    return lines.sysmon_json(story).replace('"DestinationPort": "443"', f'"DestinationPort": "{port}"')


def found(folder: Path, story: Story, *, ports: bool, at: int = 3128, **settings: Any) -> Finding:
    """Hunt through both logs; there is one finding."""
    (folder / "squid.log").write_text(squid(ports), encoding="utf-8")
    (folder / "sysmon.jsonl").write_text(sysmon(story, at), encoding="utf-8")
    options = WITH_PORTS if ports else {}
    report = hunt([str(folder)], Settings(min_score=20, source_options=options, **settings))
    assert not report.account.reject_reasons
    (finding,) = report.findings
    assert finding.hosts == (lines.WORKER,)
    assert finding.connections == len(TIMES), "connections to the proxy are no calls"
    return finding


def implant(story: Story, path: str = lines.POWERSHELL) -> Program:
    """Let a program connect to the proxy for each call, from ports in a row."""
    program = story.run(path, parent=story.run(lines.EXPLORER), command_line="-enc QUJD")
    story.call(program, "", TIMES, address=PROXY, asks=False)
    return program


def browsing(story: Story, times: list[float], machine: int = 5) -> None:
    """Let a browser connect to the proxy, from other ports."""
    browser = story.run(lines.CHROME, machine=machine, parent=story.run(lines.EXPLORER, machine=machine))
    story.call(browser, "", times, address=PROXY, asks=False)
    story.connected = [
        lines.Called(c.at_s, c.program, c.host, c.address, c.port + 9000) if c.program is browser else c
        for c in story.connected
    ]


def test_the_port_names_the_process_surely(tmp_path: Path) -> None:
    """A proxy that logs the client's port gets process, parent and command line, whatever else connects meanwhile."""
    story = Story()
    implant(story)
    browsing(story, TIMES)
    finding = found(tmp_path, story, ports=True)
    assert (finding.process, finding.process_is_guessed) == (lines.POWERSHELL, False)
    assert [step.path for step in finding.process_tree] == [lines.EXPLORER, lines.POWERSHELL]
    assert finding.process_tree[-1].command_line == "-enc QUJD"
    assert finding.device == "WS-005.corp.example"


def test_calls_that_wait_on_the_disk_are_asked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory is short, calls of which the rows were put down get their process all the same."""
    monkeypatch.setattr(hunting, "room_of", lambda _settings: Room(50, 1))
    story = Story()
    implant(story)
    assert found(tmp_path, story, ports=True).process == lines.POWERSHELL


def test_without_ports_the_only_program_at_the_time_is_a_guess(tmp_path: Path) -> None:
    """A browser that is open now and then leaves enough calls at which the implant alone connected."""
    story = Story()
    implant(story)
    browsing(story, TIMES[:60])
    finding = found(tmp_path, story, ports=False)
    assert (finding.process, finding.process_is_guessed) == (lines.POWERSHELL, True)


def test_two_programs_at_each_call_name_none(tmp_path: Path) -> None:
    """Where a browser connects beside each call nobody knows which of the two it was."""
    story = Story()
    implant(story)
    browsing(story, TIMES)
    assert found(tmp_path, story, ports=False).process is None


def test_a_browser_clears_nobody_by_being_there(tmp_path: Path) -> None:
    """That a browser alone connected at the time says nothing, for browsers connect all day; its port says all."""
    story = Story()
    implant(story, lines.CHROME)
    assert found(tmp_path, story, ports=False).process is None
    assert found(tmp_path, story, ports=True).process == lines.CHROME


@pytest.mark.parametrize("ports", [True, False])
def test_another_machines_connections_say_nothing(tmp_path: Path, ports: bool) -> None:
    """The same ports and moments on another machine are not taken."""
    story = Story()
    program = story.run(lines.POWERSHELL, machine=6, parent=story.run(lines.EXPLORER, machine=6))
    story.call(program, "", TIMES, address=PROXY, asks=False)
    assert found(tmp_path, story, ports=ports).process is None


def test_a_proxy_at_another_port_must_be_listed(tmp_path: Path) -> None:
    """Connections to an unusual port count if `proxy_addresses` names the proxy."""
    story = Story()
    implant(story)
    assert found(tmp_path, story, ports=True, at=7777).process is None
    listed = found(tmp_path, story, ports=True, at=7777, proxy_addresses=(f"{PROXY}/32",))
    assert listed.process == lines.POWERSHELL
