"""A session that a firewall logs in several lines is one connection, and what is left out is counted."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.pipeline.hunting import hunt
from tests.engine import _lines as network

START_S = 1_772_445_600
SESSIONS = 60


def run(folder: Path, lines: Iterable[str]) -> Report:
    """Hunt in these lines, with no floor."""
    log = folder / "firewall.log"
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return hunt([str(log)], Settings(min_score=1))


def fortigate(web_lines: int, method: str, name: str) -> Iterable[str]:
    """Write sessions of a FortiGate: what the web filter says of each, and its end."""
    for number in range(SESSIONS):
        at = START_S + number * 300 + number * number % 23
        common = (
            f'devname="fgt1" devid="FGT60F0000000001" vd="root" sessionid={7000 + number} srcip=10.1.0.5'
            f' srcport={50000 + number} dstip=192.0.2.10 dstport=443 proto=6 service="HTTPS"'
        )
        for line in range(web_lines):
            yield (
                f'date=2026-03-02 time=10:00:00 eventtime={at + line}000000000 logid="0317013312" type="utm"'
                f' subtype="webfilter" {common} {method} hostname="beacon-a.workers.dev"'
                ' url="https://beacon-a.workers.dev/" action="passthrough" sentbyte=517 rcvdbyte=0'
            )
        yield (
            f'date=2026-03-02 time=10:00:00 eventtime={at + 3}000000000 logid="0000000013" type="traffic"'
            f' subtype="forward" {common} {name} action="close" duration=3 sentbyte=1423 rcvdbyte=9856'
        )


@pytest.mark.parametrize("web_lines", [1, 2])
@pytest.mark.parametrize("name", ["", 'srcname="PC-0005"'])
def test_a_rated_session_counts_once(tmp_path: Path, web_lines: int, name: str) -> None:
    """Lines of the web filter that name no request, and the session's own, are one connection with the session's bytes."""
    (finding,) = run(tmp_path, fortigate(web_lines, "", name)).findings
    assert finding.connections == SESSIONS
    assert (finding.bytes_up, finding.bytes_down) == (SESSIONS * 1423, SESSIONS * 9856)


def test_rated_requests_count_each(tmp_path: Path) -> None:
    """Where the web filter logs requests, with their method, each is one; the session adds none."""
    (finding,) = run(tmp_path, fortigate(2, 'httpmethod="GET"', "")).findings
    assert finding.connections == 2 * SESSIONS


def test_beginnings_without_a_session_are_counted(tmp_path: Path) -> None:
    """A session without a number is counted by its end; the line that announced it stands in the account."""
    line = (
        'date=2026-03-02 time=10:00:00 eventtime={}000000000 logid="0000000013" type="traffic" subtype="forward"'
        ' srcip=10.1.0.5 srcport=50000 dstip=192.0.2.10 dstport=443 hostname="beacon-a.workers.dev" action="{}"'
    )
    times = [START_S + 300 * number + number * number % 23 for number in range(SESSIONS)]
    report = run(tmp_path, (line.format(at + end, action) for at in times for end, action in ((0, "start"), (3, "close"))))
    assert [finding.connections for finding in report.findings] == [SESSIONS]
    assert (report.account.openings, report.account.events) == (SESSIONS, 2 * SESSIONS)


def vpc(starts: Iterable[tuple[int, int]]) -> Iterable[str]:
    """Write what was sent and what came back in the minutes that begin then, from these ports."""
    for at, port in starts:
        for ends in (f"10.1.0.5 192.0.2.10 {port} 443", f"192.0.2.10 10.1.0.5 443 {port}"):
            told = f"6 9 {800 + at % 97} {START_S + at} {START_S + at + 50} ACCEPT OK"
            yield f"2 000000000000 eni-00000000000000001 {ends} {told}"


@pytest.mark.parametrize(
    ("starts", "analytic", "connections"),
    [
        ([(60 * n + n * n % 9, 50_000) for n in range(300)], "long_connection", 1),
        ([(300 * n + n * n % 9, 50_000) for n in range(60)], "beacon", 60),
        ([(60 * n + n * n % 9, 50_000 + n) for n in range(300)], "beacon", 300),
    ],
    ids=["kept open", "kept open, called every five minutes", "opened anew"],
)
def test_records_by_the_minute_are_no_rhythm(
    tmp_path: Path, starts: list[tuple[int, int]], analytic: str, connections: int
) -> None:
    """A connection that is open for hours leaves a record a minute and is one; what is slower or opened anew beats."""
    (tmp_path / "dns.log").write_text(f"{network.stream_dns(-60)}\n", encoding="utf-8")
    run(tmp_path, vpc(starts))
    best = hunt([str(tmp_path)], Settings(min_score=1)).findings[0]
    assert (best.analytic, best.connections) == (analytic, connections)
