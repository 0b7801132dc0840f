"""Blue Coat (Symantec, Broadcom) ProxySG and Cloud SWG access logs: W3C with any columns, key=value, JSON.

Formats: https://techdocs.broadcom.com/us/en/symantec-security-software/web-and-network-security/proxysg.html
and https://knowledge.broadcom.com/external/article/203342/details-for-wss-integration-with-casb-au.html

A W3C log names its columns in a `#Fields:` line, which may change within a file and may stand behind a syslog
header; other `#` lines give no event. Where that line is lost, the option `fields` names the columns.
`date`, `time` and `gmttime` are GMT. A line is written when the transaction is over.
A certificate's name (`x-rs-certificate-hostname`) is not where the client went, so it is not read. Where TLS is
intercepted, the name that the tunnel was asked for (`x-http-connect-host`) stands beside that of the request in it.

Cannot show: the process; the path inside a tunnel that is not intercepted; the server's address for what came
from the cache; the client behind an office's public address, where that is all the cloud service sees.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from sferic.model.event import HTTP, Event, Line, Reject
from sferic.model.hosts import Target, address, is_address, normalise_host, split_target
from sferic.model.words import counted
from sferic.sources._clock import MONTHS, Clock, epoch_us
from sferic.sources._contract import CERTAIN, LIKELY, NO, POSSIBLE, Setup
from sferic.sources._fields import another_name, forwarded, ip, number, port, status, text
from sferic.sources._syslog import Header, iso_time, peel

TABLES = (HTTP,)
FIELDS = (
    "src_ip", "src_port", "forwarded_for", "dst_ip", "dst_port", "dst_host", "host_source", "user", "device",
    "observer", "bytes_up", "bytes_down", "duration_ms", "method", "path", "status", "action", "user_agent", "referer",
    "content_type", "app",
)  # fmt: skip
STAMP = "end"
MARKS = (r"#\s?Fields:",)
OPTIONS = {"fields": "The columns, as after `#Fields:`, for a log that reaches you without that line."}

_HEADED = re.compile(r"<|[A-Z][a-z]{2} |20\d\d-")
_TAG = re.compile(r"[A-Za-z][\w.-]{0,63}(?:\[\d{1,10}\])?: *")
_FIELDS_LINE = re.compile(r"#\s?Fields:\s*", re.IGNORECASE)
_COMMENT = re.compile(r"#(?:Software|Version|Start-Date|End-Date|Date|Remark):")
_TOKEN = re.compile(r'"(?:[^"]|"")*+"(?=[ \t]|$)|\[[^\]"]*+\](?=[ \t]|$)|[^ \t]+')
_BORDER = frozenset({" ", ""})
_PAIR = re.compile(r'(?:^|(?<=[ "]))([A-Za-z][\w.()-]{0,63})=("(?:[^"]|"")*+"(?=[ \t]|$)|".*|[^ \t"]*)')
_PAIRS = re.compile(r'[^"]{1,300}(?:"[^"]{0,100}bluecoat[^"]{0,40})? c-ip=', re.IGNORECASE)
"""The first key stands outside quotes, where no client can put it; the older spelling opens one itself."""
_DATED = re.compile(r"\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d[ \t]")
_RESULT = re.compile(r"[ \t](?:OBSERVED|DENIED|PROXIED)[ \t]")
_SENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?[zZ]")
_CALENDAR = re.compile(
    r"\[?(\d{2})/(\d{2}|[A-Za-z]{3})/(\d{4}):(\d{2}):(\d{2}):(\d{2})(?: (?:([+-])(\d{2})(\d{2})|GMT))?\]?"
)
_ONLY_OURS = {
    "sc-filter-result", "sc-filter-category", "cs-categories", "x-exception-id", "x-virus-id",
    "cs-auth-group", "cs-auth-groups", "s-supplier-name", "cs-threat-risk",
    "x-rs-certificate-validate-status",
}  # fmt: skip
_OTHERS = {"sc-win32-status", "sc-substatus", "s-port", "x-edge-location"}
"""Columns of IIS and of CloudFront, which write W3C logs of a server, not of a proxy."""
_URLS = ("c-url", "url", "cs-url", "cs-uri", "c-uri", "cs-uri-stem")
_PLACES = {"cs-host", "x-http-connect-host", *_URLS}
_USERS = ("cs-username", "cs-user", "cs-userdn", "x-cs-username-or-ip")
_SUPPLIERS = ("r-supplier-ip", "s-supplier-ip", "s-supplier-name")
_EPOCHS = ("x-timestamp-unix-utc", "x-timestamp-unix", "timestamp", "x-timestamp")
_GMT = Clock(not_after=datetime(1970, 1, 1, tzinfo=UTC))
_PORTS = {"http": 80, "https": 443, "ftp": 21}
_OPAQUE = {"tcp", "ssl", "socks"}
"""`cs-uri-scheme` of a tunnel, whose logged path is only a filler."""

Values = dict[str, str]


class Reader:
    """Reads one file's lines; remembers the columns that the last `#Fields:` line named."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        given = setup.options.get("fields", "")
        self._columns = _columns(_FIELDS_LINE.sub("", given)) if given else ()
        self._missing = "no #Fields header yet"

    def claims(self, line: Line) -> int:
        """Be certain of this product's own columns and keys, and of dated rows that fit the header before them.

        A row of another length may be another product's, unless nobody knows it better.
        """
        content = line.text
        if (comment := self._comment(content)) is not None:
            return _claim_comment(comment)
        if _is_pairs(content) or _is_json(content):
            return CERTAIN
        dated = _DATED.match(content)
        if any(len(_tokens(row)) == len(self._columns) for row in (self._rows(content) if self._columns else ())):
            return CERTAIN if dated else LIKELY
        if self._columns:
            return POSSIBLE
        return POSSIBLE if dated and _RESULT.search(content) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Read a line by its keys, or by the columns of the header before it; a comment gives None."""
        if (comment := self._comment(line.text)) is not None:
            self._learn(comment)
            return None
        values = self._values(line.text)
        if isinstance(values, Reject):
            return values
        header = peel(line.text, self._clock) if _HEADED.match(line.text) and not _DATED.match(line.text) else None
        return _event(values, _time(values, line, header, self._clock), _observer(values, line, header))

    def _comment(self, content: str) -> str | None:
        """Return the `#…` line without a syslog header before it, or None."""
        if content.startswith("#"):
            return content
        if "#" in content and _HEADED.match(content):
            message = peel(content, self._clock).rest
            message = message if message.startswith("#") else _TAG.sub("", message, count=1)
            return message if message.startswith("#") else None
        return None

    def _learn(self, comment: str) -> None:
        if not (match := _FIELDS_LINE.match(comment)):
            return
        names = _columns(comment[match.end() :])
        self._columns = names if _claim_columns(names) else ()
        self._missing = "the #Fields header names no client or no destination"

    def _values(self, content: str) -> Values | Reject:
        counts = []
        for row in self._rows(content) if self._columns else ():
            tokens = _tokens(row)
            if len(tokens) == len(self._columns):
                return dict(zip(self._columns, tokens, strict=True))
            counts.append(len(tokens))
        if _is_pairs(content):
            return _pairs(content)
        if _is_json(content):
            return _json(content)
        if not counts:
            return Reject(self._missing)
        return Reject(f"{counted(counts[0 if _DATED.match(content) else -1], 'field')}, expected {len(self._columns)}")

    def _rows(self, content: str) -> Iterator[str]:
        """Give the line as it is, then without a syslog header, then without a program's name as well."""
        yield content
        if _HEADED.match(content):
            message = peel(content, self._clock).rest
            yield message
            yield _TAG.sub("", message, count=1)


