"""One story as several endpoint products log it: programs that start, ask for names and connect.

A `Story` collects what happened; the functions of `WRITERS` write it down.
"""

import csv
import io
import json
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import msgspec

START_S = 1_772_445_600
"""2026-03-02 10:00:00 UTC."""
POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
CHROME = r"C:\Program Files\Google\Chrome\Application\chrome.exe"
CODE = r"C:\Program Files\Microsoft VS Code\Code.exe"
EXPLORER = r"C:\Windows\explorer.exe"
WORD = r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE"
LAMBDA = "k7wq2mfx4jh6tzr3bnpd5svcya0c41e9.lambda-url.eu-west-1.on.aws"
WORKER = "quiet-lab.quarry-test.workers.dev"
ADDRESS = "203.0.113.9"
MICROSOFT = "Microsoft Corporation"


class Program(msgspec.Struct, frozen=True):
    """A run of a program on a machine."""

    device: str
    address: str
    path: str
    guid: str
    number: int
    user: str


class Started(msgspec.Struct, frozen=True):
    """Some program started another."""

    at_s: float
    program: Program
    parent: Program
    command_line: str
    company: str


class Called(msgspec.Struct, frozen=True):
    """A program asked for a host, or connected to it."""

    at_s: float
    program: Program
    host: str
    address: str
    port: int


class Story:
    """What happened on some machines, in any order."""

    def __init__(self) -> None:
        self.started: list[Started] = []
        self.asked: list[Called] = []
        self.connected: list[Called] = []
        self._count = 0

    def run(
        self, path: str, *, machine: int = 5, parent: Program | None = None, command_line: str = "", company: str = MICROSOFT,
        user: str = "jona.quill", at_s: float = -60.0,
    ) -> Program:  # fmt: skip
        """Let a program start; without a parent its own start is not logged."""
        self._count += 1
        guid = f"{{0f3b5a10-1c2d-65e3-{machine:04x}-{self._count:012x}}}"
        made = Program(
            f"WS-{machine:03}.corp.example", f"10.20.0.{machine}", path, guid, 4000 + self._count, f"CORP\\{user}"
        )
        if parent is not None:
            self.started.append(Started(at_s, made, parent, command_line or path, company))
        return made

    def call(
        self, program: Program, host: str, times: list[float], *, address: str = ADDRESS, asks: bool = True
    ) -> None:
        """Let a program ask for a host once, then connect at each of the moments, from a port of its own each."""
        if asks:
            self.asked.append(Called(times[0] - 0.2, program, host, address, 0))
        self.connected += [Called(at, program, host, address, 50_000 + n) for n, at in enumerate(times)]


def beacon(path: str = POWERSHELL, company: str = MICROSOFT) -> Story:
    """Fifteen calls of a Worker every 30 s, by a program that was started from Explorer."""
    story = Story()
    program = story.run(path, parent=story.run(EXPLORER), command_line=f"{path} -nop -w hidden", company=company)
    story.call(program, WORKER, [30.0 * n for n in range(15)])
    return story


def five_posts(path: str = POWERSHELL, parent: str = EXPLORER, company: str = MICROSOFT) -> Story:
    """Five calls of a Lambda URL at irregular moments."""
    story = Story()
    program = story.run(path, parent=story.run(parent), command_line="iwr -Method Post", company=company)
    story.call(program, LAMBDA, [0.0, 7.0, 31.0, 90.0, 96.5])
    return story


def _events(story: Story) -> list[tuple[float, int, str, dict[str, str]]]:
    made = [(one.at_s, 1, one.program.device, _start(one)) for one in story.started]
    made += [(one.at_s, 22, one.program.device, _look_up(one)) for one in story.asked]
    made += [(one.at_s, 3, one.program.device, _connection(one)) for one in story.connected]
    return sorted(made, key=lambda event: event[0])


def _base(at_s: float, program: Program) -> dict[str, str]:
    return {
        "RuleName": "-", "UtcTime": stamp(at_s, "%Y-%m-%d %H:%M:%S.%f")[:-3], "ProcessGuid": program.guid,
        "ProcessId": str(program.number), "Image": program.path, "User": program.user,
    }  # fmt: skip


def _start(one: Started) -> dict[str, str]:
    return _base(one.at_s, one.program) | {
        "Company": one.company, "CommandLine": one.command_line, "TerminalSessionId": "2",
        "ParentProcessGuid": one.parent.guid, "ParentProcessId": str(one.parent.number), "ParentImage": one.parent.path,
    }  # fmt: skip


def _look_up(one: Called) -> dict[str, str]:
    answer = {"QueryName": one.host, "QueryStatus": "0", "QueryResults": f"::ffff:{one.address};"}
    return _base(one.at_s, one.program) | answer


def _connection(one: Called) -> dict[str, str]:
    return _base(one.at_s, one.program) | {
        "Protocol": "tcp", "Initiated": "true", "SourceIp": one.program.address, "SourcePort": str(one.port),
        "DestinationIp": one.address, "DestinationHostname": "-", "DestinationPort": "443",
    }  # fmt: skip


