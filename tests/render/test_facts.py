"""What is known of a channel is told in one way, and what is not known is said."""

import pytest
from msgspec.structs import replace

from sferic.model.finding import Step
from sferic.render.facts import facts
from tests.render._reports import LONG

UNKNOWN = "unknown: no log here shows the start of this program or its parent"
OLD, SHELL, AGENT = Step("C:\\Windows\\explorer.exe"), Step("C:\\Windows\\System32\\cmd.exe"), Step("C:\\agent.exe")


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ((OLD, SHELL, AGENT), f"{OLD.path} → {SHELL.path}"),
        ((Step(None), SHELL, AGENT), SHELL.path),
        ((OLD, Step(None), AGENT), f"{OLD.path} → unknown"),
        ((Step(None), Step(None), AGENT), UNKNOWN),
        ((AGENT,), UNKNOWN),
        ((), None),
    ],
)
def test_who_started_it(tree: tuple[Step, ...], told: str | None) -> None:
    """Ancestors stand from the first that has a name; an unknown parent is said to be one, if the program is known."""
    finding = replace(LONG, process="C:\\agent.exe", process_tree=tree, process_is_guessed=False)
    assert dict(facts(finding)).get("started by") == told
