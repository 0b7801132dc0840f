"""Records of cloud audit logs for the tests that change or question a function, after templates.

Nothing is called: a cloud's own log is what no stand-in writes, so the records follow the providers' published fields
and come from a list of what was done by whom. The lists lie in `audit/` beside this module.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from sferic.lab.endpoint import Run, Sighting
from sferic.lab.programs import Installed
from sferic.lab.records import Machine, Record, seeded
from sferic.lab.writers import sysmon

CASES = ".cases.json"
"""File name of the list of cases; hidden, so that a hunt of the folder does not take it for a log."""
_FOLDER = Path(__file__).with_name("audit")
_ACCOUNT = "111122223333"
_CF_ACCOUNT = "0123456789abcdef0123456789abcdef"
Kind = Literal["aws_cloudtrail", "cloudflare_v1", "cloudflare_v2"]


class Deed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that somebody did, once or again and again."""

    case: str
    """Which test or negative it belongs to; `history` for what is always done."""
    kind: Kind
    at_s: float
    """Seconds after the beginning."""
    who: str
    """`user/NAME` or `role/NAME` of AWS, a mail address of Cloudflare."""
    does: str
    """Event name of AWS, action of Cloudflare's first version, method and path of its second."""
    address: str
    agent: str = ""
    target: str = ""
    """The function or script."""
    error: str = ""
    token: str = ""
    """Name of the API token that it was done with; without one it was done on the dashboard."""
    every_s: Annotated[float, msgspec.Meta(gt=0)] = 86_400.0
    times: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A program that somebody starts on a machine."""

    case: str
    at_s: float
    machine: str
    user: str
    image: str
    command: str
    parent: str
    company: str = ""


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One test with its negatives."""

    sentence: str
    start: datetime
    cases: dict[str, str]
    """Case → what it is, and what an analyst would want to hear of it."""
    deeds: list[Deed] = msgspec.field(name="deed")
    commands: list[Command] = msgspec.field(name="command", default_factory=list)


def load_plan(name: str) -> Plan:
    """One of ours."""
    return msgspec.toml.decode((_FOLDER / f"{name}.toml").read_bytes(), type=Plan)


def records(plan: Plan) -> dict[str, list[str]]:
    """Log → its lines in the order of time."""
    done = sorted(
        (plan.start.timestamp() + deed.at_s + turn * deed.every_s, number)
        for number, deed in enumerate(plan.deeds)
        for turn in range(deed.times)
    )
    lines: dict[str, list[str]] = {}
    for time_s, number in done:
        deed = plan.deeds[number]
        log = "aws_cloudtrail" if deed.kind == "aws_cloudtrail" else "cloudflare_audit"
        record = _MAKERS[deed.kind](deed, time_s, _identifiers(number, time_s))
        lines.setdefault(log, []).append(json.dumps(record, separators=(",", ":")))
    return lines


def write_plan(plan: Plan, to: Path) -> None:
    """Write the logs, and the hidden list of cases, into a folder; with the machine's part where there is one."""
    to.mkdir(parents=True, exist_ok=True)
    for log, lines in records(plan).items():
        _write(to / f"cloud-{log}.log", lines)
    if plan.commands:
        _write(to / "desk-windows_sysmon.log", sysmon.events(_started(plan, one) for one in plan.commands))
    (to / CASES).write_bytes(msgspec.json.encode(plan.cases) + b"\n")


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def _started(plan: Plan, command: Command) -> Sighting:
    """A program that somebody starts, as a sensor notes it; whom it then calls is not among these logs."""
    rng = seeded("command", command.command)
    machine = Machine(command.machine, "desk", "desktop", command.user, ("10.20.0.10",), "", challenged=False)
    program = Installed(
        command.image, command.company, command.parent, command.command, f"CORP\\{command.user}", 1, None
    )
    guid = f"{{{rng.getrandbits(32):08x}-0000-0000-0000-{rng.getrandbits(48):012x}}}"
    time_s = plan.start.timestamp() + command.at_s
    call = Record(
        start_s=time_s, end_s=time_s, machine=machine, src_ip="10.20.0.10", src_port=50_000, dst_ip="192.0.2.80",
        host="api.example", scheme="https", method="PUT", path=None, user_agent=None, status=200, bytes_up=0,
        bytes_down=0,
    )  # fmt: skip
    return Sighting("started", time_s, Run(machine, program, guid, 4_242, 1_212, time_s), call)


