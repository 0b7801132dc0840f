"""Whole estates: reproducible, honest about what they hold, and different when drawn."""

import gzip
import ipaddress
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sferic.lab import estate
from sferic.lab.draw import variant
from sferic.lab.estate import build_machines, write_estate
from sferic.lab.names import host_from, load_names, person
from sferic.lab.records import seeded
from sferic.lab.scenario import Channel, Scenario, Site, load_scenario
from sferic.model.errors import SettingsError

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = Scenario(
    name="small",
    seed=7,
    start=datetime(2026, 3, 2, tzinfo=UTC),
    days=1,
    sites=[
        Site(
            name="hq",
            format="squid_access",
            machines=6,
            network="10.1.0.0/24",
            challenged=0.5,
            malformed=6,
            visits_per_day=5.0,
        ),
        Site(name="dc", format="panos", machines=3, network="10.2.0.0/24", kind="server"),
    ],
    channels=[
        Channel(
            name="bad",
            kind="C2",
            site="hq",
            hosts=["b.acct-lab.workers.dev"],
            period_s=60.0,
            presence="always",
        ),
        Channel(
            name="fleet",
            kind="N1",
            site="dc",
            machines="all",
            hosts=["fleet.azurewebsites.net"],
            period_s=3_600.0,
        ),
    ],
)


def _texts(folder: Path) -> dict[str, bytes]:
    """The content of each file, uncompressed."""
    return {
        path.name: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in sorted(folder.iterdir())
    }


