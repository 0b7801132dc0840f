"""What a store keeps of processes and machines: logs of different runs still make one finding."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

from sferic.model.finding import Finding
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from sferic.pipeline.remembering import hunt_on
from tests.pipeline import endpoint_lines as lines
from tests.pipeline.test_mixed_estate import LOGS, texts

__all__ = ["texts"]
SETTINGS = Settings(min_score=30)


def kept(folder: Path, runs: Iterable[Iterable[str]]) -> Finding:
    """Take the logs into a store, some in each run; there is one finding."""
    for names in runs:
        report = hunt_on([str(folder / name) for name in names], folder / "history.db", SETTINGS)
    (finding,) = report.findings
    return finding


@pytest.fixture
def folder(tmp_path: Path, texts: dict[str, str]) -> Path:
    """Write the three logs of the estate."""
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_one_run_is_one_hunt(folder: Path) -> None:
    """With all logs in one run, the finding is that of a hunt without a store, but for the line of the start."""
    (finding,) = hunt([str(folder / name) for name in LOGS], SETTINGS).findings
    assert without_places(kept(folder, [LOGS])) == without_places(finding)


def without_places(finding: Finding) -> Finding:
    """Return a finding without places, for a store does not keep where processes were told of, nor when it was found."""
    reasons = tuple(replace(reason, events=()) for reason in finding.reasons)
    return replace(finding, reasons=reasons, samples=(), news=None, known_since=None)


@pytest.mark.parametrize("order", [LOGS, LOGS[::-1]])
def test_logs_of_several_runs_meet(folder: Path, order: tuple[str, ...]) -> None:
    """A proxy's log of one run and an endpoint's of another name device, user and process tree together."""
    finding = kept(folder, [[name] for name in order])
    assert (finding.device, finding.user) == ("WS-005.corp.example", "CORP\\jona.quill")
    assert [step.path for step in finding.process_tree] == [lines.EXPLORER, lines.POWERSHELL]
    assert finding.sources == ("splunk_stream", "squid_access", "windows_sysmon")
