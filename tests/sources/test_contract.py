"""What a source declares, as the engine takes it."""

import re

import pytest

from sferic.sources._contract import also_escaped, sources


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (r'"event_type": ?"(?:flow|netflow)"', '"event_type":"flow"'),
        (r"(?:^|[,;\t])\"?_time\"?[,;\t\r\n]", '"_time",'),
    ],
)
def test_quotes_may_be_escaped(mark: str, text: str) -> None:
    """An expression finds a line also where a shipper holds it as a text of JSON, once or twice; and nothing less."""
    once = text.replace('"', '\\"')
    twice = once.replace("\\", "\\\\").replace('"', '\\"')
    for written in (text, once, twice):
        assert re.search(also_escaped(mark), written), written
    assert not re.search(also_escaped(mark), text.replace("e", "x"))


def test_every_mark_is_an_expression_still() -> None:
    """What is declared compiles after the change, and what holds no quote of its own is left as it is."""
    for source in sources().values():
        for mark in (*source.marks, *source.nameless_marks):
            re.compile(mark)
    for mark in (r"\bconn_state\b", r'[",](?:Create|Add)[\\]?[",]'):
        assert also_escaped(mark) == mark
