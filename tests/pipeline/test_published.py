"""Reading for the published search: the account it keeps, and what it cannot be combined with."""

import os
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from sferic.model.errors import UsageError
from sferic.model.settings import Settings
from sferic.pipeline import hunt

START_S = 1_772_438_400  # 2026-03-02 08:00:00 UTC
AS_PUBLISHED = Settings(analytics=("activity_as_published",), assume_fields=True)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Write a log with forty requests to a function, five minutes apart, and one to a page elsewhere."""
    path = tmp_path / "squid.log"
    line = (
        "{}.000 logformat=splunk_recommended_squid duration=20 src_ip=10.0.0.10 src_port=50000 dest_ip=198.51.100.10 "
        'user="mira" http_method=GET url="https://{}/x" status=200 vendor_action=TCP_MISS bytes=396 bytes_in=577 '
        "bytes_out=396"
    )
    hosts = ["a.acct-lab.workers.dev"] * 40 + ["www.example.com"]
    path.write_text("".join(line.format(START_S + 300 * n, host) + "\n" for n, host in enumerate(hosts)))
    return path


def test_the_account_of_what_was_read(log: Path) -> None:
    """All lines are counted, those without a fragment of a name are not read, and bad paths are reported."""
    report = hunt([str(log), str(log.with_name("absent"))], AS_PUBLISHED)
    assert [r.connection_count for r in report.activity] == [40]
    assert (report.account.lines, report.account.events) == (41, 40)
    assert [f.exit_code for f in report.account.files] == [4, 0], "as in a hunt, bad paths are first"
    assert (report.account.pairs, report.account.estate) == (1, 1)


def test_a_window_of_time(log: Path) -> None:
    """Events outside `since` and `until` are left out and counted."""
    since, until = (START_S + 3600) * 1_000_000, (START_S + 10_800) * 1_000_000
    report = hunt([str(log)], replace(AS_PUBLISHED, since=since, until=until))
    assert report.account.out_of_window == 16
    assert (report.account.first_time, report.account.last_time) == (since, until - 300_000_000)
    assert report.activity == ()


def test_beside_the_default_analytics(log: Path) -> None:
    """Findings and rows of the published search come from one run."""
    both = Settings(analytics=("beacon", "activity_as_published"), assume_fields=True, min_score=0)
    report = hunt([str(log)], both)
    assert (len(report.findings), len(report.activity)) == (1, 1)


def test_what_cannot_be_combined() -> None:
    """Rows that nobody could tell apart are refused before anything is read."""
    with pytest.raises(UsageError, match="told apart"):
        hunt(["x.log"], Settings(analytics=("activity", "activity_as_published")))


@pytest.mark.parametrize("analytics", [("beacon", "activity_as_published"), ("activity_as_published",)])
def test_a_pipe_is_read_by_both(log: Path, tmp_path: Path, analytics: tuple[str, ...]) -> None:
    """What comes through a pipe is kept for the hunt that reads it after the search."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[log.read_bytes()])
    writer.start()
    report = hunt([str(pipe)], Settings(analytics=analytics, assume_fields=True, min_score=0))
    writer.join()
    assert (len(report.findings), len(report.activity)) == (len(analytics) - 1, 1)
