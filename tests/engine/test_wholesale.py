"""Reading whole logs by columns, in parts and in other processes, gives what reading line by line gives."""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sferic.engine import codecs, crew, wholesale
from sferic.engine.ledger import Ledger
from sferic.engine.reading import Reading
from sferic.engine.tables import events, widened
from sferic.engine.wholesale import Wholesale
from sferic.model.event import Event
from sferic.model.settings import Limits, Settings
from sferic.pipeline import normalize
from sferic.pipeline.archiving import archive
from sferic.sources._contract import sources

GOLDEN = Path(__file__).parents[1] / "golden" / "sources"
FIREWALL = "<166>Mar 02 2026 10:00:01 fw2 : %ASA-6-302014: Teardown TCP connection 7 for outside:192.0.2.10/443 to inside:10.1.0.5/51000 duration 0:00:02 bytes 5230 TCP FINs from inside"
FIELDS = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state".split()
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the smallest input in bulk, a few lines at a time."""
    monkeypatch.setattr(wholesale, "LEAST_BYTES", 1)
    monkeypatch.setattr(wholesale, "RUN_BYTES", 3_000)
    monkeypatch.setattr(wholesale, "HEAD_LINES", 10)
    monkeypatch.setattr(wholesale, "READ_BYTES", 600)
    monkeypatch.setattr(codecs, "READ_BYTES", 600)


def conn(number: int, **changes: object) -> str:
    """Write a connection as JSON."""
    record = {
        "ts": 1_772_445_600.25 + number, "uid": f"C{number:016}", "id.orig_h": "10.1.0.5", "id.orig_p": 50_000, "id.resp_h":
        f"192.0.2.{number % 50 + 1}", "id.resp_p": 443, "proto": "tcp", "orig_bytes": number, "conn_state": "SF",
    }  # fmt: skip
    return msgspec.json.encode(record | changes).decode()


def row(number: int, names: list[str] = FIELDS) -> str:
    """Write a connection as TSV."""
    known = {"ts": f"{1_772_445_600 + number}.250000", "uid": f"C{number:016}", "id.orig_h": "10.1.0.5", "id.orig_p": "50000",
             "id.resp_h": "192.0.2.7", "id.resp_p": "443", "proto": "tcp", "orig_bytes": str(number), "duration": "-"}  # fmt: skip
    return "\t".join(known.get(name, "-") for name in names)


def header(names: list[str] = FIELDS) -> str:
    """Write what stands above rows."""
    return (
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\t"
        + "\t".join(names)
    )


def noise() -> Iterator[str]:
    """Give lines that are not plain connections, again and again."""
    wrapped = msgspec.json.encode({"log": conn(7), "stream": "stdout", "time": "2026-03-02T10:00:00Z"}).decode()
    odd = [
        "", " ", "noise", conn(1)[:40], conn(2, ts="2026-03-02T10:00:00Z"), conn(3, proto="icmp"), conn(4, ts=7.0),
        conn(5, uid="é"), wrapped, "[" + conn(6) + ",", '{"ts":1772445600.1,"uid":"F1","fuid":"x"}', "x" * 3_000,
        "1772445601.250     57 10.1.0.5 TCP_TUNNEL/200 3721 CONNECT www.example.com:443 - HIER_DIRECT/192.0.2.10 -",
        conn(8, service=None).replace("}", ',"server_name":"a.example","cipher":"x","_path":"ssl"}'),
    ]  # fmt: skip
    while True:
        yield from odd


def mixed() -> str:
    """Write connections with noise between them, and often the same noise twice."""
    more = noise()
    return "\n".join(next(more) if n * n * 7_919 % 100 < 8 else conn(n) for n in range(700)) + "\n"


def changing() -> str:
    """Write TSV whose columns change within the file, and a header that comes again."""
    turned = FIELDS[:6] + FIELDS[:5:-1]
    parts = [
        header(),
        *(row(n) for n in range(200)),
        header(turned),
        *(row(n, turned) for n in range(200)),
        "#close\tx",
    ]
    parts += [header(turned), *(row(n, turned) for n in range(100)), header(), "short", *(row(n) for n in range(200))]
    return "\n".join(parts) + "\n"


FILES = {
    "plain": "\n".join(conn(n) for n in range(400)) + "\n",
    "mixed": mixed(),
    "tsv": "\n".join([header(), *(row(n) for n in range(400)), "#close\t2026-03-02-11-00-00"]) + "\n",
    "changing": changing(),
    "dos": "\r\n".join(conn(n) for n in range(300)),
    "other_source_between": "\n".join([*(conn(n) for n in range(150)), "x", *(FIREWALL for _ in range(5)), *(conn(n, conn_state=None, orig_ip_bytes=None) for n in range(5)), *(conn(n) for n in range(150))]),
} | {f"{case.parent.name}_{case.name}": (case / "raw.log").read_text(encoding="latin-1") * 12
     for name in ("zeek_conn", "zeek_http", "zeek_ssl", "suricata_eve", "generic_cef", "squid_access") for case in sorted((GOLDEN / name).iterdir())}  # fmt: skip
each_file = pytest.mark.parametrize("name", FILES)


def whole(path: Path, settings: Settings) -> tuple[list[Event], dict[str, Any]]:
    """Read in bulk; give the events and what the account says."""
    ledger = Ledger()
    reading = Reading(sources(), settings, ledger, lambda _path, _taken: None, lambda _path, _marks: None)
    inputs = list(ledger.inputs([str(path)]))
    with Wholesale(reading, inputs) as reader:
        found = [event for item in inputs for table in reader.tables(item) for event in events(widened(table))]
    return found, told(ledger.account())


def told(account: Any) -> dict[str, Any]:
    """Give what an account says, but for how many bytes and how long."""
    said: dict[str, Any] = msgspec.to_builtins(account)
    for file in said["files"]:
        del file["bytes"]
    keep = ("files", "reject_reasons", "reject_samples", "unknown_samples")
    return (
        {key: said[key] for key in keep} | {"reasons": sorted(map(str, said["reject_reasons"]))} | {"reject_reasons": 0}
    )


def by_line(path: Path, settings: Settings) -> tuple[list[Event], dict[str, Any]]:
    """Read line by line."""
    found = normalize([str(path)], settings)
    return list(found), told(found.account)


@each_file
def test_equal_to_reading_by_line(name: str, tmp_path: Path) -> None:
    """Events, their order, and the account are the same."""
    path = tmp_path / "x.log"
    path.write_text(FILES[name], encoding="latin-1", newline="")
    settings = Settings(workers=1, limits=Limits(line_bytes=2_000))
    assert whole(path, settings) == by_line(path, settings)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can copy a process")
@each_file
def test_equal_in_other_processes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts that other processes read, each without what stands before it, give the same."""
    monkeypatch.setattr(crew, "LEAST_BYTES", 1)
    path = tmp_path / "x.log"
    path.write_text(FILES[name], encoding="latin-1", newline="")
    settings = Settings(workers=2, limits=Limits(line_bytes=2_000))
    assert whole(path, settings) == by_line(path, settings)


