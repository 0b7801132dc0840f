"""Which process talks to the function: the page's tests 1 and 2 with their negatives, from each endpoint log."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sferic.catalog.programs import spelt
from sferic.model.finding import Finding
from sferic.model.machine import short_name
from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from sferic.pipeline.surveying import survey
from tests.pipeline import endpoint_lines as lines
from tests.pipeline.endpoint_lines import SUFFIX, WRITERS, Story

TABLES = {"defender_csv"}
every_log = pytest.mark.parametrize("log", sorted(WRITERS))


def run(folder: Path, story: Story, log: str, **settings: Any) -> Report:
    """Hunt through one story as one product logs it."""
    (folder / SUFFIX[log]).write_text(WRITERS[log](story), encoding="utf-8")
    report = hunt([str(folder)], Settings(**settings))
    assert not [f.problem for f in report.account.files if f.problem]
    assert not report.account.reject_reasons
    return report


def points(finding: Finding) -> dict[str, float]:
    """Return the points of each reason."""
    return {reason.signal: reason.points for reason in finding.reasons}


@every_log
def test_one_is_a_beacon_of_a_named_process(tmp_path: Path, log: str) -> None:
    """Fifteen calls every 30 s by a script host are found within minutes, with process, parent and command line."""
    (finding,) = run(tmp_path, lines.beacon(), log).findings
    assert (finding.analytic, finding.severity, finding.checkins) == ("beacon", "medium", 15)
    assert spelt(finding.process or "") == spelt(lines.POWERSHELL)
    assert [(step.path or "").lower().rpartition("\\")[2] for step in finding.process_tree] == [
        "explorer.exe", "powershell.exe",
    ]  # fmt: skip
    assert (finding.process_tree[-1].command_line or "").endswith("-nop -w hidden")
    assert points(finding)["program"] == 15


@every_log
def test_what_else_a_process_does_is_not_read(tmp_path: Path, log: str) -> None:
    """Looking for its start reads no other row of a process, but of tables, whose rows do not tell what they are."""
    selected = []
    for others in (0, 40):
        story = lines.beacon()
        for n in range(others):
            story.call(story.connected[0].program, "www.example.com", [500.0 + n], address="198.51.100.9")
        folder = tmp_path / str(others)
        folder.mkdir()
        (file,) = run(folder, story, log).account.files
        selected.append(file.selected)
    assert (selected[0] == selected[1]) == (log not in TABLES)


@every_log
def test_lines_hold_what_they_are_quoted_for(tmp_path: Path, log: str) -> None:
    """What is said of the program points to the line of its start, all else to calls, first one with the host's name."""
    (finding,) = run(tmp_path, lines.five_posts(), log).findings
    written = (tmp_path / SUFFIX[log]).read_text(encoding="utf-8").splitlines()
    cited = {r.signal: [written[int(place.rpartition(":")[2]) - 1] for place in r.events] for r in finding.reasons}
    assert all("iwr -Method Post" in line for line in cited["program"])
    assert lines.LAMBDA in cited["platform"][0]
    assert len(cited["program"]) == 1
    assert len(cited["platform"]) == 3
    places = {place for reason in finding.reasons for place in reason.events}
    assert places == {sample.place for sample in finding.samples}


@every_log
def test_no_secret_of_a_command_is_shown(tmp_path: Path, log: str) -> None:
    """However a log writes quotes, neither the finding's command nor its quoted lines have the token."""
    story = Story()
    parent = story.run(lines.EXPLORER)
    shell = story.run(lines.POWERSHELL, parent=parent, command_line='powershell "$token = \'hush\'" -H "Bearer hush" -nop')
    story.call(shell, lines.WORKER, [30.0 * n for n in range(15)])
    (finding,) = run(tmp_path, story, log).findings
    assert finding.process_tree[-1].command_line == 'powershell "$token = …" -H "Bearer …" -nop'
    assert any("-nop" in sample.text for sample in finding.samples)
    assert "hush" not in str(finding)


