"""Reads who is expected to change functions: a list of the user's own, in TOML.

    [[deployer]]
    name = "pipeline"
    principal = "arn:aws:sts::111122223333:assumed-role/ci-*"
    networks = ["198.51.100.0/24"]
    agents = ["terraform", "aws-cli"]
    until = 2027-06-30

    [workers]
    "0123abcd" = "acct-lab"

`principal` may hold `*`; principal and network must both fit, and the software where `agents` names any, because
anybody can write a user agent. `workers` says which workers.dev name an account has.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from pathlib import Path

import msgspec

from sferic.catalog.toml_file import fit, read_toml, settings_error
from sferic.model.deed import Deed


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
        if not fnmatchcase(deed.actor.lower(), self.principal.lower()) or not self._is_from(deed.src_ip):
            return False
        if self.until is not None and datetime.fromtimestamp(deed.time / 1e6, UTC).date() > self.until:
            return False
        return not self.agents or deed.agent in self.agents

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

    def expected(self, deed: Deed) -> Deployer | None:
        """Return the first deployer whose deed this is."""
        return next((one for one in self.deployer if one.fits(deed)), None)


def load_deployers(files: tuple[str, ...]) -> Deployers:
    """Read and join these files; a network that is none is a SettingsError."""
    found = [_read(Path(file)) for file in files]
    names = {account: name for one in found for account, name in one.workers.items()}
    return Deployers(tuple(deployer for one in found for deployer in one.deployer), names)


def _read(path: Path) -> Deployers:
    found = fit(read_toml(path), Deployers, path)
    for one in found.deployer:
        for network in one.networks:
            try:
                network == "service" or ip_network(network, strict=False)
            except ValueError:
                raise settings_error(path, f"{network!r} is no network", f"deployer {one.name}") from None
    return found
