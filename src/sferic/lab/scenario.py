"""The description of a made-up company as a TOML file: its sites, its channels, its random seed.

Unknown keys are errors that name the file and the key. Every number a behaviour uses stands in the scenario,
none is hidden in code.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from sferic.model.errors import SettingsError

Law = Literal["one_sided", "two_sided", "additive", "integer"]
Presence = Literal["always", "office", "laptop"]
Format = Literal[
    "squid_access",
    "squid_recommended",
    "bluecoat_proxysg",
    "zscaler_nss_web",
    "panos",
    "cisco_branch",
    "stream_http",
    "squid_with_zeek",
]
Sensor = Literal["windows_sysmon", "microsoft_defender"]
Class = Literal[
    "C2", "N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9", "N10", "N11", "N12", "N13", "N14", "N15"
]  # fmt: skip
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, msgspec.Meta(ge=0.0)]
Positive = Annotated[float, msgspec.Meta(gt=0.0)]


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One place of the company: a number of machines behind one kind of log box."""

    name: str
    format: Format
    machines: Annotated[int, msgspec.Meta(ge=1, le=60_000)]
    network: str
    """Where the machines' addresses come from, as CIDR."""
    kind: Literal["desktop", "laptop", "server"] = "desktop"
    utc_offset_h: float = 0.0
    """Local time minus UTC: people work by local time, logs are written in UTC."""
    inspects: bool = False
    """Whether the box opens TLS and so sees method, path and user agent."""
    logs_connect: bool = False
    """Whether an inspecting box writes an entry for the CONNECT besides those inside the tunnel."""
    roaming: bool = False
    """Whether the machines change their address from day to day."""
    nat: bool = False
    """Whether the box sees one address and no user for all machines, as it does behind a proxy or NAT."""
    challenged: Share = 0.0
    """Share of users whose connections are first answered with 407."""
    loss: Share = 0.0
    """Share of entries that never reach the file."""
    malformed: int = 0
    """Broken lines mixed into the file."""
    visits_per_day: Seconds = 0.0
    """Page visits of one person on a working day."""
    serverless_share: Share = 0.25
    """Share of those visits that go to sites hosted on a serverless platform."""
    endpoint: Sensor | None = None
    """Which sensor runs on the machines; its log is written beside the box's."""
    proxy_address: str | None = None
    """Address of an explicit proxy: what a sensor sees connections go to, instead of the target's."""


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One regular talker on some machines of a site: an implant or one of its harmless look-alikes."""

    name: str
    kind: Class = msgspec.field(name="class")
    site: str
    hosts: Annotated[list[str], msgspec.Meta(min_length=1)]
    machines: Annotated[int, msgspec.Meta(ge=1)] | Literal["all"] = 1
    period_s: Positive
    jitter: Share = 0.0
    """Width of the law as a share of the period."""
    law: Law = "two_sided"
    presence: Presence | None = None
    """None: as the machine itself."""
    calls: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """An implant stops after so many; None: it goes on."""
    start_h: Seconds = 0.0
    """Hours after the beginning of the estate."""
    end_h: Seconds | None = None
    rotation: Literal["random", "round_robin"] = "random"
    echo_host: str | None = None
    """A second host each request is redirected to, as Apps Script does."""
    method: str = "GET"
    paths: Annotated[list[str], msgspec.Meta(min_length=1)] = msgspec.field(default_factory=lambda: ["/"])
    """`{hex}` stands for sixteen random hexadecimal digits."""
    program: str | None = None
    """The program behind it, by its id in `programs.toml`; None: drawn from those of its class."""
    user_agent: str | None = None
    """`browser` stands for the machine's own browser; None for no such header."""
    bytes_up: int = 450
    bytes_down: int = 700
    noise_bytes: int = 0
    """Upper bound of the random padding of each side."""
    tasking_per_day: Seconds = 0.0
    """Mean number of hands-on bursts a day."""
    sessions_per_day: Seconds = 3.0
    """For what runs only now and then: page sessions, test loops, batch jobs, bursts of webhooks."""
    session_s: Seconds = 1_500.0
    loss: Share = 0.0
    """Share of what it asked that never reaches the log, applied once."""
    skipped: Share = 0.0
    """Share of an implant's calls that it never makes: no network, a call that failed."""
    keep_alive_s: Seconds = 0.0


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole estate: when it is watched, where its machines are and which channels run on them."""

    name: str
    seed: int
    start: datetime
    days: Annotated[int, msgspec.Meta(ge=1, le=60)]
    domain: str = "corp.example"
    since_h: Seconds = 0.0
    """Hours after the beginning from which on the logs were kept."""
    until_h: Seconds | None = None
    """Hours after the beginning at which the logs end; None: at the end of the last day."""
    sites: list[Site] = msgspec.field(name="site")
    channels: list[Channel] = msgspec.field(name="channel")


def load_scenario(path: Path) -> Scenario:
    """Read a scenario and check that its parts fit together.

    Raises SettingsError, which names the file and what is wrong in it.
    """
    try:
        scenario = msgspec.toml.decode(path.read_bytes(), type=Scenario)
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(
            str(error), where=str(path), expected="a scenario file", hint="see examples/estate.toml"
        ) from error
    _check(scenario, path)
    return scenario


def _check(scenario: Scenario, path: Path) -> None:
    sites = {site.name: site for site in scenario.sites}
    for channel in scenario.channels:
        site = sites.get(channel.site)
        wrong = (
            f"channel {channel.name}: no site {channel.site}"
            if site is None
            else f"channel {channel.name}: more machines than site {site.name} has"
            if channel.machines != "all" and channel.machines > site.machines
            else None
        )
        if wrong is not None:
            raise SettingsError(wrong, where=str(path), expected=", ".join(sites), hint="correct the channel")
    for site in scenario.sites:
        if site.nat and site.endpoint:
            raise SettingsError(
                f"site {site.name}: sensors on machines that share one address",
                where=str(path), expected="nat or endpoint", hint="take one of the two away",
            )  # fmt: skip
    if scenario.start.tzinfo is None:
        raise SettingsError("start has no zone", where=str(path), expected="2026-03-02T00:00:00Z", hint="add Z")