def sysmon_json(story: Story) -> str:
    """Write Sysmon's events as Winlogbeat does."""
    return "".join(
        json.dumps({
            "@timestamp": stamp(at_s, "%Y-%m-%dT%H:%M:%S.%fZ"),
            "winlog": {"provider_name": "Microsoft-Windows-Sysmon", "event_id": number, "computer_name": device,
                       "event_data": data},
        }) + "\n"
        for at_s, number, device, data in _events(story)
    )  # fmt: skip


def sysmon_xml(story: Story) -> str:
    """Write Sysmon's events as Windows exports them, one a line."""
    return "".join(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name='Microsoft-Windows-Sysmon'/><EventID>{number}</EventID>"
        f"<TimeCreated SystemTime='{stamp(at_s, '%Y-%m-%dT%H:%M:%S.%fZ')}'/><Computer>{device}</Computer></System><EventData>"
        + "".join(f"<Data Name='{name}'>{escape(said)}</Data>" for name, said in data.items())
        + "</EventData></Event>\n"
        for at_s, number, device, data in _events(story)
    )


_COLUMNS = (
    "Timestamp", "DeviceName", "ActionType", "RemoteIP", "RemotePort", "RemoteUrl", "LocalIP", "LocalPort", "Protocol",
    "FileName", "FolderPath", "ProcessId", "ProcessCommandLine", "ProcessCreationTime", "ProcessVersionInfoCompanyName",
    "AccountName", "AccountDomain", "InitiatingProcessAccountName", "InitiatingProcessAccountDomain",
    "InitiatingProcessFileName", "InitiatingProcessFolderPath", "InitiatingProcessId", "InitiatingProcessCommandLine",
    "InitiatingProcessCreationTime", "InitiatingProcessVersionInfoCompanyName", "InitiatingProcessParentFileName",
    "InitiatingProcessParentId",
)  # fmt: skip


def defender_csv(story: Story) -> str:
    """Write rows of Advanced Hunting, of connections and of started processes, in one table."""
    starts = {one.program.guid: one for one in story.started}
    rows = [(one.at_s, _row(one.at_s, one.parent, "ProcessCreated", starts, _child(one))) for one in story.started]
    rows += [(c.at_s, _row(c.at_s, c.program, "ConnectionSuccess", starts, _remote(c))) for c in story.connected]
    text = io.StringIO()
    table = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(row for _, row in sorted(rows, key=lambda pair: pair[0]))
    return text.getvalue()


def _row(
    at_s: float, program: Program, action: str, starts: dict[str, Started], more: dict[str, object]
) -> dict[str, object]:
    start = starts.get(program.guid)
    return {
        "Timestamp": stamp(at_s, "%Y-%m-%dT%H:%M:%S.%fZ"), "DeviceName": program.device.lower(), "ActionType": action,
        "InitiatingProcessAccountName": program.user.partition("\\")[2], "InitiatingProcessAccountDomain": "corp",
        "InitiatingProcessFileName": program.path.rpartition("\\")[2], "InitiatingProcessFolderPath": program.path.lower(),
        "InitiatingProcessId": program.number, "InitiatingProcessCreationTime": _created(program, starts),
        "InitiatingProcessCommandLine": start.command_line if start else None,
        "InitiatingProcessVersionInfoCompanyName": start.company if start else MICROSOFT,
        "InitiatingProcessParentFileName": start.parent.path.rpartition("\\")[2] if start else None,
        "InitiatingProcessParentId": start.parent.number if start else None,
    } | more  # fmt: skip


def _child(one: Started) -> dict[str, object]:
    return {
        "FileName": one.program.path.rpartition("\\")[2], "FolderPath": one.program.path, "ProcessId": one.program.number,
        "ProcessCommandLine": one.command_line, "ProcessCreationTime": _created(one.program, {one.program.guid: one}),
        "ProcessVersionInfoCompanyName": one.company, "AccountName": one.program.user.partition("\\")[2],
        "AccountDomain": "corp",
    }  # fmt: skip


def _remote(one: Called) -> dict[str, object]:
    return {
        "RemoteIP": one.address, "RemotePort": 443, "RemoteUrl": one.host, "LocalIP": one.program.address,
        "LocalPort": one.port, "Protocol": "Tcp",
    }  # fmt: skip


def crowdstrike(story: Story) -> str:
    """Write the events of CrowdStrike's sensor as its replicator delivers them."""
    rows = [(one.at_s, _rollup(one)) for one in story.started]
    rows += [(one.at_s, _asked_falcon(one)) for one in story.asked]
    rows += [(one.at_s, _connected_falcon(one)) for one in story.connected]
    return _objects(rows)