@pytest.mark.parametrize("cut", [0, 60])
def test_equal_when_compressed(cut: int, tmp_path: Path) -> None:
    """A compressed log is read in bulk too, and what came before a damage is kept."""
    data = gzip.compress(FILES["mixed"].encode("latin-1"), mtime=0)
    path = tmp_path / "x.log.gz"
    path.write_bytes(data[: len(data) - cut])
    settings = Settings(workers=1)
    assert whole(path, settings) == by_line(path, settings)


def test_most_lines_are_read_by_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without noise, only the first block goes through the reader."""
    path = tmp_path / "x.log"
    path.write_text(FILES["plain"])
    runs = []
    init = wholesale._Merged.__init__

    def noting(self: Any, run: Any, file: Any) -> None:
        runs.append(run)
        init(self, run, file)

    monkeypatch.setattr(wholesale._Merged, "__init__", noting)
    whole(path, Settings(workers=1))
    assert sum(len(run.raw) + len(run.left) for run in runs) < 30
    assert sum(run.lines for run in runs) == 400


def test_a_bug_in_bulk_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source whose bulk reading fails is read line by line."""

    def fail(_self: object, _lines: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sources()["zeek_conn"].reader, "bulk", fail)
    path = tmp_path / "x.log"
    path.write_text(FILES["plain"])
    assert len(whole(path, Settings(workers=1))[0]) == 400


def test_the_window_holds_for_tables(tmp_path: Path) -> None:
    """Events outside `--since` and `--until` are left out and counted, and the span is that of the rest."""
    path = tmp_path / "x.log"
    path.write_text(FILES["plain"])
    start = 1_772_445_600_250_000
    settings = Settings(since=start + 100_000_000, until=start + 300_000_000, workers=1)
    account = archive([str(path)], tmp_path / "out", settings)
    plain = normalize([str(path)], settings)
    assert [e.line for e in plain] == sorted(e.line for e in normalize([str(tmp_path / "out")]))
    assert (account.out_of_window, account.first_time, account.last_time) == (
        200, plain.account.first_time, plain.account.last_time,
    )  # fmt: skip
