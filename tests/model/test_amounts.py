"""Numbers with their nouns."""

import re
from pathlib import Path

import sferic
from sferic.model.words import counted

_PLURAL = re.compile(r"""\{[a-z](?:[^{}"']|'[^']*')*\} (?:lines|files|events|days|findings|fields|rows|channels)\b""")
"""A number that may be one; a constant, in capitals, is not."""


def test_one_line_is_no_lines() -> None:
    """The noun follows the number."""
    assert counted(1, "line") == "1 line"
    assert counted(0, "line") == "0 lines"
    assert counted(2000, "line") == "2,000 lines"
    assert counted(2, "was", "were") == "2 were"


def test_no_message_has_a_plural_of_its_own() -> None:
    """A number before a noun of many is left to `counted`; the lab's numbers are its own."""
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sorted(Path(sferic.__file__).parent.rglob("*.py"))
        if path.parent.name not in {"lab", "evaluate", "writers"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _PLURAL.search(line)
    ]
    assert found == []
