"""Amazon VPC flow logs: for each network interface, what one side of a connection sent within a minute or ten.

Format: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
The default format (version 2), with or without its header, and any custom format by its header line or by the option
`format`; bare as in S3, or behind the time that CloudWatch's exports put before each record. As Parquet, or as JSON
objects that name the fields, no header is needed.

A record is one direction: its bytes went from `srcaddr` to `dstaddr`, so a connection leaves two records each
interval. Both become events with the same client and server: of the client's packets the bytes are `bytes_up`, of the
server's `bytes_down`, and the other count is unknown. Who the client is, `tcp-flags` say where logged (a SYN without
ACK is the client's, a SYN with ACK the server's), else the ports (the lower is the server's), else the addresses (the
private one is the client's), else the source is. The two records of one minute's start share a `connection_id`, so
that a hunt counts them once, with both counts; records of intervals that follow each other are one connection there.
Where `pkt-srcaddr` and `pkt-dstaddr` are logged, they count: behind a NAT gateway they are the real ends. The instance
is the device where its interface is the client's.

NODATA and SKIPDATA records and header lines are known and give no event.

Cannot show: host names, single connections or requests (a record adds up all packets of one interval, so timing finer
than the interval is lost), traffic to Amazon's own resolver, and the process or user.
"""

import re
from collections.abc import Sequence

from sferic.model.errors import UsageError
from sferic.model.event import NETWORK, Event, Line, Reject
from sferic.model.words import counted
from sferic.sources._clock import epoch_us
from sferic.sources._contract import CERTAIN, LIKELY, NO, Setup
from sferic.sources._fields import ip, is_inside, number, port, text, transport, verdict
from sferic.sources._meaning import from_json

TABLES = (NETWORK,)
FIELDS = frozenset(
    "src_ip src_port dst_ip dst_port device connection_id bytes_up bytes_down duration_ms action protocol".split()
)
STAMP = "start"
IS_PERIODIC = True
MARKS = (r"\bsrcaddr[ ,\r\n]",)
NAMELESS_MARKS = (r"\beni-[0-9a-f]{8,17} ", r'"srcaddr"', r" (?:ACCEPT|REJECT) OK\b", r" 1\d{9} 1\d{9}\b", *MARKS)
OPTIONS = {"format": "The flow log's custom format, as its console page shows it: `${version} ${account-id} …`."}

_DEFAULT = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
).split()
_PREFIX = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{8,15}(?:Z|[+-]\d\d:?\d\d)? (?:\S{1,200} (?=\d{1,2} ))?")
_IN_JSON = ('"srcaddr"', '"dstaddr"', '"start"')
_NAME = re.compile(r"[a-z][a-z0-9-]{1,40}")
_STATUSES = {"OK", "NODATA", "SKIPDATA"}
_SYN, _ACK = 2, 16
MINUTE_US = 60_000_000
"""The shortest interval; the records of the two directions begin within the same one, but for rare borders."""


class Reader:
    """Reads the lines of one file; remembers the columns that a header or the option gives."""

    def __init__(self, setup: Setup) -> None:
        self._columns: Sequence[str] = _DEFAULT
        self._told = "format" in setup.options
        if self._told:
            self._columns = _names(setup.options["format"])
            if not {"srcaddr", "dstaddr", "start"} <= set(self._columns):
                raise UsageError("aws_vpc_flow needs srcaddr, dstaddr and start in its format")

    def claims(self, line: Line) -> int:
        """Claim headers, and records whose columns hold what their names promise."""
        if line.text.startswith("{"):
            return CERTAIN if all(name in line.text for name in _IN_JSON) else NO
        cells = _cells(line.text)
        if _is_header(cells):
            return CERTAIN
        if len(cells) != len(self._columns):
            return NO
        found = dict(zip(self._columns, cells, strict=True))
        if found.get("log-status", "OK") not in _STATUSES or not found.get("version", "2").isdigit():
            return NO
        if found.get("interface-id", "").startswith("eni-"):
            return CERTAIN
        return LIKELY if ip(found.get("srcaddr")) and ip(found.get("dstaddr")) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Turn a record into an event of its connection; None for headers and records without traffic."""
        if line.text.startswith("{"):
            fields = from_json(line.text).items()
            return _read({name.lower().replace("_", "-"): str(value) for name, value in fields if value is not None})
        cells = _cells(line.text)
        if _is_header(cells):
            self._columns = _names(" ".join(cells))
            return None
        if len(cells) != len(self._columns):
            return Reject(f"{counted(len(cells), 'field')}, expected {len(self._columns)}")
        return _read(dict(zip(self._columns, cells, strict=True)))


def _read(found: dict[str, str]) -> Event | Reject | None:
    if found.get("log-status") in {"NODATA", "SKIPDATA"}:
        return None
    if ip(found.get("srcaddr")) is None or ip(found.get("dstaddr")) is None:
        return Reject("srcaddr or dstaddr is no address")
    return _event(found)


def _cells(line: str) -> list[str]:
    """Split a record at spaces, or at the commas of a table made of it."""
    m = _PREFIX.match(line)
    bare = line[m.end() :] if m else line
    if "," in bare:
        return [cell.strip(' "') for cell in bare.split(",")]
    return bare.split()


def _is_header(cells: Sequence[str]) -> bool:
    names = {cell.lower().replace("_", "-") for cell in cells} if len(cells) > 2 else set()
    return {"srcaddr", "dstaddr"} <= names and all(map(_NAME.fullmatch, names))


def _names(text: str) -> list[str]:
    return _NAME.findall(text.lower().replace("_", "-"))


def _event(found: dict[str, str]) -> Event:
    start, end = epoch_us(found.get("start", "")), number(found.get("end"))
    source, target = (ip(found.get(f"pkt-{side}")) or ip(found.get(side)) for side in ("srcaddr", "dstaddr"))
    source_port, target_port = port(found.get("srcport")), port(found.get("dstport"))
    sent = number(found.get("bytes"))
    event = Event(
        table=NETWORK,
        time=start,
        src_ip=source,
        src_port=source_port,
        dst_ip=target,
        dst_port=target_port,
        bytes_up=sent,
        duration_ms=None if end is None else number(max(end * 1000 - start // 1000, 0)),
        action=verdict(found.get("action")),
        protocol=transport(found.get("protocol")),
    )
    if _is_reply(event, number(found.get("tcp-flags"))):
        event.src_ip, event.src_port, event.dst_ip, event.dst_port = target, target_port, source, source_port
        event.bytes_up, event.bytes_down = None, sent
    if event.src_port and event.dst_port:
        ends = f"{event.src_ip}:{event.src_port}>{event.dst_ip}:{event.dst_port}"
        event.connection_id = f"{ends}/{event.protocol}@{start // MINUTE_US}"
    if _is_clients(found.get("flow-direction"), event, source):
        event.device = text(found.get("instance-id"))
    return event


def _is_reply(event: Event, flags: int | None) -> bool:
    """Judge whether the record's source is the server."""
    if flags is not None and flags & _SYN:
        return bool(flags & _ACK)
    if event.src_port and event.dst_port and event.src_port != event.dst_port:
        return event.src_port < event.dst_port
    inside = is_inside(event.src_ip or ""), is_inside(event.dst_ip or "")
    return inside == (False, True)


def _is_clients(direction: str | None, event: Event, source: str | None) -> bool:
    """Judge whether the interface, and so its instance, is the client's and not the server's."""
    if direction in {"egress", "ingress"}:
        return (direction == "egress") == (event.src_ip == source)
    return is_inside(event.src_ip or "") and not is_inside(event.dst_ip or "")
