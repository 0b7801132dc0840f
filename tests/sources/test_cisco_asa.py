"""The rules of `cisco_asa` that a single line does not show: roles, memory, borrowed time."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Event, Line, Reject
from sferic.sources import cisco_asa
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources.cisco_asa import Reader

HEAD = "<166>Mar 02 2026 10:00:00 fw1 : "
TEN_US = 1_772_445_600_000_000


def made() -> Reader:
    """Make a reader of a UTC log."""
    return Reader(Setup(Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC))))


def event(reader: Reader, message: str, head: str = HEAD) -> Event:
    """Read one message that has to be an event."""
    found = reader.read(Line(head + message))
    assert isinstance(found, Event), found
    return found


def built(way: str, number: int, a: str, b: str) -> str:
    """Write a 302013."""
    return f"%ASA-6-302013: Built {way} TCP connection {number} for outside:{a} ({a}) to inside:{b} ({b})"


def teardown(number: int, a: str, b: str) -> str:
    """Write a 302014."""
    return f"%ASA-6-302014: Teardown TCP connection {number} for outside:{a} to inside:{b} duration 0:00:01 bytes 9 TCP FINs"


@pytest.mark.parametrize(("way", "client"), [("inbound", "192.0.2.1"), ("outbound", "10.0.0.1")])
def test_teardown_has_the_direction_of_its_built_line(way: str, client: str) -> None:
    """Built and teardown of one connection agree on the client, whatever addresses and ports would suggest."""
    reader = made()
    for message in (
        built(way, 7, "192.0.2.1/50000", "10.0.0.1/50000"),
        teardown(7, "192.0.2.1/50000", "10.0.0.1/50000"),
    ):
        assert event(reader, message).src_ip == client


def test_memory_is_per_device_and_used_up() -> None:
    """Another firewall's connection with the same number, and a number used again, do not borrow a direction."""
    reader = made()
    event(reader, built("inbound", 7, "192.0.2.1/999", "10.0.0.1/50000"))
    other = HEAD.replace("fw1", "fw2")
    assert event(reader, teardown(7, "192.0.2.1/999", "10.0.0.1/50000"), other).src_ip == "10.0.0.1"
    assert event(reader, teardown(7, "192.0.2.1/999", "10.0.0.1/50000")).src_ip == "192.0.2.1"
    assert event(reader, teardown(7, "192.0.2.1/999", "10.0.0.1/50000")).src_ip == "10.0.0.1"


def test_memory_of_another_connection_is_not_trusted() -> None:
    """A remembered number whose client is neither side (a restart of the firewall) leaves the rule to decide."""
    reader = made()
    event(reader, built("inbound", 7, "192.0.2.9/999", "10.0.0.9/50000"))
    assert event(reader, teardown(7, "192.0.2.1/999", "10.0.0.1/443")).src_ip == "10.0.0.1"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest built connection is forgotten when a new one comes over the bound."""
    monkeypatch.setattr(cisco_asa, "REMEMBERED", 2)
    reader = made()
    for number in (1, 2, 3):
        event(reader, built("inbound", number, "192.0.2.1/999", "10.0.0.1/50000"))
    assert event(reader, teardown(1, "192.0.2.1/999", "10.0.0.1/50000")).src_ip == "10.0.0.1"
    assert event(reader, teardown(2, "192.0.2.1/999", "10.0.0.1/50000")).src_ip == "192.0.2.1"
    assert event(reader, teardown(3, "192.0.2.1/999", "10.0.0.1/50000")).src_ip == "192.0.2.1"


@pytest.mark.parametrize(
    ("a", "b", "client"),
    [
        ("192.0.2.1/50000", "10.0.0.1/80", "10.0.0.1"),
        ("10.0.0.1/80", "192.0.2.1/50000", "10.0.0.1"),
        ("192.0.2.1/443", "198.51.100.1/50000", "198.51.100.1"),
        ("192.0.2.1/50000", "198.51.100.1/443", "192.0.2.1"),
        ("10.0.0.2/443", "10.0.0.1/50000", "10.0.0.1"),
        ("2001:db8::1/50000", "fd00::1/443", "fd00::1"),
        ("192.0.2.1/50000", "100.64.0.1/443", "100.64.0.1"),
        ("192.0.2.1/123", "198.51.100.1/123", "198.51.100.1"),
        ("mailsrv/50000", "192.0.2.1/25", None),
    ],
)
def test_client_of_a_teardown_never_seen_built(a: str, b: str, client: str | None) -> None:
    """The private side is the client, else the higher port, else the second side; a plain name is no address."""
    assert event(made(), teardown(1, a, b)).src_ip == client


def test_envelope_fills_what_the_line_lacks_and_no_more() -> None:
    """A line without header takes time and firewall from its envelope; a line with its own keeps them."""
    message = built("outbound", 1, "192.0.2.1/443", "10.0.0.1/50000")
    bare = made().read(Line(message, sent_at=5, sender="fw9"))
    assert isinstance(bare, Event)
    assert (bare.time, bare.observer) == (5, "fw9")
    whole = made().read(Line(HEAD + message, sent_at=5, sender="fw9"))
    assert isinstance(whole, Event)
    assert (whole.time, whole.observer) == (TEN_US, "fw1")
    assert made().read(Line(message)) == Reject("no time before the message")


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (HEAD + "%ASA-6-302013: Built", CERTAIN),
        ("%PIX-2-106001: x", CERTAIN),
        (HEAD + "%FTD-session-6-302014: x", CERTAIN),
        (HEAD + "%FTD-1-430002: SrcIP: 10.0.0.1", NO),
        (HEAD + "%IOS-6-302013: x", NO),
        ("1772445600.123 100 10.0.0.1 TCP_MISS/200 500 GET http://a.example/%ASA-6-302013: - -", NO),
        ('192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "%ASA-6-302013: x"', NO),
        ('{"message":"%ASA-6-302013: x"}', NO),
        ("x" * 300 + "%ASA-6-302013: x", NO),
    ],
)
def test_claims_messages_and_not_quotations(text: str, claim: int) -> None:
    """A tag counts right behind a syslog header; quoted in another server's line it does not."""
    assert made().claims(Line(text)) == claim


