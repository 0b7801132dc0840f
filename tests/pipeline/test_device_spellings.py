"""A proxy writes a machine's short name and an endpoint its full one: both logs speak of one machine."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from sferic.model.finding import Finding
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from sferic.pipeline.remembering import hunt_on
from tests.pipeline import endpoint_lines as lines

SETTINGS = Settings(min_score=30)
NAMES = ["WS-005", "WS-005$", "ws-005", "WS-005.CORP.EXAMPLE"]


def zscaler(at_s: float, device: str) -> str:
    """One request of the implant, in the pairs of Zscaler's feed."""
    moment = datetime.fromtimestamp(lines.START_S + at_s, UTC)
    return "\t".join((
        f"{moment:%Y-%m-%d %H:%M:%S}", "reason=Allowed", "event_id=7100000000000000001", "protocol=HTTPS",
        "action=Allowed", "transactionsize=1200", "responsesize=400", "requestsize=800", "serverip=203.0.113.9",
        "requestmethod=POST", "useragent=Mozilla/5.0", "product=NSS", "ClientIP=10.20.0.5", "status=200",
        "user=jona.quill@corp.example", f"url={lines.WORKER}/api/poll", "vendor=Zscaler", f"hostname={lines.WORKER}",
        f"devicehostname={device}",
    ))  # fmt: skip


@pytest.fixture(scope="module")
def times() -> list[float]:
    """Give the moments of 150 check-ins."""
    return [0.0, *np.cumsum(np.random.default_rng(5).uniform(48, 60, 149)).tolist()]


def texts(times: list[float], device: str, others: list[str]) -> dict[str, str]:
    """Write what the proxy and Defender saw of the check-ins, and of other machines in the proxy's log alone."""
    story = lines.Story()
    story.call(story.run(lines.POWERSHELL, parent=story.run(lines.EXPLORER)), lines.WORKER, times)
    rows = [zscaler(at, device) for at in times] + [zscaler(at, other) for other in others for at in times[:2]]
    return {"zscaler.log": "\n".join(rows) + "\n", "defender.csv": lines.defender_csv(story)}


def written(folder: Path, texts: dict[str, str]) -> list[str]:
    """Write the logs and return their paths."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in texts]


def check(finding: Finding) -> None:
    """Expect device, user, process tree and the proxy's sizes."""
    assert (finding.device or "").lower() == "ws-005.corp.example"
    assert finding.src_ip == "10.20.0.5"
    assert [step.path for step in finding.process_tree] == ["explorer.exe", lines.POWERSHELL.lower()]
    assert not finding.process_is_guessed
    assert finding.bytes_up == 800 * 150
    assert finding.sources == ("microsoft_defender", "zscaler_nss_web")


@pytest.mark.parametrize("device", NAMES)
def test_both_spellings_give_one_finding(tmp_path: Path, times: list[float], device: str) -> None:
    """There is one finding, with the proxy's sizes and the endpoint's process."""
    (finding,) = hunt(written(tmp_path, texts(times, device, [])), SETTINGS).findings
    check(finding)


@pytest.mark.parametrize("step", [1, -1])
def test_spellings_of_two_runs_meet_in_a_store(tmp_path: Path, times: list[float], step: int) -> None:
    """The finding of a proxy's short name goes on under the full one when the endpoint's log comes, and vice versa."""
    for path in written(tmp_path, texts(times, "WS-005", []))[::step]:
        report = hunt_on([path], tmp_path / "history.db", SETTINGS)
    (finding,) = report.findings
    check(finding)


def test_a_second_full_name_keeps_them_apart(tmp_path: Path, times: list[float]) -> None:
    """Where two domains have a machine of this name, the short name is neither's, and nobody gets a process."""
    paths = written(tmp_path, texts(times, "WS-005", ["ws-005.lab.example"]))
    found = hunt(paths, SETTINGS).findings
    assert {finding.device for finding in found} == {"WS-005", "ws-005.corp.example"}
    assert {finding.process is None for finding in found if finding.device == "WS-005"} == {True}
