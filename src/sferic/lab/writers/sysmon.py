"""Sysmon's events 1 (process started), 3 (connected) and 22 (asked for a name), as Winlogbeat ships them.

https://learn.microsoft.com/en-us/sysinternals/downloads/sysmon. As written by a configuration that asks for every
connection and look-up; the usual ones ask for a few. No bytes and no name in event 3: its reverse look-up is off.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from sferic.lab.endpoint import PROXY_PORT, Run, Sighting
from sferic.lab.transport import addresses


def events(sightings: Iterable[Sighting]) -> list[str]:
    """One JSON object for each event."""
    return [_event(number, one) for number, one in enumerate(sightings, 1)]


def _event(number: int, sighting: Sighting) -> str:
    event_id, data = _KINDS[sighting.kind](sighting)
    moment = datetime.fromtimestamp(sighting.time_s, UTC)
    run = sighting.run
    own = {
        "RuleName": "-", "UtcTime": f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}",
        "ProcessGuid": run.guid, "ProcessId": str(run.pid), "Image": run.program.image, "User": run.program.user,
    }  # fmt: skip
    return json.dumps(
        {
            "@timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
            "winlog": {
                "channel": "Microsoft-Windows-Sysmon/Operational",
                "provider_name": "Microsoft-Windows-Sysmon",
                "computer_name": run.machine.name,
                "event_id": event_id,
                "record_id": number,
                "event_data": own | data,
            },
        },
        separators=(",", ":"),
    )


def parent_guid(run: Run) -> str:
    """Sysmon's name for the run that started it, of which nothing else is known."""
    return run.guid[:-13] + f"{int(run.start_s) - 60:012x}}}"


def _started(sighting: Sighting) -> tuple[str, dict[str, str]]:
    program = sighting.run.program
    data = {
        "Company": program.company or "-", "CommandLine": program.command,
        "TerminalSessionId": str(program.session), "IntegrityLevel": "Medium" if program.session else "System",
        "ParentImage": program.parent, "ParentProcessId": str(sighting.run.parent_pid),
        "ParentProcessGuid": parent_guid(sighting.run),
    }  # fmt: skip
    return "1", data


def _connected(sighting: Sighting) -> tuple[str, dict[str, str]]:
    connection = sighting.connection
    data = {
        "Protocol": "tcp", "Initiated": "true", "SourceIsIpv6": "false", "SourceIp": connection.src_ip,
        "SourceHostname": "-", "SourcePort": str(connection.src_port), "DestinationIsIpv6": "false",
        "DestinationIp": sighting.proxy or connection.dst_ip, "DestinationHostname": "-",
        "DestinationPort": str(PROXY_PORT if sighting.proxy else connection.port),
    }  # fmt: skip
    return "3", data


def _asked(sighting: Sighting) -> tuple[str, dict[str, str]]:
    connection = sighting.connection
    others = [one for one in addresses(connection.host)[0] if one != connection.dst_ip]
    results = "".join(f"::ffff:{one};" for one in (connection.dst_ip, *others))
    return "22", {"QueryName": connection.host, "QueryStatus": "0", "QueryResults": results}


_KINDS = {"started": _started, "connected": _connected, "asked": _asked}