@lru_cache(maxsize=1)
def _tokens(row: str) -> list[str]:
    """Cut a row into its values; the common shape, quoted values between spaces, needs no expression.

    `claims` and `read` ask for the same row.
    """
    first, *others = f"{row} ".split('"')
    if len(others) % 2 or not row.isprintable() or not row.isascii() or "[" in first or first[-1:] not in _BORDER:
        return _TOKEN.findall(row)
    tokens = first.split()
    for quoted, after in zip(others[::2], others[1::2], strict=True):
        if "[" in after or after[:1] != " " or after[-1] != " ":
            return _TOKEN.findall(row)
        tokens.append(f'"{quoted}"')
        tokens += after.split()
    return tokens


def _columns(names: str) -> tuple[str, ...]:
    return tuple(_column(name) for name in names.split())


def _column(name: str) -> str:
    """Spell `cs(User-Agent)`, `cs-User-Agent` and `cs_User_Agent` alike."""
    name = name.lower().replace("(", "-").replace(")", "").replace("_", "-")
    return "rs-content-type" if name == "content-type" else name


def _claim_comment(comment: str) -> int:
    if match := _FIELDS_LINE.match(comment):
        return _claim_columns(_columns(comment[match.end() :]))
    if comment.startswith("#Software: SGOS"):
        return CERTAIN
    return POSSIBLE if _COMMENT.match(comment) else NO


