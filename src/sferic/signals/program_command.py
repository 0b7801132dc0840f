"""A script host, loader or interpreter was told to run something at an odd place, or to hide.

What it measures: 0 a file that lies where administrators put theirs, 1 one in a person's own folders or a window that
nobody is to see, 2 a file where no installer puts anything, 3 code in the command line itself, encoded or fetched.
Why it matters: such a program is innocent itself; what counts is the code it was given, and where that came from.
What else looks like this: log-on scripts and management agents, which hide their windows and encode commands too.
Limits: needs the process's start in a log; names a file only by its ending; a relative path tells no place.
References: command lines as endpoint rules use them (ATT&CK T1059, T1218, T1027.010, T1564.003).
"""

import re

import numpy as np

from sferic.catalog.programs import place_of, program_of
from sferic.model.process import Process
from sferic.model.traffic import Bools, Floats
from sferic.model.window import Window
from sferic.signals._contract import Words
from sferic.signals._programs import file_name, main_process, of_main_process

FIELDS = frozenset({"command_line"})
UNSEEN, HIDES = 1.0, 3.0
_CODE = {"programs": 0.0, "system": 0.0, None: 0.0, "personal": 1.0, "odd": 2.0}
_TEXT = {
    0.0: "a file that lies where administrators put theirs",
    1.0: "a file in a person's own folders",
    2.0: "a file where no installer puts one", HIDES: "encoded or fetched code",
}  # fmt: skip
_ENDINGS = (
    "ps1|psm1|js|jse|vbs|vbe|wsf|hta|sct|dll|cpl|ocx|inf|csproj|proj|targets|xml|xsl|bat|cmd|py|pyw|rb|pl|sh|jar|exe"
)
_PART = re.compile(r"\"([^\"]{1,260})\"|'([^']{1,260})'|([^\s\"',]{1,260})")
_FILE = re.compile(rf"[^\n]{{1,250}}\.(?:{_ENDINGS})", re.IGNORECASE)
_ABSOLUTE = re.compile(r"^(?:[a-z]:[\\/]|\\\\|/)", re.IGNORECASE)
_HIDES = re.compile(
    r"\s[-/](?:e|en|enc|encodedcommand|ec)\s+[a-z0-9+/=]{16}|downloadstring"
    r"|frombase64string|\biex\b|invoke-expression|javascript:|vbscript:|/i:http|\s\"?https?://",
    re.IGNORECASE,
)

_UNSEEN = re.compile(r"\s[-/]w(?:in(?:dowstyle)?)?\s+(?:hidden|1)\b", re.IGNORECASE)


def measure(window: Window, wanted: Bools) -> Floats:
    """Return what the program was told, as a code."""
    del wanted
    return of_main_process(window, _code)


def _code(process: Process) -> float:
    what, unseen = _told(process)
    return float(np.fmax(what, UNSEEN if unseen else np.nan))


def _told(process: Process) -> tuple[float, bool]:
    """Return what the program was told to run, NaN for nothing that has a place, and whether without a window."""
    kinds = program_of(process.path or "", process.company).kinds
    command = (process.command_line or "").strip()
    itself = _PART.match(command)
    told = command[itself.end() :] if itself else ""
    if not told or not kinds & {"script_host", "tool"}:
        return np.nan, False
    unseen = "script_host" in kinds and _UNSEEN.search(told) is not None
    if "script_host" in kinds and _HIDES.search(told):
        return HIDES, unseen
    words = ("".join(parts) for parts in _PART.findall(told))
    places = [_CODE[place_of(word)] for word in words if _ABSOLUTE.match(word) and _FILE.fullmatch(word)]
    return max(places, default=np.nan), unseen


def describe(window: Window, i: int, value: float) -> Words:
    """Show what the program was told."""
    del value
    process = main_process(window, i)
    what, unseen = _told(process)
    run = ", ".join(filter(None, (_TEXT.get(what), "without a window" if unseen else "")))
    return Words(process.shown_command or "unknown", f"{file_name(process)} was told to run {run}")
