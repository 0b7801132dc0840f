"""One thing a log says, in the words of OCSF, whichever vendor wrote it.

Bytes are `bytes_up` (client to server) and `bytes_down`: vendors disagree about "in" and "out".
Unknown is None, never 0. Time is epoch microseconds, UTC.
This module holds no parsing: `sferic.sources` makes events, `sferic.signals` reads them.
"""

import msgspec

HTTP = "http_activity"
NETWORK = "network_activity"
DNS = "dns_activity"
PROCESS = "process_activity"
API = "api_activity"
TABLES = (HTTP, NETWORK, DNS, PROCESS, API)
HOST_SOURCES = ("sni", "http_host", "url", "connect", "dns_query", "dns_join", "sysmon22", "reverse")


class Event(msgspec.Struct, gc=False, omit_defaults=True, kw_only=True):
    """One log line's meaning. Readers fill what the line says; the engine fills `source`, `file`, `line`."""

    table: str
    time: int
    """Epoch microseconds UTC, as stamped by the log."""
    source: str = ""
    file: str = ""
    line: int = 0
    """1-based line number in the uncompressed file."""
    src_ip: str | None = None
    src_port: int | None = None
    forwarded_for: str | None = None
    """First address of X-Forwarded-For, where that is not `src_ip`: the client, if `src_ip` is an honest proxy's."""
    dst_ip: str | None = None
    dst_port: int | None = None
    proxy_ip: str | None = None
    """Address of the proxy that a sensor on the wire saw a request go to, instead of to a server."""
    dst_host: str | None = None
    """Normalised host name (`sferic.model.hosts`); in `dns_activity` the name asked for."""
    host_source: str | None = None
    """How the name was learned: one of `HOST_SOURCES`."""
    tls_name: str | None = None
    """Name for which the connection was opened (TLS's SNI, or a CONNECT's target), where that is not `dst_host`."""
    user: str | None = None
    device: str | None = None
    """Name of the client machine, where the log knows it."""
    observer: str | None = None
    """Name of the firewall, proxy or sensor that wrote the line."""
    connection_id: str | None = None
    """A log's own name for the connection (Zeek's uid, Suricata's flow_id), the same in all its records of it."""
    bytes_up: int | None = None
    bytes_down: int | None = None
    bytes_total: int | None = None
    """Only where a log gives one total without direction."""
    duration_ms: int | None = None
    method: str | None = None
    path: str | None = None
    """Path with query, as logged, beginning with '/'."""
    status: int | None = None
    action: str | None = None
    """'allowed' or 'blocked' when the log says so, else the vendor's word in lower case."""
    user_agent: str | None = None
    referer: str | None = None
    content_type: str | None = None
    protocol: str | None = None
    app: str | None = None
    answers: tuple[str, ...] | None = None
    """DNS answers: addresses and CNAME targets, in order."""
    process_path: str | None = None
    """Path of the program that called; in `process_activity` of the one that was started. A bare name if so logged."""
    process_id: int | None = None
    process_guid: str | None = None
    """A sensor's own name for one run of a program, never used again (Sysmon's ProcessGuid, ECS's entity_id)."""
    parent_path: str | None = None
    parent_id: int | None = None
    parent_guid: str | None = None
    command_line: str | None = None
    company: str | None = None
    """Company that the program's file names as its maker; anybody can write that."""
    signer: str | None = None
    """Whose signature the program's file bears, where the log says so."""
    session: int | None = None
    """Number of the logon session on a Windows machine; 0 is that of services."""
    actor: str | None = None
    provider: str | None = None
    operation: str | None = None
    resource: str | None = None
    outcome: str | None = None
    cloud_account: str | None = None
    """Account, project, subscription or team of a cloud that an operation was done in."""
    raw: str | None = None
    """In `api_activity` the record itself as JSON, under the vendor's names: rules ask for those."""

    def url(self, *, bare: bool = False) -> str | None:
        """Put a request's URL together from its parts, `bare` without scheme; the scheme is guessed from the port."""
        if self.dst_host is None or self.table != HTTP:
            return None
        if self.method == "CONNECT":
            return f"{self.dst_host}:{self.dst_port or 443}"
        scheme = "" if bare else "http://" if self.dst_port == 80 else "https://"
        return f"{scheme}{self.dst_host}{self.path or '/'}"


class Reject(msgspec.Struct, frozen=True, gc=False):
    """A line that should have been an event but cannot be read; counted and shown, never dropped."""

    reason: str
    """Short and without the line's own text, so that equal reasons can be counted."""


class Line(msgspec.Struct, gc=False):
    """One line as a reader gets it, with what an outer envelope (Splunk export, collector) said about it."""

    text: str
    number: int = 0
    file: str = ""
    sent_at: int | None = None
    """Epoch microseconds from the envelope (`_time`), when there is one."""
    sender: str | None = None
    """Host that sent the line, from the envelope."""
    sourcetype: str | None = None
