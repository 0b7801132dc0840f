"""A whole hunt: what is found, and an account that tells the truth about every input."""

import bz2
import gzip
import json
import lzma
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import pytest

from sferic.cli import main
from sferic.model.report import FileAccount, Report
from sferic.model.settings import Limits, Settings
from sferic.pipeline import hunt
from sferic.pipeline.normalizing import normalize

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACK: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstd.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


def run(*paths: object, **settings: Any) -> Report:
    """Hunt through paths."""
    return hunt([str(path) for path in paths], Settings(**settings))


def by_name(report: Report) -> dict[str, FileAccount]:
    """Give the accounts of files by the last part of their path."""
    return {Path(file.path).name: file for file in report.account.files}


def codes(report: Report) -> dict[str, int]:
    """Give the exit codes by file name."""
    return {name: file.exit_code for name, file in by_name(report).items()}


@pytest.mark.parametrize("codec", PACK)
def test_the_same_finding_however_packed(tmp_path: Path, beacon: bytes, codec: str) -> None:
    """Packed or not, with any name, the log gives the same finding, quoted from its lines."""
    path = tmp_path / "proxy.txt"
    path.write_bytes(PACK[codec](beacon))
    report = run(path)
    (finding,) = report.findings
    assert (finding.src_ip, finding.platform, finding.connections) == ("10.1.0.5", "cloudflare-workers", 720)
    all_lines = beacon.decode().splitlines()
    assert finding.samples
    for sample in finding.samples:
        assert sample.text == all_lines[int(sample.place.rpartition(":")[2]) - 1]
        assert finding.hosts[0] in sample.text
    file = by_name(report)["proxy.txt"]
    assert (file.codec, file.lines, file.bytes, file.events) == (codec, 2720, len(beacon), 720)
    assert (report.account.selected, report.account.rejected, report.account.unknown) == (720, 0, 0)


def test_many_files_of_one_log(tmp_path: Path, beacon: bytes) -> None:
    """A log in parts, in a folder and an archive, is one channel; an overlapping copy adds nothing but its count."""
    half = beacon.index(b"\n", len(beacon) // 2) + 1
    (tmp_path / "a.log").write_bytes(beacon[:half])
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("b.log.gz", gzip.compress(beacon[half:]))
        made.writestr("copy.log", beacon)
    report = run(tmp_path)
    (finding,) = report.findings
    assert finding.connections == 720
    assert report.account.duplicates == 720
    assert report.account.events == 1440
    assert codes(report) == {"a.log": 0, "b.zip!b.log.gz": 0, "b.zip!copy.log": 0}
    assert all(sample.text for sample in finding.samples)


@pytest.mark.parametrize("codec", [name for name in PACK if name != "plain"])
def test_a_cut_file_is_used_up_to_the_cut(tmp_path: Path, beacon: bytes, codec: str) -> None:
    """What came before the damage is hunted and counted; the code is 6, in a folder as by name."""
    noise = [f"x {n * n * 7919 % 1_000_003} y" for n in range(150_000)]
    packed = PACK[codec](beacon + "\n".join(noise).encode())
    path = tmp_path / "proxy.log"
    path.write_bytes(packed[:-8])
    for given in (path, tmp_path):
        report = run(given)
        assert codes(report) == {"proxy.log": 6}
        assert "is damaged after" in by_name(report)["proxy.log"].problem
        assert [f.connections for f in report.findings] == [720]
        assert report.account.lines > 2720


def test_a_torn_zip_is_used(tmp_path: Path, beacon: bytes) -> None:
    """A zip that lost its end gives the beginning of its log, code 6, and its lines are quoted."""
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("proxy.log", beacon)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.8)])
    report = run(path)
    assert codes(report) == {"logs.zip": 6, "logs.zip!proxy.log": 6}
    (finding,) = report.findings
    assert 400 < finding.connections < 720
    assert all(sample.text for sample in finding.samples)


