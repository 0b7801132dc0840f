"""What a program's path says about it, and what it must not say."""

import re

import pytest

from sferic.catalog.programs import place_of, program_of, programs, spelt

CHROME = r"C:\Program Files\Google\Chrome\Application\chrome.exe"


@pytest.mark.parametrize(
    ("path", "company", "kinds"),
    [
        (CHROME, "Google LLC", {"browser"}),
        (r"C:\Users\ann\AppData\Local\Google\Chrome\Application\chrome.exe", None, {"browser"}),
        (r"C:\Users\ann\Desktop\chrome.exe", "Google LLC", set()),
        ("chrome.exe", None, set()),
        ("/opt/google/chrome/chrome", None, {"browser"}),
        (r"\Device\HarddiskVolume3\Windows\System32\WindowsPowerShell\v1.0\powershell.exe", None, {"script_host"}),
        ("powershell.exe", None, {"script_host"}),
        ("/usr/bin/curl", None, {"tool"}),
        (r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE", None, {"app", "document"}),
        (r"C:\Users\ann\AppData\Local\Microsoft\Teams\current\Teams.exe", "Microsoft Corporation", {"app"}),
        (r"C:\Users\ann\AppData\Local\Microsoft\Teams\current\Teams.exe", "Somebody", set()),
        (r"C:\Users\ann\AppData\Local\Microsoft\Teams\current\Teams.exe", None, set()),
        (r"C:\Windows\System32\svchost.exe", None, {"system"}),
        ("", None, set()),
    ],
)
def test_a_program_is_known_by_its_path_and_maker(path: str, company: str | None, kinds: set[str]) -> None:
    """A browser or an application is one at its own place alone; a script host is one by its name."""
    assert program_of(path, company).kinds == kinds


@pytest.mark.parametrize(
    ("path", "disguised"),
    [
        (r"C:\Users\Public\chrome.exe", True),
        (r"C:\ProgramData\svchost.exe", True),
        (r"C:\Windows\System32\svchost.exe", False),
        (CHROME, False),
        ("svchost.exe", False),
        (r"C:\Users\ann\Teams.exe", False),
    ],
)
def test_a_borrowed_name_shows_by_its_folder(path: str, disguised: bool) -> None:
    """A browser's or a system process's name outside its folder is a disguise; without a folder nobody knows."""
    assert program_of(path).is_disguised is disguised


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (CHROME, "programs"),
        (r"D:\Program Files (x86)\Vendor\agent.exe", "programs"),
        (r"C:\Windows\System32\cmd.exe", "system"),
        (r"C:\Windows\Temp\a.exe", "odd"),
        (r"C:\Windows\assembly\mscorsvc.exe", "odd"),
        (r"C:\Users\ann\AppData\Local\Temp\7z\a.exe", "odd"),
        (r"C:\Users\ann\AppData\Roaming\a.exe", "odd"),
        (r"C:\Users\Public\a.exe", "odd"),
        (r"C:\ProgramData\a.exe", "odd"),
        (r"C:\ProgramData\Vendor\a.exe", "personal"),
        (r"C:\Users\ann\AppData\Local\Vendor\a.exe", "personal"),
        (r"C:\Users\ann\Downloads\a.exe", "odd"),
        ("/usr/bin/curl", "system"),
        ("/usr/local/bin/agent", "programs"),
        ("/tmp/.x/a", "odd"),
        ("/Users/ann/bin/a", "personal"),
        ("a.exe", None),
        (r"E:\tools\a.exe", None),
    ],
)
def test_a_place_is_told_by_its_folders(path: str, place: str | None) -> None:
    """Who could put a file there is what counts."""
    assert place_of(path) == place


def test_one_program_is_spelt_one_way() -> None:
    """Case, drive, person and version make no other program of it."""
    ways = (
        r"C:\Users\ann\AppData\Local\Vendor\app-1.2.3\Agent.exe",
        r"d:\users\BOB\appdata\local\vendor\app-1.10\agent.exe",
        r"\Device\HarddiskVolume4\Users\cy\AppData\Local\Vendor\app-4.0.1.9\agent.exe",
        r'"\\?\C:\Users\dan\AppData\Local\Vendor\app-1.2\agent.exe"',
    )
    assert {spelt(way) for way in ways} == {"/users/*/appdata/local/vendor/app-#/agent.exe"}


def test_the_catalogue_is_in_order() -> None:
    """Every pattern compiles and is anchored or a folder, every file name is small and stands once in a kind."""
    known = programs()
    patterns = [place.pattern for place in known.place] + [program.path for program in known.program if program.path]
    for pattern in patterns:
        assert all(part.startswith("^") or part == "/downloads/" for part in re.split(r"\|(?=\^|/downloads)", pattern))
    for kind in {program.kind for program in known.program}:
        files = [file for program in known.program if program.kind == kind for file in program.files]
        assert files == [file.lower() for file in files]
        assert len(files) == len(set(files)), kind