def _claim_columns(names: tuple[str, ...]) -> int:
    known = set(names)
    if "c-ip" not in known or not known & _PLACES:
        return NO
    if known & _ONLY_OURS or any(name.startswith("x-bluecoat-") for name in names):
        return CERTAIN
    return NO if known & _OTHERS else LIKELY


def _is_pairs(content: str) -> bool:
    return " c-ip=" in content and _PAIRS.match(content) is not None and not _DATED.match(content)


def _pairs(content: str) -> Values | Reject:
    values: Values = {}
    for name, value in _PAIR.findall(content):
        if not value.startswith('"') or (len(value) > 1 and value.endswith('"')):
            values.setdefault(_column(name), value)
    return _complete(values)


def _is_json(content: str) -> bool:
    return content.startswith("{") and '"c-ip"' in content and ('"cs-host"' in content or '"x-bluecoat-' in content)


def _json(content: str) -> Values | Reject:
    try:
        found = msgspec.json.decode(content, type=dict[str, object])
    except msgspec.DecodeError:
        return Reject("not valid JSON")
    return _complete({_column(name): str(value) for name, value in found.items() if isinstance(value, str | int)})


def _complete(values: Values) -> Values | Reject:
    return values if "c-ip" in values and _PLACES & values.keys() else Reject("no c-ip or no destination")


def _time(values: Values, line: Line, header: Header | None, clock: Clock) -> int:
    """Return the time in the line's own columns, else of its syslog header, else of its envelope."""
    if "date" in values and "time" in values:
        return iso_time(f"{values['date']} {values['time']}".replace('"', ""), _GMT)
    for name in _EPOCHS:
        if stamp := text(values.get(name)):
            return epoch_us(stamp)
    for name in ("gmttime", "localtime"):
        if stamp := text(values.get(name)):
            return _calendar_us(stamp, clock, utc=name == "gmttime")
    if sent := _SENT.search(line.text, 0, max(line.text.find("c-ip="), 0)):
        return iso_time(sent[0].upper(), clock)
    moment = header.time if header and header.time is not None else line.sent_at
    if moment is None:
        raise ValueError("no date and time")
    return moment


def _calendar_us(stamp: str, clock: Clock, *, utc: bool) -> int:
    match = _CALENDAR.fullmatch(stamp)
    if match is None:
        raise ValueError("time is not DD/MMM/YYYY:hh:mm:ss")
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    number_of = int(month) if month.isdigit() else MONTHS.get(month.lower(), 0)
    parts = (int(year), number_of, int(day), int(hour), int(minute), int(second))
    if sign:
        return clock.offset(parts, 0, (-1 if sign == "-" else 1) * (int(hours) * 60 + int(minutes)))
    return clock.offset(parts, 0, 0) if utc or stamp.rstrip("]").endswith("GMT") else clock.local(*parts)