def test_strangers_beside_a_log(tmp_path: Path, beacon: bytes) -> None:
    """In a folder, what is no log is told and costs no code; a file named itself does."""
    (tmp_path / "proxy.log").write_bytes(beacon)
    (tmp_path / "notes.txt").write_text("nothing of interest\n")
    (tmp_path / "empty.log").write_bytes(b"")
    (tmp_path / "empty.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "trace.pcap").write_bytes(b"\xd4\xc3\xb2\xa1" + bytes(60))
    report = run(tmp_path)
    assert set(codes(report).values()) == {0}
    assert {name for name, file in by_name(report).items() if file.problem} == {
        "notes.txt", "empty.log", "empty.gz", "trace.pcap",
    }  # fmt: skip
    assert len(report.findings) == 1
    named = run(tmp_path / "proxy.log", tmp_path / "notes.txt", tmp_path / "empty.gz", tmp_path / "trace.pcap")
    assert codes(named) == {"proxy.log": 0, "notes.txt": 8, "empty.gz": 5, "trace.pcap": 7}
    assert len(named.findings) == 1


def test_a_folder_of_strangers(tmp_path: Path) -> None:
    """A folder in which nothing is a log has the code of what lies in it: that is no clean hunt."""
    (tmp_path / "notes.txt").write_text("nothing of interest\n")
    assert codes(run(tmp_path)) == {"notes.txt": 8}


HEADERLESS = {
    "ssl": "TLSv12\tsynthetic-demo.workers.dev",
    "conn": "tcp\tssl\t1.000000\t500\t600\tSF",
}


@pytest.mark.parametrize("kind", HEADERLESS)
def test_a_log_without_its_header_is_not_clean(tmp_path: Path, beacon: bytes, kind: str) -> None:
    """A log of which no line can be read is a problem that says why, whether its lines matter to the hunt or not."""
    rows = [f"17724456{n}.000000\tCHhAvVGS1DHFjwG{n}\t10.0.0.1\t5000\t192.0.2.1\t443\t" for n in range(10, 40)]
    (tmp_path / f"{kind}.log").write_text("".join(f"{row}{HEADERLESS[kind]}\n" for row in rows))
    report = run(tmp_path)
    assert codes(report) == {f"{kind}.log": 8}
    assert not report.account.was_read
    told = report.account.files[0].problem
    assert f"no line of it could be read as zeek_{kind}: " in told
    assert "#fields" in told
    (tmp_path / "proxy.log").write_bytes(beacon)
    beside = run(tmp_path)
    assert codes(beside) == {f"{kind}.log": 0, "proxy.log": 0}, "what was found in a folder is told only"
    assert by_name(beside)[f"{kind}.log"].problem == told


def test_one_bad_line_among_others_is_no_problem_of_the_file(tmp_path: Path, lines: ModuleType) -> None:
    """Where the only line that matters cannot be read, the rest of the log still can."""
    path = tmp_path / "proxy.log"
    path.write_bytes(lines.log(lines.squid(1, "www.example.com"), lines.squid(3).replace(" CONNECT ", " ")))
    file = by_name(run(path))["proxy.log"]
    assert (file.rejected, file.problem, file.exit_code) == (1, "", 0)


def test_a_log_of_another_source_than_asked_for(tmp_path: Path, beacon: bytes) -> None:
    """Where only one source was to be asked, the problem says so, not that no source knows the log."""
    (tmp_path / "proxy.log").write_bytes(beacon)
    (file,) = run(tmp_path / "proxy.log", only_sources=("cisco_asa",)).account.files
    assert file.exit_code == 8
    assert "no line of it is one of cisco_asa; hint: without `--source` every source is asked" in file.problem


def test_long_connections_of_one_log_beside_another(tmp_path: Path, lines: ModuleType) -> None:
    """Connections held open in one log are weighed although another log has none."""
    held = [lines.squid(9000 + 8000 * n).replace("     57 ", " 7200000 ") for n in range(4)]
    (tmp_path / "a.log").write_bytes(
        lines.log(*[lines.stream_http(n, host="a.example-account.workers.dev") for n in range(9)])
    )
    (tmp_path / "b.log").write_bytes(lines.log(*held))
    report = run(tmp_path, analytics=("beacon", "long_connection"), min_score=0)
    assert [f.sources for f in report.findings if f.analytic == "long_connection"] == [("squid_access",)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "-11:00"])
def test_impossible_stamps_do_not_stretch_the_window(
    tmp_path: Path, beacon: bytes, lines: ModuleType, zone: str
) -> None:
    """Lines from 1970, year 1 and year 9999 are rejects; what is found stays the same."""
    bad = [lines.stream_http(1).replace("2026-", f"{year}-") for year in ("0001", "1970", "9999")]
    path = tmp_path / "x.log"
    path.write_bytes(
        beacon + lines.log(*bad, "0000000000.250" + lines.squid(1)[14:], "99999999999.250" + lines.squid(1)[14:])
    )
    report = run(path, timezone=zone)
    assert report.account.rejected == 5
    assert [f.connections for f in report.findings] == [720]
    assert report.account.last_time is not None
    assert report.account.last_time < (lines.START_S + 90_000) * 1_000_000


def test_only_impossible_lines(tmp_path: Path, lines: ModuleType) -> None:
    """A log of which no line can be used is hunted to its end: nothing found, everything counted."""
    path = tmp_path / "x.log"
    path.write_bytes(lines.log(*["0000000000.250" + lines.squid(1)[14:]] * 5))
    report = run(path)
    assert (report.findings, report.account.rejected, report.account.first_time) == ((), 5, None)


