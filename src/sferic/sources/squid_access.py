"""Squid's access log: native, httpd common and combined, Splunk's key=value, and any `logformat` you give.

Formats: https://wiki.squid-cache.org/Features/LogFormat and https://www.squid-cache.org/Doc/config/logformat/

Squid writes a line when the transaction is over: a CONNECT tunnel is one line, with all its bytes and time.
Queries between caches (ICP and HTCP, tags `UDP_…`) are no requests and give no event.
A next hop that is a parent or sibling cache is not the destination, so its address is not read as one.
In a format of your own, a header must stand between quotes or brackets, or be URL-encoded (Squid's default).

Cannot show: uploads, unless the format holds `%>st`; what happens inside a tunnel that is not bumped; the
process; query strings, unless `strip_query_terms` is off; the client, where `client_netmask` hides it.
"""

import re
from functools import lru_cache
from importlib import import_module

import msgspec

from sferic.model.event import HTTP, Event, Line, Reject
from sferic.model.hosts import Target, is_address, normalise_host, split_target
from sferic.model.words import counted
from sferic.sources._bulk import Lines, Rows
from sferic.sources._contract import CERTAIN, LIKELY, NO, POSSIBLE, Setup
from sferic.sources._fields import another_name, forwarded, ip, number, port, status, text
from sferic.sources._squid_logformat import (
    Layout,
    backslash_decoded,
    compile_logformat,
    percent_decoded,
)
from sferic.sources._syslog import peel

TABLES = (HTTP,)
FIELDS = (
    "src_ip", "src_port", "forwarded_for", "dst_ip", "dst_port", "dst_host", "host_source", "tls_name", "user",
    "observer", "bytes_up", "bytes_down", "duration_ms", "method", "path", "status", "action", "user_agent", "referer",
    "content_type",
)  # fmt: skip
STAMP = "end"
OPTIONS = {"logformat": "The format string of squid.conf, when the log is in a format of your own."}

