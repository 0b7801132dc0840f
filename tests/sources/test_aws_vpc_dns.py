"""The rules of `aws_vpc_dns` that its golden case does not show."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import DNS, Event, Line, Reject
from sferic.sources._clock import Clock
from sferic.sources._contract import CERTAIN, NO, Setup
from sferic.sources.aws_vpc_dns import Reader


def made(**options: str) -> Reader:
    """Make a reader of a UTC log."""
    return Reader(Setup(Clock(UTC, datetime(2026, 3, 3, tzinfo=UTC)), options))


def event(text: str, **options: str) -> Event:
    """Read a line that has to be an event."""
    found = made(**options).read(Line(text))
    assert isinstance(found, Event), found
    return found


BASE = {"query_timestamp": "2026-03-02T10:00:00Z", "query_name": "a.example.", "srcaddr": "10.0.0.5"}


def test_a_query_is_a_dns_event_whatever_else_is_missing() -> None:
    """Three keys make an event; what is not logged is unknown."""
    found = event(json.dumps(BASE))
    assert (found.table, found.time, found.dst_host) == (DNS, 1_772_445_600_000_000, "a.example")
    assert (found.answers, found.device, found.outcome) == (None, None, None)


def test_a_resolver_endpoint_is_no_device() -> None:
    """Many machines ask through one endpoint, so it does not stand for one of them."""
    assert event(json.dumps(BASE | {"srcids": {"resolver_endpoint": "rslvr-in-1"}})).device is None
    assert event(json.dumps(BASE | {"srcids": {"instance": "i-1"}})).device == "i-1"


def test_a_name_that_is_none_is_a_reject() -> None:
    """A query for nothing that could be a host is counted, not dropped."""
    assert isinstance(made().read(Line(json.dumps(BASE | {"query_name": "a b."}))), Reject)
    assert isinstance(made().read(Line(json.dumps(BASE | {"query_name": None}))), Reject)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (json.dumps(BASE), CERTAIN),
        ("2026-03-02T10:00:00.000Z " + json.dumps(BASE), CERTAIN),
        ("2026-03-02T10:00:00 stream-1 " + json.dumps(BASE), CERTAIN),
        ("note: " + json.dumps(BASE), NO),
        (json.dumps({"query_name": "a.example.", "srcaddr": "10.0.0.5"}), NO),
        ("", NO),
    ],
)
def test_claims_resolvers_own_objects(text: str, claim: int) -> None:
    """Resolver's keys make a claim, alone or behind what CloudWatch puts before them."""
    assert made().claims(Line(text)) == claim


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["ip", "name", "a"]), inner, max_size=3)
    ),
    max_leaves=4,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["query_timestamp", "query_name", "srcaddr", "srcport", "answers", "srcids", "rcode", "transport"]
        ),
        VALUES,
    )
)
def test_any_values_are_read_or_refused(fields: dict[str, Any]) -> None:
    """Whatever the fields hold, reading raises nothing but ValueError."""
    with suppress(ValueError, OverflowError):
        made().read(Line(json.dumps(BASE | fields)))


@given(st.text() | st.text().map(lambda text: '{"query_timestamp":' + text))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    reader, line = made(), Line(text)
    reader.claims(line)
    with suppress(ValueError):
        reader.read(line)