def _falcon(kind: str, at_s: float, program: Program) -> dict[str, object]:
    return {
        "event_simpleName": kind, "cid": "0a", "aid": program.device.lower().encode().hex()[:32], "event_platform": "Win",
        "ContextTimeStamp": f"{START_S + at_s:.3f}", "ComputerName": program.device.partition(".")[0],
    }  # fmt: skip


def _rollup(one: Started) -> dict[str, object]:
    return _falcon("ProcessRollup2", one.at_s, one.program) | {
        "TargetProcessId": _upid(one.program), "RawProcessId": str(one.program.number),
        "ParentProcessId": _upid(one.parent), "ParentBaseFileName": one.parent.path.rpartition("\\")[2],
        "ImageFileName": "\\Device\\HarddiskVolume3" + one.program.path.removeprefix("C:"),
        "CommandLine": one.command_line, "UserName": one.program.user.partition("\\")[2], "SessionId": "2",
    }  # fmt: skip


def _asked_falcon(one: Called) -> dict[str, object]:
    asked = {"ContextProcessId": _upid(one.program), "DomainName": one.host, "IP4Records": f"{one.address};"}
    return _falcon("DnsRequest", one.at_s, one.program) | asked


def _connected_falcon(one: Called) -> dict[str, object]:
    return _falcon("NetworkConnectIP4", one.at_s, one.program) | {
        "ContextProcessId": _upid(one.program), "LocalAddressIP4": one.program.address, "LocalPort": str(one.port),
        "RemoteAddressIP4": one.address, "RemotePort": "443", "Protocol": "6", "ConnectionDirection": "0",
    }  # fmt: skip


def _upid(program: Program) -> str:
    return str(281_474_976_000_000 + program.number)


def elastic(story: Story) -> str:
    """Write Elastic Defend's documents; of a connection it logs begin and end."""
    rows = [(one.at_s, _start_document(one)) for one in story.started]
    rows += [(one.at_s, _look_up_document(one)) for one in story.asked]
    for one in story.connected:
        rows += [
            (at_s, _document("network", [kind], action, at_s, one.program) | _both_ends(one))
            for kind, action, at_s in (
                ("start", "connection_attempted", one.at_s), ("end", "disconnect_received", one.at_s + 1),
            )
        ]  # fmt: skip
    return _objects(rows)


def _document(kind: str, types: list[str], action: str, at_s: float, program: Program) -> dict[str, object]:
    host = program.device.partition(".")[0].lower()
    return {
        "@timestamp": stamp(at_s, "%Y-%m-%dT%H:%M:%S.%fZ"), "agent": {"type": "endpoint"},
        "data_stream": {"dataset": f"endpoint.events.{kind}"},
        "event": {"action": action, "category": [kind], "dataset": f"endpoint.events.{kind}", "type": types},
        "host": {"hostname": host, "name": host, "ip": [program.address]},
        "process": _ran(program), "user": {"domain": "CORP", "name": program.user.partition("\\")[2]},
    }  # fmt: skip


def _ran(program: Program) -> dict[str, object]:
    name = program.path.rpartition("\\")[2]
    return {"executable": program.path, "name": name, "pid": program.number, "entity_id": program.guid}


def _start_document(one: Started) -> dict[str, object]:
    more = {
        "command_line": one.command_line, "pe": {"company": one.company}, "parent": _ran(one.parent),
        "Ext": {"session_info": {"id": 2}},
    }  # fmt: skip
    whole = _document("process", ["start"], "start", one.at_s, one.program)
    return whole | {"process": _ran(one.program) | more}


def _look_up_document(one: Called) -> dict[str, object]:
    asked = {"question": {"name": one.host}, "resolved_ip": [one.address]}
    return _document("network", ["info"], "lookup_result", one.at_s, one.program) | {"dns": asked}


def _both_ends(one: Called) -> dict[str, object]:
    return {
        "source": {"ip": one.program.address, "port": one.port}, "destination": {"ip": one.address, "port": 443},
        "network": {"direction": "egress", "transport": "tcp"},
    }  # fmt: skip


def _objects(rows: list[tuple[float, dict[str, object]]]) -> str:
    return "".join(json.dumps(row) + "\n" for _, row in sorted(rows, key=lambda pair: pair[0]))


def _created(program: Program, starts: dict[str, Started]) -> str:
    start = starts.get(program.guid)
    return stamp(start.at_s if start else -3600.0 - program.number, "%Y-%m-%dT%H:%M:%S.%fZ")


def stamp(at_s: float, form: str) -> str:
    """Write a moment of the story."""
    return datetime.fromtimestamp(START_S + at_s, UTC).strftime(form)


WRITERS = {
    "sysmon_json": sysmon_json, "sysmon_xml": sysmon_xml, "defender_csv": defender_csv, "crowdstrike": crowdstrike,
    "elastic": elastic,
}  # fmt: skip
SUFFIX = {
    "sysmon_json": "sysmon.jsonl", "sysmon_xml": "sysmon.xml", "defender_csv": "defender.csv",
    "crowdstrike": "fdr.jsonl", "elastic": "defend.ndjson",
}  # fmt: skip
