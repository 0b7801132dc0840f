"""What relays put before a message is taken off lines that no source knows as they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.sources._syslog import unheaded

MESSAGE = '{"a": "b: c"}'


@pytest.mark.parametrize(
    ("before", "host"),
    [
        ("<134>Mar  2 10:00:01 s1 zeek[12]: ", "s1"),
        ("<134>Mar  2 10:00:01 s1 ", "s1"),
        ("Mar  2 10:00:01 s1 zeek: ", "s1"),
        ("Mar  2 10:00:01 s zeek: ", "s"),
        ("2026-03-02T10:00:01+00:00 s1 zeek: ", "s1"),
        ("<134>1 2026-03-02T10:00:01Z s1 zeek 12 - - ", "s1"),
        ('<134>1 2026-03-02T10:00:01Z s1 zeek 12 ID [x@1 a="b\\]"][y@1 c="d"] \ufeff', "s1"),
        ("211 <134>1 2026-03-02T10:00:01Z s1 zeek 12 - - ", "s1"),
        ("<134>Mar  2 10:00:01 s1 zeek: @cee: ", "s1"),
        ("<134>", None),
        ("2026-03-02T10:00:01.123456789Z stdout F ", None),
        ("2026-03-02T10:00:01+00:00\ttag.of.it\t", None),
    ],
)
def test_whatever_a_relay_put_before_a_message_goes(before: str, host: str | None) -> None:
    """Headers of both RFCs, with a length, a program or none; a container's and Fluentd's; the host is kept."""
    found = unheaded(before + MESSAGE)
    assert found is not None
    assert (found.rest, found.host) == (MESSAGE, host)


def test_tabs_that_rsyslog_wrote_as_numbers_are_tabs_again() -> None:
    """`#011` is a tab where the message has no other; where it has one, the text is as it was sent."""
    before = "<134>Mar  2 10:00:01 s1 zeek: "
    assert [found.rest for line in ("1#0112", "1#0112\t3") if (found := unheaded(before + line))] == [
        "1\t2", "1#0112\t3",
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["", MESSAGE, "1772445600.1\tC1\t10.0.0.5", "s1 zeek: {}", "<134>Feb 30 10:00:01 s1 x"])
def test_a_line_without_a_header_is_left(line: str) -> None:
    """Without a priority or a date in front, or with a date that cannot be, nothing is taken off."""
    assert unheaded(line) is None


@given(st.text(max_size=80).map(lambda text: "<134>Mar  2 10:00:01 " + text) | st.text(max_size=80))
def test_no_text_is_an_error(text: str) -> None:
    """What is taken off is a part of the line, whatever the line is."""
    found = unheaded(text)
    assert found is None or found.rest.replace("\t", "#011") in text.replace("\t", "#011")