@given(st.sampled_from([*made()._kinds, "999999"]), st.text())
def test_any_message_is_an_event_a_reject_or_nothing(number: str, text: str) -> None:
    """Whatever follows a tag, reading raises nothing but ValueError."""
    with suppress(ValueError):
        made().read(Line(f"{HEAD}%ASA-6-{number}: {text}"))


MESSAGES = [
    built("outbound", 7, "192.0.2.1/443", "10.0.0.1/50000"),
    teardown(7, "192.0.2.1/443", "10.0.0.1/50000"),
    r"%ASA-6-302021: Teardown ICMP connection for faddr 192.0.2.1/0(LOCAL\x) gaddr 192.0.2.2/7 laddr 10.0.0.1/7",
    '%ASA-4-106023: Deny tcp src a:10.0.0.1/1 dst b:192.0.2.1/2 by access-group "c" [0x0, 0x0]',
    "%ASA-6-106100: access-list a permitted tcp b/10.0.0.1(1) -> c/192.0.2.1(2) hit-cnt 1 first hit [0x0, 0x0]",
    "%ASA-3-305006: portmap translation creation failed for udp src a:10.0.0.1/1 dst b:192.0.2.1/2",
    "%ASA-4-313004: Denied ICMP type=0, from 192.0.2.1 on interface a to 10.0.0.1:no matching session",
    "%ASA-7-710005: UDP request discarded from 10.0.0.1/68 to a:192.0.2.1/67",
    "%ASA-6-303002: FTP connection from a:10.0.0.1/1 to b:192.0.2.1/21, user c Stored file d",
    "%ASA-5-304001: a@10.0.0.1 Accessed URL 192.0.2.1:http://a.example/",
    "%ASA-5-304002: Access denied URL http://a.example/ SRC 10.0.0.1 DEST 192.0.2.1 on interface inside",
]


@given(st.sampled_from(MESSAGES), st.data())
def test_a_damaged_message_raises_no_other_error(message: str, data: st.DataObject) -> None:
    """A message cut anywhere, with any text put in, is read or refused; nothing but ValueError is raised."""
    cut = data.draw(st.integers(0, len(message)))
    with suppress(ValueError):
        made().read(Line(HEAD + message[:cut] + data.draw(st.text(max_size=40)) + message[cut:]))


def test_long_hostile_lines_are_answered_at_once() -> None:
    """A million characters made to tire the expressions cost no more than reading them."""
    for unit in ("(", "a(b)", " a:b/1", "x/1 to ", "1:", "[", "()"):
        text = unit * (1_000_000 // len(unit))
        for start in (
            "",
            *(message[: len(message) // 2] for message in MESSAGES),
            "%ASA-5-304002: Access denied URL ",
        ):
            found = made().read(Line(HEAD + start + text))
            assert found is None or isinstance(found, Event | Reject)