_HEADED = re.compile(r"<|[A-Z][a-z]{2} |20\d\d-")
_TAG = re.compile(r"\(?[A-Za-z][\w.-]{0,63}\)?(?:\[\d{1,10}\])?: *")
_NATIVE_MARK = re.compile(r'(?:[^"]{0,200}?[ :\]])?(?=\d{9,11}\.\d{3} +-?\d{1,12} [^ ]{1,64} [A-Z][A-Z_]{1,48}/\d{3} )')
"""The start of a native line, perhaps behind a syslog header; not in quotes, where a client could put it."""
_NATIVE_START = re.compile(r"\d{9,11}\.\d{3} +-?\d{1,12} ")
_NATIVE = Layout(
    re.compile(
        r"(\d{9,11})\.(\d{3}) +(-?\d{1,12}) ([^ ]+) ([A-Z][A-Z_]*)/(\d{3}) (-?\d+|-) ([^ ]+) ([^ ]+) ([^ ]+) "
        r"([A-Za-z0-9_]+|-)/([^ ]+) ([^ ]+)(?: .*)?"
    ),
    ("ts", "tu", "tr", ">a", "Ss", ">Hs", "<st", "rm", "ru", "un", "Sh", "<a", "mt"),
)
_COMMON_FORM = (
    r"(?P<seconds>\d{9,11})\.(?P<milliseconds>\d{3}) +(?P<taken>\d{1,12}) (?P<client>[^ ]+)"
    r" (?P<result>[A-Z][A-Z_]*/\d{3}) (?P<size>\d{1,18}) (?P<method>[A-Z]+) (?P<url>[^ ]+) (?P<user>[^ ]+)"
    r" (?P<hierarchy>[A-Za-z0-9_]+/[^ ]+) (?P<kind>[^ ]+)"
)
_COMMON = re.compile(_COMMON_FORM, re.ASCII)
"""The native format and nothing more, as nearly all lines have it: read in one step, with the same result."""
_TL = re.compile(
    r"(?P<d>\d{2})/(?P<b>[A-Za-z]{3})/(?P<Y>\d{4}):(?P<H>\d{2}):(?P<M>\d{2}):(?P<S>\d{2}) (?P<z>[+-]\d{4})"
)
_PROXIED = re.compile(r'\] "(?:CONNECT |[A-Z]{3,16} [a-z]{2,9}://)')
_HTTPD_TAG = re.compile(r'["\d-] [A-Z][A-Z_]{2,48}:[A-Z][A-Z0-9_]{2,48}(?:$| \[[^"]*$)')
_HTTPD = Layout(
    re.compile(
        r'([^ ]+) ([^ ]+) ([^ ]+) \[([^\]]{20,32})\] "([^ "]*) ([^ ]*)(?: [A-Za-z]*/\d{1,2}\.\d{1,2})?" '
        r'(\d{1,3}|-) (-?\d+|-)(?: "([^"]*)" "(.*)")?(?: ([A-Z][A-Z_]*):([A-Z][A-Z0-9_]*))?(?: \[.*)?'
    ),
    (">a", "ui", "un", "tl", "rm", "ru", ">Hs", "<st", ">h:referer", ">h:user-agent", "Ss", "Sh"),
    stamps={"tl": _TL},
)
_PAIR = re.compile(r'(?:^|(?<= ))([a-z_]{2,40})=(?:"((?:[^"\\]|\\.)*+)"|\[([^\]]*)\]|([^\s"]*|".*))')
_EPOCH = re.compile(r"(?:^|(?<= ))(\d{9,11})\.(\d{3})(?= )")
_PAIR_CODES = {
    "duration": "tr", "src_ip": ">a", "src_port": ">p", "dest_ip": "<a", "dest_port": "<p",
    "user_ident": "ui", "user": "un", "local_time": "tl", "http_method": "rm", "url": "ru",
    "http_referrer": ">h:referer", "http_user_agent": ">h:user-agent", "status": ">Hs", "vendor_action": "Ss",
    "dest_status": "Sh", "http_content_type": "mt", "bytes": "st", "bytes_in": ">st", "bytes_out": "<st",
    "sni": "ssl::>sni",
}  # fmt: skip
"""Splunk's names; its `bytes_in` is what the client sent, `bytes_out` what it got."""
_REMEMBERED = 512
"""Longer roots of URLs are split anew each time."""
_DIRECT = ("DIRECT", "ORIGINAL_DST", "PINNED")
_PORTS = {"http": 80, "https": 443, "ftp": 21}


