"""AWS CloudTrail: who called which AWS API, from S3 files, CloudTrail Lake, Athena, EventBridge, CloudWatch.

Format: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
One record a line. A file from S3 (`{"Records":[…]}`, all in one line) has been cut into its records before, as have
CloudWatch's batches. Taken off are EventBridge's envelope (`detail`), Lake's `eventData`, and `lookup-events`
(`CloudTrailEvent`). Athena writes all names in lower case and structures as `{type=IAMUser, …}` or as JSON in a text;
such a row is brought back to CloudTrail's own names.

`operation` is the event's name as logged: Lambda's carry the date of their API (`UpdateFunctionCode20150331v2`), and
CloudFront has a `CreateFunction…` too, so read it together with `app`, the event's source.
`resource` is the function's name for all that touches one, a schedule or a rule of events that calls it included; of a
denied call, whose parameters are empty, it is taken from the error's message. A service that calls for somebody stands
in the address's place, which is then unknown.

Cannot show: who invoked a function, and by its URL, unless data events are switched on; what the new code does; a
change in an account or region whose trail is not here.
"""

import re
from typing import Any

from sferic.model.event import API, Event, Line, Reject
from sferic.sources import _audit
from sferic.sources._audit import Entry, part_at, text_at
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip
from sferic.sources._table import Table

TABLES = (API,)
FIELDS = _audit.FIELDS | {"app"}
STAMP = "end"
_WATCHED = (
    "CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "AddPermission", "PutResourcePolicy",
    "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig", "DeleteFunctionCodeSigningConfig", "PublishFunction",
    "PutIntegration", "UpdateIntegration", "CreateIntegration", "CreateWebFunction", "CreateWebFunctionEndpoint",
    "UpdateWebFunctionEndpoint",
)  # fmt: skip
MARKS = (
    rf'[",](?:{"|".join(_WATCHED)})(?:20\d{{6}}|20\d{{2}}_\d{{2}}_\d{{2}})?(?:v\d)?[\\]?[",]',
    r"eventname\"?[,;\t\r\n]",
)

_CLAIM = re.compile(r'\beventSource\\?" ?: ?\\?"[a-z0-9.-]{1,80}\.amazonaws\.com\b', re.IGNORECASE)
_NAMES = {
    name.lower(): name
    for name in (
        "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode"
        " errorMessage requestParameters responseElements additionalEventData requestID eventID readOnly resources"
        " eventType apiVersion recipientAccountId serviceEventDetails sharedEventID vpcEndpointId eventCategory"
        " managementEvent tlsDetails sessionCredentialFromConsole type principalId arn accountId accessKeyId userName"
        " sessionContext invokedBy identityProvider attributes mfaAuthenticated creationDate sessionIssuer"
    ).split()
}
_NESTED = ("userIdentity", "requestParameters", "responseElements", "additionalEventData")
_ROW = re.compile(r"(?P<open>\w{1,60})=\{|(?P<close>\})|(?P<name>\w{1,60})=(?P<value>[^,{}]{0,2000})")
_FUNCTION = re.compile(r":function:([A-Za-z0-9_-]{1,140})")
_NAMED_BY = (
    "functionName", "restApiId", "apiId", "distributionId", "roleName", "userName", "bucketName", "keyName", "name",
)  # fmt: skip


