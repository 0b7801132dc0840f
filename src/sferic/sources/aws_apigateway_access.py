"""AWS API Gateway access logs: requests from outside to your own APIs, in JSON of your choice or in CLF.

Format: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
The customer chooses the fields. Read are objects whose keys are the last part of a `$context` variable's name, as in
AWS's examples (`requestId`, `ip` or `sourceIp`, `requestTime`, `httpMethod`, `path` or `resourcePath`,
`status`, `responseLength`, `domainName`), and the example in Common Log Format.

`bytes_down` is the answer's body. `path` is what was asked for; where only the resource's pattern is logged, that.

Cannot show: bodies and what a client sent; the request's host, where `domainName` is not among the chosen fields.
"""

import re

from sferic.model.event import HTTP, Event, Line, Reject
from sferic.model.hosts import normalise_host
from sferic.sources._audit import Json, entry, text_at
from sferic.sources._clock import MONTHS, Clock
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._fields import ip, number, status, text
from sferic.sources._meaning import moment

TABLES = (HTTP,)
FIELDS = frozenset("src_ip dst_host host_source user bytes_down method path status user_agent protocol".split())
STAMP = "end"

_KEYS = re.compile(r'"(?:requestTime|requestTimeEpoch)" ?:')
_OWN = re.compile(r'"(?:resourcePath|routeKey|responseLength|apiId|integrationStatus|extendedRequestId)" ?:')
_CLF = re.compile(
    r"(?P<ip>[0-9a-fA-F.:]{3,45}) (?P<caller>\S{1,200}) (?P<user>\S{1,200}) \[(?P<time>[^\]]{10,40})\] ?"
    r'"(?P<method>[A-Z]{1,20}) (?P<path>\S{1,4000}) (?P<protocol>HTTP/[\d.]{1,5})" (?P<status>\d{3})'
    r" (?P<size>\d{1,15}|-) (?P<id>[0-9a-zA-Z=_-]{8,80})$"
)
_TIME = re.compile(r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})")


class Reader:
    """Reads requests; keeps nothing between them."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim objects with a request's time and a key of API Gateway's own, and its CLF with a request's id."""
        if line.text.startswith("{"):
            return CERTAIN if _KEYS.search(line.text) and _OWN.search(line.text) else NO
        return CERTAIN if ']"' in line.text and _CLF.match(line.text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a request into an event."""
        if line.text.startswith("{"):
            values: Json = entry(line.text).record
        elif found := _CLF.match(line.text):
            values = {"ip": found["ip"], "caller": found["caller"], "user": found["user"], "requestTime": found["time"],
                      "httpMethod": found["method"], "path": found["path"], "protocol": found["protocol"],
                      "status": found["status"], "responseLength": found["size"]}  # fmt: skip
        else:
            return Reject("neither JSON nor the Common Log Format of API Gateway")
        host = normalise_host(text(text_at(values, "domainName", "host")) or "")
        return Event(
            table=HTTP,
            time=_time(values, self._clock),
            src_ip=ip(text_at(values, "ip", "sourceIp", "identity.sourceIp")),
            dst_host=host,
            host_source="http_host" if host else None,
            user=text(text_at(values, "user", "caller", "principalId")),
            method=text(text_at(values, "httpMethod", "method")) or _route(values)[0],
            path=_path(text(text_at(values, "path", "rawPath", "resourcePath")) or _route(values)[1]),
            status=status(text_at(values, "status")),
            bytes_down=number(text_at(values, "responseLength")),
            user_agent=text(text_at(values, "userAgent", "identity.userAgent")),
            protocol=text(text_at(values, "protocol")),
        )


def _route(values: Json) -> tuple[str | None, str | None]:
    """Return method and path of an HTTP API's route key, such as `GET /items/{id}`."""
    method, _, path = (text_at(values, "routeKey") or "").partition(" ")
    return (method, path) if path.startswith("/") else (None, None)


def _path(found: str | None) -> str | None:
    return found if found and found.startswith("/") else None


def _time(values: Json, clock: Clock) -> int:
    epoch = text_at(values, "requestTimeEpoch")
    if epoch:
        return moment(epoch, clock)
    written = text_at(values, "requestTime") or ""
    found = _TIME.fullmatch(written)
    if found is None:
        return moment(written, clock)
    if found[2].lower() not in MONTHS:
        raise ValueError("time names no month")
    minutes = (int(found[8]) * 60 + int(found[9])) * (-1 if found[7] == "-" else 1)
    parts = (int(found[3]), MONTHS[found[2].lower()], int(found[1]), int(found[4]), int(found[5]), int(found[6]))
    return clock.offset(parts, 0, minutes)
