"""Takes off what log shippers, queues and stores wrap around a line: who they are and what proves it.

- Filebeat and Elastic Agent: `@timestamp`, `agent` (or `beat`, `input`, `log`) and the line in `event.original` or
  `message`, or decoded in `json`; a document whose fields were parsed (`source`, `destination`, `url`, `dns`) is left
  to be read as ECS;
- Logstash: `@timestamp`, `@version`, `message`;
- a hit of Elasticsearch or OpenSearch: `_index` and the document in `_source`, or what was asked of it in `fields`;
- Fluent Bit, Fluentd, Docker's json-file, Kubernetes: the line in `log`, or Vector's, rsyslog's and Fluentd's in
  `message`, beside nothing but these shippers' own keys and the parts of a syslog header;
- GELF, as Graylog has it: `version`, `host` and the line in `full_message` or `short_message`;
- Kafka Connect: `schema` and `payload`, nothing else; Zeek's writer for Kafka: the log's name, nothing else;
- Google Cloud Logging: `logName`, `insertId` and what was logged in `jsonPayload` or `textPayload`;
- CloudWatch Logs: one log event (`id`, `timestamp`, `message`), or a row of Insights (`@message`).

What it does not do: unwrap several lines from one object (`_batches` does), or judge the line inside. A vendor's own
object that has a `message` has other keys beside it, too, and is returned to its reader untouched.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import msgspec

MARKS = ('message"', 'original"', '"log"', 'ayload"', '"_source"', '"fields"', '"json"')
"""Without one of these texts in a line, or a begin of `BEGINS`, there is nothing to take off."""
BEGINS = tuple(f'{{"{name}"' for name in ("conn", "http", "ssl", "dns"))

_PARSED = frozenset({"source", "destination", "url", "dns", "http", "client", "server", "winlog", "event_data"})
_FIELDS_BESIDE = frozenset({"EventID", "ProcessGuid", "process.entity_id"})
"""Keys of Windows' and endpoints' events: the `message` beside them only repeats the fields in prose."""
_SHIPPER = frozenset({"agent", "beat", "input", "log", "@version"})
_BESIDE_LINE = frozenset(
    "log message date time timestamp @timestamp stream tag attrs _p logtag kubernetes docker container_id"
    " container_name source host hostname file file_path source_type source_ip port topic partition offset"
    " pri priority facility severity version ident appname programname syslogtag pid procid msgid fromhost fromhost-ip"
    " timegenerated timereported".split()
)
"""The keys that Fluent Bit, Fluentd, Docker, Kubernetes, Vector and rsyslog put beside a line."""
_PROOF = frozenset(
    "date time timestamp @timestamp stream tag kubernetes docker container_id file source_type pri facility severity"
    " ident timegenerated timereported".split()
)
_TOLD_BY: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"_index", "_source"}), "_source"),
    (frozenset({"_index", "_id", "fields"}), "fields"),
    (frozenset({"@message"}), "@message"),
    (frozenset({"version", "host", "short_message"}), "full_message"),
    (frozenset({"version", "host", "short_message"}), "short_message"),
    (frozenset({"logName", "insertId"}), "jsonPayload"),
    (frozenset({"logName", "insertId"}), "textPayload"),
)
"""Keys that tell a wrapping whatever stands beside them → where its line is."""
_OF_ZEEK = frozenset({"conn", "http", "ssl", "dns"})
_STAMPS = ("time", "timestamp", "@timestamp", "date")
_LOG_EVENT = frozenset("id eventId timestamp message ingestionTime logStreamName extractedFields".split())

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
Keys = Mapping[str, msgspec.Raw]


class Unwrapped(msgspec.Struct, frozen=True, gc=False):
    """The line inside, and the shipper's time for it as JSON (text or number), if any."""

    text: str
    stamp: str | None = None
    sender: str | None = None


def unwrap(data: bytes) -> Unwrapped | None:
    """Take one wrapping off; None for an object that is no wrapping."""
    found = _inner(msgspec.Raw(data))
    if found is None:
        return None
    if "@timestamp" in found and {name.partition(".")[0] for name in found} & _SHIPPER:
        return None if _is_parsed(found) else _from_beat(found)
    name = _key_of_line(found.keys())
    return _from_key(found, name) if name else None


def _key_of_line(keys: AbstractSet[str]) -> str | None:
    for needed, name in _TOLD_BY:
        if keys >= needed and name in keys:
            return name
    if keys == {"schema", "payload"}:
        return "payload"
    if len(keys) == 1 and keys <= _OF_ZEEK:
        return next(iter(keys))
    if keys <= _LOG_EVENT and keys & {"id", "eventId", "logStreamName"}:
        return "message"
    if keys <= _BESIDE_LINE and (keys & _PROOF or len(keys) == 1):
        return "log" if "log" in keys else "message"
    return None


def _is_parsed(found: Keys) -> bool:
    """Say whether the shipper's pipeline has made fields of the line already."""
    nested = any(bytes(found[name]).startswith(b"{") for name in found.keys() & _PARSED)
    if found.keys() & _FIELDS_BESIDE or b'"entity_id"' in bytes(found.get("process", b"")):
        return True
    return nested or any(name.partition(".")[0] in _PARSED for name in found if "." in name)


def _from_beat(found: Keys) -> Unwrapped | None:
    event, host = _inner(found.get("event")), _inner(found.get("host"))
    original = string(event.get("original")) if event else string(found.get("event.original"))
    text = original or string(found.get("message")) or _as_object(found.get("json"))
    sender = string(host.get("name")) if host else string(found.get("host"))
    return Unwrapped(text, string(found.get("@timestamp")), sender) if text else None


def _from_key(found: Keys, name: str) -> Unwrapped | None:
    """Return a text's line, or an object as its own JSON."""
    value = found.get(name)
    text = string(value) or _as_object(value)
    if text is None:
        return None
    stamp = next((found[key] for key in _STAMPS if key in found), None)
    written = None if stamp is None else string(stamp) or bytes(stamp).decode()
    return Unwrapped(text, written, string(found.get("host")))


def _as_object(value: msgspec.Raw | None) -> str | None:
    text = bytes(value or b"").decode()
    return text if text.startswith("{") else None


def _inner(value: msgspec.Raw | None) -> Keys | None:
    try:
        return _OBJECT.decode(value) if value is not None else None
    except (msgspec.DecodeError, RecursionError):
        return None


def string(value: msgspec.Raw | None) -> str | None:
    """Return a JSON string's text without the line end that a store may keep; None for anything else."""
    try:
        return (_TEXT.decode(value).rstrip("\r\n") or None) if value is not None else None
    except msgspec.DecodeError:
        return None
