"""One channel in a proxy's, an endpoint's and a DNS log: one finding, and less certain with each log that is missing."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from sferic.model.finding import Finding
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from tests.engine import _lines as network
from tests.pipeline import endpoint_lines as lines
from tests.pipeline.endpoint_lines import Story

LOGS = ("squid.log", "sysmon.jsonl", "dns.jsonl")
CLIENT = "10.20.0.5"


def shifted(text: str, at_s: float) -> str:
    """Move a line of the proxy, which has no part of a second, to its moment."""
    return text.replace(".250 ", f".{int(at_s % 1 * 1000):03} ", 1)


def proxy(at_s: float, host: str, client: str) -> str:
    """A tunnel through the proxy."""
    return shifted(network.squid(int(at_s), host, client), at_s)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Give the three logs of an estate of 61 machines, one of them with a script host that checks in."""
    times = [0.0, *np.cumsum(np.random.default_rng(5).uniform(48, 60, 219)).tolist()]
    story = Story()
    shell = story.run(lines.POWERSHELL, parent=story.run(lines.EXPLORER), command_line="-enc QUJD")
    story.call(shell, lines.WORKER, times)
    tunnels = [(at + 0.3, lines.WORKER, CLIENT) for at in times]
    asked = [(at, lines.WORKER, lines.ADDRESS, CLIENT) for at in times[::5]]
    for machine in range(6, 66):
        browser = story.run(lines.CHROME, machine=machine, parent=story.run(lines.EXPLORER, machine=machine))
        views, host = (
            sorted(float(machine * machine * n % 10_000) for n in (1, 5, 11, 29)),
            f"page-{machine % 7}.vercel.app",
        )
        story.call(browser, host, views, address="203.0.113.20")
        tunnels += [(at + 0.3, host, browser.address) for at in views]
        asked.append((views[0], host, "203.0.113.20", browser.address))
    return {
        "squid.log": _text(proxy(*one) for one in sorted(tunnels)),
        "sysmon.jsonl": lines.sysmon_json(story),
        "dns.jsonl": _text(network.stream_dns(int(at), host, (to,), client) for at, host, to, client in sorted(asked)),
    }


def _text(rows: Iterable[str]) -> str:
    return "\n".join(rows) + "\n"


def found(folder: Path, texts: dict[str, str], names: Iterable[str]) -> Finding:
    """Hunt through some of the logs; there is one finding."""
    for name in names:
        (folder / name).write_text(texts[name], encoding="utf-8")
    report = hunt([str(folder)], Settings(min_score=30))
    assert not report.account.reject_reasons
    (finding,) = report.findings
    assert (finding.analytic, finding.src_ip, finding.hosts) == ("beacon", CLIENT, (lines.WORKER,))
    return finding


def test_all_logs_together_give_one_finding_that_names_everybody(tmp_path: Path, texts: dict[str, str]) -> None:
    """Device, user, process tree and function stand in one finding, with the sizes of the proxy."""
    finding = found(tmp_path, texts, LOGS)
    assert (finding.device, finding.user) == ("WS-005.corp.example", "CORP\\jona.quill")
    assert [step.path for step in finding.process_tree] == [lines.EXPLORER, lines.POWERSHELL]
    assert finding.process_tree[-1].command_line == "-enc QUJD"
    assert not finding.process_is_guessed, "the endpoint saw each connection at its moment"
    assert (finding.tenant, finding.bytes_down is None) == ("quarry-test", False)
    assert finding.sources == ("splunk_stream", "squid_access", "windows_sysmon")
    assert finding.needs == ""


@pytest.mark.parametrize(
    ("log", "wants"),
    [
        ("squid.log", ["names the program"]),
        ("sysmon.jsonl", ["sizes of the calls"]),
        ("dns.jsonl", ["only look-ups", "names the program"]),
    ],
)
def test_each_log_alone_gives_a_less_certain_one(
    tmp_path: Path, texts: dict[str, str], log: str, wants: list[str]
) -> None:
    """The channel is found in every log alone, with fewer points, and the finding says which log would raise it."""
    (tmp_path / "all").mkdir()
    (tmp_path / "one").mkdir()
    alone, together = found(tmp_path / "one", texts, [log]), found(tmp_path / "all", texts, LOGS)
    assert alone.points < together.points
    assert alone.severity != "informational"
    for said in wants:
        assert said in alone.needs


def test_look_ups_of_a_process_make_a_guess(tmp_path: Path, texts: dict[str, str]) -> None:
    """Where the endpoint logs look-ups alone, the proxy's rows get the one program that asked, as a guess."""
    look_ups = [row for row in texts["sysmon.jsonl"].splitlines() if '"event_id": 3' not in row]
    addresses = [row for row in texts["sysmon.jsonl"].splitlines() if '"event_id": 3' in row and CLIENT in row][:1]
    finding = found(tmp_path, texts | {"sysmon.jsonl": _text([*look_ups, *addresses])}, ("squid.log", "sysmon.jsonl"))
    assert (finding.process, finding.process_is_guessed) == (lines.POWERSHELL, True)
    assert "surely names the program" in finding.needs


def test_without_endpoint_logs_the_account_says_what_is_missing(tmp_path: Path, texts: dict[str, str]) -> None:
    """The account names the endpoint logs that would tell programs, and is silent where there is one."""
    (tmp_path / "squid.log").write_text(texts["squid.log"], encoding="utf-8")
    lacks = {lack.evidence: lack.text for lack in hunt([str(tmp_path)]).account.missing}
    assert "Sysmon 1, 3, 22" in lacks["programs"]
    (tmp_path / "sysmon.jsonl").write_text(texts["sysmon.jsonl"], encoding="utf-8")
    assert "programs" not in {lack.evidence for lack in hunt([str(tmp_path)]).account.missing}


def test_the_users_list_names_the_machine(tmp_path: Path, texts: dict[str, str]) -> None:
    """With `assets_file` a proxy's finding names the device, which no log of the input does."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "squid.log").write_text(texts["squid.log"], encoding="utf-8")
    (tmp_path / "machines.csv").write_text(f"address,device\n{CLIENT},DESK-5\n", encoding="utf-8")
    (finding,) = hunt([str(tmp_path / "logs")], Settings(assets_file=str(tmp_path / "machines.csv"))).findings
    assert (finding.device, finding.src_ip) == ("DESK-5", CLIENT)