@every_log
def test_one_by_a_browser_is_silent(tmp_path: Path, log: str) -> None:
    """A page that reports home as regularly from a browser is no finding."""
    assert not run(tmp_path, lines.beacon(lines.CHROME, "Google LLC"), log).findings


@every_log
def test_one_by_an_agent_of_the_whole_fleet_is_silent(tmp_path: Path, log: str) -> None:
    """A vendor's agent that does the same on fifty machines is no finding."""
    story = Story()
    for machine in range(1, 51):
        services = story.run(r"C:\Windows\System32\services.exe", machine=machine)
        agent = story.run(r"C:\Program Files\Vendor\agent.exe", machine=machine, parent=services, company="Vendor Ltd")
        story.call(agent, lines.WORKER, [machine + 30.0 * n for n in range(15)])
    assert not run(tmp_path, story, log).findings


@every_log
def test_two_is_found_without_any_rhythm(tmp_path: Path, log: str) -> None:
    """Five calls of a Lambda URL by a script host are a medium finding of the analytic `process`."""
    (finding,) = run(tmp_path, lines.five_posts(), log).findings
    assert (finding.analytic, finding.severity, finding.connections) == ("process", "medium", 5)
    assert (finding.src_ip, finding.function) == ("10.20.0.5", lines.LAMBDA.partition(".")[0])
    assert short_name(finding.device or "") == "ws-005"
    assert (finding.user or "").lower().rpartition("\\")[2] == "jona.quill"
    assert finding.process_tree[-1].command_line == "iwr -Method Post"
    assert "more of this log would show one" in finding.needs
    assert "proxy" in finding.needs
    assert finding.interval is None
    assert round(sum(points(finding).values()), 1) == finding.points


@every_log
@pytest.mark.parametrize("path", [lines.CHROME, lines.CODE], ids=["chrome", "code"])
def test_two_by_a_browser_or_an_editor_is_silent(tmp_path: Path, log: str, path: str) -> None:
    """The same calls by a browser, or by VS Code to its user's own function, are no finding."""
    company = "Google LLC" if path == lines.CHROME else lines.MICROSOFT
    assert not run(tmp_path, lines.five_posts(path, company=company), log).findings


@every_log
def test_a_document_that_starts_a_script_host_raises_it(tmp_path: Path, log: str) -> None:
    """The same five calls weigh more if Word started the script host."""
    (finding,) = run(tmp_path, lines.five_posts(parent=lines.WORD), log).findings
    assert points(finding)["program_parent"] == 10
    assert finding.score > 60


@every_log
def test_a_parent_that_starts_the_program_nowhere_else_raises_it(tmp_path: Path, log: str) -> None:
    """Twelve machines run a vendor's tool from its agent; the one that something else started is told apart."""
    points_of = {}
    for parent in (r"C:\Program Files\Vendor\agent.exe", r"C:\Program Files\Other\viewer.exe"):
        story = Story()
        for machine in range(5, 17):
            usual = r"C:\Program Files\Vendor\agent.exe" if machine > 5 else parent
            agent = story.run(usual, machine=machine, company="Vendor Ltd")
            tool = story.run(r"C:\Tools\sync.exe", machine=machine, parent=agent, company="")
            story.call(tool, lines.WORKER if machine == 5 else f"w-{machine}.vercel.app", [30.0 * n for n in range(15)])
        (tmp_path / SUFFIX[log]).unlink(missing_ok=True)
        (finding,) = [f for f in run(tmp_path, story, log, min_score=0).findings if lines.WORKER in f.hosts]
        points_of[parent.rpartition("\\")[2]] = points(finding).get("program_parentage", 0)
    assert points_of["agent.exe"] == 0
    assert points_of["viewer.exe"] > 2


@every_log
def test_a_browser_that_lies_elsewhere_is_a_disguise(tmp_path: Path, log: str) -> None:
    """A file called chrome.exe in a public folder is judged by its place."""
    (finding,) = run(tmp_path, lines.five_posts(r"C:\Users\Public\chrome.exe", company=""), log, min_score=20).findings
    assert points(finding)["program_place"] == 13
    assert points(finding).get("program", 0) == 0


