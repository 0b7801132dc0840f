"""Parquet is an input like any other: what was written is read as it was, other rows as records for the sources."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sferic.catalog.platforms import load_catalogue
from sferic.engine.gather import Gatherer
from sferic.engine.tables import SCHEMA_KEY
from sferic.model.event import Event
from sferic.model.finding import Finding
from sferic.model.settings import Settings
from sferic.pipeline import hunt, normalize
from sferic.pipeline.archiving import archive
from sferic.pipeline.listening import Listener
from sferic.sources._contract import chosen_sources
from tests.correlate.audit_logs import worker_deploy
from tests.pipeline.endpoint_lines import EXPLORER, POWERSHELL, START_S, WORD, WORKER, Story, beacon, sysmon_json

ROOT = Path(__file__).parents[2]
LOGS = sorted((ROOT / "tests" / "golden" / "sources").glob("*/*/raw.log"))
Gather = Callable[..., Any]


def kept(paths: Sequence[Path], folder: Path, settings: Settings | None = None) -> list[Event]:
    """Write the events of logs as Parquet and read them back, in an order of their own."""
    archive([str(p) for p in paths], folder, settings)
    return in_order(normalize([str(folder)])) if folder.exists() else []


def in_order(found: Any) -> list[Event]:
    """Sort events by their place; one line may give several."""
    return sorted(found, key=lambda e: (e.file, e.line, e.time, repr(e)))


@pytest.mark.parametrize("log", LOGS, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_every_event_comes_back(log: Path, tmp_path: Path) -> None:
    """For every source's golden log, an event after the round trip equals the event before it, place and all."""
    assert kept([log], tmp_path / "x") == in_order(normalize([str(log)]))


READ_LESS = {
    "fortinet_fortigate/key_value": "requests to bare addresses, which nothing tells from others before they are read",
    "zscaler_nss_web/json_cef": "a host in Base64, which no search for a name finds",
}
"""Logs of which a hunt reads less than of their kept events, and why."""


@pytest.mark.parametrize("log", LOGS, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_a_hunt_reads_the_same_of_logs_and_of_kept_events(log: Path, tmp_path: Path) -> None:
    """What selects lines of a log lets nothing out that is read where rows are judged by what they mean."""
    archive([str(log)], tmp_path / "x")
    from_log, from_events = read(log), read(tmp_path / "x")
    assert from_events >= from_log
    assert (from_events == from_log) == ("/".join(log.parts[-3:-1]) not in READ_LESS)


def read(path: Path) -> Counter[object]:
    """Return the rows of traffic and the deeds that a hunt reads."""
    settings, chosen = Settings(workers=1), chosen_sources(())
    clouds = Listener(settings, chosen)
    traffic = Gatherer(load_catalogue(), chosen, settings, audit=clouds).gather([str(path)]).traffic
    columns = (traffic.time_s, traffic.client, traffic.host, traffic.up, traffic.down, traffic.line)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    found: Counter[object] = Counter(
        (time_s, traffic.clients[client] if client >= 0 else "", traffic.hosts[host], *rest)
        for time_s, client, host, *rest in rows
    )
    return found + Counter(deed.place for deed in (clouds.audit.deeds if clouds.audit else ()))


def test_the_example_gives_the_same_findings(tmp_path: Path) -> None:
    """A hunt of the kept events finds what a hunt of the logs finds: ids, scores, reasons, pointers and quotations."""
    estate = str(ROOT / "examples" / "estate")
    settings = Settings(min_score=0)
    archive([estate], tmp_path / "x")
    from_logs, from_events = hunt([estate], settings), hunt([str(tmp_path / "x")], settings)
    assert len(from_logs.findings) > 20
    assert from_events.findings == from_logs.findings
    assert from_events.account.pairs == from_logs.account.pairs
    assert not any(file.problem for file in from_events.account.files)


def same_from_kept_events(folder: Path, **settings: Any) -> tuple[Finding, ...]:
    """Hunt through logs, then through their kept events; both give the same findings."""
    logs, events = folder / "logs", folder / "events"
    asked = Settings(min_score=0, workers=1, **settings)
    archive([str(logs)], events, asked)
    found = hunt([str(logs)], asked).findings
    assert hunt([str(events)], asked).findings == found
    return found


def test_kept_events_tell_of_processes_and_changes(tmp_path: Path) -> None:
    """Starts of processes, commands that deploy, and entries of audit logs are found in kept events as in the logs."""
    story = beacon()
    shell = story.run("C:\\Windows\\System32\\cmd.exe", parent=story.run(WORD))
    story.run("C:\\node.exe", parent=shell, command_line="node C:\\wrangler-dist\\cli.js deploy --name api-sync")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "sysmon.jsonl").write_text(sysmon_json(story), encoding="utf-8")
    done = [worker_deploy(f"2026-02-{day}T10:00:00Z", "other", email="ci@corp.example") for day in (21, 22)]
    done.append(worker_deploy("2026-03-01T10:00:00Z", "other", email="kim.reed@corp.example"))
    audit = "\n".join(line for lines in done for line in lines)
    (tmp_path / "logs" / "cloudflare.json").write_text(audit + "\n", encoding="utf-8")
    found = same_from_kept_events(tmp_path)
    assert {one.analytic for one in found} == {"beacon", "cloud_change"}
    assert {len(one.process_tree) for one in found if one.device} == {2, 3}
    assert {one.function for one in found if one.analytic == "cloud_change"} == {"other", "api-sync"}


