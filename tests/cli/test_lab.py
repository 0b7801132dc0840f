"""The page's tests from the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Sferic = Callable[..., Any]


def test_a_played_test_leaves_the_logs_of_each_product(sferic: Sferic, tmp_path: Path) -> None:
    """Squid, Zeek and Sysmon, the truth, and the platform that makes the reserved names known."""
    folder = tmp_path / "logs"
    run = sferic("lab", "run", "lambda", "--to", str(folder), "--speed", "20000", "--quiet")
    assert run.code == 0
    assert {path.name for path in folder.iterdir()} == {
        ".truth.json", ".serverless-test.toml", "hq-squid_recommended.log.gz", "hq-zeek_conn.log.gz",
        "hq-zeek_ssl.log.gz", "hq-windows_sysmon.log.gz",
    }  # fmt: skip
    assert f"sferic hunt {folder} --platforms {folder / '.serverless-test.toml'}" in run.err


@pytest.mark.parametrize("test", ["enumerate", "deploy"])
def test_the_cloud_tests_call_nobody(sferic: Sferic, tmp_path: Path, test: str) -> None:
    """They write records at once, without a listener."""
    assert sferic("lab", "run", test, "--to", str(tmp_path / "logs")).code == 0
    assert any((tmp_path / "logs").glob("cloud-*.log"))


def test_a_full_folder_and_a_wrong_speed_are_refused(sferic: Sferic, tmp_path: Path) -> None:
    """Logs are never mixed with what is there, and a clock does not stand still."""
    (tmp_path / "x").write_text("here", encoding="utf-8")
    full = sferic("lab", "run", "deploy", "--to", str(tmp_path))
    assert (full.code, "not an empty folder" in full.err) == (2, True)
    still = sferic("lab", "run", "beacon", "--to", str(tmp_path / "b"), "--speed", "0")
    assert (still.code, "--speed" in still.err) == (2, True)
