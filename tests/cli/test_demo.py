"""Findings beside the truth."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sferic.lab.truth import Truth

Sferic = Callable[..., Any]

TRUTH = Truth(
    label="c2", kind="C2", channel="one", device="WS-0431", user=None, src_ip="10.20.4.31", src_ips=["10.20.4.31"], hosts=[],
    files=[], entries=1, first_seen=None, last_seen=None, sleep_s=60.0, jitter=0.2, law="one_sided", presence=None, loss=0.0,
    keep_alive_s=0.0,
)  # fmt: skip


@pytest.fixture
def folder(pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write answers: one implant that the report has, one it has not, and a look-alike it took for one."""
    monkeypatch.setattr("sferic.cli.demo.run", pipeline.hunt)
    found = msgspec.structs.replace(TRUTH, hosts=list(pipeline.report.findings[0].hosts))
    missed = msgspec.structs.replace(
        TRUTH, channel="two", src_ip="10.9.9.9", src_ips=["10.9.9.9"], device="X", hosts=["a.example"]
    )
    twin = msgspec.structs.replace(
        TRUTH,
        label="benign",
        channel="three",
        src_ip=None,
        src_ips=[],
        device="SRV-DB-02",
        hosts=list(pipeline.report.findings[2].hosts),
    )
    (tmp_path / ".truth.json").write_bytes(msgspec.json.encode([found, missed, twin]))
    (tmp_path / "a.log").write_text("x\n", encoding="utf-8")
    return tmp_path


def test_the_truth_beside_the_findings(sferic: Sferic, pipeline: Any, folder: Path) -> None:
    """Implants are said to be found or missed; every other finding is said to be a look-alike or a person."""
    run = sferic("demo", "--folder", str(folder))
    assert run.code == 0
    assert pipeline.paths == [str(folder / "a.log")]
    told = run.out.partition("1 of 2 implants found")[2].splitlines()[2:]
    assert [line.split("  ")[0].strip() for line in told if line.strip()] == [
        "implant", "missed", "a person", "look-alike", "a person", "a person",
    ]  # fmt: skip
    assert "10.9.9.9 → a.example" in run.out


def test_a_folder_without_answers(sferic: Sferic, tmp_path: Path) -> None:
    """A folder that holds no truth is refused by name."""
    run = sferic("demo", "--folder", str(tmp_path))
    assert run.code == 4
    assert str(tmp_path) in run.err