@every_log
def test_in_an_estate_the_one_script_host_stands_out(tmp_path: Path, log: str) -> None:
    """Where sixty machines open pages of the platform in browsers, the one script host is the one finding."""
    story = lines.five_posts()
    for machine in range(6, 66):
        browser = story.run(lines.CHROME, machine=machine, parent=story.run(lines.EXPLORER, machine=machine))
        times = [float(machine * machine * n % 7000) for n in (1, 5, 11, 29)]
        story.call(browser, f"page-{machine % 7}.vercel.app", sorted(times), address="203.0.113.20")
    (finding,) = run(tmp_path, story, log).findings
    assert (finding.analytic, finding.severity) == ("process", "medium")
    assert points(finding)["program_rarity"] == pytest.approx(2.4)
    assert points(finding)["prevalence"] == 10


@every_log
def test_a_script_host_at_a_tenant_of_many_is_a_stranger(tmp_path: Path, log: str) -> None:
    """A tenant that many open in browsers is not rare; that one script host calls it is."""
    story = lines.five_posts()
    for machine in range(6, 66):
        browser = story.run(lines.CHROME, machine=machine, parent=story.run(lines.EXPLORER, machine=machine))
        story.call(browser, lines.LAMBDA, sorted(float(machine * machine * n % 7000) for n in (1, 5, 11)))
    report = run(tmp_path, story, log, min_score=0)
    (finding,) = [f for f in report.findings if spelt(f.process or "") == spelt(lines.POWERSHELL)]
    assert points(finding)["program_stranger"] == pytest.approx(7.3, abs=0.3)
    assert points(finding)["prevalence"] < 0


@every_log
def test_the_account_adds_up_over_all_readings(tmp_path: Path, log: str) -> None:
    """Lines that are read for the starts of processes are counted once each, like all others."""
    story = lines.five_posts()
    bystander = story.run(r"C:\Program Files\Vendor\other.exe", parent=story.run(lines.EXPLORER), at_s=-50)
    (file,) = run(tmp_path, story, log).account.files
    no_look_ups_and_a_header, begins_and_ends = (5, 1, 2), (11, 1, 1)
    counts = {"defender_csv": no_look_ups_and_a_header, "elastic": begins_and_ends}
    calls, starts, others = counts.get(log, (6, 1, 1))
    assert (file.events, file.lines) == (calls + starts, calls + starts + others)
    assert bystander in {one.program for one in story.started}


