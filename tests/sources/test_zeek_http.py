"""The rules of `zeek_http` about clients, users and bytes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sferic.model.event import Event, Line
from sferic.sources._contract import Reader

MakeReader = Callable[..., Reader]

REQUEST = {
    "ts": 1772445600.25, "uid": "C1", "id.orig_h": "192.0.2.9", "id.orig_p": 5000, "id.resp_h": "192.0.2.80",
    "id.resp_p": 80, "trans_depth": 1, "method": "GET", "host": "a.example", "uri": "/", "request_body_len": 0,
    "response_body_len": 7,
}  # fmt: skip


def event(made: Reader, **fields: Any) -> Event:
    """Read one request with further fields that has to be an event."""
    found = made.read(Line(json.dumps(REQUEST | fields)))
    assert isinstance(found, Event), found
    return found


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        (["X-FORWARDED-FOR -> 10.0.0.7"], "10.0.0.7"),
        (["VIA -> 1.1 b.example", "X-FORWARDED-FOR -> 10.0.0.7, 203.0.113.9"], "10.0.0.7"),
        (["X-FORWARDED-FOR -> 203.0.113.9, 10.0.0.7"], "192.0.2.9"),
        (["X-FORWARDED-FOR -> nonsense"], "192.0.2.9"),
        (["CLIENT-IP -> 10.0.0.7"], "192.0.2.9"),
        ([], "192.0.2.9"),
        (None, "192.0.2.9"),
    ],
)
def test_forwarded_for_is_believed_on_request(headers: list[str] | None, client: str, reader: MakeReader) -> None:
    """With the option, the first address counts if it is private; without it, the header counts for nothing."""
    believed = event(reader("zeek_http", forwarded_for="yes"), proxied=headers)
    assert (believed.src_ip, believed.src_port) == (client, 5000 if client == "192.0.2.9" else None)
    assert event(reader("zeek_http"), proxied=headers).src_ip == "192.0.2.9"


@pytest.mark.parametrize(
    ("logged", "user"),
    [("jdoe", "jdoe"), ("unknown", "unknown"), ("", None), (None, None), ("<problem-decoding> (Basic eDp5)", None)],
)
def test_credentials_that_zeek_could_not_decode_are_no_user(
    logged: str | None, user: str | None, reader: MakeReader
) -> None:
    """A name is kept as it is, the raw header of a failed decoding is not: it may hold a password."""
    assert event(reader("zeek_http"), username=logged).user == user


def test_bytes_are_the_bodies(reader: MakeReader) -> None:
    """A GET sends a body of 0, which is known; a log without body lengths knows nothing."""
    found = event(reader("zeek_http"))
    assert (found.bytes_up, found.bytes_down) == (0, 7)
    found = event(reader("zeek_http"), request_body_len=None, response_body_len=None)
    assert (found.bytes_up, found.bytes_down) == (None, None)
