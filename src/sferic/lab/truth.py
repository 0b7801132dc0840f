"""What really happened, channel by channel: the answer sheet that lies beside an estate's log files.

Page visits of people are not listed: whatever is not named here is a person browsing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from sferic.lab.records import Machine, Record
from sferic.lab.scenario import Channel

ANSWERS = ".truth.json"
"""File name of the answer sheet; hidden, so that a hunt of the folder does not take it for a log."""


class Truth(msgspec.Struct, frozen=True, rename={"kind": "class"}):
    """One channel on one machine, as the logs show it after losses."""

    label: str
    """`c2` or `benign`."""
    kind: str
    channel: str
    device: str
    user: str | None
    src_ip: str | None
    """The address most entries carry; None if the logs show none of the channel."""
    src_ips: list[str]
    hosts: list[str]
    files: list[str]
    entries: int
    """Entries in the first file that belong to the channel, challenges not counted."""
    first_seen: str | None
    last_seen: str | None
    sleep_s: float
    jitter: float
    law: str
    presence: str | None
    """None: as the machine itself."""
    loss: float
    keep_alive_s: float
    process: str | msgspec.UnsetType = msgspec.UNSET
    """Path of the program behind it, where a sensor runs on the machine."""


def tell(
    channel: Channel, machine: Machine, records: Sequence[Record], files: Sequence[str], process: str | None
) -> Truth:
    """Describe one channel from the entries that survived."""
    hosts = [*channel.hosts, *([channel.echo_host] if channel.echo_host else [])]
    own = [
        record
        for record in records
        if record.machine.name == machine.name and record.host in hosts and not record.denied
    ]
    addresses = [record.src_ip for record in own]
    return Truth(
        label="c2" if channel.kind == "C2" else "benign",
        kind=channel.kind,
        channel=channel.name,
        device=machine.name,
        user=machine.user,
        src_ip=max(sorted(set(addresses)), key=addresses.count) if addresses else None,
        src_ips=sorted(set(addresses)),
        hosts=hosts,
        files=list(files),
        entries=len(own),
        first_seen=_stamp(own[0].start_s) if own else None,
        last_seen=_stamp(own[-1].start_s) if own else None,
        sleep_s=channel.period_s,
        jitter=channel.jitter,
        law=channel.law,
        presence=channel.presence,
        loss=channel.loss,
        keep_alive_s=channel.keep_alive_s,
        process=msgspec.UNSET if process is None else process,
    )


def _stamp(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%S}Z"