def _event(values: Values, time: int, observer: str | None) -> Event:
    get = values.get
    method, scheme = text(get("cs-method")), (get("cs-uri-scheme") or "").lower()
    target = _target(values)
    host = normalise_host(text(get("cs-host")) or text(get("x-http-connect-host")) or "") or target.host
    name = None if host is None or is_address(host) else host
    tunnel = method == "CONNECT" or scheme in _OPAQUE
    return Event(
        table=HTTP,
        time=time,
        src_ip=ip(get("c-ip")),
        src_port=port(get("c-port")),
        forwarded_for=forwarded(text(get("cs-x-forwarded-for")), ip(get("c-ip"))),
        dst_ip=_server(values) if name or host is None else host,
        dst_port=port(get("cs-uri-port")) or target.port or port(get("r-port")) or _PORTS.get(scheme),
        dst_host=name,
        host_source=("connect" if method == "CONNECT" else "url") if name else None,
        tls_name=another_name(text(get("x-http-connect-host")), name),
        user=_user(values),
        device=text(get("x-client-device-name")),
        observer=observer,
        bytes_up=number(get("cs-bytes")),
        bytes_down=number(get("sc-bytes")),
        duration_ms=_duration_ms(values),
        method=method,
        path=None if tunnel else _path(values) or target.path,
        status=status(get("sc-status")),
        action=_action(values),
        user_agent=text(get("cs-user-agent")),
        referer=text(get("cs-referer")),
        content_type=(text(get("rs-content-type")) or "").replace("%20", " ") or None,
        app=text(get("x-bluecoat-application-name")),
    )


def _target(values: Values) -> Target:
    """Split the first column that holds a whole URL."""
    url = next((value for name in _URLS if (value := text(values.get(name)))), None)
    return split_target(url) if url else Target(None, None, None)


def _path(values: Values) -> str | None:
    path, query = text(values.get("cs-uri-path")), text(values.get("cs-uri-query"))
    if path is None or not path.startswith("/"):
        return None
    if query is None:
        return path
    return path + query if query.startswith("?") else f"{path}?{query}"


def _server(values: Values) -> str | None:
    """Return the origin's address: not that of a parent proxy, and `cs-ip` only where the client meant it."""
    if found := ip(values.get("r-ip")) or ip(values.get("cs-uri-address")):
        return found
    if values.get("s-hierarchy", "DIRECT") == "DIRECT":
        for name in _SUPPLIERS:
            if found := ip(values.get(name)):
                return found
    return ip(values.get("cs-ip")) if values.get("c-connect-type") == "Transparent" else None


def _user(values: Values) -> str | None:
    names = (text(values.get(name)) for name in _USERS)
    return next((name for name in names if name and address(name) is None), None)


def _duration_ms(values: Values) -> int | None:
    taken = number(values.get("time-taken"))
    seconds = number(values.get("duration")) if taken is None else None
    return taken if seconds is None else number(seconds * 1000)


def _action(values: Values) -> str | None:
    """Say blocked if the filter or the proxy denied, allowed if it served; else the proxy's own word."""
    result, action = values.get("sc-filter-result", "").upper(), values.get("s-action", "").upper()
    if "DENIED" in result or "DENIED" in action:
        return "blocked"
    if result in {"OBSERVED", "PROXIED"} or action.startswith("TCP_") or action == "ALLOWED":
        return "allowed"
    return text(action.lower())


def _observer(values: Values, line: Line, header: Header | None) -> str | None:
    named = text(values.get("x-bluecoat-appliance-name")) or text(values.get("s-computername"))
    return named or (header.host if header else None) or line.sender
