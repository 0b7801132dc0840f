"""Reads who is expected to change functions: a list of the user's own, in TOML.

    [[deployer]]
    name = "pipeline"
    principal = "arn:aws:sts::111122223333:assumed-role/ci-*"
    networks = ["198.51.100.0/24"]
    agents = ["terraform", "aws-cli"]
    until = 2027-06-30

    [networks]
    office = ["198.51.100.0/24", "203.0.113.0/26"]

    [workers]
    "0123abcd" = "acct-lab"

`principal` may hold `*`; principal and network must both fit, and the software where `agents` names any, because
anybody can write a user agent. The table `networks` says which networks are one place, for whoever comes from there;
other addresses are neighbours if they share 24 bits (IPv6: 48). `workers` says which workers.dev name an account has.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from pathlib import Path

import msgspec

from sferic.catalog.toml_file import fit, read_toml, settings_error
from sferic.model.deed import Deed

NEIGHBOURS_4, NEIGHBOURS_6 = 24, 48
"""Bits of an address that neighbours share."""


class Deployer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody whose changes are expected."""

    name: str
    principal: str
    networks: tuple[str, ...]
    """Networks (CIDR) that it works from; `service` stands for a cloud's own service, which shows no address."""
    agents: tuple[str, ...] = ()
    until: date | None = None
    """Last day on which this holds."""

    def fits(self, deed: Deed) -> bool:
        """Say whether a deed is this deployer's: principal and network, and software where that is named."""
        if not self.is_person(deed.actor, deed.time) or not self._is_from(deed.src_ip):
            return False
        return not self.agents or deed.agent in self.agents

    def is_person(self, principal: str, time: int) -> bool:
        """Say whether the principal is this one at that time (epoch microseconds)."""
        if self.until is not None and datetime.fromtimestamp(time / 1e6, UTC).date() > self.until:
            return False
        return fnmatchcase(principal.lower(), self.principal.lower())

    def _is_from(self, address: str | None) -> bool:
        if address is None:
            return "service" in self.networks
        found = ip_address(address)
        return any(found in ip_network(network, strict=False) for network in self.networks if network != "service")


class Deployers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All who are expected, and what the accounts are called."""

    deployer: tuple[Deployer, ...] = ()
    workers: Mapping[str, str] = {}
    """Account at Cloudflare → its name in workers.dev."""
    networks: Mapping[str, tuple[str, ...]] = {}
    """Name of a place → its networks (CIDR)."""

    def expected(self, deed: Deed) -> Deployer | None:
        """Return the first deployer whose deed this is."""
        return next((one for one in self.deployer if one.fits(deed)), None)

    def person(self, principal: str, time: int) -> Deployer | None:
        """Return the first deployer who is this principal, wherever from: a machine's own log shows no network."""
        return next((one for one in self.deployer if one.is_person(principal, time)), None)

    def network_of(self, address: str) -> str:
        """Name the place that an address is of, else the network of its neighbourhood."""
        found = ip_address(address)
        for name, networks in self.networks.items():
            if any(found in ip_network(network, strict=False) for network in networks):
                return name
        return str(ip_network((found, NEIGHBOURS_6 if found.version == 6 else NEIGHBOURS_4), strict=False))


def load_deployers(files: tuple[str, ...]) -> Deployers:
    """Read and join these files; a network that is none is a SettingsError."""
    found = [_read(Path(file)) for file in files]
    return Deployers(
        deployer=tuple(deployer for one in found for deployer in one.deployer),
        workers={account: name for one in found for account, name in one.workers.items()},
        networks={name: networks for one in found for name, networks in one.networks.items()},
    )


def _read(path: Path) -> Deployers:
    found = fit(read_toml(path), Deployers, path)
    given = [(f"deployer {one.name}", network) for one in found.deployer for network in one.networks]
    given = [(where, network) for where, network in given if network != "service"]
    for where, network in [*given, *(("networks", network) for some in found.networks.values() for network in some)]:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise settings_error(path, f"{network!r} is no network", where) from None
    return found
