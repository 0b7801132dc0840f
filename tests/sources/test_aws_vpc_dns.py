"""The rules of `aws_vpc_dns` that its golden case does not show."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import DNS, Line, Reject
from sferic.sources._contract import CERTAIN, NO
from sferic.sources.aws_vpc_dns import Reader
from tests.sources.single_lines import VALUES, Log, texts

LOG = Log(Reader)
made, event = LOG.made, LOG.event


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


@given(
    st.dictionaries(
        st.sampled_from(
            ["query_timestamp", "query_name", "srcaddr", "srcport", "answers", "srcids", "rcode", "transport"]
        ),
        VALUES,
    )
)
def test_any_values_are_read_or_refused(fields: dict[str, Any]) -> None:
    """Whatever the fields hold, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(json.dumps(BASE | fields))


@given(texts('{"query_timestamp":'))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)