class Reader:
    """Reads one file's lines; keeps no state but the compiled format."""

    def __init__(self, setup: Setup) -> None:
        self._clock = setup.clock
        given = setup.options.get("logformat")
        self._own = compile_logformat(given) if given else None

    def claims(self, line: Line) -> int:
        """Be certain of native and key=value lines, and of httpd lines that end with `TAG:HIERARCHY`."""
        if _common(line.text) or (self._own and self._match(self._own, line.text)):
            return CERTAIN
        if _is_pairs(line.text) or _NATIVE_MARK.match(line.text):
            return CERTAIN
        if _NATIVE_START.match(line.text):
            return LIKELY
        if '] "' not in line.text:
            return NO
        if _HTTPD_TAG.search(line.text):
            return CERTAIN
        return POSSIBLE if _PROXIED.search(line.text) else NO

    def read(self, line: Line) -> Event | Reject | None:
        """Read a line in the user's format, else in whichever built-in one fits."""
        if not self._own and (cells := _common(line.text)):
            return _common_event(cells, line.sender)
        layout, values = self._values(line.text)
        if values is None:
            return Reject(self._reason(line.text))
        return self._event(values, layout.time(values, self._clock), line)

    @property
    def state(self) -> None:
        """Each line stands alone."""

    def bulk(self, lines: Lines) -> list[Rows] | None:
        """Read the common form by columns, unless the log is in a format of its own."""
        if self._own:
            return None
        bulk = import_module("sferic.sources._squid_bulk")  # hunts do without it
        found: list[Rows] = bulk.read(lines, bulk.Form(_COMMON_FORM, _outcome, _remembered_origin, _name))
        return found

    def _values(self, line: str) -> tuple[Layout, dict[str, str] | None]:
        if self._own and (values := self._match(self._own, line)):
            return self._own, values
        if mark := _NATIVE_MARK.match(line):
            return _NATIVE, _NATIVE.values(line[mark.end() :])
        return _HTTPD, _pairs(line) if _is_pairs(line) else self._match(_HTTPD, line)

    def _reason(self, line: str) -> str:
        if _is_pairs(line):
            return "no src_ip, url or status"
        if self._own:
            return "not the given logformat"
        mark = _NATIVE_MARK.match(line)
        if mark or _NATIVE_START.match(line):
            fields = len(line[mark.end() if mark else 0 :].split())
            return f"{counted(fields, 'field')}, expected 10" if fields < 10 else "fields not as in the native format"
        return "none of Squid's built-in formats; give squid_access.logformat if it is your own"

    def _match(self, layout: Layout, line: str) -> dict[str, str] | None:
        if values := layout.values(line):
            return values
        message = peel(line, self._clock).rest
        return layout.values(message) or layout.values(_TAG.sub("", message, count=1))

    def _event(self, values: dict[str, str], time: int, line: Line) -> Event | None:
        tag, method = values.get("Ss", ""), text(values.get("rm"))
        if tag.startswith("UDP_") or method in {"ICP_QUERY", "HTCP_CLR"}:
            return None
        to = _destination(values, method)
        return Event(
            table=HTTP,
            time=time,
            src_ip=ip(values.get(">a")),
            src_port=port(values.get(">p")),
            forwarded_for=forwarded(text(values.get(">h:x-forwarded-for")), ip(values.get(">a"))),
            dst_ip=to.ip,
            dst_port=to.port,
            dst_host=to.host,
            host_source=to.source,
            tls_name=another_name(text(values.get("ssl::>sni")), to.host),
            user=_user(values),
            observer=self._observer(line),
            bytes_up=number(values.get(">st")),
            bytes_down=number(values.get("<st")),
            bytes_total=number(values.get("st")) if "<st" not in values else None,
            duration_ms=number(values.get("tr")),
            method=method,
            path=to.path,
            status=status(values.get(">Hs") or values.get("<Hs")),
            action=_action(tag),
            user_agent=text(values.get(">h:user-agent")),
            referer=text(values.get(">h:referer")),
            content_type=text(values.get("mt") or values.get("<h:content-type")),
        )

    def _observer(self, line: Line) -> str | None:
        header = peel(line.text, self._clock) if _HEADED.match(line.text) else None
        return header.host if header and header.host else line.sender


@lru_cache(maxsize=1)
def _common(line: str) -> tuple[str, ...] | None:
    """Return the values of a line in the common form; `claims` and `read` ask for the same line."""
    match = _COMMON.fullmatch(line)
    return match.groups() if match else None


def _common_event(cells: tuple[str, ...], sender: str | None) -> Event | None:
    seconds, milliseconds, taken, client, result, size, word, url, user, hierarchy, kind = cells
    outcome, method = _outcome(result), text(word)
    if outcome is None:
        return None
    root, path = url, None
    if method != "CONNECT" and (slash := url.find("/", url.find("://") + 3)) > 0:
        root, path = url[:slash], url[slash:]
        if "?" in root or "#" in root:
            root, path = url, None
    to = _remembered_origin(root, method, hierarchy)
    return Event(
        table=HTTP,
        time=(int(seconds) * 1000 + int(milliseconds)) * 1000,
        src_ip=ip(client),
        dst_ip=to.ip,
        dst_port=to.port,
        dst_host=to.host,
        host_source=to.source,
        user=_name(user),
        observer=sender,
        bytes_down=int(size),
        duration_ms=int(taken),
        method=method,
        path=path or to.path,
        status=outcome[0],
        action=outcome[1],
        content_type=None if kind == "-" else text(kind),
    )


