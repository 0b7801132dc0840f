"""The fuzzer's check can fail: every kind of broken event or reader is seen, and the golden logs are none."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from fuzz import contract
from fuzz.cases import cases
from fuzz.contract import Broken, faults, hold
from sferic.model.event import NETWORK, Event, Line, Reject
from sferic.sources import _contract
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, NO, Setup

GOOD = Event(table=NETWORK, time=0, src_ip="192.0.2.1", dst_host="a.example", host_source="sni", path="/", bytes_up=0)
SETUP = Setup(Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC)))


def test_a_sound_event_has_no_fault() -> None:
    """What readers ought to give passes."""
    assert list(faults(GOOD)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("table", "flows"),
        ("time", 1.5),
        ("time", True),
        ("bytes_up", -1),
        ("bytes_down", 1.0),
        ("duration_ms", -5),
        ("src_port", 0),
        ("dst_port", 65_536),
        ("status", 99),
        ("src_ip", "192.0.2.001"),
        ("dst_ip", "a.example"),
        ("dst_host", "A.example."),
        ("dst_host", None),
        ("host_source", "guess"),
        ("path", "x"),
        ("user", ""),
        ("answers", ("",)),
        ("user_agent", "\ud800"),
    ],
)
def test_every_fault_is_told(field: str, value: Any) -> None:
    """A wrong value in any field that the contract speaks of is a fault."""
    assert list(faults(msgspec.structs.replace(GOOD, **{field: value})))


class Scripted:
    """A reader that does as it is told."""

    claim: Callable[[], int] = staticmethod(lambda: CERTAIN)
    result: Callable[[], Event | Reject | None] = staticmethod(lambda: None)

    def __init__(self, setup: Setup) -> None:
        pass

    def claims(self, _line: Line) -> int:
        """Claim as told."""
        return type(self).claim()

    def read(self, _line: Line) -> Event | Reject | None:
        """Read as told."""
        return type(self).result()


def _held(monkeypatch: pytest.MonkeyPatch, **acts: Callable[[], Any]) -> None:
    made = type("Made", (Scripted,), {name: staticmethod(act) for name, act in acts.items()})
    found = {"zeek_conn": msgspec.structs.replace(_contract.source("zeek_conn"), reader=made)}
    monkeypatch.setattr(contract, "sources", lambda: found)
    hold("zeek_conn", SETUP, [b"line"])


def _fail(error: Exception) -> Callable[[], Any]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "acts",
    [
        {"result": _fail(IndexError())},
        {"claim": _fail(KeyError()), "result": lambda: None},
        {"result": lambda: msgspec.structs.replace(GOOD, bytes_up=-1)},
        {"result": lambda: Reject("")},
        {"result": lambda: Reject("x" * 200)},
    ],
)
def test_a_bad_reader_is_caught(monkeypatch: pytest.MonkeyPatch, acts: dict[str, Callable[[], Any]]) -> None:
    """An error other than ValueError, a dishonest event and an uncountable reason end the fuzzing."""
    with pytest.raises((Broken, IndexError, KeyError)):
        _held(monkeypatch, **acts)


@pytest.mark.parametrize(
    "acts",
    [
        {"result": _fail(ValueError("no time"))},
        {"claim": _fail(ValueError()), "result": lambda: None},
        {"claim": lambda: NO, "result": lambda: GOOD},
    ],
)
def test_a_good_reader_is_not(monkeypatch: pytest.MonkeyPatch, acts: dict[str, Callable[[], Any]]) -> None:
    """A ValueError is how a reader refuses a line, and a sound event is welcome."""
    _held(monkeypatch, **acts)


def test_a_slow_reader_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processor time beyond the limit is a fault; the limit is set to nothing here, so no clock decides."""
    monkeypatch.setattr(contract, "LIMIT_S", -1.0)
    with pytest.raises(Broken, match="claims for"):
        _held(monkeypatch)


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.source}/{case.name}")
def test_golden_logs_hold(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Undamaged, every golden log keeps the contract, through its own reader and the router, however slow the machine."""
    monkeypatch.setattr(contract, "LIMIT_S", float("inf"))
    hold(case.source, case.setup, case.lines)


def test_every_source_has_material() -> None:
    """No source is left out of the fuzzing."""
    assert {case.source for case in cases()} == set(_contract.sources())
