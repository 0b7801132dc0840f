"""Makes an event of values that already have names, by a table of which names carry which meaning.

A source that reads CEF, ECS or anything else with named fields writes such a table and finds its values; what a URL,
a literal address or a word for "blocked" become is decided here, once.

Meanings are the event's own fields, plus `url`, `http_host`, `sni` and `query_name` for the ways to name a server,
`query` for what follows the path, and `duration_s`, `duration_us`, `duration_ns`.

What it does not do: parse lines, or know a product. Nothing is guessed: a value that does not fit is unknown.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from sferic.model.event import DNS, HTTP, NETWORK, PROCESS, Event, Reject
from sferic.model.hosts import Target, address, is_address, normalise_host, split_target
from sferic.sources._clock import MONTHS, Clock, epoch_us
from sferic.sources._envelope import splunk_time
from sferic.sources._fields import another_name, forwarded, port, status, text, transport, verdict
from sferic.sources._syslog import fraction_us, iso_time, peel

Names = Mapping[str, tuple[str, ...]]
"""Meaning → the names that carry it; the first with a value counts."""

MEANINGS = frozenset(
    "time src_ip src_port forwarded_for proxy_ip dst_ip dst_port dst_host user device observer connection_id bytes_up"
    " bytes_down bytes_total duration_ms duration_s duration_us duration_ns method path query status action user_agent"
    " referer content_type protocol app answers outcome process_path process_id parent_path command_line"
    " process_guid parent_id parent_guid company signer session"
    " url http_host sni query_name".split()
)
_DESTINATIONS = ("url", "http_host", "sni", "dst_host", "dst_ip", "query_name")
_OF_HTTP = ("url", "http_host", "method", "user_agent", "path")
_DURATIONS = (("duration_ms", 1.0), ("duration_s", 1e3), ("duration_us", 1e-3), ("duration_ns", 1e-6))
_MOST = 10**18
_LONGEST_MS = 10**12
_RCODES = {"0": "noerror", "1": "formerr", "2": "servfail", "3": "nxdomain", "4": "notimp", "5": "refused"}
MAX_VALUES = 64
"""Values read from one list; a hostile line's others are ignored."""