def test_the_begin_and_the_end_of_one_connection_are_one(tmp_path: Path) -> None:
    """Elastic Defend logs both; ten connections are ten, with the bytes of their ends, and an open one counts too."""
    host = {"hostname": "ws-017", "ip": ["10.20.0.17"]}
    rows = []
    for n in range(11):
        kinds = [("start", "connection_attempted", 0.0)] + [("end", "disconnect_received", 3.0)] * (n < 10)
        for kind, action, later in kinds:
            client: dict[str, Any] = {"ip": "10.20.0.17", "port": 52_000 + n}
            rows.append({
                "@timestamp": lines.stamp(61.0 * n + later, "%Y-%m-%dT%H:%M:%S.%fZ"), "host": host,
                "process": {"executable": "C:\\Windows\\System32\\mshta.exe", "entity_id": "ZW50aXR5LTE="},
                "event": {"category": ["network"], "type": [kind], "action": action},
                "source": client | ({"bytes": 700} if later else {}), "network": {"direction": "egress"},
                "destination": {"ip": lines.ADDRESS, "port": 443, "domain": lines.WORKER},
            })  # fmt: skip
    (tmp_path / "defend.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (finding,) = hunt([str(tmp_path)], Settings(min_score=0)).findings
    assert (finding.connections, finding.bytes_up) == (11, 7000)


def test_an_answer_of_advanced_hunting_is_cut_into_rows(tmp_path: Path) -> None:
    """`{"Schema":…,"Results":…}`, in one line or many, is what its rows are."""
    rows = list(csv.DictReader(io.StringIO(lines.defender_csv(lines.five_posts()))))
    answer = {"Schema": [{"Name": name, "Type": "String"} for name in rows[0]], "Results": rows}
    for indent in (None, 2):
        (tmp_path / "answer.json").write_text(json.dumps(answer, indent=indent), encoding="utf-8")
        (finding,) = hunt([str(tmp_path)]).findings
        assert (finding.analytic, finding.connections) == ("process", 5)


def test_a_log_that_leaves_calls_out_says_so(tmp_path: Path) -> None:
    """Two in three of Defender's rows are enough for a beacon; the account says how they are judged, for Sysmon not."""
    times = [30.0 * n for n in range(300) if n * n * 7919 % 97 < 64]
    for log, sampled in (("defender_csv", ["microsoft_defender"]), ("sysmon_json", [])):
        story = Story()
        story.call(story.run(lines.POWERSHELL, parent=story.run(lines.EXPLORER)), lines.WORKER, times)
        (tmp_path / log).mkdir()
        report = run(tmp_path / log, story, log)
        (finding,) = report.findings
        assert finding.interval is not None
        assert finding.interval.sleep_s == pytest.approx(30, abs=0.5)
        told = [lack for lack in report.account.missing if lack.evidence == "all calls"]
        assert [lack.source for lack in told] == sampled
        assert all("leaves out connections of a program that repeat" in lack.text for lack in told)
        checked = survey([str(tmp_path / log)], Settings()).account.missing
        assert [lack for lack in checked if lack.evidence == "all calls"] == told


def test_reports_of_an_hour_are_no_beacon(tmp_path: Path) -> None:
    """Aggregated reports come by the hour whatever the program does: no rhythm, but still a program that is wrong."""
    story = Story()
    shell = story.run(lines.POWERSHELL, parent=story.run(lines.EXPLORER))
    story.call(shell, lines.WORKER, [3600.0 * n for n in range(40)])
    (tmp_path / "calls").mkdir()
    (finding,) = run(tmp_path / "calls", story, "sysmon_json").findings
    assert finding.analytic == "beacon"
    rows = lines.defender_csv(story).replace("ConnectionSuccess", "ConnectionSuccessAggregatedReport")
    (tmp_path / "reports.csv").write_text(rows, encoding="utf-8")
    (finding,) = hunt([str(tmp_path / "reports.csv")], Settings()).findings
    assert (finding.analytic, finding.interval) == ("process", None)


def test_a_machines_address_is_known_from_its_collector(tmp_path: Path) -> None:
    """A proxy knows an address, a sensor's look-ups the machine; that both are one the collector says in `host.ip`."""
    calls, asked = [], []
    for n in range(300):
        second = 1_772_445_600 + n * 60 + n % 7
        calls.append(
            f"{second}.000    200 10.1.0.23 TCP_TUNNEL/200 4000 CONNECT fn.lab.workers.dev:443 - HIER_DIRECT/192.0.2.9 -"
        )
        asked.append(json.dumps({
            "@timestamp": f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.000Z",
            "host": {"ip": ["10.1.0.23", "fe80::1"]},
            "winlog": {
                "provider_name": "Microsoft-Windows-Sysmon", "event_id": "22", "computer_name": "ws-23.corp.example",
                "event_data": {
                    "UtcTime": f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M:%S}.000", "ProcessId": "7",
                    "ProcessGuid": "{11111111-2222-3333-4444-555555555555}", "QueryName": "fn.lab.workers.dev",
                    "QueryStatus": "0", "QueryResults": "::ffff:192.0.2.9;", "Image": r"C:\Users\a\upd.exe",
                },
            },
        }))  # fmt: skip
    (tmp_path / "proxy.log").write_text("\n".join(calls) + "\n")
    (tmp_path / "sysmon.json").write_text("\n".join(asked) + "\n")
    found = hunt([str(tmp_path)], Settings(workers=1, min_score=0)).findings
    assert {finding.device for finding in found} == {"ws-23.corp.example"}
