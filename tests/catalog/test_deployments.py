"""Lists of deployments are read in the forms that people keep them in, and say what they lack."""

from pathlib import Path

import pytest

from sferic.catalog.deployments import load_deployments
from sferic.model.errors import SettingsError

AT = 1_772_442_000_000_000  # 2026-03-02 09:00 UTC
MINUTE = 60_000_000
GIT = """commit 0123456789abcdef
Author: Ci <ci@corp.example>
Date:   Mon Mar 2 09:00:00 2026 +0000

    Deploy; not a Date: line

commit 1123456789abcdef
Author: Ci <ci@corp.example>
Date:   Tue Mar 3 10:00:00 2026 +0100

    Again
"""


@pytest.mark.parametrize("text", [
    "time,function\n2026-03-02T09:00:00Z,\n2026-03-03T09:00:00Z,\n",
    '{"deployed_at": 1772442000}\n{"deployed_at": 1772528400}\n',
    GIT,
    "2026-03-02T10:00:00+01:00\n2026-03-03T09:00:00Z\n",
])  # fmt: skip
def test_forms(tmp_path: Path, text: str) -> None:
    """CSV, JSON lines and both forms of `git log` say the same: near a deployment nothing lacks, between something."""
    path = tmp_path / "list"
    path.write_text(text)
    found = load_deployments([str(path)])
    assert len(found) == 2
    assert not found.lacks(AT + 14 * MINUTE, "any")
    assert found.lacks(AT + 16 * MINUTE, "any")
    assert found.lacks(AT + 12 * 60 * MINUTE, "any")
    assert not found.lacks(AT - 60 * MINUTE, "any"), "before the list begins nothing can be said"


def test_functions(tmp_path: Path) -> None:
    """Where a deployment names its function it speaks for no other."""
    path = tmp_path / "list.csv"
    path.write_text("when,service\n2026-03-02T09:00:00Z,web\n")
    found = load_deployments([str(path)])
    assert (found.lacks(AT, "web"), found.lacks(AT, "api")) == (False, True)


@pytest.mark.parametrize(("text", "where"), [
    ('{"deployed_at": 1772442000}\n{"x": 1}\n', ":2"), ("a,b\n1,2\n", ":2"), ('{"time": "noon"}\n', ":1"), ("{oops\n", ":1"),
])  # fmt: skip
def test_what_is_no_list(tmp_path: Path, text: str, where: str) -> None:
    """A line without a time is an error that names file and line."""
    path = tmp_path / "list"
    path.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_deployments([str(path)])
    assert refused.value.where == f"{path}{where}"


def test_a_missing_file(tmp_path: Path) -> None:
    """A file that is not there is an error that names it."""
    with pytest.raises(SettingsError, match="No such file"):
        load_deployments([str(tmp_path / "none")])