_BETWEEN = re.compile(r"[\s,;|]+")
_KIBANA = re.compile(
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{1,2}), (\d{4}) @ (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?"
)
_ZONED = re.compile(r"(.{19,29}) [A-Z]{2,5}")
"""An ISO time with the name of a zone that several share."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOWHERE = Target(None, None, None)


class Place(msgspec.Struct, frozen=True, gc=False):
    """The server as a record names it: a host name and where that stood, or else a literal address."""

    host: str | None = None
    origin: str | None = None
    address: str | None = None


class Record:
    """One line's values by name, under the meanings that a table gives the names."""

    __slots__ = ("_names", "_values")

    def __init__(self, values: Mapping[str, Any], names: Names) -> None:
        self._values = values
        self._names = names

    def texts(self, meaning: str) -> list[str]:
        """Return the values that say something, as text, in the order of their names; of a list its first members."""
        found: list[str] = []
        for name in self._names.get(meaning, ()):
            value = self._values.get(name)
            members = value[:MAX_VALUES] if type(value) is list else (value,)
            found.extend(cleaned for one in members if (cleaned := _text(one)))
        return found

    def text(self, meaning: str) -> str | None:
        """Return the first value that says something."""
        for name in self._names.get(meaning, ()):
            value = self._values.get(name)
            if value is None:
                continue
            if type(value) is list:
                value = next((cleaned for one in value[:MAX_VALUES] if (cleaned := _text(one))), None)
            if (cleaned := _text(value)) is not None:
                return cleaned
        return None

    def lower(self, meaning: str) -> str | None:
        """Return the first value that says something, in lower case."""
        found = self.text(meaning)
        return found.lower() if found else None

    def address(self, meaning: str) -> str | None:
        """Return the first value that is an IP address."""
        return next((known for found in self.texts(meaning) if (known := address(found))), None)

    def name(self, meaning: str) -> str | None:
        """Return the first value that is not an IP address."""
        return next((found for found in self.texts(meaning) if address(found) is None), None)

    def count(self, meaning: str) -> int | None:
        """Return the first value that is a number, not below 0 and with at most 18 digits."""
        found = self.number(meaning)
        return None if found is None else int(found)

    def number(self, meaning: str) -> float | int | None:
        """Return the first value that is a number, whole or not."""
        for name in self._names.get(meaning, ()):
            value = self._values.get(name)
            if value is None:
                continue
            for one in value[:MAX_VALUES] if type(value) is list else (value,):
                if (found := _number(one)) is not None:
                    return found
        return None

    def duration_ms(self) -> int | None:
        """Return the duration, whichever unit it is given in."""
        for meaning, factor in _DURATIONS:
            if (found := self.number(meaning)) is not None and found * factor < _LONGEST_MS:
                return int(found * factor)
        return None


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return text(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def read(record: Record, time: int, table: str | None = None) -> Event | Reject | None:
    """Make the event; None for a record that has no field for a destination, so that it is no connection.

    Without a given table, a name that was asked for makes it DNS, a request's field HTTP, anything else a flow.
    A started process needs no destination, but a path or a name of its own.
    """
    if table == PROCESS:
        event = _flow(record, time, table)
        return event if event.process_path or event.process_guid else Reject("the process has no name")
    method = record.text("method")
    method = method.upper() if method else None
    target = split_target(url) if (url := record.text("url")) else _NOWHERE
    if table is None:
        table = _table(record)
    place = _asked(record) if table == DNS else _place(record, table, target, method == "CONNECT")
    server = record.address("dst_ip") or place.address
    if place.host is None and server is None:
        stated = any(record.text(meaning) for meaning in _DESTINATIONS)
        reason = (
            "name asked for is no host name" if table == DNS else "destination is neither a host name nor an address"
        )
        return Reject(reason) if stated else None
    event = _flow(record, time, table)
    event.dst_ip, event.dst_host, event.host_source = server, place.host, place.origin
    event.dst_port = event.dst_port or target.port
    if table == DNS:
        event.answers = _answers(record, place.host)
        event.outcome = _RCODES.get(event.outcome or "", event.outcome)
    else:
        event.tls_name = another_name(record.text("sni"), place.host)
    if table == HTTP:
        _add_request(event, record, method, target)
    return event


def _table(record: Record) -> str:
    if record.text("query_name"):
        return DNS
    return HTTP if any(record.text(meaning) for meaning in _OF_HTTP) else NETWORK


def _asked(record: Record) -> Place:
    host = normalise_host(record.text("query_name") or "")
    return Place(host, "dns_query") if host else Place()


def _place(record: Record, table: str, target: Target, tunnel: bool) -> Place:
    """Take the name from the URL, the Host header, the SNI or a plain field, in this order."""
    asked = "connect" if tunnel else None
    plain = asked or ("http_host" if table == HTTP else None)
    stated = (("http_host", asked or "http_host"), ("sni", "sni"), ("dst_host", plain), ("dst_ip", asked))
    literal = None
    if target.host:
        if not is_address(target.host):
            return Place(target.host, asked or "url")
        literal = target.host
    for meaning, origin in stated:
        for found in record.texts(meaning):
            if (host := normalise_host(found)) and not is_address(host):
                return Place(host, origin, literal)
            literal = literal or host
    return Place(address=literal)


def _flow(record: Record, time: int, table: str) -> Event:
    up, down = record.count("bytes_up"), record.count("bytes_down")
    client = record.address("src_ip")
    return Event(
        table=table,
        time=time,
        src_ip=client,
        src_port=port(record.count("src_port")),
        forwarded_for=forwarded(record.text("forwarded_for"), client),
        proxy_ip=record.address("proxy_ip"),
        dst_port=port(record.count("dst_port")),
        user=record.text("user"),
        device=record.name("device"),
        observer=record.text("observer"),
        connection_id=record.text("connection_id"),
        bytes_up=up,
        bytes_down=down,
        bytes_total=record.count("bytes_total") if up is None and down is None else None,
        duration_ms=record.duration_ms(),
        action=verdict(record.text("action")),
        protocol=transport(record.text("protocol")),
        app=record.lower("app"),
        outcome=record.lower("outcome"),
        process_path=record.text("process_path"),
        process_id=record.count("process_id"),
        parent_path=record.text("parent_path"),
        process_guid=record.text("process_guid"),
        parent_id=record.count("parent_id"),
        parent_guid=record.text("parent_guid"),
        command_line=record.text("command_line"),
        company=record.text("company"),
        signer=record.text("signer"),
        session=record.count("session"),
    )


def _add_request(event: Event, record: Record, method: str | None, target: Target) -> None:
    event.method = method
    event.status = status(record.count("status"))
    event.user_agent = record.text("user_agent")
    event.referer = record.text("referer")
    event.content_type = record.text("content_type")
    if method != "CONNECT":
        event.path = target.path or _path(record)


def _path(record: Record) -> str | None:
    path, query = record.text("path"), record.text("query")
    if path is None or not path.startswith("/"):
        return None
    return f"{path}?{query.removeprefix('?')}" if query and "?" not in path else path


def _answers(record: Record, asked: str | None) -> tuple[str, ...] | None:
    words = (word for found in record.texts("answers") for word in _BETWEEN.split(found)[:MAX_VALUES])
    hosts = (host for word in words if (host := normalise_host(word)) and host != asked)
    return tuple(dict.fromkeys(hosts)) or None


def _number(value: Any) -> float | int | None:
    """Read a number, also as text and with commas between the thousands; None for anything else or too large."""
    if isinstance(value, str):
        if value.isascii() and value.isdigit() and len(value) < 19:
            return int(value)
        digits = value.strip().replace(",", "")
        whole, dot, fraction = digits.partition(".")
        if not (whole.isascii() and whole.isdigit() and len(whole) < 19):
            return None
        return float(digits) if dot and fraction.isascii() and fraction.isdigit() else None if dot else int(whole)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < _MOST else None


def moment(value: Any, clock: Clock) -> int:
    """Read a time in any usual form: epoch in any unit, ISO 8601, Splunk's, Kibana's or syslog's.

    Where it names no zone it is in the clock's. Raises ValueError for anything else.
    """
    written = str(value).strip()
    if written.replace(".", "", 1).isdigit():
        return epoch_us(written)
    if m := _KIBANA.fullmatch(written):
        day, year, hour, minute, second = (int(m[i]) for i in range(2, 7))
        return clock.local(year, MONTHS[m[1].lower()], day, hour, minute, second, fraction_us(m[7]))
    if (known := splunk_time(written)) is not None:
        return known
    if written[4:5] in {"-", "/"}:
        named = _ZONED.fullmatch(written)
        return iso_time(named[1] if named else written, clock)
    if (found := peel(written, clock).time) is None:
        raise ValueError("time is in no known form")
    return found


def formatted(written: str, form: str, clock: Clock) -> int:
    """Read a time by `strptime`'s directives; in `clock`'s zone where the form has none."""
    zoned = "%z" in form
    try:
        found = datetime.strptime(written if zoned else f"{written} +0000", form if zoned else f"{form} %z").astimezone(
            UTC
        )
    except ValueError:
        raise ValueError("time is not in the form given for it") from None
    if zoned:
        return (found - _EPOCH) // timedelta(microseconds=1)
    return clock.local(*found.timetuple()[:6], found.microsecond)


def flat(
    record: Mapping[str, Any], prefix: str = "", depth: int = 8, into: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Bring nested objects to dotted names; of a list of objects, each name has the list of its values."""
    found = {} if into is None else into
    for key, value in record.items():
        name = prefix + key
        if type(value) is dict:
            if depth:
                flat(value, name + ".", depth - 1, found)
        elif type(value) is list and value and type(value[0]) is dict:
            for one in value[:MAX_VALUES]:
                for inner, member in one.items() if type(one) is dict else ():
                    held = found.setdefault(f"{name}.{inner}", [])
                    if type(held) is list:
                        held.append(member)
        elif value is not None:
            found.setdefault(name, value)
    return found


_JSON = msgspec.json.Decoder(dict[str, Any])


def from_json(line: str) -> dict[str, Any]:
    """Read a JSON object; a ValueError says that it is none."""
    try:
        return _JSON.decode(line.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("not a JSON object") from None