class Reader:
    """Reads the records of one file; of a table it remembers the header."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        self._table: Table | None = None

    def claims(self, line: Line) -> int:
        """Claim records by their event source, tables by their header, and a table's rows."""
        text = line.text
        if text.startswith("{"):
            return CERTAIN if _CLAIM.search(text) else NO
        if self._table is not None:
            return self._table.claim(text, CERTAIN)
        return CERTAIN if _is_header(text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a record into an event; None for a table's header."""
        if line.text.startswith("{"):
            return self._event(_unwrapped(_audit.entry(line.text)), line)
        if self._table is None:
            self._table = Table.from_header(line.text)
            return None
        row = self._table.row(line.text)
        return None if row is None else self._event(_restored(dict(row)), line)

    def _event(self, found: Entry, line: Line) -> Event | Reject:
        record = found.record
        operation, service = text_at(record, "eventName"), text_at(record, "eventSource")
        if operation is None:
            return Reject("no eventName")
        event = _audit.begun(found, record.get("eventTime"), self._clock, line, "AWS")
        event.operation, event.app = operation, service
        event.src_ip = ip(text_at(record, "sourceIPAddress"))
        event.user_agent = text_at(record, "userAgent")
        event.user, event.actor = _who(part_at(record, "userIdentity"))
        event.cloud_account = text_at(record, "recipientAccountId", "userIdentity.accountId")
        event.resource = _audit.first_line(_resource(record))
        event.outcome = _audit.result(failed=bool(record.get("errorCode") or record.get("errorMessage")))
        return event


def _unwrapped(found: Entry) -> Entry:
    if "eventName" not in found.record:
        found = _audit.inner(found, "detail", "eventData", "CloudTrailEvent")
    return found if "eventName" in found.record else _restored(found.record)


def _restored(row: dict[str, Any]) -> Entry:
    """Bring Athena's lower-case names, and the structures it writes as text, back to CloudTrail's form."""
    record = {_NAMES.get(key.lower(), key): value for key, value in row.items() if value not in ("", None)}
    for key in _NESTED:
        value = record.get(key)
        if isinstance(value, str):
            record[key] = _structure(value)
        elif isinstance(value, dict) and key == "userIdentity":
            record[key] = {_NAMES.get(name.lower(), name): inner for name, inner in value.items()}
    return _audit.rewritten(record)


def _structure(text: str) -> Any:
    """Read JSON, or a row as Presto writes it: `{type=Root, sessioncontext={…}}`."""
    try:
        return _audit.entry(text).record
    except ValueError:
        pass
    stack: list[dict[str, Any]] = [{}]
    for found in _ROW.finditer(text[:20_000]):
        if found["open"]:
            made: dict[str, Any] = {}
            stack[-1][_NAMES.get(found["open"].lower(), found["open"])] = made
            stack.append(made)
        elif found["close"] and len(stack) > 1:
            stack.pop()
        elif found["name"] and found["value"].strip() != "null":
            stack[-1][_NAMES.get(found["name"].lower(), found["name"])] = found["value"].strip()
    return stack[0]


def _who(identity: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the name for people and the exact identity: the user's or role's, and its ARN or what stands for it."""
    issuer = part_at(identity, "sessionContext.sessionIssuer")
    user = text_at(identity, "userName") or text_at(issuer, "userName")
    exact = text_at(identity, "arn", "principalId", "invokedBy", "accountId", "type")
    return user or (re.split("[/:]", exact)[-1] if exact else None), exact


def _resource(record: dict[str, Any]) -> str | None:
    asked, answered = part_at(record, "requestParameters"), part_at(record, "responseElements")
    name = text_at(asked, "functionName") or text_at(answered, "functionName", "functionArn")
    if name:
        long = _FUNCTION.search(name)
        return long[1] if long else name.rpartition(":")[2] if name.count(":") == 1 else name
    for target in (*_audit.parts(asked.get("targets")), *_audit.parts(asked.get("target"))):
        if called := _FUNCTION.search(text_at(target, "arn", "Arn") or ""):
            return called[1]
    if refused := _FUNCTION.search((text_at(record, "errorMessage") or "")[:4000]):
        return refused[1]
    named = text_at(asked, *_NAMED_BY)
    resources = _audit.parts(record.get("resources"))
    arn = text_at(resources[0], "ARN", "arn") if resources else None
    return (
        named or arn or next((v for k, v in asked.items() if isinstance(v, str) and k.endswith(("Name", "Id"))), None)
    )


def _is_header(text: str) -> bool:
    names = {name.strip('" \r\ufeff').lower() for name in re.split(r"[,;\t|]", text[:4000])}
    return names >= {"eventname", "eventsource", "eventtime"}
