"""Flows without names are named from other lines, in a second reading that counts no line twice."""

import gzip
import io
import json
import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sferic.catalog.platforms import load_catalogue
from sferic.engine.gather import Gatherer
from sferic.engine.gathered import Gathered
from sferic.engine.progress import Progress
from sferic.model.settings import Settings
from sferic.model.traffic import JOINED
from sferic.sources._contract import sources

OTHER = "www.shop.example"
Gather = Any


def joined(found: Gathered) -> list[str]:
    """Give the hosts of the rows that were named from elsewhere, in order of time."""
    rows = zip(found.traffic.host, found.traffic.flags, strict=True)
    return [found.traffic.hosts[host] for host, flags in rows if flags & JOINED]


def books(found: Gathered, path: Path) -> dict[str, int]:
    """Give the counts of one file."""
    (file,) = (f for f in found.ledger.files if f.path == str(path))
    assert file.events == sum(file.sources.values())
    assert file.selected >= file.events + file.unknown
    return {n: getattr(file, n) for n in ("lines", "selected", "events", "rejected", "unknown")}


def test_one_file_of_both(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """Answers and flows in one file: flows are named, and each line is counted once in the file's account."""
    flows = [lines.pan_traffic(10 * n) for n in range(1, 6)]
    other = [lines.pan_traffic(10 * n, "198.51.100.7") for n in range(1, 4)]
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(lines.stream_dns(1), *flows, lines.squid(70), *other, "neither here nor there"))
    found = gather(path)
    assert joined(found) == [lines.HOST] * 5
    assert (found.tally.joined, found.tally.nameless) == (5, 0)
    assert books(found, path) == {"lines": 11, "selected": 7, "events": 7, "rejected": 0, "unknown": 0}
    (file,) = found.ledger.files
    assert file.sources == {"splunk_stream": 1, "panos_traffic": 5, "squid_access": 1}
    assert file.bytes == path.stat().st_size


def test_sensor_flows_beside_named_rows(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """A source whose lines may hold names or none: its flows are counted as well, once."""
    flow = json.loads(lines.stream_http(20)) | {"protocol_stack": "ip:tcp:ssl", "tcp_status": 0}
    for key in ("http_method", "status", "site", "uri_path", "http_user_agent"):
        del flow[key]
    path = tmp_path / "stream.log"
    path.write_bytes(lines.log(lines.stream_dns(1), json.dumps(flow), lines.stream_http(30)))
    found = gather(path)
    assert joined(found) == [lines.HOST]
    assert books(found, path) == {"lines": 3, "selected": 3, "events": 3, "rejected": 0, "unknown": 0}


def test_bad_flows_are_counted_once(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """Rejects and unknown lines that only the second reading selects stand in the account, with place and reason."""
    bad = lines.pan_traffic(20).replace("2026/03/02", "2026/13/42")
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(lines.pan_url(1), bad, "some words about 192.0.2.10", lines.pan_traffic(30)))
    found = gather(path)
    assert books(found, path) == {"lines": 4, "selected": 4, "events": 2, "rejected": 1, "unknown": 1}
    assert [s.place for s in found.ledger.samples] == [f"{path}:2"]
    assert [s.place for s in found.ledger.unknown_samples] == [f"{path}:3"]
    assert sum(found.ledger.reasons.values()) == 1


def test_bad_lines_that_both_readings_select_are_counted_once(
    gather: Gather, lines: ModuleType, tmp_path: Path
) -> None:
    """A line that holds a platform's name and a known address is read, rejected or unknown once."""
    bad = lines.squid(20).replace(" CONNECT ", " ")
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(lines.pan_url(1), bad, f"words, {lines.HOST}, 192.0.2.10", lines.asa(30)))
    found = gather(path)
    assert books(found, path) == {"lines": 4, "selected": 4, "events": 2, "rejected": 1, "unknown": 1}
    assert found.ledger.samples[0].place == f"{path}:2"


def test_overlong_lines_are_counted_once(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """Lines beyond the cap are one reject each, though their file is read twice."""
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(lines.stream_dns(1), "x" * (1 << 20), "y" * (1 << 21), lines.asa(30)))
    found = gather(path)
    assert books(found, path)["rejected"] == 1
    assert [s.place for s in found.ledger.samples] == [f"{path}:3"]
    assert joined(found) == [lines.HOST]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_names_come_from_another_file(gather: Gather, lines: ModuleType, tmp_path: Path, pack: Any) -> None:
    """Names in one file and flows in another, in any order of the files: the URL log names the traffic log."""
    (tmp_path / "a-flows.log").write_bytes(pack(lines.log(*[lines.pan_traffic(60 * n) for n in range(1, 9)])))
    (tmp_path / "b-urls.log").write_bytes(pack(lines.log(lines.pan_url(2))))
    found = gather(tmp_path)
    assert joined(found) == [lines.HOST] * 8
    assert books(found, tmp_path / "a-flows.log") == {
        "lines": 8, "selected": 8, "events": 8, "rejected": 0, "unknown": 0,
    }  # fmt: skip