def _identifiers(number: int, time_s: float) -> Iterator[str]:
    """Identifiers as logs have them, the same in every run."""
    rng = seeded("record", number, time_s)
    while True:
        bits = f"{rng.getrandbits(128):032x}"
        yield f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"


def _stamp(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _cloudtrail(deed: Deed, time_s: float, identifiers: Iterator[str]) -> dict[str, Any]:
    """A record of CloudTrail 1.11; a denied call has neither parameters nor an answer."""
    reads = deed.does.startswith(("List", "Get", "Describe"))
    called = deed.does.startswith("Invoke")
    parameters = {"functionName": deed.target} if deed.target else {}
    record: dict[str, Any] = {
        "eventVersion": "1.11", "userIdentity": _identity(deed), "eventTime": _stamp(time_s),
        "eventSource": "lambda.amazonaws.com", "eventName": deed.does, "awsRegion": "eu-north-1",
        "sourceIPAddress": deed.address, "userAgent": deed.agent,
        "requestParameters": None if deed.error else parameters or None, "responseElements": None,
        "requestID": next(identifiers), "eventID": next(identifiers), "readOnly": reads or called,
        "eventType": "AwsApiCall", "managementEvent": not called, "recipientAccountId": _ACCOUNT,
        "eventCategory": "Data" if called else "Management",
    }  # fmt: skip
    if deed.error:
        action = deed.does.partition("20")[0]
        record["errorCode"] = deed.error
        record["errorMessage"] = f"not authorized to perform: lambda:{action}"
    return record


def _identity(deed: Deed) -> dict[str, Any]:
    kind, _, name = deed.who.partition("/")
    if kind == "user":
        return {
            "type": "IAMUser", "principalId": "AIDAEXAMPLE" + name.upper().replace(".", "")[:9],
            "arn": f"arn:aws:iam::{_ACCOUNT}:user/{name}", "accountId": _ACCOUNT, "userName": name,
            "accessKeyId": "AKIAEXAMPLE" + name.upper().replace(".", "")[:9],
        }  # fmt: skip
    return {
        "type": "AssumedRole", "principalId": f"AROAEXAMPLE:{name}-session",
        "arn": f"arn:aws:sts::{_ACCOUNT}:assumed-role/{name}/{name}-session", "accountId": _ACCOUNT,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role", "arn": f"arn:aws:iam::{_ACCOUNT}:role/{name}", "accountId": _ACCOUNT, "userName": name,
            },
        },
    }  # fmt: skip


def _cloudflare_v1(deed: Deed, time_s: float, identifiers: Iterator[str]) -> dict[str, Any]:
    """A record of the first version, which knows no software of the client."""
    return {
        "id": next(identifiers), "when": _stamp(time_s), "action": {"type": deed.does, "result": not deed.error},
        "actor": {"email": deed.who, "id": next(identifiers), "ip": deed.address, "type": "user"},
        "interface": "API" if deed.token else "UI", "owner": {"id": _CF_ACCOUNT},
        "resource": {"type": "script", "id": deed.target}, "metadata": {}, "newValue": "", "oldValue": "",
    }  # fmt: skip


def _cloudflare_v2(deed: Deed, time_s: float, identifiers: Iterator[str]) -> dict[str, Any]:
    """A record of the second version: the request itself, and in which context it was made."""
    method, _, path = deed.does.partition(" ")
    words = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete", "GET": "view"}
    actor: dict[str, Any] = {
        "id": next(identifiers).replace("-", ""), "type": "user", "email": deed.who, "ip_address": deed.address,
        "context": "api_token" if deed.token else "dash",
    }  # fmt: skip
    if deed.token:
        actor |= {"token_name": deed.token, "token_id": f"{seeded('token', deed.token).getrandbits(64):016x}"}
    return {
        "id": next(identifiers), "account": {"id": _CF_ACCOUNT, "name": "Example"}, "actor": actor,
        "action": {"type": words[method], "result": "failure" if deed.error else "success", "time": _stamp(time_s)},
        "raw": {
            "method": method, "uri": f"/client/v4/accounts/{_CF_ACCOUNT}{path}", "user_agent": deed.agent,
            "status_code": int(deed.error or 200), "cf_ray_id": next(identifiers).replace("-", "")[:16],
        },
        "resource": {"product": "workers", "type": "script", "id": deed.target},
    }  # fmt: skip


_MAKERS = {"aws_cloudtrail": _cloudtrail, "cloudflare_v1": _cloudflare_v1, "cloudflare_v2": _cloudflare_v2}
