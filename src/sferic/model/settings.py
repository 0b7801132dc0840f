"""Every setting of a run, with default, unit, bounds and a sentence; the reference page is made from this tree.

Flag beats environment beats file beats default (`sferic.cli` resolves that). Nothing here is read at import.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Caps against hostile and broken input."""

    line_bytes: Annotated[
        int, Meta(ge=1024, description="Longest line that is parsed, bytes; longer ones are rejects.")
    ] = 1 << 20
    ratio: Annotated[
        int,
        Meta(ge=10, description="Largest ratio of uncompressed to compressed bytes."),
    ] = 250
    ratio_free_bytes: Annotated[
        int, Meta(ge=0, description="Uncompressed bytes of one file that are read whatever their ratio.")
    ] = 256 << 20
    file_bytes: Annotated[
        int, Meta(ge=1 << 20, description="Most uncompressed bytes read from one compressed file.")
    ] = 1 << 40


class ActivityThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds of the published search."""

    connections: Annotated[int, Meta(ge=1, description="Least connections.")] = 12
    hours: Annotated[int, Meta(ge=1, description="Least distinct clock hours.")] = 3
    bytes_up: Annotated[int, Meta(ge=1, description="Mean bytes sent per connection stay below this.")] = 4096
    bytes_down: Annotated[int, Meta(ge=1, description="Mean bytes received per connection stay below this.")] = 16384
    per_hour: Annotated[float, Meta(gt=0, description="Least connections per active hour.")] = 2.0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One run's settings."""

    timezone: Annotated[str, Meta(description="Zone of log lines that name none: an IANA name or an offset.")] = "UTC"
    since: Annotated[int | None, Meta(description="Ignore events before this time, epoch microseconds.")] = None
    until: Annotated[int | None, Meta(description="Ignore events at or after this time, epoch microseconds.")] = None
    tiers: Annotated[
        tuple[str, ...],
        Meta(description="Platform tiers to hunt: core, wide, noisy, tunnel; empty means the default set."),
    ] = ()
    platform_files: Annotated[tuple[str, ...], Meta(description="Extra platform and custom-domain files (TOML).")] = ()
    rule_files: Annotated[
        tuple[str, ...], Meta(description="Files or folders with more Sigma rules for cloud audit logs.")
    ] = ()
    deployer_files: Annotated[
        tuple[str, ...], Meta(description="Files (TOML) that say who is expected to change functions.")
    ] = ()
    deployment_files: Annotated[
        tuple[str, ...], Meta(description="Lists of deployments (CSV, JSON lines, `git log`) that changes must be on.")
    ] = ()
    assets_file: Annotated[
        str, Meta(description="CSV file that says which device has which address; it wins over the logs.")
    ] = ""
    analytics: Annotated[tuple[str, ...], Meta(description="Analytics to run.")] = (
        "beacon",
        "long_connection",
        "process",
        "cloud_change",
    )
    min_score: Annotated[int, Meta(ge=0, le=100, description="Findings below this score are only counted.")] = 40
    shared_addresses: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks (CIDR) whose addresses stand for many machines: NAT, guest Wi-Fi, terminal servers."
        ),
    ] = ()
    proxy_addresses: Annotated[
        tuple[str, ...],
        Meta(description="Networks (CIDR) of own proxies, whose X-Forwarded-For headers are believed."),
    ] = ()
    source_options: Annotated[Mapping[str, Mapping[str, str]], Meta(description="Options per source id.")] = {}
    only_sources: Annotated[
        tuple[str, ...], Meta(description="Read only as these sources; empty means recognise.")
    ] = ()
    strict: Annotated[bool, Meta(description="Make any line that is looked at and cannot be read an error.")] = False
    workers: Annotated[
        int, Meta(ge=0, le=64, description="Processes that search the logs; 0: one a core, 1: all in one process.")
    ] = 0
    memory_bytes: Annotated[
        int,
        Meta(
            ge=0,
            description="Memory of a hunt; more events than it holds go to the disk. 0: a quarter of the machine's, at "
            "most 512 MiB a process.",
        ),
    ] = 0
    assume_fields: Annotated[
        bool, Meta(description="Give the search run as published every field it asks for that a log holds.")
    ] = False
    activity: ActivityThresholds = ActivityThresholds()
    limits: Limits = Limits()