@lru_cache(maxsize=1024)
def _outcome(result: str) -> tuple[int | None, str | None] | None:
    """Split `TCP_TUNNEL/200` into status and action; None for a query between caches."""
    tag, _, code = result.partition("/")
    return None if tag.startswith("UDP_") else (status(code), _action(tag))


def _origin(root: str, method: str | None, hierarchy: str) -> "_Destination":
    code, _, server = hierarchy.partition("/")
    return _destination({"ru": root, "Sh": code, "<a": server}, method)


_known_origin = lru_cache(maxsize=16384)(_origin)


def _remembered_origin(root: str, method: str | None, hierarchy: str) -> "_Destination":
    return (_known_origin if len(root) <= _REMEMBERED else _origin)(root, method, hierarchy)


def _name(written: str) -> str | None:
    name = text(written)
    return percent_decoded(name) if name and "%" in name else name


def _is_pairs(line: str) -> bool:
    start = line.find(" src_ip=")
    if start < 0 or '"' in line[:start]:  # within quotes a client could have put it there
        return False
    return " vendor_action=" in line or " logformat=splunk_recommended_squid" in line


def _pairs(line: str) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for key, quoted, bracketed, plain in _PAIR.findall(line):
        if (code := _PAIR_CODES.get(key)) and not plain.startswith('"'):
            values.setdefault(code, backslash_decoded(quoted) or bracketed or plain)
    if epoch := _EPOCH.search(line, 0, line.find("src_ip=")):
        values["ts"], values["tu"] = epoch.groups()
    return values if values.get(">a") and values.get("ru") and values.get(">Hs") else None


class _Destination(msgspec.Struct, gc=False):
    host: str | None
    source: str | None
    ip: str | None
    port: int | None
    path: str | None


def _destination(values: dict[str, str], method: str | None) -> _Destination:
    """Say where the request went: from its URL, else the URL's logged parts, else SNI or the Host header."""
    url = values.get("ru", "-")
    target = Target(None, None, None) if url == "-" or url.startswith("error:") else split_target(url)
    host = target.host or _host(values, ">rd")
    source = "connect" if method == "CONNECT" else "url"
    direct = values.get("Sh", "DIRECT").removeprefix("TIMEOUT_").removeprefix("HIER_") in _DIRECT
    address = ip(values.get("<a")) if direct else None
    if host is None or is_address(host):
        address = host or address
        sni = _host(values, "ssl::>sni")
        host, source = (sni, "sni") if sni else (_host(values, ">h:host"), "http_host")
        host = None if host and is_address(host) else host
    scheme = url.partition("://")[0] if "://" in url else values.get(">rs", "")
    return _Destination(
        host=host,
        source=source if host else None,
        ip=address,
        port=target.port
        or port(values.get(">rP"))
        or _PORTS.get(scheme)
        or (port(values.get("<p")) if direct else None),
        path=None if method == "CONNECT" else target.path or _path(values.get(">rp")),
    )


def _path(written: str | None) -> str | None:
    path = text(written)
    return path if path and path.startswith("/") else None


def _host(values: dict[str, str], code: str) -> str | None:
    return normalise_host(values[code]) if values.get(code, "-") != "-" else None


def _action(tag: str) -> str | None:
    """Say blocked for TCP_DENIED, allowed for other TCP_ tags; NONE_NONE and the like stay as they are."""
    if tag in {"", "-"}:
        return None
    if "DENIED" in tag:
        return "blocked"
    return "allowed" if tag.startswith("TCP_") and "REDIRECT" not in tag else tag.lower()


def _user(values: dict[str, str]) -> str | None:
    for code in ("un", "ul", "ue", "ui", "us"):
        if name := text(values.get(code)):
            return percent_decoded(name)
    return None