def test_kept_events_tell_of_proxies_and_outer_names(tmp_path: Path) -> None:
    """Connections to an explicit proxy, by their port, and the name a tunnel was opened for are found, too."""
    story = Story()
    program = story.run(POWERSHELL, parent=story.run(EXPLORER))
    times = [60.0 * n for n in range(30)]
    story.call(program, "", times, address="10.20.0.80", asks=False)
    (tmp_path / "logs").mkdir()
    written = sysmon_json(story).replace('"DestinationPort": "443"', '"DestinationPort": "8080"')
    (tmp_path / "logs" / "sysmon.jsonl").write_text(written, encoding="utf-8")
    fronted = [
        f"{START_S + at + 0.4:.3f} 100 10.20.0.5 TCP_MISS/200 3721 GET https://www.example.com/x - HIER_DIRECT/192.0.2.10"
        f" text/plain {WORKER}" for at in times
    ]  # fmt: skip
    (tmp_path / "logs" / "squid.log").write_text("\n".join(fronted) + "\n", encoding="utf-8")
    options = {"squid_access": {"logformat": "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %ssl::>sni"}}
    (finding,) = same_from_kept_events(tmp_path, source_options=options)
    assert (finding.hosts[0], finding.process) == (WORKER, POWERSHELL)


def test_kept_events_and_logs_in_one_run(tmp_path: Path, lines: ModuleType, gather: Gather) -> None:
    """Names learned from kept answers name the flows of a plain log, and the other way round, by the second pass."""
    (tmp_path / "dns.log").write_bytes(lines.log(lines.stream_dns(1)))
    (tmp_path / "flow.log").write_bytes(lines.log(lines.pan_traffic(5)))
    for name in ("dns", "flow"):
        archive([str(tmp_path / f"{name}.log")], tmp_path / name)
    for paths in (("dns", "flow.log"), ("dns.log", "flow"), ("dns", "flow")):
        found = gather(*[tmp_path / p for p in paths])
        assert (found.tally.joined, len(found.traffic)) == (1, 2), paths


def test_rows_are_selected(tmp_path: Path, lines: ModuleType, gather: Gather) -> None:
    """A hunt takes only the rows that may name a platform; a file without one is known all the same."""
    (tmp_path / "a.log").write_bytes(lines.log(lines.squid(1, "www.example.com"), lines.squid(2)))
    (tmp_path / "b.log").write_bytes(lines.log(lines.squid(1, "www.example.com")))
    for name in ("a", "b"):
        archive([str(tmp_path / f"{name}.log")], tmp_path / name)
        [file] = gather(tmp_path / name).ledger.files
        assert (file.lines, file.selected, file.codec, file.problem) == (2 - (name == "b"), name == "a", "parquet", "")
        assert file.sources == {"squid_access": int(name == "a")}


def test_only_the_sources_asked_for(tmp_path: Path, lines: ModuleType) -> None:
    """`--source` holds for kept events too: the others are counted as unknown."""
    (tmp_path / "a.log").write_bytes(lines.log(lines.squid(1), lines.asa(2)))
    archive([str(tmp_path / "a.log")], tmp_path / "x")
    found = normalize([str(tmp_path / "x")], Settings(only_sources=("cisco_asa",)))
    assert [e.source for e in found] == ["cisco_asa"]
    assert (found.account.events, found.account.unknown) == (1, 1)


def foreign(path: Path) -> Path:
    """Write a Parquet file as some other program would."""
    when = dt.datetime(2026, 3, 2, 10, 0, 1, tzinfo=dt.UTC)
    columns = {
        "ts": pa.array([when, when], pa.timestamp("ns", "UTC")),
        "client": ["10.1.0.5", "10.1.0.6"],
        "request": [{"host": "a.example", "bytes": 7}, {"host": None, "bytes": None}],
    }
    pq.write_table(pa.table(columns), path)
    return path


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    """Parquet of another program is no log, and the refusal says how its columns could be told."""
    found = normalize([str(foreign(tmp_path / "x.parquet"))])
    assert list(found) == []
    [file] = found.account.files
    assert file.exit_code == 7
    assert "user_mapping.file" in file.problem


def written(path: Path, *rows: dict[str, Any]) -> str:
    """Write rows as another program would."""
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return str(path)