def test_a_shared_address_is_seen_to_be_shared(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """Others were told two names for the address, one of no platform: the flow of a third client stays nameless."""
    told = [lines.stream_dns(1, client="10.1.0.7"), lines.stream_dns(2, OTHER, client="10.1.0.8")]
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(*told, lines.pan_traffic(60), lines.pan_traffic(70, client="10.1.0.7")))
    found = gather(path)
    assert joined(found) == [lines.HOST], "its own client knows it"
    assert found.tally.nameless == 1


def test_another_name_of_the_own_client_wins_when_it_is_later(
    gather: Gather, lines: ModuleType, tmp_path: Path
) -> None:
    """A flow after the client was told the shop's name for that address is the shop's."""
    path = tmp_path / "all.log"
    path.write_bytes(
        lines.log(lines.stream_dns(1), lines.pan_traffic(60), lines.stream_dns(100, OTHER), lines.pan_traffic(160))
    )
    found = gather(path)
    assert joined(found) == [lines.HOST]
    assert found.tally.nameless == 0, "it has a name, which is no platform's"


def test_answers_before_the_window_still_name(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """`--since` cuts events, not what is known about addresses; out-of-window flows are counted once."""
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(lines.stream_dns(1), lines.pan_traffic(30), lines.pan_traffic(90)))
    found = gather(path, since=(lines.START_S + 60) * 1_000_000)
    assert joined(found) == [lines.HOST]
    assert found.period.outside == 2
    assert found.period.first == (lines.START_S + 90) * 1_000_000


