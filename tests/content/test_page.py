"""The page of the proof counts rightly, and says what was missed."""

from prove.checks import Check
from prove.estate import Channel, Estate
from prove.page import page
from prove.runs import Run


def test_rows() -> None:
    """Implants found, alerts and agreement are counted; what was not found is named."""
    one, two = (Channel(name, frozenset({(name, "h")})) for name in ("one", "two"))
    runs = [Run("engine", "itself", {("one", "h"), ("two", "h")}), Run("text", "x", {("one", "h"), ("z", "h")}, "less")]
    text = page(Estate([], [one, two]), runs, [Check("checker", "form", "passed")])
    assert "| engine | itself | 2 of 2 | 2 | 2 of 2 | none |" in text
    assert "| text | x | 1 of 2 | 2 | 1 of 2 | two |" in text
    assert "- text: less." in text
    assert "| checker | form | passed |" in text