def test_strict(tmp_path: Path, beacon: bytes, lines: ModuleType) -> None:
    """Under strict the findings are there, and a line that could not be read is its file's problem, code 2."""
    path = tmp_path / "x.log"
    path.write_bytes(beacon)
    assert codes(run(path, strict=True)) == {"x.log": 0}
    path.write_bytes(beacon + lines.log(lines.squid(3).replace(" CONNECT ", " ")))
    assert codes(run(path)) == {"x.log": 0}
    report = run(path, strict=True)
    assert (codes(report), len(report.findings)) == ({"x.log": 2}, 1)


def test_strict_in_a_hunt_is_about_lines_that_may_matter(tmp_path: Path, beacon: bytes) -> None:
    """A garbled line that names no platform is not met by a hunt; reading every line meets it."""
    path = tmp_path / "proxy.log"
    path.write_bytes(beacon + b"garbage\n")
    assert codes(run(path, strict=True)) == {"proxy.log": 0}
    every = normalize([str(path)], Settings(strict=True))
    assert list(every)
    assert [file.exit_code for file in every.account.files] == [2]


def test_names_are_said_to_be_missing(tmp_path: Path, lines: ModuleType) -> None:
    """Flows without names: the account says how many were named, or what would name them."""
    (tmp_path / "flows.log").write_bytes(lines.log(*[lines.asa(60 * n) for n in range(1, 9)]))
    alone = {m.text for m in run(tmp_path).account.missing if m.evidence == "host names"}
    assert any("nothing here names its addresses" in text for text in alone)
    (tmp_path / "dns.log").write_bytes(lines.log(lines.stream_dns(1)))
    beside = {m.text for m in run(tmp_path).account.missing if m.evidence == "host names"}
    assert any("flows were named by address from other logs (8), 0 were not" in text for text in beside)


def test_flows_named_by_their_connection_are_said_to_be(tmp_path: Path) -> None:
    """A flow that another row of its connection names is told apart from one that was named by its address."""
    conn = {"_path": "conn", "ts": 1772445600.0, "uid": "C1", "id.orig_h": "10.0.0.1", "id.orig_p": 5000,
            "id.resp_h": "192.0.2.1", "id.resp_p": 443, "proto": "tcp", "conn_state": "SF"}  # fmt: skip
    ssl = {**conn, "_path": "ssl", "server_name": "synthetic-demo.workers.dev"}
    other = {**conn, "uid": "C2", "ts": 1772445660.0}
    text = "".join(f"{json.dumps(row)}\n" for row in (ssl, conn, other))
    (tmp_path / "zeek.log").write_text(text, encoding="utf-8")
    (told,) = [m.text for m in run(tmp_path).account.missing if m.evidence == "host names"]
    assert told.startswith("zeek_conn has no host names: flows were named by their connection's id (1) and by address")
    assert told.endswith("from other logs (1), 0 were not")


def test_a_beacon_behind_an_own_domain(tmp_path: Path, beacon: bytes, lines: ModuleType) -> None:
    """With a DNS log that shows the alias the proxy's calls are a finding that names it; without, there is none."""
    domain, site = "api.shop.example", "synthetic-shop.netlify.app"
    (tmp_path / "proxy.log").write_bytes(beacon.replace(lines.HOST.encode(), domain.encode()))
    assert run(tmp_path).findings == ()
    told = {"_path": "dns", "ts": 1772445600.5, "uid": "C1", "id.orig_h": "10.1.0.5", "id.orig_p": 5000,
            "id.resp_h": "10.1.0.53", "id.resp_p": 53, "proto": "udp", "query": domain, "rcode_name": "NOERROR",
            "answers": [site, "192.0.2.10"]}  # fmt: skip
    (tmp_path / "dns.log").write_text(f"{json.dumps(told)}\n", encoding="utf-8")
    (finding,) = run(tmp_path).findings
    assert (finding.platform, finding.tenant, finding.hosts) == ("netlify", "synthetic-shop", (domain,))
    assert finding.connections == 720
    (reason,) = [r for r in finding.reasons if r.signal == "own_domain"]
    assert reason.value == f"CNAME {site}"
    assert f"{domain} names no platform: DNS answers in this input show it to be an alias of {site}" in reason.text