def _truth(folder: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads((folder / ".truth.json").read_bytes())
    return told


def test_the_committed_example_is_what_its_scenario_says(tmp_path: Path) -> None:
    """Writing the example again gives the committed files, line by line."""
    write_estate(load_scenario(EXAMPLES / "estate.toml"), tmp_path)
    written, committed = _texts(tmp_path), _texts(EXAMPLES / "estate")
    assert list(written) == list(committed)
    for name, text in written.items():
        assert text.splitlines() == committed[name].splitlines(), name


def test_the_example_stays_small_and_keeps_to_reserved_addresses() -> None:
    """The committed folder is below 1.6 MB, and no address in it belongs to anybody."""
    assert sum(path.stat().st_size for path in (EXAMPLES / "estate").iterdir()) < 1_600_000
    allowed = [
        ipaddress.ip_network(text)
        for text in ("10.0.0.0/8", "192.168.0.0/16", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    ]
    found = {
        match
        for name, text in _texts(EXAMPLES / "estate").items()
        if name != ".truth.json"
        for match in re.findall(rb"(?<![\d./:_-])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", text)
    }
    # Version numbers look like addresses: those of browsers end in .0, the last is the proxy's own.
    addresses = {text.decode() for text in found if not text.endswith(b".0")} - {"6.7.5.1"}
    assert len(addresses) > 300
    assert [text for text in addresses if not any(ipaddress.ip_address(text) in net for net in allowed)] == []


def test_the_example_holds_every_promised_channel() -> None:
    """Six implants under at least three laws, none without entries, and every class of twin."""
    truth = _truth(EXAMPLES / "estate")
    implants = [one for one in truth if one["label"] == "c2"]
    assert len(implants) == 6
    assert {one["class"] for one in truth} == {"C2", *(f"N{number}" for number in range(1, 15))}
    assert all(one["entries"] > 0 for one in implants)
    assert {one["law"] for one in implants} >= {"one_sided", "two_sided", "integer"}


def test_same_seed_same_lines_other_seed_other_lines(tmp_path: Path) -> None:
    """An estate is a function of its scenario: the seed decides everything that is random."""
    write_estate(SMALL, tmp_path / "a")
    write_estate(SMALL, tmp_path / "b")
    write_estate(msgspec.structs.replace(SMALL, seed=8), tmp_path / "c")
    first, again, other = (_texts(tmp_path / name) for name in "abc")
    assert first == again
    assert all(first[name] != other[name] for name in first)


def test_compressed_bytes_hold_no_time(tmp_path: Path) -> None:
    """The gzip header's time is zero, or the same estate would differ from run to run."""
    write_estate(SMALL, tmp_path)
    assert {path.read_bytes()[4:8] for path in tmp_path.glob("*.gz")} == {bytes(4)}


def test_truth_agrees_with_the_log(tmp_path: Path) -> None:
    """The number of entries, the address and the user told for an implant are those in the log."""
    write_estate(SMALL, tmp_path)
    [bad] = [one for one in _truth(tmp_path) if one["label"] == "c2"]
    lines = _texts(tmp_path)["hq-squid_access.log.gz"].decode().splitlines()
    shape = r"\d{10}\.\d{3} +\d+ \S+ TCP_TUNNEL/200 \d+ CONNECT b\.acct-lab\.workers\.dev:443 \S+ \S+ -"
    own = [line for line in lines if re.fullmatch(shape, line)]
    assert 0 <= bad["entries"] - len(own) <= SMALL.sites[0].malformed
    assert {line.split()[2] for line in own} == {bad["src_ip"]}
    assert {line.split()[7] for line in own} == {bad["user"]}


def test_a_fleet_is_on_all_machines_and_an_implant_on_one(tmp_path: Path) -> None:
    """`machines = "all"` means every machine of the site; each has an owner only where people work."""
    write_estate(SMALL, tmp_path)
    fleet = [one for one in _truth(tmp_path) if one["channel"] == "fleet"]
    assert len({one["src_ip"] for one in fleet}) == 3
    assert {one["user"] for one in fleet} == {None}
    assert {one["files"][0] for one in fleet} == {"dc-panos_threat.log.gz"}


def test_broken_lines_are_few_and_there(tmp_path: Path) -> None:
    """About as many lines as asked for are not in the format; the others are."""
    write_estate(SMALL, tmp_path)
    lines = _texts(tmp_path)["hq-squid_access.log.gz"].decode().splitlines()
    broken = [
        line for line in lines if not re.fullmatch(r"\d{10}\.\d{3} +\d+ 10\.\S+ \S+ \d+ \S+ \S+ \S+ \S+ \S+", line)
    ]
    assert 4 <= len(broken) <= 6


def test_roaming_machines_move() -> None:
    """Only at a roaming site do machines change their address between days."""
    site = Site(name="r", format="zscaler_nss_web", machines=20, network="10.9.0.0/22", roaming=True)
    scenario = msgspec.structs.replace(SMALL, days=5, sites=[site], channels=[])
    assert any(len(set(machine.addresses)) > 1 for machine in build_machines(scenario, site))
    still = msgspec.structs.replace(SMALL, days=5)
    assert all(len(set(machine.addresses)) == 1 for machine in build_machines(still, still.sites[0]))


def test_names_are_unique_and_hosts_fill_their_template() -> None:
    """The first thousand accounts differ, and no mark is left in a host name."""
    assert len({person(number) for number in range(1_000)}) == 1_000
    for template in load_names().implant_hosts + load_names().serverless_sites:
        host = host_from(seeded(template), template)
        assert re.fullmatch(r"[a-z0-9.-]+", host)
        assert host.partition(".")[2].endswith(template.rpartition("}")[2].lstrip("-").partition(".")[2])


def test_a_drawn_estate_differs_and_is_reproducible() -> None:
    """Drawing changes seed, sleeps and hosts, keeps the number of channels, and repeats for the same seed."""
    base = load_scenario(EXAMPLES / "estate.toml")
    drawn = [variant(base, seed) for seed in range(30)]
    assert variant(base, 3) == drawn[3]
    assert len({one.seed for one in drawn}) == 30
    assert all(len(one.channels) == len(base.channels) for one in drawn)
    implants = [channel for one in drawn for channel in one.channels if channel.kind == "C2"]
    fast = [channel.period_s for channel in implants if channel.period_s < 900.0]
    assert 0.3 < fast.count(30.0) / len(fast) < 0.56
    assert len({channel.site for channel in implants}) == len(base.sites)


def test_a_drawn_estate_can_be_written(tmp_path: Path) -> None:
    """A variant of the small estate writes and tells of the same channels."""
    write_estate(variant(SMALL, 1), tmp_path)
    assert {one["channel"] for one in _truth(tmp_path)} == {"bad", "fleet"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "example"', 'name = "example"\ncolour = "red"', "colour"),
        ('site = "hq"', 'site = "moon"', "moon"),
        ("machines = 25", "machines = 250", "more machines"),
        ("start = 2026-03-02T00:00:00Z", "start = 2026-03-02T00:00:00", "zone"),
        ("days = 3", "days = 0", "days"),
    ],
)
def test_a_wrong_scenario_says_what_is_wrong(tmp_path: Path, old: str, new: str, words: str) -> None:
    """Unknown keys, unknown sites, impossible numbers and a missing zone are errors that name file and cause."""
    text = (EXAMPLES / "estate.toml").read_text()
    assert old in text
    file = tmp_path / "wrong.toml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(SettingsError, match=words) as caught:
        load_scenario(file)
    assert caught.value.where == str(file)


def test_the_command_writes_a_drawn_estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--draw` and `--to` reach the generator."""
    written: list[tuple[str, Path]] = []
    monkeypatch.setattr(estate, "write_estate", lambda scenario, to: written.append((scenario.name, to)))
    arguments = ["estate", str(EXAMPLES / "estate.toml"), "--draw", "5", "--to", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    estate.main()
    assert written == [("example-5", tmp_path)]
