"""What sensors on the machines write: runs of programs, their connections, their look-ups, beside unchanged box logs."""

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sferic.lab import named
from sferic.lab.estate import write_estate
from sferic.lab.named import find_scenario
from sferic.lab.scenario import Scenario, load_scenario
from sferic.model.errors import SettingsError
from sferic.pipeline import normalize


def _with(name: str = "office-laptop", **site: Any) -> Scenario:
    scenario = find_scenario(name)
    return msgspec.structs.replace(scenario, sites=[msgspec.structs.replace(scenario.sites[0], **site)])


def _objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


@pytest.fixture(scope="module")
def sysmon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The laptops' estate with Sysmon on the machines."""
    folder = tmp_path_factory.mktemp("sysmon")
    write_estate(_with(endpoint="windows_sysmon"), folder)
    return folder


@pytest.fixture(scope="module")
def defender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The laptops' estate with Defender on the machines."""
    folder = tmp_path_factory.mktemp("defender")
    write_estate(_with(endpoint="microsoft_defender"), folder)
    return folder


def test_the_box_logs_the_same_with_or_without_sensors(sysmon: Path, defender: Path, tmp_path: Path) -> None:
    """Looking at the endpoints changes no line of the network's log."""
    write_estate(_with(), tmp_path)
    name = "roaming-zscaler_nss_web.log.gz"
    assert (tmp_path / name).read_bytes() == (sysmon / name).read_bytes() == (defender / name).read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_every_connection_has_a_run_that_was_started(sysmon: Path) -> None:
    """The implant's events are one program's; each run but one from before the log begins with its creation."""
    events = [one["winlog"] for one in _objects(sysmon / "roaming-windows_sysmon.log.gz")]
    [truth] = json.loads((sysmon / ".truth.json").read_bytes())
    own = [e for e in events if e["event_data"]["Image"] == truth["process"]]
    runs: dict[str, list[str]] = {e["event_data"]["ProcessGuid"]: [] for e in own}
    for event in own:
        runs[event["event_data"]["ProcessGuid"]].append(event["event_id"])
    assert {e["computer_name"] for e in own} == {truth["device"]}
    assert all(kinds[0] == "1" and kinds.count("1") == 1 for kinds in list(runs.values())[1:])
    assert sum(kinds.count("3") for kinds in runs.values()) >= truth["entries"]
    assert any("22" in kinds for kinds in runs.values())


def test_a_sensor_knows_no_bytes_and_sysmon_no_macs(sysmon: Path) -> None:
    """Neither sizes nor the target's name stand in event 3, and no machine of Sysmon's is a Mac."""
    connected = [
        one["winlog"]["event_data"]
        for one in _objects(sysmon / "roaming-windows_sysmon.log.gz")
        if one["winlog"]["event_id"] == "3"
    ]
    assert {data["DestinationHostname"] for data in connected} == {"-"}
    assert not any("bytes" in key.lower() for data in connected for key in data)
    assert not any(data["Image"].startswith("/") for data in connected)


def test_defender_leaves_repeated_connections_out(defender: Path) -> None:
    """Of the implant's connections 60 to 85 % have a row, most of them with the name."""
    [truth] = json.loads((defender / ".truth.json").read_bytes())
    rows = [
        one["properties"]
        for one in _objects(defender / "roaming-microsoft_defender.log.gz")
        if one["category"].endswith("NetworkEvents")
    ]
    own = [row for row in rows if row["InitiatingProcessFolderPath"] == truth["process"].lower()]
    assert 0.6 < len(own) / truth["entries"] < 0.85
    assert 0.75 < sum(row["RemoteUrl"] in truth["hosts"] for row in own) / len(own) < 0.95
    assert "/Applications/Safari.app/Contents/MacOS/Safari".lower() in {r["InitiatingProcessFolderPath"] for r in rows}


def test_behind_an_explicit_proxy_a_sensor_sees_the_proxy(tmp_path: Path) -> None:
    """Every connection goes to the proxy's address, and nobody asks for the target's name."""
    write_estate(_with(endpoint="windows_sysmon", proxy_address="192.168.3.250"), tmp_path)
    events = [one["winlog"] for one in _objects(tmp_path / "roaming-windows_sysmon.log.gz")]
    assert {e["event_data"]["DestinationIp"] for e in events if e["event_id"] == "3"} == {"192.168.3.250"}
    assert not [e for e in events if e["event_id"] == "22"]


@pytest.mark.parametrize("source", ["windows_sysmon", "microsoft_defender"])
def test_the_readers_understand_every_line(source: str, sysmon: Path, defender: Path) -> None:
    """No line is rejected or unknown, and every event names device, user and process."""
    folder = sysmon if source == "windows_sysmon" else defender
    seen = list(normalize([str(folder / f"roaming-{source}.log.gz")]))
    assert {one.source for one in seen} == {source}
    assert len(seen) == len(_objects(folder / f"roaming-{source}.log.gz"))
    assert all(one.device and one.process_path and one.user for one in seen)


def test_sensors_on_machines_behind_one_address_are_refused(tmp_path: Path) -> None:
    """A site whose machines share an address cannot carry sensors here; the error says so."""
    ours = Path(named.__file__).with_name("scenarios") / "ten-behind-proxy.toml"
    text = ours.read_text(encoding="utf-8").replace("nat = true", 'nat = true\nendpoint = "windows_sysmon"')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="share one address"):
        load_scenario(tmp_path / "mine.toml")
