"""Amazon Route 53 Resolver query logs: one line for each name that something in a VPC asked for.

Format: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
JSON, bare as in S3 or Firehose, or behind the time that CloudWatch's exports put before it.
The instance of `srcids` is the device. `rcode` becomes `outcome`; an answer blocked by DNS Firewall is "blocked".

Cannot show: what was connected to after the answer, names resolved elsewhere (DNS over HTTPS, own resolvers), answers
from the instance's own cache, and the asking process or user.
"""

import re

from sferic.model.event import DNS, Event, Line, Reject
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources._meaning import Names, Record, flat, from_json, moment, read

TABLES = (DNS,)
FIELDS = frozenset("src_ip src_port dst_host host_source device action protocol answers outcome".split())
STAMP = "start"

_NAMES: Names = {
    "query_name": ("query_name",),
    "answers": ("answers.Rdata",),
    "src_ip": ("srcaddr",),
    "src_port": ("srcport",),
    "device": ("srcids.instance",),
    "protocol": ("transport",),
    "action": ("firewall_rule_action",),
    "outcome": ("rcode",),
}
_PREFIX = re.compile(r"(?:\d{4}-\d\d-\d\d[T ][\d:.]{8,15}(?:Z|[+-]\d\d:?\d\d)? (?:\S{1,200} )?)?(?=\{)")


class Reader:
    """Reads the lines of one file; each stands alone."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock

    def claims(self, line: Line) -> int:
        """Claim objects with Resolver's own keys."""
        text = line.text
        own = '"query_timestamp"' in text and '"query_name"' in text and '"srcaddr"' in text
        return CERTAIN if own and _PREFIX.match(text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a query into an event."""
        start = _PREFIX.match(line.text)
        if start is None:
            return Reject("not a JSON object")
        record = from_json(line.text[start.end() :])
        event = read(Record(flat(record), _NAMES), 0, DNS)
        if not isinstance(event, Event):
            return event or Reject("no name asked for")
        event.time = moment(record.get("query_timestamp"), self._clock)
        return event