def flow(start_s: int, **more: Any) -> dict[str, Any]:
    """Make a row of Amazon's flow logs."""
    ends = {"srcaddr": "10.1.0.5", "dstaddr": "192.0.2.10", "srcport": 50001, "dstport": 443}
    return {"version": 2, **ends, "protocol": 6, "packets": 9, "bytes": 700, "start": start_s, "end": start_s + 60} | more


def test_flow_logs_and_normalised_rows_need_no_mapping(tmp_path: Path, lines: ModuleType, gather: Gather) -> None:
    """Amazon's flow logs and OCSF (Security Lake) are read from Parquet; flows are named as those of a text log are."""
    ocsf = {
        "class_uid": 4002, "time": 1_772_445_600_000, "src_endpoint": {"ip": "10.1.0.6", "port": None},
        "time_dt": dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC), "connection_info": {"uid": "C1"},
        "http_request": {"url": {"hostname": lines.HOST, "path": "/x"}}, "traffic": {"bytes_out": 7},
    }  # fmt: skip
    logs = written(tmp_path / "flows.parquet", flow(1_772_445_600, interface_id="eni-1", log_status="OK"))
    lake = written(tmp_path / "lake.parquet", ocsf)
    [first, second] = normalize([logs, lake])
    assert (first.source, first.src_ip, first.bytes_up, first.line) == ("aws_vpc_flow", "10.1.0.5", 700, 1)
    assert (second.source, second.time, second.dst_host, second.bytes_up, second.connection_id) == (
        "ocsf_json", 1_772_445_600_000_000, lines.HOST, 7, "C1",
    )  # fmt: skip
    (tmp_path / "dns.log").write_bytes(lines.log(lines.stream_dns(-10)))
    found = gather(tmp_path)
    assert (found.tally.joined, len(found.traffic)) == (1, 3)


def test_a_foreign_file_is_read_by_a_mapping(tmp_path: Path) -> None:
    """With the user's mapping each row is a record, nested columns by dotted names, times to the microsecond."""
    (tmp_path / "m.toml").write_text(
        '[fields]\ntime = "ts"\nsrc_ip = "client"\ndst_host = "request.host"\nbytes_up = "request.bytes"\n'
    )
    settings = Settings(source_options={"user_mapping": {"file": str(tmp_path / "m.toml")}})
    path = foreign(tmp_path / "x.parquet")
    [event] = normalize([str(path)], settings)
    assert (event.time, event.src_ip, event.dst_host, event.bytes_up) == (
        1_772_445_601_000_000,
        "10.1.0.5",
        "a.example",
        7,
    )
    assert (event.source, event.file, event.line) == ("user_mapping", str(path), 1)


def test_damage_and_other_schemas_are_told(tmp_path: Path, lines: ModuleType) -> None:
    """A cut file is damaged, and a file of a later schema is not guessed at."""
    (tmp_path / "a.log").write_bytes(lines.log(lines.squid(1)))
    archive([str(tmp_path / "a.log")], tmp_path / "x")
    [part] = (tmp_path / "x").rglob("*.parquet")
    (tmp_path / "cut.parquet").write_bytes(part.read_bytes()[:-20])
    table = pq.read_table(part).replace_schema_metadata(None)
    writer = pq.ParquetWriter(tmp_path / "later.parquet", table.schema)
    writer.write_table(table)
    writer.add_key_value_metadata({SCHEMA_KEY: "sferic.events/9"})
    writer.close()
    found = normalize([str(tmp_path / "cut.parquet"), str(tmp_path / "later.parquet")])
    assert list(found) == []
    cut, later = found.account.files
    assert (cut.exit_code, later.exit_code) == (6, 7)
    assert "sferic.events/9" in later.problem


def test_a_file_that_lies_about_itself(tmp_path: Path, lines: ModuleType) -> None:
    """Our metadata over other columns, and rows that no reader would give, end that file or that row, not the run."""
    (tmp_path / "a.log").write_bytes(lines.log(lines.squid(1)))
    archive([str(tmp_path / "a.log")], tmp_path / "x")
    [part] = (tmp_path / "x").rglob("*.parquet")
    said = {k.decode(): v.decode() for k, v in pq.read_metadata(part).metadata.items() if k.startswith(b"sferic")}
    table = pq.ParquetFile(part).read()
    late = table.set_column(0, "time", pa.array([dt.datetime(1970, 1, 1, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")))
    none = table.set_column(0, "time", pa.array([None], pa.timestamp("us", "UTC")))
    for name, rows in {"other": pa.table({"a": [1]}), "late": late, "none": none}.items():
        writer = pq.ParquetWriter(tmp_path / f"{name}.parquet", rows.schema.remove_metadata())
        writer.write_table(rows.replace_schema_metadata(None))
        writer.add_key_value_metadata(said)
        writer.close()
    found = normalize([str(tmp_path / f"{name}.parquet") for name in ("other", "late", "none")])
    assert list(found) == []
    assert [(f.exit_code, f.rejected) for f in found.account.files] == [(6, 0), (0, 1), (0, 1)]