def test_too_many_own_domains_are_said(tmp_path: Path, lines: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more domains led to a platform than are remembered, the account says so."""
    monkeypatch.setattr("sferic.engine.aliases.MAX_DOMAINS", 3)
    names = [lines.stream_dns(n, f"n{n}.shop.example", ("192.0.2.9",)) for n in range(1, 9)]
    told = [json.dumps(json.loads(n) | {"hostname": ["synthetic-shop.netlify.app"]}) for n in names]
    (tmp_path / "dns.log").write_bytes(lines.log(*told))
    assert "more own domains" in [m.evidence for m in run(tmp_path).account.missing]


def test_too_many_names_of_one_address_are_said(
    tmp_path: Path, lines: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an address was called something too often, the account says how often that was not remembered."""
    monkeypatch.setattr("sferic.engine.names.MAX_SEEN", 3)
    (tmp_path / "dns.log").write_bytes(lines.log(*[lines.stream_dns(n, client=f"10.1.0.{n}") for n in range(1, 9)]))
    (told,) = [m.text for m in run(tmp_path).account.missing if m.evidence == "more names"]
    assert told.startswith("addresses were called something 5 times more")


def test_a_bomb_ends_its_file_only(tmp_path: Path, beacon: bytes) -> None:
    """Bombs as gzip and as zip member are stopped with code 10; the log beside them is hunted."""
    bomb = (b"a" * 60 + b"\n") * 200_000
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bomb))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("x.log", bomb)
    (tmp_path / "proxy.log").write_bytes(beacon)
    report = run(tmp_path, limits=Limits(ratio=50, ratio_free_bytes=1 << 20))
    assert codes(report) == {"bomb.gz": 10, "bomb.zip!x.log": 10, "proxy.log": 0}
    assert len(report.findings) == 1


def child(code: str, *argv: object, stdin: IO[bytes] | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, with this one's import path."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NO_COLOR": "1"}
    command = [sys.executable, "-c", code, *map(str, argv)]
    return subprocess.run(command, text=True, env=env, check=False, capture_output=True, stdin=stdin)


MEMORY = """
import resource, sys
from sferic.pipeline import hunt
hunt([sys.argv[1]])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = hunt([sys.argv[2]])
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown // 1024, report.account.rejected, report.account.lines, report.account.bytes)
"""


@pytest.mark.parametrize("codec", ["plain", "gzip"])
def test_a_line_of_100_mb(tmp_path: Path, lines: ModuleType, codec: str) -> None:
    """A single line of 100 MB is one reject, and memory stays within 200 MB of what a small log takes."""
    (tmp_path / "small.log").write_bytes(lines.log(lines.squid(1)))
    with (tmp_path / "x.log").open("wb") as stream:
        for _ in range(100):
            stream.write(b"x" * 1_000_000)
    if codec != "plain":
        (tmp_path / "x.log").write_bytes(gzip.compress((tmp_path / "x.log").read_bytes(), 1))
    done = child(MEMORY, tmp_path / "small.log", tmp_path / "x.log")
    grown_mb, rejected, count, size = map(int, done.stdout.split())
    assert (rejected, count, size) == (1, 1, 100_000_000)
    assert grown_mb < 200


COMMAND = "import sys; from sferic.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize(
    ("argv", "code", "word"),
    [
        (("good.log",), 0, ""),
        (("bad.log",), 0, "rejected"),
        (("bad.log", "--strict"), 2, "--strict"),
        (("gone.log",), 4, "no such file"),
        (("gone.log", "good.log"), 4, "no such file"),
        (("empty.log", "good.log"), 5, "is empty"),
        (("cut.gz",), 6, "is damaged"),
        (("trace.pcap", "good.log"), 7, "packet capture"),
        (("notes.txt",), 8, "no source recognises"),
        (("*.nothing",), 9, "matches no file"),
        ((".",), 6, "is damaged"),
        (("good.log", "--fail-on", "low"), 3, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_exit_codes(
    tmp_path: Path,
    beacon: bytes,
    lines: ModuleType,
    argv: tuple[str, ...],
    code: int,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The command ends with the documented code and says why, and prints what it found nevertheless."""
    (tmp_path / "good.log").write_bytes(beacon)
    (tmp_path / "bad.log").write_bytes(beacon + lines.log(lines.squid(3).replace(" CONNECT ", " ")))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(beacon)[:-9])
    (tmp_path / "empty.log").write_bytes(b"")
    (tmp_path / "trace.pcap").write_bytes(b"\xd4\xc3\xb2\xa1" + bytes(60))
    (tmp_path / "notes.txt").write_text("nothing of interest\n")
    monkeypatch.chdir(tmp_path)
    assert main(["hunt", *argv, "--no-save"]) == code
    told = capfd.readouterr()
    assert word in " ".join(told.err.split())
    found = [json.loads(line)["connections"] for line in told.out.splitlines()]
    assert found == ([720] if {"good.log", "bad.log", "cut.gz", "."} & set(argv) else [])
