"""An address is called what its own client was told last; by others only if they agree; never from the future."""

import pytest

from sferic.engine import names as module
from sferic.engine.names import KEEP_S, LATE_S, Names
from sferic.model.event import DNS, HTTP, Event
from sferic.model.traffic import Seen

A, B = "10.1.0.5", "10.1.0.6"
ADDRESS = "192.0.2.10"
NOON = 1_772_452_800.0


def told(names: Names, at_s: float, client: str, host: str, *addresses: str) -> None:
    """Let a client get a DNS answer."""
    answers = addresses or (ADDRESS,)
    names.learn(Event(table=DNS, time=round(at_s * 1e6), dst_host=host, dst_ip="10.1.0.53", answers=answers), client)


def test_the_client_itself_is_believed_first() -> None:
    """A client's own last answer names the address, though others were told another name since."""
    names = Names()
    told(names, NOON, A, "old.example")
    told(names, NOON + 60, A, "own.example")
    told(names, NOON + 90, B, "other.example")
    assert names.name(ADDRESS, A, NOON + 100) == "own.example"
    assert names.name(ADDRESS, A, NOON + 30) == "old.example"


def test_many_others_do_not_drown_the_client() -> None:
    """On an address that everybody uses, the client's own answer counts however many others asked since."""
    names = Names()
    told(names, NOON, A, "one.example")
    for number in range(1000):
        told(names, NOON + 1 + number, f"10.2.{number >> 8}.{number & 255}", "two.example")
    assert names.name(ADDRESS, A, NOON + 2000) == "one.example"
    assert names.name(ADDRESS, "10.9.0.1", NOON + 1002) == "two.example"


def test_an_outer_name_names_nobody() -> None:
    """What stands in the clear of an encrypted hello is no server's name, and hides none that DNS told."""
    names = Names()
    told(names, NOON, A, "one.example")
    names.learn(Event(table=HTTP, time=int((NOON + 5) * 1e6), dst_host="cloudflare-ech.com", dst_ip=ADDRESS), A)
    assert names.name(ADDRESS, A, NOON + 10) == "one.example"


def test_others_are_believed_if_they_agree() -> None:
    """Without an own answer, the name counts that all others were told; a shared address stays nameless."""
    names = Names()
    told(names, NOON, B, "one.example")
    told(names, NOON + 5, "10.1.0.7", "one.example")
    assert names.name(ADDRESS, A, NOON + 10) == "one.example"
    told(names, NOON + 20, B, "two.example")
    assert names.name(ADDRESS, A, NOON + 30) is None


def test_a_day_is_the_limit() -> None:
    """An answer names flows for a day; older ones are not believed."""
    names = Names()
    told(names, NOON, A, "own.example")
    assert names.name(ADDRESS, A, NOON + KEEP_S) == "own.example"
    assert names.name(ADDRESS, A, NOON + KEEP_S + 1) is None


def test_the_future_names_nothing() -> None:
    """An answer after the flow does not name it, but for the little by which clocks of two logs differ."""
    names = Names()
    told(names, NOON, A, "own.example")
    assert names.name(ADDRESS, A, NOON - LATE_S) == "own.example"
    assert names.name(ADDRESS, A, NOON - LATE_S - 0.1) is None


def test_order_of_learning_does_not_matter() -> None:
    """Logs come in any order; learning more after the first question is taken in."""
    names = Names()
    told(names, NOON + 60, A, "late.example")
    told(names, NOON, A, "early.example")
    assert names.name(ADDRESS, A, NOON + 1) == "early.example"
    told(names, NOON + 30, A, "middle.example")
    assert names.name(ADDRESS, A, NOON + 31) == "middle.example"


def test_a_busy_address_is_remembered_more_coarsely_then_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """From half of the cap on, repetitions within half a day add nothing; what is beyond the cap is counted."""
    monkeypatch.setattr(module, "MAX_SEEN", 8)
    names = Names()
    for n in range(100):
        told(names, NOON + 600 * n, A, "own.example")
    assert names.name(ADDRESS, A, NOON + 60_000) == "own.example"
    assert names.forgotten == 0, "a day and more of one name needs few observations"
    for n in range(20):
        told(names, NOON + n, f"10.2.0.{n}", "own.example")
    assert names.forgotten == 17, "five and three are eight"
    told(names, NOON, B, "other.example", "192.0.2.11")
    assert names.name("192.0.2.11", B, NOON) == "other.example", "another address has room of its own"


def test_what_teaches() -> None:
    """DNS teaches the addresses in its answers, not the resolver's; other rows teach where they went."""
    names = Names()
    told(names, NOON, A, "x.example", "192.0.2.1", "alias.example", "2001:DB8::1", "::ffff:192.0.2.2")
    names.learn(Event(table=HTTP, time=round(NOON * 1e6), dst_host="y.example", dst_ip="192.0.2.3"), A)
    names.learn(Event(table=HTTP, time=round(NOON * 1e6), dst_host="z.example"), A)
    names.learn(Event(table=HTTP, time=round(NOON * 1e6), dst_ip="192.0.2.9"), A)
    assert names.addresses() == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"]
    assert names.name("10.1.0.53", A, NOON) is None
    assert names.name("192.0.2.200", A, NOON) is None


def test_what_is_fresh_is_told_once() -> None:
    """A store and a cluster's driver get each observation once, and what they gave is not fresh."""
    names, others = Names(), Names()
    told(names, NOON, A, "own.example")
    told(names, NOON + 10, A, "own.example")
    told(names, NOON + 400, B, "own.example", "192.0.2.11")
    assert names.name(ADDRESS, A, NOON) == "own.example"
    fresh = list(names.fresh())
    assert fresh == [(ADDRESS, Seen(NOON, A, "own.example")), ("192.0.2.11", Seen(NOON + 400, B, "own.example"))]
    assert list(names.fresh()) == []
    told(names, NOON - 400, A, "older.example")
    assert list(names.fresh()) == [(ADDRESS, Seen(NOON - 400, A, "older.example"))]
    others.recall(fresh)
    assert others.name("192.0.2.11", B, NOON + 400) == "own.example"
    assert list(others.fresh()) == []
