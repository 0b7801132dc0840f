"""Zeek's http.log: each HTTP request a sensor saw in the clear, with its reply, as TSV or JSON, also http_red.

Format: https://docs.zeek.org/en/master/logs/http.html

The time is that of the request. `bytes_up` and `bytes_down` are the bodies only, decompressed, without headers:
a GET sends 0. A request to a proxy (CONNECT, or an absolute URI) names its destination itself; the address it
was sent to is then the proxy's, `proxy_ip`. `content_type` is what Zeek found the reply's first body to be.

The first address of X-Forwarded-For is kept beside the client's, as anyone can write it; a hunt believes proxies. The
option `forwarded_for` believes every such header as far as it names a private address.

Cannot show: anything inside TLS (ssl.log has the names), how long a request took, the process; the user, unless
by basic authentication; what happens in a tunnel after its CONNECT.
"""

from typing import TYPE_CHECKING, Any

from sferic.model.event import HTTP, Event, Line
from sferic.sources import _wire, _zeek
from sferic.sources._bulk import Lines, Rows
from sferic.sources._contract import Setup
from sferic.sources._fields import forwarded, is_inside, status

if TYPE_CHECKING:
    from sferic.sources._zeek_bulk import Values

TABLES = (HTTP,)
FIELDS = tuple(
    "src_ip src_port forwarded_for dst_ip dst_port proxy_ip dst_host host_source user observer connection_id bytes_up"
    " bytes_down method path status user_agent referer content_type".split()
)
STAMP = "start"
MARKS = _zeek.MARKS
OPTIONS = _zeek.OPTIONS | {
    "forwarded_for": "`yes` takes a private address in X-Forwarded-For as the client, behind a proxy."
}

_FORWARDED = "X-FORWARDED-FOR -> "
_UNDECODED = "<problem-decoding>"


class Request(_zeek.Record, gc=False):
    """The fields of http.log that matter here."""

    method: Any = None
    host: Any = None
    uri: Any = None
    referrer: Any = None
    user_agent: Any = None
    request_body_len: Any = None
    response_body_len: Any = None
    status_code: Any = None
    username: Any = None
    proxied: Any = None
    resp_mime_types: Any = None


class Reader(_zeek.BulkReader):
    """Reads the requests of one file."""

    kind = "http"
    record = Request

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._believes_header = setup.options.get("forwarded_for", "").lower() in {"yes", "true", "on", "1"}

    def event(self, record: Request, line: Line) -> Event:
        """Turn a request into an event."""
        event = self.base(HTTP, record, line)
        event.method = _wire.word(record.method)
        _wire.send(event, _wire.destination(event.method, _wire.word(record.uri), _wire.word(record.host)))
        event.bytes_up = _wire.count(record.request_body_len)
        event.bytes_down = _wire.count(record.response_body_len)
        event.status = status(_wire.count(record.status_code))
        event.user_agent = _wire.word(record.user_agent)
        event.referer = _wire.word(record.referrer)
        event.content_type = _first(record.resp_mime_types)
        event.user = _user(record.username)
        event.forwarded_for = _forwarded(record.proxied, event.src_ip)
        if self._believes_header and event.forwarded_for and is_inside(event.forwarded_for):
            event.src_ip, event.src_port, event.forwarded_for = event.forwarded_for, None, None
        return event

    def bulk(self, lines: Lines) -> list[Rows] | None:
        """Read plain requests by columns, unless the client may stand in a header."""
        return None if self._believes_header else super().bulk(lines)

    def rows(self, values: "Values") -> list[Rows]:
        """Turn columns into requests; those to a proxy are left, and objects that may be of another log."""
        path = values.texts("uri")
        values.keep &= ~values.is_a("method", "connect") & ~values.has("proxied") & values.local(path)
        if values.is_json:
            told = values.has_any("request_body_len", "response_body_len")
            values.keep &= values.has("orig_h") & (told | values.has("method", "uri", "host"))
        return values.rows({
            "table": HTTP,
            "method": values.coded("method", _wire.word),
            **values.named("host", _wire.host_header, "http_host"),
            "path": path,
            "bytes_up": values.counts("request_body_len"),
            "bytes_down": values.counts("response_body_len"),
            "status": values.coded("status_code", status),
            "user_agent": values.coded("user_agent", _wire.word),
            "referer": values.coded("referrer", _wire.word),
            "content_type": values.first("resp_mime_types"),
            "user": values.coded("username", _user),
        })  # fmt: skip


def _first(values: Any) -> str | None:
    return _wire.word(values[0]) if isinstance(values, list) and values else None


def _user(value: Any) -> str | None:
    """Return the name of basic authentication; what Zeek could not decode may hold the password."""
    name = _wire.word(value)
    return None if name is None or name.startswith(_UNDECODED) else name


def _forwarded(headers: Any, peer: str | None) -> str | None:
    """Return the first address of X-Forwarded-For."""
    for header in headers if isinstance(headers, list) else ():
        if isinstance(header, str) and header.startswith(_FORWARDED):
            return forwarded(header.removeprefix(_FORWARDED), peer)
    return None
