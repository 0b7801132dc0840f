"""The rules of `cloudflare_gateway` that its golden case does not show."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.model.event import Line
from sferic.sources._contract import CERTAIN, NO
from sferic.sources.cloudflare_gateway import _NAMES, Reader
from tests.sources.single_lines import VALUES, Log, texts

LOG = Log(Reader)
made, event = LOG.made, LOG.event


BASE = {"Datetime": "2026-03-02T10:00:00Z", "HTTPHost": "a.example", "SourceIP": "198.51.100.1", "SessionID": "s"}


@pytest.mark.parametrize(
    "stamp", ["2026-03-02T10:00:00Z", 1772445600, 1772445600000, 1772445600000000000, "1772445600"]
)
def test_times_come_as_the_job_was_set_up(stamp: str | int) -> None:
    """RFC 3339, seconds, milliseconds and nanoseconds name the same moment."""
    assert event(json.dumps(BASE | {"Datetime": stamp})).time == 1_772_445_600_000_000


def test_the_internal_address_is_the_client() -> None:
    """Behind a site's tunnel many clients share an outer address; the inner one counts where it is logged."""
    assert event(json.dumps(BASE | {"SourceInternalIP": "10.0.0.5"})).src_ip == "10.0.0.5"
    assert event(json.dumps(BASE | {"SourceInternalIP": ""})).src_ip == "198.51.100.1"


def test_a_session_s_bytes_have_sides() -> None:
    """Sent is what the client sent; a session that ends before it began has no negative duration."""
    found = event(
        json.dumps(BASE | {"BytesSent": 1, "BytesReceived": 2, "SessionStartTime": 1772445600, "SessionEndTime": 1})
    )
    assert (found.bytes_up, found.bytes_down, found.duration_ms) == (1, 2, 0)


@pytest.mark.parametrize(
    ("record", "claim"),
    [
        (BASE, CERTAIN),
        ({"http_host": "a.example", "source_ip": "198.51.100.1", "is_isolated": False}, CERTAIN),
        ({"QueryName": "a.example", "ResolverDecision": "x", "SrcIP": "198.51.100.1"}, CERTAIN),
        ({"SNI": "a.example", "SourceIP": "198.51.100.1", "SessionID": "s"}, CERTAIN),
        ({"HTTPHost": "a.example", "SourceIP": "198.51.100.1"}, NO),
        ({"http_host": "a.example", "policy_id": 1}, NO),
        ({"ClientRequestHost": "a.example", "ClientIP": "198.51.100.1"}, NO),
    ],
)
def test_claims_what_only_gateway_writes(record: dict[str, Any], claim: int) -> None:
    """A field of Gateway's own, a client and one more of its fields make a claim; Cloudflare's other logs do not."""
    assert made().claims(Line(json.dumps(record))) == claim


@given(st.dictionaries(st.sampled_from(sorted({name for names in _NAMES.values() for name in names})), VALUES))
def test_any_values_are_read_or_refused(fields: dict[str, Any]) -> None:
    """Whatever the fields hold, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(json.dumps(BASE | fields))


@given(texts('{"HTTPHost":'))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the line, claiming raises nothing and reading nothing but ValueError."""
    LOG.reads_or_refuses(text)