def test_an_announced_connection_is_counted_at_its_end(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """Built and teardown of one connection are one flow; what was only built is one too, whatever else was torn down."""
    built = lines.asa(1, number=7).replace("302014: Teardown", "302013: Built outbound").partition(" duration")[0]
    built = built.replace("10/443 to", "10/443 (192.0.2.10/443) to") + " (198.51.100.1/51000)"
    closed, other = lines.asa(3, number=7), lines.asa(30, number=8)
    for flows, count in (((built, closed), 1), ((built,), 1), ((built, closed, other), 2), ((built, other), 2)):
        (tmp_path / "a.log").write_bytes(lines.log(lines.stream_dns(0), *flows))
        found = gather(tmp_path / "a.log")
        assert (found.tally.joined - found.parts.settle(0).dropped.announced, len(joined(found))) == (count, count)


def test_a_header_is_counted_once(gather: Gather, tmp_path: Path) -> None:
    """A table's header, which both readings need, is one line of the two that were selected."""
    mapping = tmp_path / "m.toml"
    mapping.write_text('[fields]\ntime = "time"\nsrc_ip = "src"\ndst_host = "host"\n', encoding="utf-8")
    path = tmp_path / "x.csv"
    path.write_text("time,src,host\n2026-03-02T10:00:00Z,10.0.0.1,a.synthetic-demo.workers.dev\n", encoding="utf-8")
    found = gather(path, source_options={"user_mapping": {"file": str(mapping)}})
    assert books(found, path) == {"lines": 2, "selected": 2, "events": 1, "rejected": 0, "unknown": 0}


def test_without_names_nothing_is_read_twice(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """Flows alone cannot be named: one reading, no row, nothing selected."""
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(*[lines.asa(n) for n in range(1, 5)]))
    found = gather(path)
    assert len(found.traffic) == 0
    assert books(found, path) == {"lines": 4, "selected": 0, "events": 0, "rejected": 0, "unknown": 0}
    assert found.ledger.kinds["cisco_asa"]


def test_standard_input_is_read_as_often_as_a_file(
    gather: Gather, lines: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flows on standard input are joined with the names in it."""
    (tmp_path / "in").write_bytes(lines.log(lines.stream_dns(1), lines.asa(30), lines.squid(40)))
    with (tmp_path / "in").open("rb") as stream:
        text = io.TextIOWrapper(stream)
        monkeypatch.setattr(sys, "stdin", text)
        found = gather("-")
        text.detach()
    assert joined(found) == [lines.HOST]
    assert len(found.traffic) == 3


def test_a_pipe_is_read_as_often_as_a_file(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """A named pipe gives its lines once; they are kept for the second reading."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[lines.log(lines.stream_dns(1), lines.asa(30))])
    writer.start()
    found = gather(pipe)
    writer.join()
    assert joined(found) == [lines.HOST]


def test_splunk_csv_export_of_flows(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """An export as CSV is selected, joined and counted like the lines themselves."""
    told = lines.stream_dns(1).replace('"', '""')
    rows = [
        '"_raw","_time"',
        f'"{told}",1772445601',
        f'"{lines.asa(30)}",1772445630',
        f'"{lines.asa(40, "198.51.100.9")}",1',
        '"a line about',
        'nothing",5',
    ]
    path = tmp_path / "export.csv"
    path.write_bytes(lines.log(*rows))
    found = gather(path)
    assert joined(found) == [lines.HOST]
    assert books(found, path) == {"lines": 6, "selected": 2, "events": 2, "rejected": 0, "unknown": 0}


def test_headers_are_remembered_in_the_second_reading(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """A W3C header tells what the columns are, in the second reading too, without being counted again."""
    header = "#Fields: date time time-taken c-ip sc-status s-action sc-bytes cs-bytes cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path"
    row = "2026-03-02 10:00:20 57 10.1.0.5 200 TCP_TUNNELED 900 300 CONNECT tcp 192.0.2.10 443 /"
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(lines.pan_url(1), lines.pan_traffic(10), header, row))
    found = gather(path)
    (file,) = found.ledger.files
    assert file.rejected == 0
    assert file.sources["bluecoat_proxysg"] == 1
    assert books(found, path)["selected"] == 4


def test_progress_is_told(lines: ModuleType, tmp_path: Path) -> None:
    """A watcher hears how many bytes are done, of how many, in which file and stage."""
    path = tmp_path / "all.log"
    path.write_bytes(lines.log(lines.stream_dns(1), lines.asa(30)))
    heard: list[Progress] = []
    Gatherer(load_catalogue(), dict(sources()), Settings()).gather([str(path)], heard.append)
    size = path.stat().st_size
    assert {(p.bytes_total, p.file, p.stage) for p in heard} == {
        (size, str(path), "reading"), (size, str(path), "joining names"),
    }  # fmt: skip
    assert max(p.bytes_done for p in heard) == size


def _sysmon(number: int, minute: int, **data: str) -> str:
    """Write an event of Sysmon as Winlogbeat does."""
    data |= {"UtcTime": f"2026-03-02 10:{minute:02}:00.000", "ProcessGuid": "{0a}", "Image": "C:\\a.exe"}
    winlog = {"provider_name": "Microsoft-Windows-Sysmon", "event_id": number, "computer_name": "ws-1"}
    return json.dumps({"winlog": winlog | {"event_data": data}})


def test_an_endpoint_s_connections_are_named_by_its_look_ups(gather: Gather, lines: ModuleType, tmp_path: Path) -> None:
    """What Sysmon's look-up found names its connections; the name of a reverse look-up is not believed."""
    asked = _sysmon(22, 0, QueryName=lines.HOST, QueryResults="::ffff:192.0.2.10;")
    called = [_sysmon(3, n, DestinationIp="192.0.2.10", SourceIp="10.0.0.5", Initiated="true") for n in (1, 2)]
    reverse = "fn.quarry-test.workers.dev"
    named = _sysmon(3, 3, DestinationIp="192.0.2.10", DestinationHostname=reverse, Initiated="true")
    alone = _sysmon(3, 4, DestinationIp="192.0.2.77", DestinationHostname=reverse, Initiated="true")
    started = _sysmon(1, 0, CommandLine=f"curl {lines.HOST}")
    path = tmp_path / "sysmon.ndjson"
    path.write_bytes(lines.log(started, asked, *called, named, alone))
    found = gather(path)
    assert joined(found) == [lines.HOST] * 3
    assert (found.tally.joined, found.tally.nameless) == (3, 1)
    assert {found.traffic.clients[client] for client in found.traffic.client} == {"ws-1"}


def test_defender_s_connections_without_a_name_are_named_by_its_look_ups(
    gather: Gather, lines: ModuleType, tmp_path: Path
) -> None:
    """A row of DeviceEvents that holds an answer names the connections whose RemoteUrl is empty."""
    base = {"DeviceName": "ws-1", "InitiatingProcessId": 7}
    more = {"DnsQueryString": lines.HOST, "DnsQueryResult": [{"DnsQueryType": "A", "DnsQueryResult": "192.0.2.10"}]}
    asked = base | {"Timestamp": "2026-03-02T10:00:00Z", "ActionType": "DnsQueryResponse", "AdditionalFields": more}
    called = base | {"Timestamp": "2026-03-02T10:01:00Z", "ActionType": "ConnectionSuccess", "RemoteIP": "192.0.2.10"}
    path = tmp_path / "defender.ndjson"
    path.write_bytes(lines.log(json.dumps(asked), json.dumps(called | {"RemoteUrl": ""})))
    found = gather(path)
    assert joined(found) == [lines.HOST]
    assert found.tally.nameless == 0
