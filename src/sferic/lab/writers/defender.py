"""Microsoft Defender for Endpoint: rows of DeviceNetworkEvents and DeviceProcessEvents, as its stream sends them.

https://learn.microsoft.com/en-us/defender-xdr/advanced-hunting-devicenetworkevents-table. No bytes (there is no
column for them), and not every connection: the product joins repeated ones. How it does that is not published; here
three in ten of those that a run repeats within five minutes are left out. `RemoteUrl` is empty in one row of seven.
Behind an explicit proxy network protection still names the target.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from sferic.lab.endpoint import PROXY_PORT, Sighting
from sferic.lab.records import Machine

_REPEATED_S = 300.0


def rows(sightings: Iterable[Sighting]) -> list[str]:
    """One JSON object for each row."""
    return [_row(one) for one in reported(sightings)]


def reported(sightings: Iterable[Sighting]) -> Iterator[Sighting]:
    """Those that the product writes a row for; look-ups are in none of the two tables."""
    last: dict[tuple[str, str], float] = {}
    for one in sightings:
        if one.kind == "connected":
            key = one.run.guid, one.connection.host
            repeated = one.time_s - last.get(key, 0.0) < _REPEATED_S
            last[key] = one.time_s
            if not repeated or _chance(one, "joined") >= 3:
                yield one
        elif one.kind == "started":
            yield one


def names_target(sighting: Sighting) -> bool:
    """Whether the row has the name in RemoteUrl."""
    return _chance(sighting, "named") >= 1.5


def device_name(machine: Machine) -> str:
    """The machine's full name, in small letters."""
    return f"{machine.name.lower()}.corp.example"


def file_name(path: str) -> str:
    """The last part of a path of either system."""
    return path.replace("\\", "/").rpartition("/")[2]


def remote_port(sighting: Sighting) -> int:
    """The port that the connection went to."""
    return PROXY_PORT if sighting.proxy else sighting.connection.port


def _chance(sighting: Sighting, what: str) -> float:
    """A number from 0 to 10 that is as good as random, and the same in every run."""
    return zlib.crc32(f"{what}{sighting.run.guid}{sighting.time_s:.3f}".encode()) % 10_000 / 1_000


def _row(sighting: Sighting) -> str:
    started = sighting.kind == "started"
    columns = _started(sighting) if started else _connected(sighting)
    stamp = _stamp(sighting.time_s)
    common = {
        "Timestamp": stamp, "DeviceName": device_name(sighting.run.machine),
        "DeviceId": f"{zlib.crc32(sighting.run.machine.name.encode()):08x}" * 5,
        "ReportId": 1 + int(sighting.time_s * 10) % 100_000,
    }  # fmt: skip
    table = "DeviceProcessEvents" if started else "DeviceNetworkEvents"
    record = {"time": stamp, "category": f"AdvancedHunting-{table}", "properties": common | columns}
    return json.dumps(record, separators=(",", ":"))


def _stamp(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def _connected(sighting: Sighting) -> dict[str, object]:
    run, connection = sighting.run, sighting.connection
    program = run.program
    domain, _, name = program.user.rpartition("\\")
    return {
        "ActionType": "ConnectionSuccess", "RemoteIP": sighting.proxy or connection.dst_ip,
        "RemotePort": remote_port(sighting),
        "RemoteUrl": connection.host if names_target(sighting) else "", "LocalIP": connection.src_ip,
        "LocalPort": connection.src_port, "Protocol": "Tcp", "AdditionalFields": "",
        "InitiatingProcessFileName": file_name(program.image), "InitiatingProcessFolderPath": program.image.lower(),
        "InitiatingProcessId": run.pid, "InitiatingProcessCommandLine": program.command,
        "InitiatingProcessCreationTime": _stamp(run.start_s),
        "InitiatingProcessParentFileName": file_name(program.parent), "InitiatingProcessParentId": run.parent_pid,
        "InitiatingProcessVersionInfoCompanyName": program.company, "InitiatingProcessAccountDomain": domain.lower(),
        "InitiatingProcessAccountName": name.lower(), "InitiatingProcessSessionId": program.session,
    }  # fmt: skip


def _started(sighting: Sighting) -> dict[str, object]:
    run, program = sighting.run, sighting.run.program
    domain, _, name = program.user.rpartition("\\")
    return {
        "ActionType": "ProcessCreated", "FileName": file_name(program.image), "FolderPath": program.image,
        "ProcessId": run.pid, "ProcessCommandLine": program.command, "ProcessCreationTime": _stamp(run.start_s),
        "ProcessVersionInfoCompanyName": program.company, "AccountDomain": domain.lower(),
        "AccountName": name.lower(), "CreatedProcessSessionId": program.session,
        "InitiatingProcessFileName": file_name(program.parent), "InitiatingProcessFolderPath": program.parent.lower(),
        "InitiatingProcessId": run.parent_pid, "InitiatingProcessCommandLine": file_name(program.parent),
    }  # fmt: skip
