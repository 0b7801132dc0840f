"""Which program is behind a channel: as its class and user agent say, on Windows and macOS."""

from dataclasses import replace

import pytest

from sferic.lab.programs import Installed, installed, programs
from sferic.lab.records import Machine
from sferic.lab.scenario import Channel, Class

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36"
)
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15"
WINDOWS = Machine("HQ-WS001", "hq", "desktop", "alex.birch", ("10.0.0.10",), CHROME, challenged=False)
MAC = replace(WINDOWS, user_agent=SAFARI)


def _behind(kind: Class, agent: str | None = None, machine: Machine = WINDOWS, seed: int = 1) -> Installed | None:
    channel = Channel(name="c", kind=kind, site="hq", hosts=["a.example.com"], period_s=60.0, user_agent=agent)
    return installed(seed, channel, machine)


@pytest.mark.parametrize(
    ("kind", "agent", "image"),
    [
        ("N6", "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4522", "powershell.exe"),
        ("N7", "curl/8.9.1", "curl.exe"),
        ("N7", "node", "node.exe"),
        ("N8", "LabelPrinter/3.1 (Windows NT 10.0)", r"C:\Program Files\LabelPrinter\LabelPrinter.exe"),
        ("N9", "browser", r"C:\Program Files\Google\Chrome\Application\chrome.exe"),
        ("N1", "FleetAgent/11.0.3 (Windows)", r"C:\Program Files\FleetAgent\FleetAgent.exe"),
    ],
)
def test_the_program_fits_the_user_agent(kind: Class, agent: str, image: str) -> None:
    """What calls itself curl is curl, what calls itself by a product is that product's file, a page is the browser's."""
    found = _behind(kind, agent)
    assert found is not None
    assert found.image.endswith(image)


def test_software_without_a_name_is_unsigned_in_odd_folders() -> None:
    """A rare application that names itself to nobody lies outside Program Files, and its file names no maker."""
    found = [_behind("N8", seed=seed) for seed in range(40)]
    assert all(one and not one.company and "Program Files" not in one.image for one in found)
    assert len({one.image.rpartition("\\")[0].partition("\\")[2].partition("\\")[0] for one in found if one}) >= 3


def test_implants_hide_in_many_ways() -> None:
    """Script hosts, own files in users' folders, and programs of the system are all among them; nothing is left open."""
    found = [_behind("C2", seed=seed) for seed in range(200)]
    images = [one.image.lower() for one in found if one]
    assert len(images) == 200
    assert any("powershell" in image for image in images)
    assert any(r"\appdata\roaming" in image for image in images)
    assert any(image.endswith("explorer.exe") for image in images)
    assert sum("msedge" in image or "chrome" in image for image in images) < 20
    posing = [_behind("C2", "browser", seed=seed) for seed in range(200)]
    assert [one.image for one in posing if one] == [one.image for one in found if one]
    assert not any("{" in f"{one.image}{one.command}{one.company}{one.parent}" for one in found if one)


def test_a_mac_runs_what_macs_run() -> None:
    """On a machine whose browser is a Mac's, paths are those of macOS, and the system is known by that alone."""
    assert (MAC.system, WINDOWS.system, replace(MAC, kind="server").system) == ("macos", "windows", "windows")
    cases: list[tuple[Class, str | None]] = [("C2", None), ("N9", "browser"), ("N7", "curl/8.9.1"), ("N8", None)]
    for kind, agent in cases:
        found = [_behind(kind, agent, MAC, seed) for seed in range(20)]
        assert all(one and one.image.startswith("/") and "\\" not in one.command for one in found)


def test_phones_carry_no_sensor() -> None:
    """The phones behind one address are no program of that machine."""
    assert _behind("N14") is None


def test_a_scenario_may_name_the_program() -> None:
    """An id of the catalogue decides; one that no program has gives none."""
    channel = Channel(name="c", kind="C2", site="hq", hosts=["a.example.com"], period_s=60.0, program="script-file")
    found = installed(1, channel, WINDOWS)
    assert found is not None
    assert found.image.endswith("wscript.exe")
    assert len({one.id for one in programs()}) == len(programs())
